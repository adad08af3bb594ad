//! `plot`: pictures of functions and their derivatives.

use crate::adapter::context;
use crate::failure::{Failure, usage};
use crate::function::{FormulaOption, chosen, elementwise, is_default};
use crate::new_file::NewFile;
use anyhow::anyhow;
use clap::Args;
use gpu_activations::{Activation, AxisFunction, Error, GpuActivations, plot};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Arguments {
    /// The functions; one alone is drawn for several values of its parameters.
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    formula: FormulaOption,
    /// A parameter of the one function named, which is then drawn for these values alone.
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The picture, a file whose name ends in .svg or .png.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Words of "name on backend", such as "llvmpipe on vulkan".
    #[arg(long, value_name = "TEXT")]
    adapter: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let formula = arguments.formula.of(&arguments.names)?;
    let picture = Picture::of(&arguments.names, formula.as_deref(), &arguments.param)?;
    let format = Format::of(&arguments.output)?;
    let mut file = NewFile::create(&arguments.output, &[])?;
    let svg = picture.draw(&context(arguments.adapter.as_deref())?)?;
    let bytes = match format {
        Format::Svg => svg.into_bytes(),
        Format::Png => plot::png(&svg, 2.0)?,
    };
    file.write(&bytes)?;
    file.finish()?;
    Ok(())
}

enum Format {
    Svg,
    Png,
}

impl Format {
    fn of(output: &Path) -> Result<Format, Failure> {
        let extension = output.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            "png" => Ok(Format::Png),
            _ => Err(usage(anyhow!("the picture {} should end in .svg or .png", output.display()))),
        }
    }
}

enum Picture {
    /// One function, at values of its parameters that show what they do.
    Function(Activation),
    /// Functions at the values given.
    Functions(Vec<Activation>),
    Along(AxisFunction),
}

impl Picture {
    fn of(names: &[String], formula: Option<&str>, parameters: &[String]) -> Result<Picture, Failure> {
        let functions = chosen(names, formula, parameters)?;
        if let [function] = functions.as_slice() {
            if let Ok(function) = function.along() {
                return Ok(Picture::Along(function.clone()));
            }
            if parameters.is_empty() && is_default(function) {
                return Ok(Picture::Function(elementwise(function)?));
            }
        }
        Ok(Picture::Functions(functions.iter().map(elementwise).collect::<Result<_, _>>()?))
    }

    fn draw(&self, context: &GpuActivations) -> Result<String, Error> {
        match self {
            Picture::Function(activation) => plot::picture(context, *activation),
            Picture::Functions(activations) => plot::curves(context, activations),
            Picture::Along(function) => plot::along(context, function),
        }
    }
}
