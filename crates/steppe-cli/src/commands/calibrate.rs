use std::{path::PathBuf, sync::Arc, time::Instant};

use clap::Args;
use steppe_calibrate::risk::KnownPrevalence;
use steppe_engine::{Engine, LocalEngine, PassProgress};
use steppe_fitjob::{
    CalibrateOptions, CalibrationRecord, CalibrationReport, CovariateOptions, Family, FitRequest,
    PhenotypeSource, ScoreSource, SourceOptions, calibrate_scores,
};
use steppe_formats::phenotype::BinaryCoding;
use steppe_store::Location;

mod remotely;

use super::Session;
use crate::{
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{ColumnName, MatchingRules, RemoteOptions, ThreadsOption, column_name, fraction, note_end},
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  Scores that can be compared between people, in a cohort that the reference lacks; no phenotypes needed:
    steppe calibrate --reference panel-pca --reference-scores panel-scores --ancestry ancestry --scores scores \\
      --out calibrated

  Risks of a disease for Kazakhs, learnt from the phenotyped people of a list; the others are tested on:
    steppe calibrate --reference panel-pca --reference-scores panel-scores --ancestry ancestry --scores scores \\
      --population people.tsv:population --target KAZ --pheno traits.tsv --trait t2d --learn phenotyped.txt --out calibrated

  The same, with the scores that everyone's descent leads to expect, by the allele frequencies of the reference's populations:
  an admixed group without a label and without people of its own to learn from is compared to its own mixture:
    steppe calibrate ... --reference-cohort panel --score-file PGS000018.txt.gz --out calibrated

  The same with each person's risk of the next ten years, for which the country's rates are known:
    steppe calibrate ... --rates rates.csv --age people.tsv:age --years 10 --out calibrated

  Two scores stacked for that cohort, which were trained on 10,000 and 4,000 people:
    steppe calibrate ... --score-name eur eas --combine --trained-on 10000 4000 --out calibrated

The result folder:
  calibrated.*  a row per person and score: the adjusted score with its error, percentile, Z_norm1 and Z_norm2 as the PGS
                Catalog Calculator's, the score expected of the person's admixture, risk, absolute risk between two ages
                and trait with 90 % intervals, expected accuracy, flags
  report.*.html the same for people, in English, Kazakh and Russian: with phenotypes also how well scores and risks do in
                those who did not teach them (the last score, or the stacked one)
  risks.*       intercept and slope of the risks in each population, and what cross-validation kept
  model.cbor    the model, with all that steppe score --calibration takes to apply it to other people
  run.json      inputs with hashes, parameters, and what could not be fitted and why

What can not be fitted (few people, one class) is left out and said; where cross-validation finds the calibrated risk no
better than the uncalibrated one, the latter is kept.

On a coordinator (steppe --profile DIR calibrate ...) tables, lists and results in folders travel with the job; results at
URLs and --reference-cohort are read by the coordinator. The files are the same ones, to the bit.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

/// Make scores mean something in a population: adjusted scores, percentiles and calibrated risks with intervals.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CalibrateCommand {
    /// The reference: the folder or URL that steppe pca wrote, with --population.
    #[arg(long, value_name = "PCA")]
    reference: String,
    /// Scores of the reference's people: results of steppe score, or tables.
    #[arg(long, value_name = "RESULT", required = true, num_args = 1..)]
    reference_scores: Vec<String>,
    /// The cohort's ancestry: the folder or URL that steppe ancestry wrote, against that reference.
    #[arg(long, value_name = "ANCESTRY")]
    ancestry: String,
    /// Scores of the cohort's people: results of steppe score, or tables.
    #[arg(long, value_name = "RESULT", required = true, num_args = 1..)]
    scores: Vec<String>,
    /// Scores to calibrate; all of the reference's where absent.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    score_name: Vec<String>,
    /// The folder or URL of the result.
    #[arg(long, value_name = "DIR")]
    out: String,
    /// Replace a result of other inputs or parameters.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    people: PeopleArguments,
    #[command(flatten)]
    phenotype: PhenotypeArguments,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    sources: SourceArguments,
    #[command(flatten)]
    rules: MatchingRules,
    #[command(flatten)]
    threads: ThreadsOption,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "People")]
