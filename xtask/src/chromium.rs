//! Finds Chromium or Chrome, and SwiftShader, the software Vulkan driver that they bring.

use crate::adapter;
use anyhow::{Context, Result};
use std::path::Path;

/// Where the browsers are: Debian's chromium, and Chrome.
const BROWSERS: [&str; 2] = ["/usr/bin/chromium", "/opt/google/chrome/chrome"];
/// Where they keep what tells Vulkan of SwiftShader.
const SWIFTSHADER: [&str; 2] =
    ["/usr/lib/chromium/vk_swiftshader_icd.json", "/opt/google/chrome/vk_swiftshader_icd.json"];

/// A browser, installed where there is none.
pub fn browser() -> Result<&'static str> {
    found(BROWSERS, "no Chromium or Chrome")
}

/// A Vulkan driver that Dawn takes, unlike Mesa's on a CPU, installed where there is none.
pub fn swiftshader() -> Result<&'static str> {
    found(SWIFTSHADER, "no SwiftShader, a software Vulkan driver that Chrome brings")
}

fn found(paths: [&'static str; 2], missing: &str) -> Result<&'static str> {
    let found = || paths.into_iter().find(|path| Path::new(path).exists());
    if let Some(path) = found() {
        return Ok(path);
    }
    adapter::install(missing, "chromium")?;
    found().with_context(|| format!("chromium is installed, but there is {missing}; install Chrome"))
}
