use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use clap::Args;
use steppe_calibrate::evaluate::{EvaluationOptions, Metric, MetricRow, Status};
use steppe_engine::EngineError;
use steppe_fitjob::{EvaluateOptions, EvaluationReport, Family, ScoreSource, evaluate_scores};
use steppe_store::Location;

use super::Session;
use crate::{
    console::print,
    exit::Outcome,
    interrupt::raise_on_interrupt,
    options::{ColumnName, RemoteOptions, ThreadsOption, TraitOptions, column_name, fraction, note_end},
    progress::StepBar,
    remote,
    render::{self, Align},
};

const EXAMPLES: &str = "\
Examples:
  The scores of a result against all traits of a file, by population:
    steppe evaluate --scores result --pheno traits.tsv --population population --out evaluation

  Two models of one disease, the first as the baseline, beyond age and sex, with liability R2 at a prevalence of 8 %:
    steppe evaluate --scores ours theirs --score-name t2d PGS000729 --baseline PGS000729 --pheno traits.tsv --trait t2d \\
      --covar covar.tsv --prevalence 8% --out evaluation

  Risks (probabilities) of a table, with thresholds:
    steppe evaluate --scores risks.tsv --risk before after --baseline before --pheno traits.tsv --trait t2d \\
      --threshold 0.1 0.2 --out evaluation

  Times to an event:
    steppe evaluate --scores result --pheno followup.tsv --family cox:years,event --out evaluation

The result folder:
  metrics.*      a row per trait, group, score and metric: estimate, interval, standard error, P, people and cases; where
                 there are too few for a number it says insufficient, and why
  reliability.*  predicted and observed risk by bin, of risks
  deciles.*      odds ratios of the tenths of people by score, against the fifth in the middle
  groups.*       who was evaluated, and why others were not
  run.json       inputs with hashes, parameters, notices

All scores of a group are evaluated in the same people and on the same resamples: differences have intervals of their own.

Exit status: 0 done, 2 input or command line refused (nothing was written), 130 interrupted, 1 other failures.";

const SHOWN: [Metric; 9] = [
    Metric::CIndex,
    Metric::R2,
    Metric::R2Incremental,
    Metric::R2Liability,
    Metric::Auc,
    Metric::OddsRatioPerSd,
    Metric::OddsRatioTopDecile,
    Metric::ExpectedOverObserved,
    Metric::CalibrationSlope,
];

/// Say how well scores predict traits: R2, AUC, odds ratios and calibration, by population and genetic distance, with
/// intervals.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct EvaluateCommand {
    /// Results of steppe score (folders or URLs), or tables with #FID, IID and a column a score (plink2's .sscore).
    #[arg(long, value_name = "RESULT", required = true, num_args = 1..)]
    scores: Vec<String>,
    /// Scores to evaluate; all where absent.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    score_name: Vec<String>,
    /// Scores that are probabilities of being a case: their calibration is judged.
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    risk: Vec<String>,
    /// The folder or URL of the result.
    #[arg(long, value_name = "DIR")]
    out: String,
    /// Replace a result of other inputs or parameters.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    traits: TraitOptions,
    /// The kind of traits: auto (binary where a column has only the two codes), gaussian, binomial, or cox:TIME,EVENT for
    /// the columns of times and of events, of which the concordance is told.
    #[arg(long, value_name = "FAMILY", default_value = "auto", help_heading = "Phenotypes and covariates")]
    family: String,
    #[command(flatten)]
    people: PeopleArguments,
    #[command(flatten)]
    measures: MeasureArguments,
    #[command(flatten)]
    threads: ThreadsOption,
}

/// Who is evaluated, and in which groups.
#[derive(Debug, Args)]
#[command(next_help_heading = "People")]
struct PeopleArguments {
    /// Only the samples of this list (one IID, or FID and IID, a line).
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Not the samples of this list.
    #[arg(long, value_name = "FILE")]
    remove: Option<PathBuf>,
    /// A column of populations: COLUMN of the phenotype file, or FILE:COLUMN.
    #[arg(long, value_name = "COLUMN", value_parser = column_name)]
    population: Option<ColumnName>,
    /// A column of genetic distances to where the scores were trained: COLUMN of the phenotype file, or FILE:COLUMN.
    #[arg(long, value_name = "COLUMN", value_parser = column_name)]
    distance: Option<ColumnName>,
    /// Groups of equal size by distance.
    #[arg(long, value_name = "N", default_value_t = 5, requires = "distance")]
    distance_bins: usize,
    /// Samples that share a family id are relatives: resamples draw whole families.
    #[arg(long)]
    families: bool,
}

/// What is computed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Metrics")]
struct MeasureArguments {
    /// The score or risk that the others are compared to; without it all pairs are.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// Prevalence for R2 on the liability scale: a share, or POPULATION=SHARE,...
    #[arg(long, value_name = "SHARE", num_args = 1.., value_delimiter = ',', value_parser = prevalence)]
    prevalence: Vec<Prevalence>,
    /// Risks at which sensitivity and predictive value are told, and that bound the categories of reclassification.
    #[arg(long, value_name = "RISK", num_args = 1.., value_delimiter = ',', value_parser = fraction)]
    threshold: Vec<f64>,
    /// Bins of reliability curves.
    #[arg(long, value_name = "N", default_value_t = 10)]
    bins: usize,
    /// Bootstrap resamples; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    resamples: usize,
    /// Permutations of the trait for P values of R2 and AUC; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    permutations: usize,
    /// Share of repetitions in which an interval holds the truth.
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = fraction)]
    confidence: f64,
    /// Seed of resamples and permutations.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Prevalence {
    population: Option<String>,
    share: f64,
}

