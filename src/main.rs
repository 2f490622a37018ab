//! Parses arguments, reads the configuration, starts logging, dispatches; the exit code is 0 fine, 1 failed, 2 configuration.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    docketpost::cli::run(&docketpost::cli::Cli::parse())
}
