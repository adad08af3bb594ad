//! The command line: its top level, and how the program ends. Each command has a file of its own.
//!
//! Exit status 2 means wrong arguments, 1 any other failure. An error is one line on stderr.

mod adapter;
#[cfg(feature = "bench")]
mod bench;
mod devices;
mod evaluate;
mod failure;
mod function;
mod header;
#[cfg(any(test, not(all(feature = "bench", feature = "plot", feature = "verify"))))]
mod left_out;
mod list;
mod new_file;
mod npy;
mod output;
#[cfg(feature = "plot")]
mod plot;
#[cfg(all(feature = "bench", feature = "verify"))]
mod report;
#[cfg(any(feature = "bench", feature = "verify"))]
mod row;
mod shader;
mod stdio;
#[cfg(feature = "verify")]
mod verify;

use crate::failure::Failure;
use crate::output::{print, say};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Neural-network activation functions and their gradients on the GPU.
#[derive(Parser)]
#[command(version, arg_required_else_help = false)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every function: parameters, defaults, ranges, formula.
    List(list::Arguments),
    /// The adapters there are, the best first.
    Devices(devices::Arguments),
    /// Evaluates a function over a file: y = f(x).
    Forward(evaluate::Forward),
    /// Evaluates a gradient over a file: dx = dy·f′(x).
    Backward(evaluate::Backward),
    /// Evaluates a derivative over a file: f′(x) or f″(x).
    Derivative(evaluate::Derivative),
    /// Evaluates the gradient of `backward` over a file: for elementwise functions dx = f″(x)·dy·v, and f′(x)·v by dy.
    DoubleBackward(evaluate::DoubleBackward),
    /// Draws functions and their derivatives, computed on the device.
    #[cfg(feature = "plot")]
    Plot(plot::Arguments),
    /// Draws functions and their derivatives; this build leaves it out, `--features full` brings it.
    #[cfg(not(feature = "plot"))]
    Plot(left_out::Arguments),
    /// Prints a composed shader.
    Shader(shader::Arguments),
    /// Compares a device with the reference, in units in the last place.
    #[cfg(feature = "verify")]
    Verify(verify::Arguments),
    /// Compares a device with the reference; this build leaves it out, `--features full` brings it.
    #[cfg(not(feature = "verify"))]
    Verify(left_out::Arguments),
    /// Measures functions on a device, beside a kernel that copies as many bytes in the same run.
    #[cfg(feature = "bench")]
    Bench(bench::Arguments),
    /// Measures functions on a device; this build leaves it out, `--features full` brings it.
    #[cfg(not(feature = "bench"))]
    Bench(left_out::Arguments),
    /// Tries a device out in a few minutes, and writes what was found: accuracy, throughput, small operations, first use.
    #[cfg(all(feature = "bench", feature = "verify"))]
    Report(report::Arguments),
    /// Tries a device out; this build leaves it out, `--features full` brings it.
    #[cfg(not(all(feature = "bench", feature = "verify")))]
    Report(left_out::Arguments),
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments),
        Command::Forward(arguments) => evaluate::forward(&arguments),
        Command::Backward(arguments) => evaluate::backward(&arguments),
        Command::Derivative(arguments) => evaluate::derivative(&arguments),
        Command::DoubleBackward(arguments) => evaluate::double_backward(&arguments),
        #[cfg(feature = "plot")]
        Command::Plot(arguments) => plot::run(&arguments),
        #[cfg(not(feature = "plot"))]
        Command::Plot(_) => Err(left_out::failure("plot")),
        Command::Shader(arguments) => shader::run(&arguments),
        #[cfg(feature = "verify")]
        Command::Verify(arguments) => verify::run(&arguments),
        #[cfg(not(feature = "verify"))]
        Command::Verify(_) => Err(left_out::failure("verify")),
        #[cfg(feature = "bench")]
        Command::Bench(arguments) => bench::run(&arguments),
        #[cfg(not(feature = "bench"))]
        Command::Bench(_) => Err(left_out::failure("bench")),
        #[cfg(all(feature = "bench", feature = "verify"))]
        Command::Report(arguments) => report::run(&arguments),
        #[cfg(not(all(feature = "bench", feature = "verify")))]
        Command::Report(_) => Err(left_out::failure("report")),
    }
}

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    silence_device_selection();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            // The first paragraph says what is wrong. Usage and hints follow it.
            let lines = text.split("\n\n").next().unwrap_or_default().lines().map(str::trim);
            say(&lines.collect::<Vec<_>>().join(" "));
            return ExitCode::from(2);
        }
        Err(help) => return finish(print(&help.to_string()).map_err(Failure::from)),
    };
    finish(run(arguments.command))
}

/// Switches off Mesa's Vulkan layer that asks Wayland for the adapter of the session, because it complains on stderr
/// where there is no session. This program ranks adapters itself.
#[cfg(target_os = "linux")]
fn silence_device_selection() {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: there is no other thread yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

fn finish(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that has seen enough is no failure, but there is nothing more to do.
        Err(failure) if failure.has_no_reader() => ExitCode::SUCCESS,
        Err(Failure { status, error }) => {
            say(&format!("error: {}", format!("{error:#}").replace('\n', " ")));
            ExitCode::from(status)
        }
    }
}
