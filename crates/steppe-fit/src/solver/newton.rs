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
    strong_set::StrongSet,
};
use crate::loss::Loss;

/// Quadratic models after which a lambda counts as not converging.
const MAX_MODELS: usize = 500;

/// Quadratic models that share one matrix of weights before it is computed anew.
const MODELS_PER_METRIC: usize = 3;

/// Halvings of a step that does not lower the objective.
const MAX_HALVINGS: usize = 30;

/// Newton steps that covariates alone may take.
const MAX_SETTLING: usize = 20;

/// Gradient of covariates (of norm 1) that counts as none.
const SETTLED: f64 = 1e-10;

/// The fixed parts of a problem.
pub(crate) struct Model<'a> {
    pub(crate) loss: &'a dyn Loss,
    /// Unpenalised covariates, orthonormal under the training weights; the first is the intercept's.
    pub(crate) covariates: &'a [Vec<f64>],
    pub(crate) strong: &'a StrongSet,
    pub(crate) alpha: f64,
    /// Largest working set whose Gram matrix is kept.
    pub(crate) gram_limit: usize,
}

impl Model<'_> {
    /// Cᵀv.
    pub(crate) fn covariate_gradient(&self, v: &[f64]) -> Vec<f64> {
        self.covariates.iter().map(|c| dot(c, v)).collect()
    }
}

/// Coefficients with what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    /// Of the strong set's features, on its scale.
    pub(crate) beta: Vec<f64>,
    /// Of the covariates.
    pub(crate) gamma: Vec<f64>,
    /// Predictor of all samples.
    pub(crate) eta: Vec<f64>,
    /// Weighted residual.
    pub(crate) v: Vec<f64>,
    pub(crate) loss: f64,
    /// Xᵀv of the strong set; empty where it is not known.
    pub(crate) gradient: Vec<f64>,
}

impl Solution {
    /// The solution of these coefficients.
    pub(crate) fn at(model: &Model<'_>, beta: Vec<f64>, gamma: Vec<f64>) -> Self {
        let mut genetic = vec![0.0; model.strong.samples];
        model.strong.add_predictor(&beta, &mut genetic);
        Self::on(model, beta, gamma, &genetic)
    }

    /// The solution of coefficients whose genetic part of the predictor is known.
    fn on(model: &Model<'_>, beta: Vec<f64>, gamma: Vec<f64>, genetic: &[f64]) -> Self {
        let mut eta = genetic.to_vec();
        for (c, gamma) in model.covariates.iter().zip(&gamma) {
            for (eta, c) in eta.iter_mut().zip(c) {
                *eta += gamma * c;
            }
        }
        let mut v = vec![0.0; eta.len()];
        let loss = model.loss.residual(&eta, &mut v);
        Self { beta, gamma, eta, v, loss, gradient: Vec::new() }
    }

    /// Newton steps on the covariates alone, until their gradient is nothing: it has to be for the residual to be dual
    /// feasible, however large lambda is.
    fn settle(self, model: &Model<'_>) -> Self {
        let mut genetic = vec![0.0; model.strong.samples];
        model.strong.add_predictor(&self.beta, &mut genetic);
        let mut solution = self;
        for _ in 0..MAX_SETTLING {
            let gradient = model.covariate_gradient(&solution.v);
            if gradient.iter().all(|g| g.abs() <= SETTLED) {
                break;
            }
            let mut w = vec![0.0; genetic.len()];
            model.loss.curvature(&solution.eta, &mut w);
            let step = Metric::new(w, model.covariates).solve(&gradient);
            let gamma = solution.gamma.iter().zip(&step).map(|(gamma, step)| gamma + step).collect();
            let next = Self::on(model, solution.beta.clone(), gamma, &genetic);
            if next.loss > solution.loss {
                break;
            }
            solution = next;
        }
        solution
    }

