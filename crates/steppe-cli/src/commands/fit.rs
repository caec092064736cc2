//! `steppe fit`: scores trained on a cohort's own phenotypes.

mod lasso;
mod ridge;
mod shown;

use clap::{Args, Subcommand};

use super::Session;
use crate::{exit::Outcome, options::RemoteOptions};

/// Train scores on a cohort's own phenotypes.
#[derive(Debug, Args)]
pub(crate) struct FitCommand {
    #[command(subcommand)]
    method: Method,
}

#[derive(Debug, Subcommand)]
enum Method {
    /// Lasso, elastic net or ridge along a path of lambdas, on all variants at once.
    Lasso(Box<lasso::LassoCommand>),
    /// regenie's stacked block ridge: predictions without each chromosome for its step 2, and weights.
    Ridge(Box<ridge::RidgeCommand>),
}

impl FitCommand {
    /// Fits.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        match &self.method {
            Method::Lasso(command) => command.run(remote, session),
            Method::Ridge(command) => command.run(remote, session),
        }
    }
}
