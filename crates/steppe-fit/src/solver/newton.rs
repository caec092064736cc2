//! The problem on a strong set at one lambda: quadratic models of the loss, each solved by coordinate descent on a
//! working set that grows until the whole strong set is optimal.
//!
//! A solution's predictor and residual are always computed from its coefficients, in one fixed order. So coefficients
//! alone determine everything that follows, and a fit can go on from them with the same bits.

use std::collections::HashSet;

use super::{
    coordinate_descent::{ColumnCurvature, Descent, Metric, curvatures, dot},
    gram::{Goal, Gram},
    penalty::Penalty,
    solution::Solution,
    strong_set::StrongSet,
    weight_classes::WeightClasses,
};
use crate::loss::Loss;

/// Quadratic models after which a lambda counts as not converging.
const MAX_MODELS: usize = 500;

/// Quadratic models that share one matrix of weights at least.
const MODELS_PER_METRIC: usize = 3;

/// Share of the violation that a model with weights of some time ago may leave.
const STALE: f64 = 0.85;

/// Halvings of a step that does not lower the objective.
const MAX_HALVINGS: usize = 30;

/// Slope at the end of a step, over that at its start, from which the step counts as too long.
const OVERSHOT: f64 = 0.2;

/// Slope that counts as the minimum along a step.
const LEVEL_ENOUGH: f64 = 0.05;

/// Points at which the slope along a step is looked at.
const MAX_SECANTS: usize = 8;

/// How far from the new lambda towards the last one a gradient is that enters a working set.
const ENTRY: f64 = 0.5;

/// The fixed parts of a problem.
pub(crate) struct Model<'a> {
    pub(crate) loss: &'a dyn Loss,
    /// Unpenalised covariates, orthonormal under the training weights; the first is the intercept's.
    pub(crate) covariates: &'a [Vec<f64>],
    pub(crate) strong: &'a StrongSet,
    pub(crate) alpha: f64,
    /// Largest working set that is solved on its Gram matrix.
    pub(crate) gram_limit: usize,
    /// Members up to which a Gram matrix keeps those that left the working set.
    pub(crate) gram_kept: usize,
}

impl Model<'_> {
    /// Cᵀv.
    pub(crate) fn covariate_gradient(&self, v: &[f64]) -> Vec<f64> {
        self.covariates.iter().map(|c| dot(c, v)).collect()
    }
}

/// Which features a solver works on, and what it knows of them.
#[derive(Default)]
pub(crate) struct Working {
    /// Positions in the strong set, in the order of descent.
    positions: Vec<usize>,
    included: Vec<bool>,
    metric: Option<(Metric, WeightClasses)>,
    curvature: Vec<ColumnCurvature>,
    gram: Gram,
}

impl Working {
    /// A working set for a new strong set, of `positions` (ascending). What is known of their pairs is kept where it
    /// holds at any solution: with a quadratic loss.
    pub(crate) fn restart(&mut self, strong: &StrongSet, positions: &[usize], quadratic: bool) {
        self.gram.retain(|feature| quadratic && strong.features.binary_search(&feature).is_ok());
        self.positions.clear();
        self.curvature.clear();
        self.metric = None;
        self.included = vec![false; strong.len()];
        self.add(positions.iter().copied());
    }

    fn add(&mut self, positions: impl IntoIterator<Item = usize>) -> usize {
        let before = self.positions.len();
        for j in positions {
            if !std::mem::replace(&mut self.included[j], true) {
                self.positions.push(j);
            }
        }
        self.positions.len() - before
    }

    /// The working set's places in the Gram matrix, which then has all of them, and others only up to `kept` members.
    fn members(&mut self, strong: &StrongSet, kept: usize) -> Vec<usize> {
        let feature = |j: &usize| strong.features[*j];
        let Some((metric, classes)) = &self.metric else { return Vec::new() };
        let absent = |gram: &Gram| -> Vec<usize> {
            self.positions.iter().copied().filter(|j| gram.place(strong.features[*j]).is_none()).collect()
        };
        let mut fresh = absent(&self.gram);
        if self.gram.len() + fresh.len() > kept {
            let wanted: HashSet<u32> = self.positions.iter().map(feature).collect();
            self.gram.retain(|feature| wanted.contains(&feature));
            fresh = absent(&self.gram);
        }
        if !fresh.is_empty() {
            fresh.sort_unstable();
            self.gram.add(strong, &fresh, metric, classes);
        }
        self.positions.iter().filter_map(|j| self.gram.place(feature(j))).collect()
    }

    fn rest(&self) -> Vec<usize> {
        (0..self.included.len()).filter(|j| !self.included[*j]).collect()
    }
}

/// A lambda at which the solver did not get to the tolerance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotConverged {
    /// Largest violation at the end.
    pub(crate) violation: f64,
}

/// One lambda's task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) lambda: f64,
    /// Largest violation of the optimality conditions, in units of the gradient.
    pub(crate) tolerance: f64,
}

