//! What a fit that was stopped goes on from: the models so far, with exact bits. Everything else follows from them.

use serde::{Deserialize, Serialize};

use super::{
    basil::{Point, TraitFit},
    certificate::Certificate,
};

/// The version of [`Checkpoint`] that this code writes and reads.
pub(crate) const VERSION: u32 = 1;

/// A 64-bit float as its bits, so that no text format rounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExactFloat(u64);

impl From<f64> for ExactFloat {
    fn from(value: f64) -> Self {
        Self(value.to_bits())
    }
}

impl From<ExactFloat> for f64 {
    fn from(value: ExactFloat) -> Self {
        Self::from_bits(value.0)
    }
}

/// An accepted lambda on the solver's scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPoint {
    pub(crate) features: Vec<u32>,
    pub(crate) beta: Vec<ExactFloat>,
    pub(crate) gamma: Vec<ExactFloat>,
    pub(crate) certificate: SavedCertificate,
    pub(crate) deviance_explained: ExactFloat,
    pub(crate) training: Option<ExactFloat>,
    pub(crate) validation: Option<ExactFloat>,
}

/// One trait's state after its last accepted batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraitCheckpoint {
    /// The trait's name.
    pub name: String,
    pub(crate) lambdas: Vec<ExactFloat>,
    pub(crate) null_deviance: ExactFloat,
    pub(crate) strong_size: u64,
    pub(crate) points: Vec<SavedPoint>,
    pub(crate) finished: bool,
    pub(crate) stopped_early: bool,
}

impl TraitCheckpoint {
    /// The state of a fit that has accepted something.
    pub(crate) fn of(fit: &TraitFit<'_>) -> Option<Self> {
        if fit.points.is_empty() {
            return None;
        }
        let (lambdas, points) =
            (fit.lambdas.iter().map(|lambda| (*lambda).into()), fit.points.iter().map(save));
        Some(Self {
            name: fit.input.name.clone(),
            lambdas: lambdas.collect(),
            null_deviance: fit.null_deviance.into(),
            strong_size: fit.strong_size as u64,
            points: points.collect(),
            finished: fit.finished(),
            stopped_early: fit.stopped_early,
        })
    }

    pub(crate) fn lambdas(&self) -> Vec<f64> {
        self.lambdas.iter().map(|lambda| (*lambda).into()).collect()
    }

    pub(crate) fn points(&self) -> Vec<Point> {
        self.points.iter().map(load).collect()
    }
}

fn save(point: &Point) -> SavedPoint {
    SavedPoint {
        features: point.beta.iter().map(|(feature, _)| *feature).collect(),
        beta: point.beta.iter().map(|(_, beta)| (*beta).into()).collect(),
        gamma: point.gamma.iter().map(|gamma| (*gamma).into()).collect(),
        certificate: point.certificate.into(),
        deviance_explained: point.deviance_explained.into(),
        training: point.training.map(ExactFloat::from),
        validation: point.validation.map(ExactFloat::from),
    }
}

fn load(point: &SavedPoint) -> Point {
    let beta = point.features.iter().copied().zip(point.beta.iter().map(|beta| (*beta).into()));
    Point {
        beta: beta.collect(),
        gamma: point.gamma.iter().map(|gamma| (*gamma).into()).collect(),
        certificate: point.certificate.into(),
        deviance_explained: point.deviance_explained.into(),
        training: point.training.map(f64::from),
        validation: point.validation.map(f64::from),
    }
}

/// A certificate with exact bits: violation, gap, relative gap, objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SavedCertificate([ExactFloat; 4]);

impl From<Certificate> for SavedCertificate {
    fn from(c: Certificate) -> Self {
        Self([c.violation, c.gap, c.relative_gap, c.objective].map(ExactFloat::from))
    }
}

impl From<SavedCertificate> for Certificate {
    fn from(saved: SavedCertificate) -> Self {
        let [violation, gap, relative_gap, objective] = saved.0.map(f64::from);
        Self { violation, gap, relative_gap, objective }
    }
}

/// A whole fit's state. The caller keeps it with whatever says that inputs and options are the same; here only sizes
/// and names are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Version of this format.
    pub version: u32,
    /// Samples of the matrix.
    pub samples: u64,
    /// Variants of the matrix.
    pub variants: u64,
    /// State of each trait, in order; `None` for those that have no accepted lambda yet.
    pub traits: Vec<Option<TraitCheckpoint>>,
}
