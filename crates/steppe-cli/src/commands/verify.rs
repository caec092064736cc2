use std::time::Instant;

use clap::Args;
use steppe_engine::PassProgress;
use steppe_store::{Cohort, Location, VerifyProgress, verify};

use super::Session;
use crate::{console::print, exit::Outcome, interrupt::say_on_interrupt, progress::StageBar, render};

const EXAMPLES: &str = "\
Examples:
  steppe verify biobank
  steppe verify s3://bucket/biobank && echo whole

Exit status: 0 when every byte is what was written, 1 when one is not (the message names file and row group), 2 when
there is no cohort.";

/// Read a whole cohort again: every file's and row group's hash, every row's checksum, and the genotype counts of
/// every variant.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyCommand {
    /// The cohort: the folder or object-store URL that steppe import wrote.
    #[arg(value_name = "COHORT")]
    cohort: String,
}

/// The bar of a verification.
struct VerifyBar<'a>(&'a StageBar);

impl VerifyProgress for VerifyBar<'_> {
    fn start(&self, bytes: u64) {
        self.0.stage("verifying", bytes);
    }

    fn advance(&self, bytes: u64) {
        self.0.advance(bytes);
    }
}

impl VerifyCommand {
    /// Verifies, and says what was read.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let cohort = Cohort::open(&Location::parse(&self.cohort)?)?;
        say_on_interrupt(
            session.console,
            "nothing was changed, and nothing is known about the rest of the cohort",
        );
        let started = Instant::now();
        let bar = StageBar::bytes(session.console);
        let verified = verify(&cohort, &VerifyBar(&bar));
        bar.clear();
        let report = verified?;
        print(&render::facts(&[
            ("cohort", self.cohort.clone()),
            ("digest", cohort.digest().to_owned()),
            ("files", format!("{} ({})", render::count(report.files), render::bytes(report.bytes))),
            ("row groups", render::count(report.row_groups)),
            ("rows", render::count(report.rows)),
            ("result", format!("every byte is what was written ({})", render::duration(started.elapsed()))),
        ]))?;
        Ok(Outcome::Done)
    }
}
