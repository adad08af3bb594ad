//! Draws every function and its derivative, and an overview of all, as SVG and PNG.
//!
//!     cargo run --release --features plot --example render_gallery [FOLDER]
//!
//! Without a folder the pictures go to `target/gallery`.

use anyhow::{Context, Result};
use gpu_activations::{Activation, AxisFunction, GpuActivations, plot};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::args_os().nth(1).map_or(project.join("target/gallery"), PathBuf::from);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let context = GpuActivations::new()?;
    write(&folder, "overview", &plot::overview(&context)?)?;
    for &activation in Activation::ALL {
        write(&folder, activation.name(), &plot::picture(&context, activation)?)?;
    }
    for (name, function) in AxisFunction::all() {
        write(&folder, name, &plot::along(&context, function)?)?;
    }
    let count = 1 + Activation::ALL.len() + AxisFunction::all().len();
    println!("{count} pictures, as SVG and PNG, are in {}", folder.display());
    Ok(())
}

fn write(folder: &Path, name: &str, svg: &str) -> Result<()> {
    let path = folder.join(name).with_extension("svg");
    std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    let path = path.with_extension("png");
    std::fs::write(&path, plot::png(svg, 2.0)?).with_context(|| format!("cannot write {}", path.display()))
}
