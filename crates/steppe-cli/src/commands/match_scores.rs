use std::sync::Arc;

use clap::Args;
use steppe_engine::{
    PassProgress,
    output::{self, MatchRequest},
};
use steppe_store::Location;

use super::{Session, report};
use crate::{
    console::print,
    exit::Outcome,
    interrupt::say_on_interrupt,
    options::{MatchingOptions, ThreadsOption},
    progress::StageBar,
};

const EXAMPLES: &str = "\
Examples:
  What would be scored of a folder of PGS Catalog files:
    steppe match --cohort biobank --score pgs/ --out matched

  Why rows were left out:
    steppe sql --scores matched \"SELECT accession, reason, count(*) FROM match_log GROUP BY 1, 2 ORDER BY 3 DESC\"

Exit status: 0 when every score passes --min-overlap, 3 when one does not, 2 for refused input, 1 for other failures.";

/// Match scoring files to a cohort without scoring: what steppe score would count, and why the rest would not.
///
/// Reads no genotypes. Writes match_log.parquet (one row per scoring-file row, with match type, flags and reason),
/// match_summary.tsv (one line per score) and run.json.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct MatchCommand {
    /// The cohort: the folder or object-store URL that steppe import wrote.
    #[arg(long, value_name = "COHORT")]
    cohort: String,
    #[command(flatten)]
    matching: MatchingOptions,
    /// The folder or URL of the result.
    #[arg(long, value_name = "DIR")]
    out: String,
    /// Replace a result of other inputs or parameters.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    threads: ThreadsOption,
}

impl MatchCommand {
    /// Matches, and shows a line per score.
    pub(crate) fn run(&self, session: Session) -> anyhow::Result<Outcome> {
        let request = MatchRequest {
            cohort: Location::parse(&self.cohort)?,
            out: Location::parse(&self.out)?,
            overwrite: self.overwrite,
            settings: self.matching.settings(),
            threads: self.threads.count(),
        };
        say_on_interrupt(session.console, "no result was written, and the same command starts over");
        let bar = StageBar::genotypes(session.console);
        let progress: Arc<dyn PassProgress> = bar.clone();
        let matched = output::match_only(&request, &progress);
        bar.clear();
        let matched = matched?;
        print(&report::table(&matched))?;
        report::notes(&matched, session.console);
        if matched.reused {
            session.console.note(&format!("{}: this result was there already", request.out));
        }
        report::whereabouts(&matched, &request.cohort, &request.out, session.console);
        Ok(report::outcome(&matched))
    }
}