fn prevalence(text: &str) -> Result<Prevalence, String> {
    let (population, share) = match text.rsplit_once('=') {
        Some((population, share)) => (Some(population.to_owned()), share),
        None => (None, text),
    };
    Ok(Prevalence { population, share: fraction(share)? })
}

impl EvaluateCommand {
    /// Evaluates, and shows the main metrics.
    pub(crate) fn run(&self, remote: &RemoteOptions, session: Session) -> anyhow::Result<Outcome> {
        remote::refuse(remote, "evaluations")?;
        let started = Instant::now();
        let (options, out) = (self.options()?, Location::parse(&self.out)?);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.threads.count()).build()?;
        let mut bar = StepBar::new(session.console, raise_on_interrupt(session.console), "traits");
        let evaluated: Result<EvaluationReport, EngineError> =
            pool.install(|| evaluate_scores(&options, &out, self.overwrite, None, &mut bar));
        bar.clear();
        let report = evaluated?;
        print(&table(&report))?;
        note_end(&self.out, report.reused, started, session);
        Ok(Outcome::Done)
    }

    fn options(&self) -> anyhow::Result<EvaluateOptions> {
        let family = self.family.parse::<Family>()?;
        let phenotypes = self.traits.phenotypes(family);
        let column = |name: &Option<ColumnName>| name.as_ref().map(|name| name.of(&phenotypes.file));
        let people = &self.people;
        Ok(EvaluateOptions {
            scores: ScoreSource { places: self.scores.clone(), names: self.score_name.clone() },
            risks: self.risk.clone(),
            covariates: self.traits.covariates(),
            keep: people.keep.clone(),
            remove: people.remove.clone(),
            population: column(&people.population),
            distance: column(&people.distance),
            families: people.families,
            evaluation: self.measures.options(people.distance_bins),
            phenotypes,
        })
    }
}

impl MeasureArguments {
    fn options(&self, distance_bins: usize) -> EvaluationOptions {
        let of_population = |of: &Prevalence| Some((of.population.clone()?, of.share));
        EvaluationOptions {
            resamples: self.resamples,
            permutations: self.permutations,
            seed: self.seed,
            confidence: self.confidence,
            distance_bins,
            reliability_bins: self.bins,
            prevalence: self.prevalence.iter().find(|of| of.population.is_none()).map(|of| of.share),
            population_prevalence: self
                .prevalence
                .iter()
                .filter_map(of_population)
                .collect::<BTreeMap<_, _>>(),
            thresholds: self.threshold.clone(),
            baseline: self.baseline.clone(),
            ..EvaluationOptions::default()
        }
    }
}

/// A line per trait, group, score and main metric; `metrics.tsv` has all.
fn table(report: &EvaluationReport) -> String {
    let columns = [
        ("trait", Align::Left),
        ("group", Align::Left),
        ("people", Align::Right),
        ("score", Align::Left),
        ("metric", Align::Left),
        ("estimate", Align::Right),
        ("interval", Align::Left),
    ];
    let rows = report.evaluations.iter().flat_map(|(name, evaluation)| {
        // The first of a metric's intervals; the tables have all.
        let mut last = None;
        let shown = evaluation.metrics.iter().filter(|row| is_shown(row)).filter(move |row| {
            let this = (row.group.as_str(), row.model.as_deref(), row.metric);
            last.replace(this) != Some(this)
        });
        shown.map(move |row| line(name, row))
    });
    render::table(columns, rows)
}

/// The main metrics of single scores, where they are defined.
fn is_shown(row: &MetricRow) -> bool {
    SHOWN.contains(&row.metric)
        && row.versus.is_none()
        && row.model.is_some()
        && row.threshold.is_none()
        && row.status != Status::Undefined
}

fn line(name: &str, row: &MetricRow) -> Vec<String> {
    let number = |value: f64| format!("{value:.4}");
    let interval = match (row.lower, row.upper) {
        (Some(lower), Some(upper)) => format!("{lower:.4} to {upper:.4}"),
        _ => String::new(),
    };
    let estimate = match (row.status, row.estimate) {
        (Status::Ok, Some(estimate)) => number(estimate),
        (Status::Insufficient, _) => "insufficient".to_owned(),
        _ => "undefined".to_owned(),
    };
    let reason = row.reason.as_ref().map_or_else(String::new, ToString::to_string);
    vec![
        name.to_owned(),
        row.group.clone(),
        render::count(row.n as u64),
        row.model.clone().unwrap_or_default(),
        row.metric.as_str().to_owned(),
        estimate,
        if interval.is_empty() { reason } else { interval },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prevalences_are_of_all_or_of_a_population() {
        let of =
            |population: Option<&str>, share| Prevalence { population: population.map(str::to_owned), share };
        assert_eq!(prevalence("8%"), Ok(of(None, 0.08)));
        assert_eq!(prevalence("KAZ=0.1"), Ok(of(Some("KAZ"), 0.1)));
        assert!(prevalence("KAZ=").is_err() && prevalence("much").is_err());
    }
}
