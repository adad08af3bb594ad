//! Finds SwiftShader, the software Vulkan driver that Chromium and Chrome bring.

use crate::adapter;
use anyhow::{Context, Result};
use std::path::Path;

/// Where browsers keep what tells Vulkan of SwiftShader: Debian's chromium, and Chrome.
const SWIFTSHADER: [&str; 2] =
    ["/usr/lib/chromium/vk_swiftshader_icd.json", "/opt/google/chrome/vk_swiftshader_icd.json"];

/// A Vulkan driver that Dawn takes, unlike Mesa's on a CPU, installed where there is none.
pub fn swiftshader() -> Result<&'static str> {
    let found = || SWIFTSHADER.into_iter().find(|path| Path::new(path).exists());
    if let Some(path) = found() {
        return Ok(path);
    }
    adapter::install("no SwiftShader, a software Vulkan driver that Chrome brings", "chromium")?;
    found().context("chromium is installed, but has no SwiftShader; install Chrome")
}