struct PeopleArguments {
    /// Populations of the cohort's people: FILE:COLUMN; whoever has none belongs to the most similar one.
    #[arg(long, value_name = "FILE:COLUMN", value_parser = column_name)]
    population: Option<ColumnName>,
    /// The population that is the own cohort; without --population the name of everyone's.
    #[arg(long, value_name = "NAME", default_value = "cohort")]
    target: String,
    /// Only the people of this list teach the model; it is applied to all.
    #[arg(long, value_name = "FILE")]
    learn: Option<PathBuf>,
    /// Learn nothing from the own cohort's scores: adjust by the reference alone.
    #[arg(long)]
    reference_only: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Phenotype")]
struct PhenotypeArguments {
    /// Phenotypes, in the form of plink2's --pheno.
    #[arg(long, value_name = "FILE", requires = "trait_name")]
    pheno: Option<PathBuf>,
    /// The trait.
    #[arg(long = "trait", value_name = "NAME", requires = "pheno")]
    trait_name: Option<String>,
    /// The kind of trait: auto, gaussian or binomial.
    #[arg(long, value_name = "FAMILY", default_value = "auto")]
    family: String,
    /// Case and control are written as 1 and 0, not as 2 and 1.
    #[arg(long)]
    coding_01: bool,
    /// Covariates, in the form of plink2's --covar.
    #[arg(long, value_name = "FILE", requires = "pheno")]
    covar: Option<PathBuf>,
    /// Covariates to take; all where absent.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', requires = "covar")]
    covar_name: Vec<String>,
    /// The own cohort's prevalence, where it is known.
    #[arg(long, value_name = "SHARE", value_parser = fraction)]
    prevalence: Option<f64>,
    /// Its standard error.
    #[arg(long, value_name = "SHARE", value_parser = fraction, default_value = "0", requires = "prevalence")]
    prevalence_error: f64,
    #[command(flatten)]
    absolute: AbsoluteArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Absolute risk")]
struct AbsoluteArguments {
    /// Incidence and competing mortality of the own cohort's population by age: a comma-separated table with the columns
    /// age, incidence and mortality, yearly rates from each age to the next row's; the last row ends it. Since incidence
    /// has the effect of age, age should be no covariate.
    #[arg(long, value_name = "FILE", requires = "pheno")]
    rates: Option<PathBuf>,
    /// Ages of the own cohort's people, in years: FILE:COLUMN; the first age of the rates for all where absent.
    #[arg(long, value_name = "FILE:COLUMN", value_parser = column_name, requires = "rates")]
    age: Option<ColumnName>,
    /// Years that the risk is for; to the end of the rates where absent.
    #[arg(long, value_name = "N", requires = "rates")]
    years: Option<f64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
struct ModelArguments {
    /// Principal components.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pcs: usize,
    /// Stack the scores to one more, for the own cohort.
    #[arg(long)]
    combine: bool,
    /// The population of the reference that the scores were trained in: accuracy is told by the distance from it, or from
    /// the middle of the whole reference.
    #[arg(long, value_name = "NAME")]
    trained_in: Option<String>,
    /// People that each score was trained on, in the order of the scores.
    #[arg(long, value_name = "N", num_args = 1.., value_delimiter = ',', requires = "combine")]
    trained_on: Vec<f64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Scores expected of admixture")]
struct SourceArguments {
    /// Count allele frequencies in the reference's people: the cohort that steppe pca was run on.
    #[arg(long, value_name = "COHORT", requires = "score_file")]
    reference_cohort: Option<String>,
    /// The scoring files of the scores.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "reference_cohort")]
    score_file: Vec<String>,
}

impl CalibrateCommand {
    /// Calibrates, and shows a line per score and population.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        if remote::is_named(remote) {
            return self.run_remotely(remote, session);
        }
        let started = Instant::now();
        let options = self.options(session)?;
        let request = FitRequest::without_cohort(&Location::parse(&self.out)?, self.overwrite, None);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads.count()).build()?;
        let engine = LocalEngine::new(self.threads.count())?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "scores");
        let progress: Arc<dyn PassProgress> = bar.passes();
        let passes = (&engine as &dyn Engine, &progress);
        let done = pool.install(|| calibrate_scores(&options, &request, passes, &mut bar));
        bar.clear();
        self.show(&done?, &self.out, started, session)
    }

