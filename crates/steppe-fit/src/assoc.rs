//! Per-variant association: linear regression of quantitative traits and logistic regression of binary ones on a
//! genotype and covariates, as plink2's `--glm hide-covar` does it, error codes and Firth's fallback included.
//!
//! Quantitative traits cost one adjoint pass for many of them (see [`AssocOptions::columns`]) and one select pass;
//! binary traits one select pass for many (see [`AssocOptions::binary_traits`]). A missing call takes its sample out of that variant's regression. Genotypes are
//! 0, 1 and 2: the ploidy of sex chromosomes is the caller's to know, who leaves them out or tests one sex.
//!
//! ```text
//! let association = Association::plan(matrix.samples(), &traits, &covariates, AssocOptions::default())?;
//! for summary in association.summaries() { … }              // notices, before any pass
//! association.run(&matrix, &mut |chunk| { …; ControlFlow::Continue(()) })?;
//! ```

mod batch;
mod checkpoint;
mod collinearity;
mod design;
mod genotypes;
mod input;
mod linear;
mod logistic;
mod moments;
mod newton;
mod plan;
mod result;
mod run;

pub(crate) use batch::{AssocRuns, AssocWritten};
pub use checkpoint::AssocCheckpoint;
pub use collinearity::CollinearityLimits;
pub use input::{
    AssocOptions, AssocTrait, Covariate, DropReason, DroppedCovariate, Firth, SkipReason, TestedAllele,
    TraitKind, TraitSummary,
};
pub use result::{AssocCode, AssocEstimate, AssocResult};
pub use run::{AssocChunk, Association};
