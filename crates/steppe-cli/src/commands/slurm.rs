//! Jobs on SLURM: a cluster inside one SLURM job.

mod credentials;
mod resources;
mod sbatch;
mod script;
mod submit;

use clap::{Args, Subcommand};

use super::Session;
use crate::exit::Outcome;
use submit::SubmitOptions;

const EXAMPLES: &str = "\
Examples:
  Score a cohort on four nodes:
    steppe slurm submit --nodes 4 --dir /shared/me/run -- \\
      score --cohort /shared/me/biobank --score pgs/ --out /shared/me/result

  With the cohort in an object store, whose credentials are in the environment:
    steppe slurm submit --dir run --store s3://bucket/steppe --allow s3://bucket -- \\
      score --cohort s3://bucket/biobank --score pgs/ --out s3://bucket/result

  Only show the script:
    steppe slurm submit --print --dir run -- score --cohort biobank --score pgs/ --out result";

/// Run jobs on SLURM.
#[derive(Debug, Args)]
pub(crate) struct SlurmCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a cluster inside one SLURM job, and run a command on it.
    ///
    /// The coordinator runs on the first node, workers on every node. Near the time limit, and after a node has failed,
    /// the job goes to the queue again and then on from what is done. When the command has ended, so does the cluster.
    #[command(after_long_help = EXAMPLES)]
    Submit(SubmitOptions),
}

impl SlurmCommand {
    /// Does it.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let Action::Submit(options) = &self.action;
        options.run(session)
    }
}
