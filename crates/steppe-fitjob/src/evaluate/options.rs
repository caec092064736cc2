use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_calibrate::evaluate::EvaluationOptions;
use steppe_engine::EngineError;

use super::super::{
    options::{CovariateOptions, Family, PhenotypeSource, SampleColumn},
    parameters::of_traits,
    score_table::ScoreSource,
};

/// An evaluation of scores against traits.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluateOptions {
    /// The scores.
    pub scores: ScoreSource,
    /// Those of them that are probabilities of being a case.
    pub risks: Vec<String>,
    /// The traits, quantitative or binary.
    pub phenotypes: PhenotypeSource,
    /// Covariates that models with a score are compared to.
    pub covariates: Option<CovariateOptions>,
    /// Only these samples, by a list as plink2's --keep takes it.
    pub keep: Option<PathBuf>,
    /// Not these samples.
    pub remove: Option<PathBuf>,
    /// A column of populations.
    pub population: Option<SampleColumn>,
    /// A column of genetic distances, numbers.
    pub distance: Option<SampleColumn>,
    /// Samples of one family id are relatives, whom resamples draw together.
    pub families: bool,
    /// What is computed.
    pub evaluation: EvaluationOptions,
}

impl EvaluateOptions {
    /// All scores against all traits.
    pub fn new(scores: ScoreSource, phenotypes: impl Into<PathBuf>) -> Self {
        Self {
            scores,
            risks: Vec::new(),
            phenotypes: PhenotypeSource::new(phenotypes),
            covariates: None,
            keep: None,
            remove: None,
            population: None,
            distance: None,
            families: false,
            evaluation: EvaluationOptions::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), EngineError> {
        match self.phenotypes.family {
            Family::Cox { .. } if !self.risks.is_empty() => Err(EngineError::refused(
                "risks are probabilities of being a case, and the trait is a time to an event",
                "leave out --risk",
            )),
            _ => Ok(()),
        }
    }

    /// Everything that can change a result but files, which enter by their hashes.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = of_traits(&self.phenotypes, self.covariates.as_ref());
        let of = &self.evaluation;
        let column = |column: &Option<SampleColumn>| json!(column.as_ref().map(|of| &of.column));
        let minimal = json!([of.minimal.discrimination, of.minimal.calibration, of.minimal.people]);
        let more = [
            ("scores", json!(self.scores.names)),
            ("risks", json!(self.risks)),
            ("population", column(&self.population)),
            ("distance", column(&self.distance)),
            ("families", json!(self.families)),
            ("resamples", json!(of.resamples)),
            ("permutations", json!(of.permutations)),
            ("seed", json!(of.seed)),
            ("confidence", json!(of.confidence)),
            ("pooled", json!(of.pooled)),
            ("distance_bins", json!(of.distance_bins)),
            ("reliability_bins", json!(of.reliability_bins)),
            ("prevalence", json!(of.prevalence)),
            ("population_prevalence", json!(of.population_prevalence)),
            ("thresholds", json!(of.thresholds)),
            ("baseline", json!(of.baseline)),
            ("minimal_cases_people", minimal),
            ("imbalance", json!(of.imbalance)),
        ];
        map.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        map
    }
}
