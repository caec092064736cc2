//! What `steppe calibrate` keeps: fitted once, applied to new people one at a time.
//!
//! Applying uses plain sums in a fixed order and portable functions only, so that a model gives the same bits on every
//! machine. A file form must keep doubles exactly: CBOR does; JSON does with a reader that rounds correctly
//! (`serde_json` with its feature `float_roundtrip`). Where the file is read with another reader, apply the model as read,
//! on every machine.

mod person;

use serde::{Deserialize, Serialize};

pub use person::{Person, PersonCalibration};

use crate::{
    adjust::{LinearAdjustment, MostSimilarPopulation, SmoothAdjustment, SourceMoments, VarianceAdjustment},
    combine::Combination,
    risk::{AbsoluteRisk, AccuracyByDistance, BaseRisk, PredictionInterval, Recalibration},
};

/// The form of this model's file.
pub const FORMAT: u32 = 1;

/// Everything that was fitted for some scores of one reference and one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationModel {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// Names of the populations; every population index in here counts these.
    pub populations: Vec<String>,
    /// Scores.
    pub scores: Vec<ScoreModel>,
    /// A stacked score over all of `scores`, in their order.
    pub combination: Option<Combination>,
}

/// What was fitted for one score. What could not be fitted is absent, with its reason in `left_out`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreModel {
    /// The score's name.
    pub name: String,
    /// Percentile and Z in the most similar population.
    pub similar: Option<MostSimilarPopulation>,
    /// Z_norm1.
    pub linear: Option<LinearAdjustment>,
    /// Z_norm2.
    pub variance: Option<VarianceAdjustment>,
    /// Smooth adjustment with the own cohort.
    pub smooth: Option<SmoothAdjustment>,
    /// Score expected from admixture.
    pub admixture: Option<SourceMoments>,
    /// Risk.
    pub risk: Option<RiskModel>,
    /// Interval of a quantitative trait.
    pub interval: Option<PredictionInterval>,
    /// Expected accuracy.
    pub accuracy: Option<AccuracyModel>,
    /// What is absent, and why.
    pub left_out: Vec<LeftOut>,
}

/// A part that could not be fitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The part.
    pub part: String,
    /// The error's message.
    pub reason: String,
}

/// Which form of a score goes into the risk model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScoreInput {
    /// As it is.
    Raw,
    /// Z_norm1.
    Linear,
    /// Z_norm2.
    Variance,
    /// The smooth adjustment's Z.
    Smooth,
}

/// From a score to a risk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskModel {
    /// The form of the score.
    pub input: ScoreInput,
    /// The uncalibrated model.
    pub base: BaseRisk,
    /// Its calibration in each population.
    pub recalibration: Recalibration,
    /// Risk by age; its linear predictor is the calibrated log odds.
    pub absolute: Option<AbsoluteRisk>,
}

/// Accuracy by distance to the people that the score was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccuracyModel {
    /// Mean components of the training people.
    pub centre: Vec<f64>,
    /// Accuracy by distance.
    pub by_distance: AccuracyByDistance,
}
