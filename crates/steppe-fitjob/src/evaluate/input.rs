//! Scores, traits and what else is known of the same people.

use std::collections::HashMap;

use steppe_calibrate::evaluate::{
    Covariate as EvaluatedCovariate, EvaluationInput, Outcome, Prediction, PredictionKind,
};
use steppe_engine::{EngineError, output::InputRecord};
use steppe_store::SampleTable;

use super::{
    super::{
        columns::{TextBySample, numbers},
        covariates::Covariate,
        inputs::Inputs,
        phenotypes::TraitValues,
        record::SampleCounts,
        score_table::{NamedScore, ScoreTable},
        sources::{SourceOptions, Sources},
    },
    EvaluateOptions,
};

/// What is evaluated, by the people that the lists leave.
#[derive(Debug)]
pub(super) struct Evaluated {
    scores: Vec<NamedScore>,
    pub(super) traits: Vec<(String, TraitValues)>,
    covariates: Vec<Covariate>,
    population: Option<Vec<Option<String>>>,
    distance: Option<Vec<f64>>,
    family: Option<Vec<Option<u32>>>,
    pub(super) inputs: Vec<InputRecord>,
    pub(super) counts: SampleCounts,
    pub(super) unknown_selected: u64,
    pub(super) notices: Vec<String>,
}

/// Values of some samples.
fn of<T: Clone>(values: &[T], samples: &[u32]) -> Vec<T> {
    samples.iter().map(|sample| values[*sample as usize].clone()).collect()
}

impl Evaluated {
    pub(super) fn read(options: &EvaluateOptions) -> Result<Self, EngineError> {
        options.check()?;
        let mut inputs = Inputs::default();
        let table = ScoreTable::read(&options.scores, &mut inputs)?;
        refuse_unknown_risks(options, &table)?;
        let sources = Sources::read(&sources(options), &table.samples, &mut inputs)?;
        let population = options.population.as_ref();
        let population = population
            .map(|column| TextBySample::read("population", column, &table.samples, &mut inputs))
            .transpose()?;
        let distance = options.distance.as_ref();
        let distance =
            distance.map(|column| numbers("distance", column, &table.samples, &mut inputs)).transpose()?;
        let samples = sources.listed();
        let counts = counted(&sources, &table.samples, &samples)?;
        let label = |column: &TextBySample, sample: &u32| column.get(*sample as usize).map(str::to_owned);
        let mut notices = Vec::new();
        if table.without_sample > 0 {
            let others = table.without_sample;
            notices.push(format!("{others} people of further scores are not among those of the first"));
        }
        Ok(Self {
            scores: table
                .scores
                .iter()
                .map(|score| NamedScore { name: score.name.clone(), values: of(&score.values, &samples) })
                .collect(),
            traits: sources
                .phenotypes
                .traits
                .iter()
                .map(|(name, all)| (name.clone(), taken(all, &samples)))
                .collect(),
            covariates: sources.covariates.as_ref().map_or_else(Vec::new, |read| read.of(&samples)),
            population: population
                .map(|column| samples.iter().map(|sample| label(&column, sample)).collect()),
            distance: distance.map(|values| of(&values, &samples)),
            family: options.families.then(|| families(&table.samples, &samples)),
            inputs: inputs.into_records(false),
            counts,
            unknown_selected: sources.selection.unknown,
            notices,
        })
    }

    /// The names of traits, scores and covariates.
    pub(super) fn names(&self) -> [Vec<&str>; 3] {
        [
            self.traits.iter().map(|(name, _)| name.as_str()).collect(),
            self.scores.iter().map(|score| score.name.as_str()).collect(),
            self.covariates.iter().map(|of| of.name.as_str()).collect(),
        ]
    }

    /// Hands a trait with all scores to `work`. Risks of a quantitative trait are scores.
    pub(super) fn with_trait<T>(
        &self,
        outcome: Outcome<'_>,
        risks: &[String],
        work: impl FnOnce(&EvaluationInput<'_>) -> T,
    ) -> T {
        let predictions: Vec<Prediction<'_>> = self
            .scores
            .iter()
            .map(|score| Prediction {
                name: &score.name,
                kind: match outcome.is_binary() && risks.contains(&score.name) {
                    true => PredictionKind::Risk,
                    false => PredictionKind::Score,
                },
                values: &score.values,
            })
            .collect();
        let covariates: Vec<EvaluatedCovariate<'_>> = self
            .covariates
            .iter()
            .map(|of| EvaluatedCovariate { name: &of.name, values: &of.values })
            .collect();
        work(&EvaluationInput {
            outcome,
            predictions: &predictions,
            covariates: &covariates,
            population: self.population.as_deref(),
            distance: self.distance.as_deref(),
            family: self.family.as_deref(),
        })
    }
}

fn sources(options: &EvaluateOptions) -> SourceOptions<'_> {
    SourceOptions {
        phenotypes: &options.phenotypes,
        covariates: options.covariates.as_ref(),
        keep: options.keep.as_deref(),
        remove: options.remove.as_deref(),
        // Whoever has no population is evaluated with everyone; the column is read apart.
        population: None,
        weights: None,
        split: None,
    }
}

fn refuse_unknown_risks(options: &EvaluateOptions, table: &ScoreTable) -> Result<(), EngineError> {
    let known = |name: &&String| table.scores.iter().any(|score| score.name == **name);
    match options.risks.iter().find(|name| !known(name)) {
        Some(name) => Err(EngineError::refused(
            format!("risk '{name}' is none of the scores"),
            "name a column of the scores that holds probabilities",
        )),
        None => Ok(()),
    }
}

/// Who takes part, and how many of the lists' people have nothing to be evaluated with.
fn counted(sources: &Sources, all: &SampleTable, samples: &[u32]) -> Result<SampleCounts, EngineError> {
    let (_, counts) = sources.take_part(all)?;
    if samples.is_empty() {
        return Err(EngineError::refused(
            "the lists leave nobody",
            "check the lists of samples to keep and to remove",
        ));
    }
    Ok(counts)
}

fn taken(values: &TraitValues, samples: &[u32]) -> TraitValues {
    match values {
        TraitValues::Gaussian(values) => TraitValues::Gaussian(of(values, samples)),
        TraitValues::Binomial(values) => TraitValues::Binomial(of(values, samples)),
        TraitValues::Cox(values) => TraitValues::Cox(of(values, samples)),
        TraitValues::Categorical => TraitValues::Categorical,
    }
}

/// The family of each sample that shares its family id with another one; `0` and the sample's own id are none.
fn families(all: &SampleTable, samples: &[u32]) -> Vec<Option<u32>> {
    let family = |sample: &u32| {
        let (family, id) = (all.family_id.get(*sample as usize), all.sample_id.get(*sample as usize));
        (family != "0" && family != id).then_some(family)
    };
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    samples
        .iter()
        .map(|sample| {
            let next = numbers.len() as u32;
            family(sample).map(|name| *numbers.entry(name).or_insert(next))
        })
        .collect()
}
