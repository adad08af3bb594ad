//! Commands that this build was compiled without. They keep their names, and say which feature brings them.

use crate::failure::{Failure, usage};
use anyhow::anyhow;
use clap::Args;
use std::ffi::OsString;

/// Whatever follows the name of the command, `--help` included.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}

pub fn failure(command: &str) -> Failure {
    usage(anyhow!("this build has no {command}; install with --features full"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    enum Command {
        Plot(Arguments),
    }

    #[test]
    fn a_command_that_was_left_out_takes_any_arguments() {
        for rest in [&[][..], &["gelu", "-o", "gelu.svg"], &["-o", "gelu.svg", "gelu"], &["--help"], &["--", "-p"]] {
            let parsed = Command::try_parse_from(["gpu-activations", "plot"].iter().chain(rest));
            assert!(parsed.is_ok(), "{rest:?}");
        }
    }

    #[test]
    fn a_command_that_was_left_out_names_the_feature_that_brings_it() {
        let failure = failure("plot");
        assert_eq!(failure.status, 2);
        assert_eq!(failure.error.to_string(), "this build has no plot; install with --features full");
    }
}