    fn objective(&self, model: &Model<'_>, penalty: Penalty) -> f64 {
        let terms =
            self.beta.iter().zip(&model.strong.factor).map(|(beta, factor)| penalty.value(*factor, *beta));
        self.loss + terms.sum::<f64>()
    }
}

/// Which features a solver works on, and what it knows of them.
#[derive(Default)]
pub(crate) struct Working {
    /// Positions in the strong set, in the order of descent.
    positions: Vec<usize>,
    included: Vec<bool>,
    metric: Option<Metric>,
    curvature: Vec<ColumnCurvature>,
    gram: Gram,
}

impl Working {
    /// A working set for a new strong set, of `positions` (ascending). What is known of their pairs is kept.
    pub(crate) fn restart(&mut self, strong: &StrongSet, positions: &[usize]) {
        self.gram.retain(|feature| strong.features.binary_search(&feature).is_ok());
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

    /// The working set's places in the Gram matrix, which then has all of them and no more than `limit` members.
    fn members(&mut self, strong: &StrongSet, limit: usize) -> Vec<usize> {
        let feature = |j: &usize| strong.features[*j];
        let Some(metric) = &self.metric else { return Vec::new() };
        let absent = |gram: &Gram| -> Vec<usize> {
            self.positions.iter().copied().filter(|j| gram.place(strong.features[*j]).is_none()).collect()
        };
        let mut fresh = absent(&self.gram);
        if self.gram.len() + fresh.len() > limit {
            let wanted: HashSet<u32> = self.positions.iter().map(feature).collect();
            self.gram.retain(|feature| wanted.contains(&feature));
            fresh = absent(&self.gram);
        }
        if !fresh.is_empty() {
            self.gram.append(strong, &fresh, metric);
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
    let all: Vec<usize> = (0..model.strong.len()).collect();
    let known = std::mem::take(&mut solution.gradient);
    let known = if known.is_empty() { model.strong.gradients(&all, &solution.v) } else { known };
    // Those that lambda is already below. The sequential strong rule would take twice as many, most for nothing, and
    // what a member costs is its products with all others.
    let entry = model.alpha * task.lambda;
    working.add(all.into_iter().filter(|j| known[*j].abs() >= model.strong.factor[*j] * entry));
    let mut gradient: Vec<f64> = working.positions.iter().map(|j| known[*j]).collect();
    let mut violation = worst(model, penalty, &working.positions, &gradient, &solution);
    for round in 0..MAX_MODELS {
        // A model that is not the loss itself is not worth solving far beyond what it is worth.
        let useful = if model.loss.quadratic().is_some() { 0.0 } else { 0.1 * violation };
        let tolerance = useful.max(0.5 * task.tolerance);
        let step = Step { model, penalty, tolerance, refresh: round % MODELS_PER_METRIC == 0 };
        solution = step.take(solution, working, &gradient);
        gradient = model.strong.gradients(&working.positions, &solution.v);
        violation = worst(model, penalty, &working.positions, &gradient, &solution);
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
    }
    Err(NotConverged { violation })
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
            working.metric = Some(Metric::new(w, self.model.covariates));
            working.curvature.clear();
        }
        let (mut beta, mut gamma) = (from.beta.clone(), from.gamma.clone());
        if quadratic.is_some() && working.positions.len() <= self.model.gram_limit {
            self.by_covariances(working, gradient, &from.v, &mut beta, &mut gamma);
        } else {
            working.gram = Gram::default();
            self.by_residual(working, &from.v, &mut beta, &mut gamma);
        }
        let candidate = Solution::at(self.model, beta, gamma);
        if quadratic.is_some() { candidate } else { self.halve(from, candidate).settle(self.model) }
    }

    fn by_residual(&self, working: &mut Working, v: &[f64], beta: &mut [f64], gamma: &mut [f64]) {
        let Some(metric) = &working.metric else { return };
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
        let members = working.members(strong, self.model.gram_limit);
        let Some(metric) = &working.metric else { return };
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
