use std::path::PathBuf;

use serde_json::{Map, Value, json};
use steppe_calibrate::risk::KnownPrevalence;
use steppe_engine::EngineError;
use steppe_store::Location;

use super::{
    super::{
        options::{CovariateOptions, PhenotypeSource, SampleColumn},
        parameters::{of_traits, refuse_out_of_range},
        score_table::ScoreSource,
    },
    SourceOptions,
};

/// A calibration of scores.
#[derive(Debug, Clone)]
pub struct CalibrateOptions {
    /// The reference: a result of `steppe pca` with populations.
    pub reference: Location,
    /// Scores of the reference's people.
    pub reference_scores: ScoreSource,
    /// The cohort's ancestry: a result of `steppe ancestry` against that reference.
    pub ancestry: Location,
    /// Scores of the cohort's people, by the same names.
    pub scores: ScoreSource,
    /// A column of populations of the cohort's people; whoever has none belongs to the most similar one.
    pub population: Option<SampleColumn>,
    /// The population of the column that is the own cohort; where there is no column everyone is the own cohort's, and
    /// this is its name.
    pub target: String,
    /// Only these people of the cohort teach the model; it is applied to all.
    pub learn: Option<PathBuf>,
    /// The own cohort's scores teach the adjustment, without phenotypes.
    pub own_cohort: bool,
    /// One trait, for risks or intervals.
    pub phenotypes: Option<PhenotypeSource>,
    /// Covariates of risks and intervals.
    pub covariates: Option<CovariateOptions>,
    /// The own cohort's prevalence, where it is known.
    pub prevalence: Option<KnownPrevalence>,
    /// A table of ages, incidence and competing mortality (CSV with the columns age, incidence, mortality).
    pub rates: Option<PathBuf>,
    /// A column of ages of the cohort's people, in years; without one, absolute risks are from the table's first age.
    pub age: Option<SampleColumn>,
    /// Years that absolute risks are for; to the table's end where absent.
    pub years: Option<f64>,
    /// The population of the reference that the scores were trained in: distances that accuracy is told by are from its
    /// middle, and from the whole reference's where absent.
    pub trained_in: Option<String>,
    /// Stacks all scores to one more.
    pub combine: bool,
    /// People that each score was trained on, in the order of the scores; alike where empty.
    pub trained_on: Vec<f64>,
    /// Principal components.
    pub components: usize,
    /// Where the reference's allele frequencies are counted, for the scores that admixture leads to expect.
    pub sources: Option<SourceOptions>,
    /// Input files are copies that came with the job: the record has their names without the folder.
    pub copied_inputs: bool,
}

impl CalibrateOptions {
    /// Checks what can be without files.
    ///
    /// # Errors
    /// A number that is out of range; options that need others.
    pub fn check(&self) -> Result<(), EngineError> {
        let share = self.prevalence.is_none_or(|known| known.prevalence > 0.0 && known.prevalence < 1.0);
        refuse_out_of_range(&[
            (self.components > 0, "the number of components", "at least 1"),
            (share, "the prevalence", "between 0 and 1"),
            (self.years.is_none_or(|years| years > 0.0), "the years of absolute risks", "above 0"),
            (
                self.trained_on.iter().all(|people| *people > 0.0),
                "the people that a score was trained on",
                "above 0",
            ),
        ])?;
        let needs = |given: bool, option: &str| match given && self.phenotypes.is_none() {
            true => {
                Err(EngineError::refused(format!("{option} needs phenotypes"), "give --pheno and --trait"))
            }
            false => Ok(()),
        };
        needs(self.prevalence.is_some(), "a prevalence")?;
        needs(self.rates.is_some(), "a table of rates")?;
        if self.rates.is_none() && (self.age.is_some() || self.years.is_some()) {
            return Err(EngineError::refused("ages are for absolute risks", "give --rates with them"));
        }
        needs(self.covariates.is_some(), "covariates")?;
        needs(self.combine, "stacking")
    }

    /// Everything that can change a result but files, which enter by their hashes.
    pub(super) fn parameters(&self) -> Map<String, Value> {
        let mut map = self
            .phenotypes
            .as_ref()
            .map_or_else(Map::new, |phenotypes| of_traits(phenotypes, self.covariates.as_ref()));
        let known = self.prevalence.map(|known| [known.prevalence, known.standard_error]);
        let more = [
            ("reference_scores", json!(self.reference_scores.names)),
            ("scores", json!(self.scores.names)),
            ("population", json!(self.population.as_ref().map(|of| &of.column))),
            ("target", json!(self.target)),
            ("own_cohort", json!(self.own_cohort)),
            ("prevalence", json!(known)),
            ("combine", json!(self.combine)),
            ("trained_on", json!(self.trained_on)),
            ("components", json!(self.components)),
            ("age", json!(self.age.as_ref().map(|of| &of.column))),
            ("years", json!(self.years)),
            ("trained_in", json!(self.trained_in)),
        ];
        map.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        map
    }
}
