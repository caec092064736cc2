//! Runs the traits of a fit together: one select pass and one adjoint pass a round, for all of them.

use rayon::prelude::*;

use super::{
    basil::{Judged, TraitFit},
    checkpoint::{Checkpoint, TraitCheckpoint, VERSION},
    features::{check, residual_columns},
    input::{LassoProblem, Trait},
    observer::{Observer, Progress},
    options::{LambdaPath, LassoOptions},
    path::LassoPath,
    store::ColumnStore,
};
use crate::{
    error::FitError,
    matrix::{Products, ResidualPrecision},
};

/// Tolerances below this need more bits than a screening pass has.
const FINE: f64 = 1e-5;

/// Fits a path for each trait. A trait that can not be fitted reports its own error and stops no other.
///
/// `checkpoint` is what an earlier run of the same fit handed to `observer`; the result then has the same bits as if that
/// run had not been stopped, given that a pass's products of one residual do not depend on the other residuals of the
/// pass. The models do not depend on `strong_size` and `batch` beyond the tolerance.
///
/// # Errors
/// If a pass fails, the caller stops the fit or can not keep a checkpoint, or the problem, the options or the checkpoint
/// are not valid.
pub fn fit_lasso(
    problem: &LassoProblem<'_>,
    traits: &[Trait],
    options: &LassoOptions,
    checkpoint: Option<&Checkpoint>,
    observer: &mut dyn Observer,
) -> Result<Vec<Result<LassoPath, FitError>>, FitError> {
    check(problem)?;
    check_options(options)?;
    let mut run = Run::new(problem, traits, options)?;
    if let Some(checkpoint) = checkpoint {
        run.resume(checkpoint)?;
    }
    while run.round(observer)? {}
    Ok(run.fits.into_iter().map(|fit| fit.map(|fit| fit.path())).collect())
}

fn check_options(options: &LassoOptions) -> Result<(), FitError> {
    let fail = |option, remedy| Err(FitError::Option { option, remedy });
    if !(0.0..=1.0).contains(&options.alpha) {
        return fail("alpha", "give 0 (ridge) to 1 (lasso)");
    }
    if options.tolerance.is_nan() || options.tolerance <= 0.0 {
        return fail("tolerance", "give a number above 0");
    }
    if let LambdaPath::Auto { count, ratio } = &options.lambdas {
        if *count == 0 {
            return fail("number of lambdas", "give 1 or more");
        }
        if ratio.is_some_and(|ratio| !(ratio > 0.0 && ratio < 1.0)) {
            return fail("lambda ratio", "give a number between 0 and 1");
        }
    }
    Ok(())
}

/// A fit under way.
struct Run<'a> {
    problem: &'a LassoProblem<'a>,
    fits: Vec<Result<TraitFit<'a>, FitError>>,
    store: ColumnStore,
    /// The same in every pass: a trait's products must not depend on what stage others are at.
    precision: ResidualPrecision,
}

impl<'a> Run<'a> {
    fn new(
        problem: &'a LassoProblem<'a>,
        traits: &'a [Trait],
        options: &'a LassoOptions,
    ) -> Result<Self, FitError> {
        let mut fits = Vec::with_capacity(traits.len());
        for input in traits {
            match TraitFit::new(problem, input, options) {
                Err(error @ FitError::Matrix(_)) => return Err(error),
                fit => fits.push(fit),
            }
        }
        let coarse = options.tolerance >= FINE;
        let precision = if coarse { ResidualPrecision::Screening } else { ResidualPrecision::Full };
        Ok(Self { problem, fits, store: ColumnStore::default(), precision })
    }

    fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), FitError> {
        let mismatch = |what| Err(FitError::CheckpointMismatch { what });
        let matrix = self.problem.matrix;
        if checkpoint.version != VERSION {
            return mismatch("its version");
        }
        if (checkpoint.samples, checkpoint.variants) != (matrix.samples() as u64, matrix.variants() as u64) {
            return mismatch("its samples or variants");
        }
        if checkpoint.traits.len() != self.fits.len() {
            return mismatch("its traits");
        }
        for (fit, saved) in self.fits.iter_mut().zip(&checkpoint.traits) {
            if let (Ok(fit), Some(saved)) = (fit, saved) {
                if saved.name != fit.input.name {
                    return mismatch("its traits");
                }
                fit.resume(saved);
            }
        }
        Ok(())
    }

    fn running(&mut self) -> impl Iterator<Item = &mut TraitFit<'a>> {
        self.fits.iter_mut().flatten().filter(|fit| !fit.finished())
    }

    /// One round; false when all traits are done.
    fn round(&mut self, observer: &mut dyn Observer) -> Result<bool, FitError> {
        if self.running().next().is_none() {
            return Ok(false);
        }
        if observer.cancelled() {
            return Err(FitError::Cancelled);
        }
        let mut wanted: Vec<u32> = self.running().flat_map(|fit| fit.want().to_vec()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let parts = 1 + self.problem.populations.map_or(0, |populations| populations.count);
        self.store.hold(self.problem, parts, &wanted)?;
        self.solve(observer)?;
        if self.running().next().is_none() {
            return Ok(false);
        }
        let products = self.pass()?;
        self.judge(&products, parts as usize, observer)?;
        Ok(true)
    }

    /// Lets every trait solve; they share nothing that changes.
    fn solve(&mut self, observer: &dyn Observer) -> Result<(), FitError> {
        let store = &self.store;
        let cancelled = || observer.cancelled();
        let step = |fit: &mut Result<TraitFit<'a>, FitError>| {
            let outcome = fit.as_mut().map_or(Ok(()), |fit| fit.solve(store, &cancelled));
            match outcome {
                Err(FitError::Cancelled) => return Err(FitError::Cancelled),
                Err(error) => *fit = Err(error),
                Ok(()) => {}
            }
            Ok(())
        };
        // All of it on threads of the pool: from outside, every step that is shared out would wait twice for one to wake.
        let fits = &mut self.fits;
        rayon::scope(|_| fits.par_iter_mut().try_for_each(step))
    }

    /// One adjoint pass over all residuals.
    fn pass(&mut self) -> Result<Products, FitError> {
        let problem = self.problem;
        let precision = self.precision;
        if problem.populations.is_none() {
            let columns: Vec<&[f64]> =
                self.running().flat_map(|fit| fit.residuals().collect::<Vec<_>>()).collect();
            return Ok(problem.matrix.adjoint(&columns, precision)?);
        }
        let columns: Vec<Vec<f64>> = self
            .running()
            .flat_map(|fit| fit.residuals().flat_map(|v| residual_columns(problem, v)).collect::<Vec<_>>())
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        Ok(problem.matrix.adjoint(&columns, precision)?)
    }

    /// Hands each trait its products, then tells the observer.
    fn judge(
        &mut self,
        products: &Products,
        parts: usize,
        observer: &mut dyn Observer,
    ) -> Result<(), FitError> {
        let mut first = 0;
        let mut any = false;
        for fit in self.fits.iter_mut().filter(|fit| fit.as_ref().is_ok_and(|fit| !fit.finished())) {
            let Ok(state) = fit else { continue };
            let (columns, strong) = (parts * state.residuals().count(), state.strong_len());
            match state.judge(products, first) {
                Ok(judged) => {
                    any |= judged.accepted > 0;
                    report(state, judged, strong, observer);
                }
                Err(error) => *fit = Err(error),
            }
            first += columns;
        }
        if any {
            observer.checkpoint(&self.checkpoint()).map_err(FitError::CheckpointSink)?;
        }
        Ok(())
    }

    fn checkpoint(&self) -> Checkpoint {
        let saved = |fit: &Result<TraitFit<'a>, FitError>| fit.as_ref().ok().and_then(TraitCheckpoint::of);
        Checkpoint {
            version: VERSION,
            samples: self.problem.matrix.samples() as u64,
            variants: self.problem.matrix.variants() as u64,
            traits: self.fits.iter().map(saved).collect(),
        }
    }
}

fn report(fit: &TraitFit<'_>, judged: Judged, strong: usize, observer: &mut dyn Observer) {
    for at in fit.points.len() - judged.accepted..fit.points.len() {
        let point = &fit.points[at];
        observer.progress(&Progress {
            name: &fit.input.name,
            accepted: at + 1,
            planned: fit.lambdas.len(),
            lambda: fit.lambdas[at],
            active: point.beta.len(),
            strong,
            violations: judged.violations,
            validation: point.validation.map(|value| (fit.input.response.metric(), value)),
        });
    }
}
