//! The commands, one module each.

pub(crate) mod ancestry;
pub(crate) mod assoc;
pub(crate) mod calibrate;
pub(crate) mod certs;
pub(crate) mod cluster;
pub(crate) mod coordinator;
pub(crate) mod demo;
pub(crate) mod describe;
pub(crate) mod dev_s3;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod fit;
pub(crate) mod gateway;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod leakage;
pub(crate) mod match_scores;
pub(crate) mod pca;
mod report;
pub(crate) mod score;
pub(crate) mod simulate;
pub(crate) mod slurm;
pub(crate) mod sql;
pub(crate) mod verify;
pub(crate) mod worker;

use steppe_kernels::Level;

use crate::{
    cli::{Cli, Command},
    console::Console,
    exit::Outcome,
    remote::Profile,
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
    if let Some(folder) = &cli.remote.profile {
        Profile::read(folder)?.apply()?;
    }
    match cli.command {
        Command::Import(command) => command.run(&cli.remote, session),
        Command::Describe(command) => command.run(),
        Command::Verify(command) => command.run(session),
        Command::Match(command) => command.run(session),
        Command::Score(command) => command.run(&cli.remote, session),
        Command::Fit(command) => command.run(&cli.remote, session),
        Command::Assoc(command) => command.run(&cli.remote, session),
        Command::Pca(command) => command.run(&cli.remote, session),
        Command::Ancestry(command) => command.run(&cli.remote, session),
        Command::Calibrate(command) => command.run(&cli.remote, session),
        Command::Evaluate(command) => command.run(&cli.remote, session),
        Command::Explain(command) => command.run(&cli.remote, session),
        Command::Leakage(command) => command.run(&cli.remote, session),
        Command::Sql(command) => command.run(&cli.remote, session),
        Command::Demo(command) => command.run(session),
        Command::Simulate(command) => command.run(session),
        Command::Jobs(command) => command.run(&cli.remote, session),
        Command::Coordinator(command) => command.run(),
        Command::Worker(command) => command.run(session),
        Command::Gateway(command) => command.run(&cli.remote),
        Command::Cluster(command) => command.run(session),
        Command::Certs(command) => command.run(),
        Command::Slurm(command) => command.run(session),
        Command::DevS3(command) => command.run(),
    }
}
