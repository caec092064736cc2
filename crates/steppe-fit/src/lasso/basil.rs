//! One trait's fit as a state machine: it says which columns it wants, solves lambdas on them, says which residuals it
//! wants the gradients of, and judges its solutions by these. The driver does this for all traits at once.
//!
//! Whatever a trait does after an accepted batch depends only on what a [`TraitCheckpoint`] holds.

mod judgement;
mod lambdas;
mod report;

pub(crate) use judgement::Judged;

use super::{
    candidates::Candidates,
    certificate::Certificate,
    checkpoint::TraitCheckpoint,
    design::Design,
    features::Features,
    input::{LassoProblem, Trait},
    options::LassoOptions,
    store::ColumnStore,
};
use crate::{
    error::{FitError, TraitProblem},
    solver::{
        newton::{Model, NotConverged, Task, Working, solve},
        solution::Solution,
        strong_set::StrongSet,
    },
};

/// The solver's tolerance in units of the certificate's.
const SOLVER_SHARE: f64 = 0.5;

/// Smallest α that lambda's largest value is computed for, as glmnet.
const ALPHA_FLOOR: f64 = 1e-3;

/// An accepted lambda, on the solver's scale.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) beta: Vec<(u32, f64)>,
    pub(crate) gamma: Vec<f64>,
    pub(crate) certificate: Certificate,
    pub(crate) deviance_explained: f64,
    pub(crate) training: Option<f64>,
    pub(crate) validation: Option<f64>,
}

/// A solution on the strong set, not yet checked against all variants.
struct Pending {
    lambda: f64,
    beta: Vec<(u32, f64)>,
    solution: Solution,
}

/// What a trait needs its next pass for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Gradients of the null model.
    Null,
    /// Gradients of the last accepted lambda, after a restart.
    Rescore,
    /// Certificates of a batch.
    Path,
    Finished,
}

/// The fit of one trait.
pub(crate) struct TraitFit<'a> {
    pub(crate) input: &'a Trait,
    problem: &'a LassoProblem<'a>,
    options: &'a LassoOptions,
    design: Design,
    features: Features,
    pub(crate) lambdas: Vec<f64>,
    pub(crate) null_deviance: f64,
    null_gamma: Vec<f64>,
    null_beta: Vec<(u32, f64)>,
    scores: Vec<f64>,
    pub(crate) points: Vec<Point>,
    ever_active: Vec<u32>,
    pub(crate) strong_size: usize,
    /// Features that stay in the strong set because a batch failed without them.
    kept: Vec<u32>,
    tightened: u32,
    stage: Stage,
    pub(crate) stopped_early: bool,
    strong: StrongSet,
    wanted: Vec<u32>,
    outside: f64,
    working: Working,
    pending: Vec<Pending>,
}

impl<'a> TraitFit<'a> {
    /// A fit that has not begun.
    pub(crate) fn new(
        problem: &'a LassoProblem<'a>,
        input: &'a Trait,
        options: &'a LassoOptions,
    ) -> Result<Self, FitError> {
        let design = Design::new(input, problem.matrix.samples())?;
        let features = Features::new(problem, options, &design.weights)?;
        Ok(Self {
            input,
            problem,
            options,
            design,
            features,
            lambdas: Vec::new(),
            null_deviance: 0.0,
            null_gamma: Vec::new(),
            null_beta: Vec::new(),
            scores: Vec::new(),
            points: Vec::new(),
            ever_active: Vec::new(),
            strong_size: options.strong_size.max(1),
            kept: Vec::new(),
            tightened: 0,
            stage: Stage::Null,
            stopped_early: false,
            strong: StrongSet::default(),
            wanted: Vec::new(),
            outside: 0.0,
            working: Working::default(),
            pending: Vec::new(),
        })
    }

    pub(crate) fn finished(&self) -> bool {
        self.stage == Stage::Finished
    }

    /// Lambdas of the batch that is being solved begin here.
    fn next(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn strong_len(&self) -> usize {
        self.strong.len()
    }

    /// Features whose columns the next step needs, ascending.
    pub(crate) fn want(&mut self) -> &[u32] {
        self.wanted = match self.stage {
            Stage::Null => self.features.unpenalised(),
            Stage::Rescore => self.last().0.iter().map(|(feature, _)| *feature).collect(),
            Stage::Path => self.choose(),
            Stage::Finished => Vec::new(),
        };
        &self.wanted
    }

    fn choose(&mut self) -> Vec<u32> {
        let mut base = self.ever_active.clone();
        base.extend(self.features.unpenalised());
        base.extend(self.last().0.iter().map(|(feature, _)| *feature));
        base.extend(&self.kept);
        base.sort_unstable();
        base.dedup();
        let end = (self.next() + self.options.batch.max(1) - 1).min(self.lambdas.len() - 1);
        // With hardly any lasso part every variant is in the model.
        let everything = self.options.alpha < ALPHA_FLOOR;
        let choice = Candidates {
            features: &self.features,
            scores: &self.scores,
            base: &base,
            size: if everything { usize::MAX } else { self.strong_size },
            entry: self.options.alpha * self.lambdas[end],
        }
        .choose();
        self.outside = choice.outside;
        choice.features
    }

    /// The last accepted model, or the null model.
    fn last(&self) -> (&[(u32, f64)], &[f64]) {
        match self.points.last() {
            Some(point) => (&point.beta, &point.gamma),
            None => (&self.null_beta, &self.null_gamma),
        }
    }

    /// Solves what the next pass will check, on the columns it wanted.
    pub(crate) fn solve(
        &mut self,
        store: &ColumnStore,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), FitError> {
        self.strong = store.strong_set(self.problem, &self.features, &self.wanted);
        match self.stage {
            Stage::Null => self.solve_null(),
            Stage::Rescore => {
                let (beta, gamma) = self.last();
                let (beta, gamma) = (beta.to_vec(), gamma.to_vec());
                let solution = Solution::at(&self.model(), self.spread(&beta), gamma);
                let lambda = self.lambdas[self.next() - 1];
                self.pending = vec![Pending { lambda, beta, solution }];
                Ok(())
            }
            Stage::Path => self.solve_batch(cancelled),
            Stage::Finished => Ok(()),
        }
    }

    fn model(&self) -> Model<'_> {
        Model {
            loss: self.design.loss.as_ref(),
            covariates: &self.design.basis,
            strong: &self.strong,
            alpha: self.options.alpha,
            gram_limit: self.options.gram_limit,
            gram_kept: self.options.gram_kept,
        }
    }

