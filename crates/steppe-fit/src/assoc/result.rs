//! What an association test says of one variant and one trait.

use serde::{Deserialize, Serialize};

use super::genotypes::Called;

/// Why there is no estimate. The text is plink2's `ERRCODE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AssocCode {
    /// Not more samples with a call than predictors.
    TooFewSamples,
    /// All samples have the same genotype.
    ConstantGenotype,
    /// The genotype and a covariate are nearly the same.
    CorrelationTooHigh,
    /// A predictor is a sum of others.
    VifInfinite,
    /// A predictor is nearly a sum of others.
    VifTooHigh,
    /// All copies of the other allele (plink2's `REF`) are in cases, or all in controls.
    SeparationOther,
    /// All copies of the counted allele (plink2's `ALT1`) are in cases, or all in controls.
    SeparationCounted,
    /// The normal equations have no one solution.
    RankDeficient,
    /// Newton's method does not converge.
    LogisticFailed,
    /// Firth's regression does not converge.
    FirthFailed,
    /// The estimate's variance is no number that could be one.
    InvalidResult,
}

impl AssocCode {
    /// The text in plink2's `ERRCODE` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooFewSamples => "SAMPLE_CT<=PREDICTOR_CT",
            Self::ConstantGenotype => "CONST_OMITTED_ALLELE",
            Self::CorrelationTooHigh => "CORR_TOO_HIGH",
            Self::VifInfinite => "VIF_INFINITE",
            Self::VifTooHigh => "VIF_TOO_HIGH",
            Self::SeparationOther => "SEPARATION,REF",
            Self::SeparationCounted => "SEPARATION,ALT1",
            Self::RankDeficient => "RANK_DEFICIENT",
            Self::LogisticFailed => "LOGISTIC_CONVERGE_FAIL",
            Self::FirthFailed => "FIRTH_CONVERGE_FAIL",
            Self::InvalidResult => "INVALID_RESULT",
        }
    }
}

/// An estimated effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssocEstimate {
    /// Effect of a copy of the tested allele: in units of a quantitative trait, or the logarithm of the odds ratio.
    pub beta: f64,
    /// Standard error of `beta`.
    pub standard_error: f64,
    /// `beta / standard_error`: Student's t for a quantitative trait, Wald's z for a binary one.
    pub statistic: f64,
    /// Two-sided p-value of the statistic; 0 where it is too small for a double.
    pub p: f64,
    /// Its natural logarithm, also there.
    pub ln_p: f64,
    /// Stopped at the limit of iterations; plink2 prints `UNFINISHED` as error code beside the estimate.
    pub unfinished: bool,
}

/// One variant's row for one trait. Serialised without names, since there are many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
pub struct AssocResult {
    /// Whether the tested allele (plink2's `A1`) is the matrix's counted allele, or else the other one.
    pub tests_counted: bool,
    /// Samples in the regression (plink2's `OBS_CT`): with phenotype, covariates and a call.
    pub samples: u64,
    /// Frequency of the tested allele among them; NaN where there are none.
    pub frequency: f64,
    /// Whether Firth's regression was used.
    pub firth: bool,
    /// The estimate, or why there is none.
    pub outcome: Result<AssocEstimate, AssocCode>,
}

impl AssocResult {
    pub(super) fn new(called: &Called, firth: bool, outcome: Result<AssocEstimate, AssocCode>) -> Self {
        let (samples, frequency) = (called.samples(), called.frequency());
        Self { tests_counted: called.tests_counted, samples, frequency, firth, outcome }
    }
}

/// Tested allele, samples, frequency, Firth's; effect, standard error, statistic, p, its logarithm, unfinished.
#[derive(Serialize, Deserialize)]
struct Packed(bool, u64, f64, bool, Result<PackedEstimate, AssocCode>);

type PackedEstimate = (f64, f64, f64, f64, f64, bool);

impl From<AssocResult> for Packed {
    fn from(of: AssocResult) -> Self {
        let AssocResult { tests_counted, samples, frequency, firth, outcome } = of;
        let estimate = |e: AssocEstimate| (e.beta, e.standard_error, e.statistic, e.p, e.ln_p, e.unfinished);
        Self(tests_counted, samples, frequency, firth, outcome.map(estimate))
    }
}

impl From<Packed> for AssocResult {
    fn from(Packed(tests_counted, samples, frequency, firth, outcome): Packed) -> Self {
        let estimate = |(beta, standard_error, statistic, p, ln_p, unfinished)| AssocEstimate {
            beta,
            standard_error,
            statistic,
            p,
            ln_p,
            unfinished,
        };
        Self { tests_counted, samples, frequency, firth, outcome: outcome.map(estimate) }
    }
}
