//! Coefficients with their predictor, residual and loss, always computed from the coefficients in one fixed order.

use super::{coordinate_descent::Metric, newton::Model, penalty::Penalty};

/// Newton steps that covariates alone may take.
const MAX_SETTLING: usize = 20;

/// Gradient of covariates (of norm 1) that counts as none.
const SETTLED: f64 = 1e-10;

/// Coefficients with what follows from them.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    /// Of the strong set's features, on its scale.
    pub(crate) beta: Vec<f64>,
    /// Of the covariates.
    pub(crate) gamma: Vec<f64>,
    /// What the features add to the predictor.
    genetic: Vec<f64>,
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
        Self::on(model, beta, gamma, genetic)
    }

    /// The solution of coefficients whose genetic part of the predictor is known.
    fn on(model: &Model<'_>, beta: Vec<f64>, gamma: Vec<f64>, genetic: Vec<f64>) -> Self {
        let mut eta = genetic.clone();
        for (c, gamma) in model.covariates.iter().zip(&gamma) {
            for (eta, c) in eta.iter_mut().zip(c) {
                *eta += gamma * c;
            }
        }
        let mut v = vec![0.0; eta.len()];
        let loss = model.loss.residual(&eta, &mut v);
        Self { beta, gamma, genetic, eta, v, loss, gradient: Vec::new() }
    }

    /// What is checked against all variants: the residual, without what only the next lambda starts from.
    pub(crate) fn to_check(&self) -> Self {
        let (gamma, eta, v) = (self.gamma.clone(), self.eta.clone(), self.v.clone());
        Self { beta: Vec::new(), gamma, genetic: Vec::new(), eta, v, loss: self.loss, gradient: Vec::new() }
    }

    /// Newton steps on the covariates alone, until their gradient is nothing: it has to be for the residual to be dual
    /// feasible, however large lambda is.
    pub(crate) fn settle(self, model: &Model<'_>) -> Self {
        let mut solution = self;
        for _ in 0..MAX_SETTLING {
            let gradient = model.covariate_gradient(&solution.v);
            if gradient.iter().all(|g| g.abs() <= SETTLED) {
                break;
            }
            let mut w = vec![0.0; solution.eta.len()];
            model.loss.curvature(&solution.eta, &mut w);
            let step = Metric::new(w, model.covariates).solve(&gradient);
            let gamma = solution.gamma.iter().zip(&step).map(|(gamma, step)| gamma + step).collect();
            let next = Self::on(model, solution.beta.clone(), gamma, solution.genetic.clone());
            if next.loss > solution.loss {
                break;
            }
            solution = next;
        }
        solution
    }

    pub(crate) fn objective(&self, model: &Model<'_>, penalty: Penalty) -> f64 {
        let terms =
            self.beta.iter().zip(&model.strong.factor).map(|(beta, factor)| penalty.value(*factor, *beta));
        self.loss + terms.sum::<f64>()
    }
}
