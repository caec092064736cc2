use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use steppe_engine::{
    EngineError, LocalEngine, PassProgress,
    output::{self, ScoreReport, ScoreRequest},
    score::{MissingPolicy, ScoreOptions},
};
use steppe_fitjob::{ApplyOptions, score_calibrated};
use steppe_store::Location;

mod remotely;

use super::{Session, report};
pub(super) use remotely::show_record;

use crate::{
    console::print,
    exit::Outcome,
    interrupt::say_on_interrupt,
    options::{ColumnName, MatchingOptions, MemoryOption, RemoteOptions, ThreadsOption, column_name},
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

  New people with the calibration that steppe calibrate made of this score, all of its own cohort; one person works:
    steppe score --cohort clinic --score PGS000018.txt.gz --calibration calibrated --target KAZ --covar age.tsv \
      --out result

The result folder:
  scores.parquet     one row per sample and score: sum, average, allele_count, denominator, ...
  scores.sscore      the same as plink2's table, in full precision; each score has its own denominator
  match_log.parquet  one row per scoring-file row: what it matched, or why it did not
  match_summary.tsv  one line per score
  run.json           inputs with hashes, parameters, error bounds, timings
  calibrated.*       with --calibration: a row per person and score, with the columns of steppe calibrate's own table

A calibration is one file: it has the reference's components and the weights' hashes in it. Scores of other weights, another
build and fewer than 200 shared variants are refused; whatever else differs from the people it was made of is said.

On a coordinator (steppe --profile DIR score ...) scoring files, lists and the calibration of a folder travel with the job;
of a URL the coordinator reads it. The files are the same ones, to the bit.

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
    calibration: CalibrationArguments,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    memory: MemoryOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Calibration")]
struct CalibrationArguments {
    /// Say what the scores mean: the folder that steppe calibrate wrote, or its model.cbor.
    #[arg(long, value_name = "MODEL")]
    calibration: Option<String>,
    /// Populations of the people: FILE:COLUMN; whoever has none belongs to the most similar one.
    #[arg(long, value_name = "FILE:COLUMN", value_parser = column_name, requires = "calibration")]
    population: Option<ColumnName>,
    /// The population of everyone, of those that the calibration knows; by default its own cohort, where it knew no other.
    #[arg(long, value_name = "NAME", requires = "calibration", conflicts_with = "population")]
    target: Option<String>,
    /// The calibration's covariates, in the form of plink2's --covar.
    #[arg(long, value_name = "FILE", requires = "calibration")]
    covar: Option<PathBuf>,
}

impl CalibrationArguments {
    fn options(&self) -> anyhow::Result<Option<ApplyOptions>> {
        let Some(calibration) = &self.calibration else { return Ok(None) };
        Ok(Some(ApplyOptions {
            calibration: calibration.clone(),
            population: self.population.as_ref().map(ColumnName::own_file).transpose()?,
            target: self.target.clone(),
            covariates: self.covar.clone(),
        }))
    }
}

impl ScoreCommand {
    /// Scores, here or on a coordinator, and shows a line per score.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        let calibration = self.calibration.options()?;
        if remote::is_named(remote) {
            return self.run_remotely(calibration.as_ref(), remote, session);
        }
        let request = self.request(session)?;
        let message = "no result was written, and the same command starts over";
        say_on_interrupt(session.console, message);
        match calibration {
            Some(options) => run_job(&request, session, |engine, progress| {
                score_calibrated(&request, &options, engine, progress)
            }),
            None => run_request(&request, session),
        }
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
    run_job(request, session, |engine, progress| output::score(request, engine, progress))
}

fn run_job(
    request: &ScoreRequest,
    session: Session,
    score: impl FnOnce(&LocalEngine, &Arc<dyn PassProgress>) -> Result<ScoreReport, EngineError>,
) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let engine = LocalEngine::new(request.options.threads)?;
    let bar = StageBar::genotypes(session.console);
    let progress: Arc<dyn PassProgress> = bar.clone();
    let scored = score(&engine, &progress);
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