    fn show(
        &self,
        report: &CalibrationReport,
        place: &str,
        started: Instant,
        session: Session,
    ) -> anyhow::Result<Outcome> {
        print(&scores(&report.record))?;
        if report.record.traits.iter().any(|of| !of.populations.is_empty()) {
            print("\n")?;
            print(&risks(&report.record))?;
        }
        note_end(place, report.reused, started, session);
        Ok(Outcome::Done)
    }

    fn options(&self, session: Session) -> anyhow::Result<CalibrateOptions> {
        let (people, model) = (&self.people, &self.model);
        let source =
            |places: &[String]| ScoreSource { places: places.to_vec(), names: self.score_name.clone() };
        Ok(CalibrateOptions {
            reference: Location::parse(&self.reference)?,
            reference_scores: source(&self.reference_scores),
            ancestry: Location::parse(&self.ancestry)?,
            scores: source(&self.scores),
            population: people.population.as_ref().map(ColumnName::own_file).transpose()?,
            target: people.target.clone(),
            learn: people.learn.clone(),
            own_cohort: !people.reference_only,
            phenotypes: self.phenotype.source()?,
            covariates: self.phenotype.covar.as_ref().map(|file| CovariateOptions {
                file: file.clone(),
                names: self.phenotype.covar_name.clone(),
                categorical: Vec::new(),
            }),
            prevalence: self.phenotype.prevalence.map(|prevalence| KnownPrevalence {
                prevalence,
                standard_error: self.phenotype.prevalence_error,
            }),
            rates: self.phenotype.absolute.rates.clone(),
            age: self.phenotype.absolute.age.as_ref().map(ColumnName::own_file).transpose()?,
            years: self.phenotype.absolute.years,
            trained_in: model.trained_in.clone(),
            combine: model.combine,
            trained_on: model.trained_on.clone(),
            components: model.pcs,
            sources: self.sources(session)?,
            copied_inputs: false,
        })
    }

    fn sources(&self, session: Session) -> anyhow::Result<Option<SourceOptions>> {
        let Some(cohort) = &self.sources.reference_cohort else { return Ok(None) };
        Ok(Some(SourceOptions {
            cohort: Location::parse(cohort)?,
            matching: self.rules.settings(&self.sources.score_file),
            level: session.level,
            threads: self.threads.count(),
        }))
    }
}

impl PhenotypeArguments {
    fn source(&self) -> anyhow::Result<Option<PhenotypeSource>> {
        let Some(file) = &self.pheno else { return Ok(None) };
        let mut source = PhenotypeSource::new(file);
        source.traits = self.trait_name.iter().cloned().collect();
        source.family = self.family.parse::<Family>()?;
        if self.coding_01 {
            source.coding = BinaryCoding::ZeroOne;
        }
        Ok(Some(source))
    }
}

/// A line per score.
fn scores(record: &CalibrationRecord) -> String {
    let columns = [
        ("score", Align::Left),
        ("reference", Align::Right),
        ("own cohort", Align::Right),
        ("phenotyped", Align::Right),
        ("cases", Align::Right),
        ("stacked", Align::Right),
        ("left out", Align::Left),
    ];
    let row = |of: &steppe_fitjob::ScoreModelRecord| {
        vec![
            of.name.clone(),
            render::count(of.reference),
            render::count(of.own_cohort),
            render::count(of.phenotyped),
            of.cases.map_or_else(String::new, render::count),
            of.stacked_weight.map_or_else(String::new, |weight| format!("{weight:.4}")),
            of.left_out.iter().map(|(part, _)| part.as_str()).collect::<Vec<_>>().join(", "),
        ]
    };
    render::table(columns, record.traits.iter().map(row))
}

/// A line per score and population.
fn risks(record: &CalibrationRecord) -> String {
    let columns = [
        ("score", Align::Left),
        ("population", Align::Left),
        ("people", Align::Right),
        ("cases", Align::Right),
        ("intercept", Align::Right),
        ("slope", Align::Right),
        ("kept", Align::Left),
    ];
    let rows = record.traits.iter().flat_map(|of| {
        of.populations.iter().map(move |row| {
            vec![
                of.name.clone(),
                row.population.clone(),
                render::count(row.people),
                render::count(row.cases),
                format!("{:.3} ± {:.3}", row.intercept, row.intercept_error),
                format!("{:.3} ± {:.3}", row.slope, row.slope_error),
                row.kept.clone(),
            ]
        })
    });
    render::table(columns, rows)
}
