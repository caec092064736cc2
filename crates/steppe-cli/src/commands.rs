//! The commands, one module each.

pub(crate) mod demo;
pub(crate) mod describe;
pub(crate) mod import;
pub(crate) mod match_scores;
mod report;
pub(crate) mod score;
pub(crate) mod simulate;
pub(crate) mod sql;
pub(crate) mod verify;

use steppe_kernels::Level;

use crate::{
    cli::{Cli, Command},
    console::Console,
    exit::Outcome,
};

/// What every command is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    /// Standard error.
    pub(crate) console: Console,
    /// The kernel level.
    pub(crate) level: Level,
}

/// Runs what the command line says.
pub(crate) fn run(cli: Cli, console: &Console) -> anyhow::Result<Outcome> {
    let session = Session { console: *console, level: cli.global.simd.level() };
    match cli.command {
        Command::Import(command) => command.run(session),
        Command::Describe(command) => command.run(),
        Command::Verify(command) => command.run(session),
        Command::Match(command) => command.run(session),
        Command::Score(command) => command.run(session),
        Command::Sql(command) => command.run(session),
        Command::Demo(command) => command.run(session),
        Command::Simulate(command) => command.run(session),
    }
}