    /// Coefficients in the strong set's order.
    fn spread(&self, beta: &[(u32, f64)]) -> Vec<f64> {
        let mut spread = vec![0.0; self.strong.len()];
        for (feature, value) in beta {
            if let Ok(j) = self.strong.features.binary_search(feature) {
                spread[j] = *value;
            }
        }
        spread
    }

    fn gather(&self, solution: &Solution) -> Vec<(u32, f64)> {
        let pairs = self.strong.features.iter().copied().zip(solution.beta.iter().copied());
        pairs.filter(|(_, beta)| *beta != 0.0).collect()
    }

    fn solve_null(&mut self) -> Result<(), FitError> {
        let mut working = Working::default();
        working.restart(&self.strong, &[], false);
        let model = self.model();
        let start = Solution::at(&model, vec![0.0; self.strong.len()], vec![0.0; self.design.basis.len()]);
        let tolerance = 1e-9 * (start.loss - self.design.loss.saturated()).max(0.0).sqrt();
        let solution = solve(&model, start, &mut working, Task { lambda: 0.0, tolerance })
            .map_err(|failure| self.not_converged(0.0, failure))?;
        self.null_deviance = solution.loss - self.design.loss.saturated();
        if self.null_deviance < 1e-14 {
            let problem = TraitProblem::ExplainedByCovariates { samples: self.design.training.len() };
            return Err(FitError::Trait { name: self.input.name.clone(), problem });
        }
        self.null_gamma = solution.gamma.clone();
        self.null_beta = self.gather(&solution);
        self.pending = vec![Pending { lambda: f64::INFINITY, beta: self.null_beta.clone(), solution }];
        Ok(())
    }

    fn not_converged(&self, lambda: f64, failure: NotConverged) -> FitError {
        let unit = if lambda > 0.0 { lambda } else { 1.0 };
        FitError::NotConverged { name: self.input.name.clone(), lambda, violation: failure.violation / unit }
    }

    fn solve_batch(&mut self, cancelled: &dyn Fn() -> bool) -> Result<(), FitError> {
        let (beta, gamma) = self.last();
        let (beta, gamma) = (beta.to_vec(), gamma.to_vec());
        let mut working = std::mem::take(&mut self.working);
        // Those that were active earlier come back by their gradients, if at all.
        let place = |(feature, _): &(u32, f64)| self.strong.features.binary_search(feature).ok();
        let positions: Vec<usize> = beta.iter().filter_map(place).collect();
        working.restart(&self.strong, &positions, self.design.loss.quadratic().is_some());
        let model = self.model();
        let mut solution = Solution::at(&model, self.spread(&beta), gamma);
        let mut pending = Vec::new();
        for lambda in self.lambdas[self.next()..].iter().copied().take(self.options.batch.max(1)) {
            // A variant outside that scores above lambda already is all but sure to violate it.
            if !pending.is_empty() && self.options.alpha * lambda < self.outside {
                break;
            }
            if cancelled() {
                return Err(FitError::Cancelled);
            }
            let share = SOLVER_SHARE * 0.1_f64.powi(self.tightened as i32);
            let task = Task { lambda, tolerance: share * self.options.tolerance * lambda };
            solution = solve(&model, solution, &mut working, task)
                .map_err(|failure| self.not_converged(lambda, failure))?;
            pending.push(Pending { lambda, beta: self.gather(&solution), solution: solution.to_check() });
        }
        self.pending = pending;
        self.working = working;
        Ok(())
    }

    /// The residuals whose gradients are wanted.
    pub(crate) fn residuals(&self) -> impl Iterator<Item = &[f64]> {
        self.pending.iter().map(|pending| pending.solution.v.as_slice())
    }

    /// Goes on from a checkpoint.
    pub(crate) fn resume(&mut self, saved: &TraitCheckpoint) {
        (self.lambdas, self.points) = (saved.lambdas(), saved.points());
        self.null_deviance = saved.null_deviance.into();
        self.strong_size = usize::try_from(saved.strong_size).unwrap_or(usize::MAX);
        self.stopped_early = saved.stopped_early;
        self.ever_active =
            self.points.iter().flat_map(|point| point.beta.iter().map(|(feature, _)| *feature)).collect();
        self.ever_active.sort_unstable();
        self.ever_active.dedup();
        self.stage = if saved.finished { Stage::Finished } else { Stage::Rescore };
    }
}
