use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use steppe_engine::{
    LocalEngine, PassProgress,
    output::{self, ScoreRequest},
    score::{MissingPolicy, ScoreOptions},
};
use steppe_store::Location;

mod remotely;

use super::{Session, report};
pub(super) use remotely::show_record;

use crate::{
    console::print,
    exit::Outcome,
    interrupt::say_on_interrupt,
    options::{MatchingOptions, MemoryOption, RemoteOptions, ThreadsOption},
    progress::StageBar,
    remote, render,
};

const EXAMPLES: &str = "\
Examples:
  Score everyone on every scoring file of a folder:
    steppe score --cohort biobank --score pgs/ --out result

  Three PGS Catalog files, missing calls left out of sum and denominator:
    steppe score --cohort biobank --score PGS00001?_hmPOS_GRCh38.txt.gz --missing zero --out result

  A bare table as plink2 --score takes it (id, allele, weights in columns 1, 2 and 3 to 12):
    steppe score --cohort biobank --score weights.tsv --score-columns 1,2,3-12 --out result

  A cohort in an object store, imputing from another cohort's frequencies:
    steppe score --cohort s3://bucket/biobank --score pgs/ --freq reference.afreq --out result

The result folder:
  scores.parquet     one row per sample and score: sum, average, allele_count, denominator, ...
  scores.sscore      the same as plink2's table, in full precision; each score has its own denominator
  match_log.parquet  one row per scoring-file row: what it matched, or why it did not
  match_summary.tsv  one line per score
  run.json           inputs with hashes, parameters, error bounds, timings

Exit status:
  0  every score was computed
  3  some were computed, others were skipped by --min-overlap, each with its reason
  2  nothing could be computed, or the input or command line was refused
  1  something else went wrong";

/// Score everyone in a cohort on any number of scoring files, in one pass over the genotypes.
///
/// Nothing is written before all input has been read and checked. The result appears in one step at the end; the same
/// command again finds it there and does no work.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ScoreCommand {
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
    /// What a missing call counts: mean (what its allele frequency leads to expect), zero (nothing, in neither sum
    /// nor denominator), or fail (refuse to score).
    #[arg(long, value_name = "POLICY", default_value = "mean", help_heading = "Scoring",
        value_parser = PossibleValuesParser::new(["mean", "zero", "fail"]).try_map(|text| text.parse::<MissingPolicy>()))]
    missing: MissingPolicy,
    /// Allele frequencies for --missing mean, in plink2's .afreq form; the cohort's founders where absent.
    #[arg(long, value_name = "FILE", help_heading = "Scoring")]
    freq: Option<PathBuf>,
    /// Score only the samples of this list (one IID, or FID and IID, a line).
    #[arg(long, value_name = "FILE", help_heading = "Scoring")]
    keep: Option<PathBuf>,
    /// Leave out the samples of this list.
    #[arg(long, value_name = "FILE", help_heading = "Scoring")]
    remove: Option<PathBuf>,
    /// Do not write scores.sscore.
    #[arg(long, help_heading = "Scoring")]
    no_sscore: bool,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    memory: MemoryOption,
}

impl ScoreCommand {
    /// Scores, here or on a coordinator, and shows a line per score.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let request = self.request(session)?;
        let message = "no result was written, and the same command starts over";
        say_on_interrupt(session.console, message);
        run_request(&request, session)
    }

    fn request(&self, session: Session) -> anyhow::Result<ScoreRequest> {
        Ok(ScoreRequest {
            cohort: Location::parse(&self.cohort)?,
            out: Location::parse(&self.out)?,
            overwrite: self.overwrite,
            sscore: !self.no_sscore,
            scratch: None,
            options: ScoreOptions {
                matching: self.matching.settings(),
                missing: self.missing,
                frequency_file: self.freq.clone(),
                keep: self.keep.clone(),
                remove: self.remove.clone(),
                copied_inputs: false,
                memory: self.memory.memory.0,
                level: session.level,
                threads: self.threads.count(),
            },
        })
    }
}

/// Runs a scoring job with a bar, and shows what came of it.
pub(super) fn run_request(request: &ScoreRequest, session: Session) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let engine = LocalEngine::new(request.options.threads)?;
    let bar = StageBar::genotypes(session.console);
    let progress: Arc<dyn PassProgress> = bar.clone();
    let scored = output::score(request, &engine, &progress);
    bar.clear();
    let scored = scored?;
    print(&report::table(&scored))?;
    report::notes(&scored, session.console);
    let people = render::count(scored.samples_kept);
    let computed = scored.scores.iter().filter(|score| score.skipped.is_none()).count();
    let all = render::things(scored.scores.len() as u64, "score");
    session.console.note(&if scored.reused {
        format!("{}: this result was there already; nothing was computed", request.out)
    } else {
        let elapsed = render::duration(started.elapsed());
        format!("{computed} of {all} computed for {people} people in {elapsed}")
    });
    report::whereabouts(&scored, &request.cohort, &request.out, session.console);
    Ok(report::outcome(&scored))
}