/// Solves one lambda from `start`.
pub(crate) fn solve(
    model: &Model<'_>,
    start: Solution,
    working: &mut Working,
    task: Task,
) -> Result<Solution, NotConverged> {
    let penalty = Penalty::new(task.lambda, model.alpha);
    let mut solution = start;
    let known = std::mem::take(&mut solution.gradient);
    let known = if known.is_empty() {
        let all: Vec<usize> = (0..model.strong.len()).collect();
        model.strong.gradients(&all, &solution.v)
    } else {
        known
    };
    working.add(entering(model, &known, task.lambda));
    let mut gradient: Vec<f64> = working.positions.iter().map(|j| known[*j]).collect();
    let mut violation = worst(model, penalty, &working.positions, &gradient, &solution);
    let mut age = 0;
    let mut stale = false;
    for _ in 0..MAX_MODELS {
        // A model that is not the loss itself is not worth solving far beyond what it is worth.
        let useful = if model.loss.quadratic().is_some() { 0.0 } else { 0.1 * violation };
        let tolerance = useful.max(0.5 * task.tolerance);
        let refresh = stale && age >= MODELS_PER_METRIC;
        age = if refresh { 1 } else { age + 1 };
        let step = Step { model, penalty, tolerance, refresh };
        solution = step.take(solution, working, &gradient);
        gradient = model.strong.gradients(&working.positions, &solution.v);
        let left = worst(model, penalty, &working.positions, &gradient, &solution);
        stale = left > STALE * violation;
        violation = left;
        if violation > task.tolerance {
            continue;
        }
        let rest = working.rest();
        let others = model.strong.gradients(&rest, &solution.v);
        let bad = |j: usize, g: f64| {
            penalty.violation(model.strong.factor[j], g, solution.beta[j]) > task.tolerance
        };
        let violators = rest.iter().zip(&others).filter(|(j, g)| bad(**j, **g));
        let violators: Vec<(usize, f64)> = violators.map(|(j, g)| (*j, *g)).collect();
        if violators.is_empty() {
            solution.gradient = vec![0.0; model.strong.len()];
            let pairs = working.positions.iter().zip(&gradient).chain(rest.iter().zip(&others));
            pairs.for_each(|(j, g)| solution.gradient[*j] = *g);
            return Ok(solution);
        }
        working.add(violators.iter().map(|(j, _)| *j));
        gradient.extend(violators.iter().map(|(_, g)| *g));
        violation = worst(model, penalty, &working.positions, &gradient, &solution);
    }
    Err(NotConverged { violation })
}

/// The positions that enter the working set, from the gradients at the solution of the last lambda.
///
/// With a quadratic loss a member's products are computed once for the whole path: those that lambda is already below.
/// Otherwise every change of the weights asks for the products of all pairs, and of those half never become active: only
/// the half that is nearer to the last lambda, and others once they do violate.
fn entering(model: &Model<'_>, known: &[f64], lambda: f64) -> Vec<usize> {
    let score = |j: &usize| {
        let factor = model.strong.factor[*j];
        if factor > 0.0 { known[*j].abs() / factor } else { f64::INFINITY }
    };
    let lowest = model.alpha * lambda;
    let all = 0..known.len();
    let scores = all.clone().map(|j| score(&j)).filter(|score| score.is_finite());
    let share = if model.loss.quadratic().is_some() { 0.0 } else { ENTRY };
    let entry = lowest + share * (scores.fold(lowest, f64::max) - lowest);
    all.filter(|j| score(j) >= entry).collect()
}

fn worst(
    model: &Model<'_>,
    penalty: Penalty,
    positions: &[usize],
    gradient: &[f64],
    solution: &Solution,
) -> f64 {
    let features = positions.iter().zip(gradient);
    let features = features.map(|(j, g)| penalty.violation(model.strong.factor[*j], *g, solution.beta[*j]));
    let covariates = model.covariate_gradient(&solution.v).into_iter().map(f64::abs);
    features.chain(covariates).fold(0.0, f64::max)
}

/// One quadratic model.
struct Step<'a> {
    model: &'a Model<'a>,
    penalty: Penalty,
    tolerance: f64,
    refresh: bool,
}

