//! The `steppe` command: polygenic scores for whole cohorts.
//!
//! Standard output is data; everything else (progress, notes, errors) goes to standard error.

mod cli;
mod commands;
mod console;
mod exit;
mod failure;
mod interrupt;
mod logging;
mod options;
mod private_file;
mod progress;
mod remote;
mod render;
mod score_process;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let is_server = matches!(
        cli.command,
        cli::Command::Coordinator(_) | cli::Command::Worker(_) | cli::Command::Gateway(_)
    );
    if !is_server {
        logging::start(cli.global.verbose);
    }
    let console = console::Console::new(cli.global.quiet);
    match commands::run(cli, &console) {
        Ok(outcome) => outcome.into(),
        Err(error) if exit::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            failure::show(&error, &console);
            exit::code_of(&error)
        }
    }
}
