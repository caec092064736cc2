//! What goes into an association: traits, covariates, options; and what is found out about each trait before any pass.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::collinearity::CollinearityLimits;

/// How a trait is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TraitKind {
    /// A number: linear regression, t-test.
    Quantitative,
    /// 1 for a case, 0 for a control: logistic regression, Wald test.
    Binary,
}

/// A trait's values.
#[derive(Clone, Copy, Debug)]
pub struct AssocTrait<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// How it is modelled.
    pub kind: TraitKind,
    /// A value for each sample of the matrix; NaN where it is missing or the sample is to be left out.
    pub values: &'a [f64],
}

/// A covariate's values.
#[derive(Clone, Copy, Debug)]
pub struct Covariate<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// A value for each sample of the matrix; NaN where it is missing.
    pub values: &'a [f64],
}

/// Which allele's effect is told (plink2's `A1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum TestedAllele {
    /// The rarer among the matrix's reference samples, the counted one where both are as frequent: plink2's default.
    #[default]
    Minor,
    /// The counted one: plink2's `omit-ref`, where the counted allele is its ALT.
    Counted,
}

/// When logistic regression gives way to Firth's penalised one (Heinze and Schemper, Statistics in Medicine 2002).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Firth {
    /// Where alleles separate cases from controls or Newton's method fails: plink2's default.
    #[default]
    Fallback,
    /// Never: plink2's `no-firth`.
    Never,
    /// Always: plink2's `firth`.
    Always,
}

/// How associations are tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssocOptions {
    /// The allele whose effect is told.
    pub tested: TestedAllele,
    /// When Firth's regression is used for binary traits.
    pub firth: Firth,
    /// When predictors count as collinear.
    pub limits: CollinearityLimits,
    /// Variants whose packed columns and results are held at once.
    pub chunk: usize,
    /// Residual columns in one adjoint pass; bounds its products to variants x columns. More traits take more passes.
    pub columns: usize,
    /// Binary traits that are tested in one sweep over the variants; bounds the results of a chunk, and the tables that
    /// grow at once. More traits take more sweeps.
    pub binary_traits: usize,
}

impl Default for AssocOptions {
    fn default() -> Self {
        Self {
            tested: TestedAllele::default(),
            firth: Firth::default(),
            limits: CollinearityLimits::default(),
            chunk: 512,
            columns: 64,
            binary_traits: 64,
        }
    }
}

/// A covariate that takes no part in a trait's regressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedCovariate {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: DropReason,
}

/// Why a covariate takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// It has one value among the trait's samples.
    Constant,
    /// It is correlated with another one, or a sum of others, beyond the limits.
    Collinear,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constant => "it is constant among the trait's samples",
            Self::Collinear => "it is nearly a sum of other covariates",
        })
    }
}

/// Why a trait is not tested at all; other traits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// No sample has the trait and all covariates.
    NoSamples,
    /// Samples are not more than intercept, genotype and covariates.
    TooFewSamples {
        /// Samples with the trait and all covariates.
        samples: usize,
        /// Intercept, genotype and covariates.
        predictors: usize,
    },
    /// All samples have the same value.
    Constant,
    /// A binary trait has a value that is neither 0 nor 1.
    NotBinary,
    /// A quantitative trait is a sum of covariates.
    Explained,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSamples => f.write_str("no sample has the trait and all covariates"),
            Self::TooFewSamples { samples, predictors } => write!(
                f,
                "{samples} samples have the trait and all covariates, for {predictors} predictors; use fewer covariates"
            ),
            Self::Constant => f.write_str("all samples have the same value"),
            Self::NotBinary => {
                f.write_str("a binary trait has a value besides case and control; test it as quantitative")
            }
            Self::Explained => f.write_str("the covariates explain the trait entirely"),
        }
    }
}

/// What is known of a trait before the passes.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitSummary {
    /// Its name.
    pub name: String,
    /// How it is modelled.
    pub kind: TraitKind,
    /// Samples in the regressions, before variants' missing calls.
    pub samples: usize,
    /// Cases among them; `None` for a quantitative trait.
    pub cases: Option<usize>,
    /// Samples without a value of the trait.
    pub missing_trait: usize,
    /// Samples with a value of the trait that lack a covariate.
    pub missing_covariate: usize,
    /// Samples left out because a covariate has a value of its own for them alone.
    pub singled_out: usize,
    /// Covariates that take no part.
    pub dropped: Vec<DroppedCovariate>,
    /// A covariate separates cases from controls, so that Firth's regression is used throughout.
    pub separated: bool,
    /// Why the trait is not tested, if it is not.
    pub skipped: Option<SkipReason>,
}