impl Step<'_> {
    /// Minimises the model at `from`; the loss's objective never rises.
    fn take(&self, from: Solution, working: &mut Working, gradient: &[f64]) -> Solution {
        let quadratic = self.model.loss.quadratic();
        if working.metric.is_none() || (self.refresh && quadratic.is_none()) {
            let mut w = vec![0.0; from.eta.len()];
            self.model.loss.curvature(&from.eta, &mut w);
            let classes = WeightClasses::new(&w);
            working.metric = Some((Metric::new(classes.weights(), self.model.covariates), classes));
            working.curvature.clear();
            if quadratic.is_none() {
                working.gram = Gram::default();
            }
        }
        let (mut beta, mut gamma) = (from.beta.clone(), from.gamma.clone());
        if working.positions.len() <= self.model.gram_limit {
            self.by_covariances(working, gradient, &from.v, &mut beta, &mut gamma);
        } else {
            working.gram = Gram::default();
            self.by_residual(working, &from.v, &mut beta, &mut gamma);
        }
        let candidate = Solution::at(self.model, beta, gamma);
        let exact = working.metric.as_ref().is_some_and(|(_, classes)| classes.exact());
        if quadratic.is_some() && exact {
            return candidate;
        }
        let candidate = self.shorten(&from, candidate);
        self.halve(from, candidate).settle(self.model)
    }

    fn by_residual(&self, working: &mut Working, v: &[f64], beta: &mut [f64], gamma: &mut [f64]) {
        let Some((metric, _)) = &working.metric else { return };
        let known = working.curvature.len();
        working.curvature.extend(curvatures(metric, self.model.strong, &working.positions[known..]));
        let descent = Descent {
            model: self.model,
            metric,
            working: &working.positions,
            curvature: &working.curvature,
            penalty: self.penalty,
            tolerance: self.tolerance,
        };
        descent.run(beta, gamma, v);
    }

    fn by_covariances(
        &self,
        working: &mut Working,
        gradient: &[f64],
        v: &[f64],
        beta: &mut [f64],
        gamma: &mut [f64],
    ) {
        let strong = self.model.strong;
        let members = working.members(strong, self.model.gram_kept.min(self.model.gram_limit));
        let Some((metric, _)) = &working.metric else { return };
        // Covariates move first, and then with every coefficient.
        let shift = metric.solve(&self.model.covariate_gradient(v));
        let mut gradients = vec![0.0; working.gram.len()];
        let (mut own, mut factor) = (gradients.clone(), gradients.clone());
        for ((m, j), gradient) in members.iter().zip(&working.positions).zip(gradient) {
            gradients[*m] = gradient - dot(&working.gram.curvature(*m).h, &shift);
            own[*m] = beta[*j];
            factor[*m] = strong.factor[*j];
        }
        let goal =
            Goal { members: &members, penalty: self.penalty, factor: &factor, tolerance: self.tolerance };
        working.gram.descend(&goal, &mut gradients, &mut own);
        for (gamma, shift) in gamma.iter_mut().zip(&shift) {
            *gamma += shift;
        }
        for (m, j) in members.iter().zip(&working.positions) {
            let delta = own[*m] - beta[*j];
            beta[*j] = own[*m];
            for (gamma, a) in gamma.iter_mut().zip(&working.gram.curvature(*m).a) {
                *gamma -= delta * a;
            }
        }
    }

    /// Where a step goes well past the objective's minimum along it, about as far as that minimum.
    fn shorten(&self, from: &Solution, candidate: Solution) -> Solution {
        let along: Vec<f64> = candidate.eta.iter().zip(&from.eta).map(|(to, from)| to - from).collect();
        let mut v = vec![0.0; along.len()];
        let mut slope = |t: f64| {
            let eta: Vec<f64> = from.eta.iter().zip(&along).map(|(eta, along)| eta + t * along).collect();
            self.model.loss.residual(&eta, &mut v);
            let features = from.beta.iter().zip(&candidate.beta).zip(&self.model.strong.factor);
            let moving = features.filter(|((from, to), _)| from != to);
            let penalty = moving.map(|((from, to), factor)| {
                let step = to - from;
                let here = if t < 1.0 { from + t * step } else { *to };
                // Where the penalty has a kink, at either end of the step, its slope is that between the ends.
                let side = if *from == 0.0 {
                    step
                } else if here == 0.0 {
                    *from
                } else {
                    here
                };
                step * self.penalty.slope(*factor, here, side)
            });
            penalty.sum::<f64>() - dot(&v, &along)
        };
        let first = slope(0.0);
        let (mut low, mut high, mut best) = ((0.0, first), (1.0, slope(1.0)), 1.0);
        if first >= 0.0 || high.1 <= OVERSHOT * -first {
            return candidate;
        }
        for _ in 0..MAX_SECANTS {
            best = low.0 - low.1 * (high.0 - low.0) / (high.1 - low.1);
            let here = slope(best);
            if here.abs() <= LEVEL_ENOUGH * -first {
                break;
            }
            if here < 0.0 { low = (best, here) } else { high = (best, here) }
        }
        let parts = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + best * (b - a)).collect();
        let moved = Solution::at(
            self.model,
            parts(&from.beta, &candidate.beta),
            parts(&from.gamma, &candidate.gamma),
        );
        let worth = |solution: &Solution| solution.objective(self.model, self.penalty);
        if worth(&moved) < worth(&candidate) { moved } else { candidate }
    }

    /// Halves the step until the objective does not rise beyond rounding.
    fn halve(&self, from: Solution, candidate: Solution) -> Solution {
        let before = from.objective(self.model, self.penalty);
        let room = 1e-12 * before.abs().max(1e-300);
        let mut candidate = candidate;
        for _ in 0..MAX_HALVINGS {
            if candidate.objective(self.model, self.penalty) <= before + room {
                return candidate;
            }
            let middle = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| 0.5 * (a + b)).collect();
            let beta = middle(&from.beta, &candidate.beta);
            candidate = Solution::at(self.model, beta, middle(&from.gamma, &candidate.gamma));
        }
        from
    }
}
