//! regenie's stacked block ridge (Mbatchou et al. 2021, doi 10.1038/s41588-021-00870-7, step 1), over a
//! [`GenotypeMatrix`], with weights per variant that regenie does not give.
//!
//! *Level 0.* Variants are cut into blocks. In each block, for each share h of variance explained and each fold, a ridge
//! on the other folds' samples predicts the fold's. Genotypes and traits are residuals on intercept and covariates, of
//! variance 1; the penalty is M(1−h)/h. *Level 1.* The predictions, standardised, are the predictors of a second ridge,
//! or of a ridge logistic regression with the covariates' log odds as offset for a binary trait. Its penalty is chosen
//! by the same folds, by mean squared error or by likelihood. Each sample's leave-one-chromosome-out (LOCO) predictor is
//! made by the level 1 model that did not see its fold. Instead of folds each sample can be left out alone.
//!
//! *Weights.* A fold's two levels are linear in the genotypes, so they are one weight per variant; the weights given are
//! the mean over folds. A sample outside the training set is predicted by them.
//!
//! Missing genotypes count as the variant's mean, missing traits as the trait's mean at level 0; at level 1 a sample
//! counts although its quantitative trait is missing, and does not count when its binary trait is. That is what regenie's
//! manual says of its versions 3 and 4. Other than regenie, a trait that can not be fitted and a variant that does not
//! vary never stop the rest: they are listed with the reason.
//!
//! Every sum has one order, so the same input gives the same bits on any number of threads. Work inside a block runs on
//! rayon's current pool: folds and penalties, and tiles of samples.

mod blocks;
mod checkpoint;
mod design;
mod leave_one_out;
mod level0;
mod level1;
mod options;
mod outcome;
mod portable;
mod predict;
mod residual_sums;
mod run;
mod runs;
mod taking_part;
mod traits;
mod validation;

pub use blocks::{Block, Blocks};
pub use checkpoint::{FittedBlock, RidgeCheckpoint};
pub use level0::{BlockModels, DropReason};
pub use level1::PenaltyScore;
pub use level1::logistic::LogisticProblem;
pub use options::{RidgeControl, RidgeData, RidgeFamily, RidgeOptions, RidgeProgress, RidgeTrait};
pub use outcome::{RidgeFit, RidgeTraitFit};
pub(crate) use runs::{RidgeRuns, RidgeWritten};
pub use traits::TraitProblem;
pub use validation::CrossValidation;

use crate::error::FitError;
use crate::matrix::GenotypeMatrix;
use design::Design;
use options::RidgeProgress as Progress;

/// Why each trait can not be fitted, as far as samples, covariates and traits say it: what is told before any pass.
/// Chromosomes are not looked at.
///
/// # Errors
/// As [`fit_ridge`], of options, folds and covariates.
pub fn trait_problems(
    data: &RidgeData<'_>,
    options: &RidgeOptions,
    samples: usize,
) -> Result<Vec<Option<TraitProblem>>, FitError> {
    options.check()?;
    Ok(Design::new(data, options, samples)?.1)
}

/// Fits the stacked block ridge of all traits.
///
/// # Errors
/// When lengths differ, options or folds can not be used, a training sample lacks a covariate, a pass over the genotypes
/// or the checkpoint fails, or the fit is cancelled. What concerns one trait is that trait's [`TraitProblem`].
pub fn fit_ridge(
    matrix: &dyn GenotypeMatrix,
    data: &RidgeData<'_>,
    options: &RidgeOptions,
    control: &RidgeControl<'_>,
) -> Result<RidgeFit, FitError> {
    options.check()?;
    if data.chromosomes.len() != matrix.variants() {
        let (expected, found) = (matrix.variants(), data.chromosomes.len());
        return Err(FitError::Length { what: "chromosomes", expected, found });
    }
    let blocks = Blocks::new(data.chromosomes, options.block_size)?;
    let (design, mut problems) = Design::new(data, options, matrix.samples())?;
    let fitted = run::level0(matrix, &design, &blocks, options, control)?;
    let ridges = options.level0_shares.len();
    let mut level1 = Vec::with_capacity(design.traits.len());
    for (place, of) in design.traits.iter().enumerate() {
        control.go_on()?;
        let predictors = portable::predictors(&blocks, &fitted, place, ridges);
        let fit = level1::fit(&design, of, &predictors, options);
        level1.push(fit.map(|fit| {
            let portable = portable::Portable::new(&design, &blocks, &fitted, place, &fit);
            (fit, portable)
        }));
        control.report(Progress::Level1 { done: place + 1, traits: design.traits.len() });
    }
    let outside = outcome::predict_outside(matrix, &design, data, &level1, control)?;
    let mut traits = outcome::traits(&design, data, level1, outside).into_iter();
    let all = problems.iter_mut().map(|problem| match problem.take() {
        Some(problem) => Err(problem),
        // There is one outcome for each trait without a problem.
        None => traits.next().unwrap_or(Err(TraitProblem::NoPredictors)),
    });
    Ok(RidgeFit {
        traits: all.collect(),
        chromosomes: blocks.chromosomes.clone(),
        blocks: blocks.blocks.len(),
        training_samples: design.rows(),
        dropped_variants: run::dropped(&blocks, &fitted),
        dropped_covariates: (0..data.covariates.len())
            .filter(|covariate| !design.basis.kept.contains(&(covariate + 1)))
            .collect(),
    })
}
