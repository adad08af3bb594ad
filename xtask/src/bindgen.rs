//! Writes the JavaScript of a WebAssembly module that was built with wasm-bindgen, for `cargo xtask web`:
//!
//!     bindgen MODULE FOLDER

use anyhow::{Context, Result};
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || arguments.next().context("it takes a module and a folder");
    let (module, folder) = (next()?, next()?);
    Bindgen::new().input_path(module).web(true)?.out_name("wasm").typescript(false).generate(folder)
}
