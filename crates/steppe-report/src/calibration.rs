mod blocks;
mod data;
mod evaluated;
mod findings;
mod matched;
mod outputs;
mod page;
mod plots;
mod sheet;
mod thinning;
mod written;

pub use data::{
    Decile, DecileOdds, Distance, Pca, PcaGroup, PcaRole, Reliability, ReliabilityPoint, Transfer, Untested,
};
pub use evaluated::{CalibrationChange, Change, EvaluationRow, Indicator, Insufficiency, Measure, Outcome};
pub use findings::Finding;
pub use matched::{Exclusion, PopulationDistribution, PopulationPeople, ScoreDistribution, ScoreMatch};
pub use sheet::ReportingStandard;

pub(crate) use blocks::{figure, table, table_block};

use crate::origin::Origin;

/// What calibration and evaluation of polygenic scores in some populations came to, as plain data. Anything that is not
/// known is left empty, and the part of the page that would show it is left out. Names (of scores, populations, files) are
/// shown as they are; everything else is said in the language of the page.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CalibrationReport {
    /// What the scores predict: `coronary artery disease`, or the score's name where that is not known.
    pub trait_name: String,
    /// The scores, with what was matched.
    pub scores: Vec<ScoreMatch>,
    /// The people of the target, by population.
    pub people: Vec<PopulationPeople>,
    /// Principal components of the target over the reference.
    pub pca: Option<Pca>,
    /// Distributions of each score, before and after adjustment.
    pub distributions: Vec<ScoreDistribution>,
    /// Reliability by population, before and after calibration.
    pub reliability: Vec<Reliability>,
    /// Calibration by population, before and after.
    pub calibration: Vec<CalibrationChange>,
    /// Accuracy against genetic distance.
    pub transfer: Option<Transfer>,
    /// Odds by decile of the score.
    pub deciles: Vec<DecileOdds>,
    /// Why `transfer` and `deciles` are empty, where that is worth a sentence in their place.
    pub untested: Option<Untested>,
    /// Metrics, a row for each population, score and metric.
    pub metrics: Vec<EvaluationRow>,
    /// Level of all intervals of the report, as a share: 0.95.
    pub interval_level: Option<f64>,
    /// What the caller found beyond what the other fields tell. Those that they tell (few cases, people outside the
    /// reference, low overlap of variants) are found without being told.
    pub findings: Vec<Finding>,
    /// What the PRS reporting standard asks for and the other fields do not hold.
    pub standard: ReportingStandard,
    /// How the report was made.
    pub origin: Origin,
}
