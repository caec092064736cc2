//! The calibrated risks of a score in people who did not teach them.

use steppe_calibrate::{
    evaluate::{
        Evaluation, EvaluationInput, EvaluationOptions, Outcome, Prediction, PredictionKind, evaluate,
    },
    model::ScoreModel,
};
use steppe_engine::EngineError;

use super::{
    super::{calibrated::refused, phenotypes::TraitValues},
    people::Everybody,
    tables::Row,
};

/// The names of the predictions that are compared.
pub(super) const RAW: &str = "score";
pub(super) const BEFORE: &str = "uncalibrated";
pub(super) const AFTER: &str = "calibrated";

/// What was found in people who have a phenotype and did not teach.
pub(super) struct Tested {
    pub(super) evaluation: Evaluation,
    /// The raw score's, by genetic distance.
    pub(super) by_distance: Evaluation,
    /// Places of those people in the cohort.
    pub(super) people: Vec<usize>,
}

impl Tested {
    /// Evaluates a score's raw values and, of a binary trait, its risks. Nothing where nobody is left to test.
    pub(super) fn new(
        everybody: &Everybody,
        model: &ScoreModel,
        rows: &[Row],
    ) -> Result<Option<Self>, EngineError> {
        let cohort = &everybody.cohort;
        let Some((_, values)) = &cohort.outcome else { return Ok(None) };
        let has = |row: &&Row| values.has(row.person) && !cohort.learns[row.person];
        let rows: Vec<&Row> = rows.iter().filter(has).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let raw: Vec<f64> = rows.iter().map(|row| row.raw).collect();
        let after: Vec<f64> = rows.iter().map(|row| row.risk).collect();
        let before: Vec<f64> = rows.iter().map(|row| uncalibrated(everybody, model, row)).collect();
        let score = |name, kind, values| Prediction { name, kind, values };
        let mut predictions = vec![score(RAW, PredictionKind::Score, &raw[..])];
        if model.risk.is_some() {
            predictions.push(score(BEFORE, PredictionKind::Risk, &before));
            predictions.push(score(AFTER, PredictionKind::Risk, &after));
        }
        let population: Vec<Option<String>> = rows
            .iter()
            .map(|row| Some(everybody.populations[cohort.people.population[row.person]].clone()))
            .collect();
        let (numbers, cases): (Vec<f64>, Vec<Option<bool>>);
        let outcome = match values {
            TraitValues::Binomial(values) => {
                cases = rows.iter().map(|row| values[row.person]).collect();
                Outcome::Binary(&cases)
            }
            TraitValues::Gaussian(values) => {
                numbers = rows.iter().map(|row| values[row.person].unwrap_or(f64::NAN)).collect();
                Outcome::Quantitative(&numbers)
            }
            TraitValues::Cox(_) | TraitValues::Categorical => return Ok(None),
        };
        let input = EvaluationInput {
            outcome,
            predictions: &predictions,
            covariates: &[],
            population: Some(&population),
            distance: None,
            family: None,
        };
        let evaluation = evaluate(&input, &EvaluationOptions::default()).map_err(|error| refused(&error))?;
        let middle = everybody.middle();
        let distance: Vec<f64> = rows.iter().map(|row| everybody.distance(row.person, &middle)).collect();
        let by_distance = EvaluationInput {
            predictions: &predictions[..1],
            population: None,
            distance: Some(&distance),
            ..input
        };
        let options = by_distance_options(&by_distance);
        let by_distance = evaluate(&by_distance, &options).map_err(|error| refused(&error))?;
        Ok(Some(Self { evaluation, by_distance, people: rows.iter().map(|row| row.person).collect() }))
    }
}

/// The risk of the model before it is calibrated; NaN where there is none.
fn uncalibrated(everybody: &Everybody, model: &ScoreModel, row: &Row) -> f64 {
    let Some(risk) = &model.risk else { return f64::NAN };
    let covariates: Vec<f64> = everybody.cohort.covariates.iter().map(|of| of.values[row.person]).collect();
    let input = if row.adjusted.is_nan() { row.raw } else { row.adjusted };
    risk.base
        .linear_predictor(input, &covariates)
        .map_or(f64::NAN, |log_odds| 1.0 / (1.0 + (-log_odds).exp()))
}

/// Bins of distance large enough for a number each, as far as cases and controls, or people, suffice for two and more.
fn by_distance_options(input: &EvaluationInput<'_>) -> EvaluationOptions {
    let options = EvaluationOptions { pooled: false, permutations: 0, ..EvaluationOptions::default() };
    let (rarer, needed) = match input.outcome {
        Outcome::Binary(values) => {
            let cases = values.iter().filter(|case| **case == Some(true)).count();
            (cases.min(values.len() - cases), options.minimal.discrimination)
        }
        other => (other.len(), options.minimal.people),
    };
    // Cases are not spread evenly: a fifth more than it takes.
    let bins = (rarer / (needed + needed / 5)).clamp(2, options.distance_bins);
    EvaluationOptions { distance_bins: bins, ..options }
}
