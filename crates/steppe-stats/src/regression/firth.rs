//! Firth's logistic regression (Firth, Biometrika 1993; Heinze and Schemper, Statistics in Medicine 2002): the
//! likelihood is multiplied by the root of the information's determinant, so that a maximum exists where alleles
//! separate cases from controls. Steps, halvings and rules of convergence are those of logistf as plink2 2.00a3.5 has
//! them. Since such steps converge but linearly, what has converged by these rules is then polished, which plink2's
//! single precision does not allow.

use super::{Diverged, likelihood::LogisticModel};
use crate::linear_algebra::{SmallCholesky, dot};

const ITERATIONS: usize = 25;
/// Largest change of a coefficient in a step.
const LARGEST_STEP: f64 = 5.0;
/// Converged when changes, gradient and log-likelihood change by no more than this.
const CONVERGED: f64 = 1e-4;
/// Steps that polish, and the change that ends them.
const POLISHING: usize = 100;
const POLISHED: f64 = 1e-9;
/// Halvings of a step that does not raise the likelihood.
const HALVINGS: i32 = 5;

/// Coefficients and the inverse information at them, in memory that the next fit uses again.
#[derive(Debug, Default)]
pub struct FirthFit {
    /// Coefficients, in the order of the model's columns.
    pub beta: Vec<f64>,
    /// Their covariance, row-major.
    pub inverse: Vec<f64>,
    /// The steps ended before they converged.
    pub unfinished: bool,
    factor: SmallCholesky,
    information: Vec<f64>,
    p: Vec<f64>,
    v: Vec<f64>,
    score: Vec<f64>,
    gradient: Vec<f64>,
    step: Vec<f64>,
}

impl FirthFit {
    /// Maximises the penalised likelihood, from zero.
    ///
    /// # Errors
    /// When the information can not be factored: predictors depend on each other, or the steps went astray.
    pub fn maximise(&mut self, model: &LogisticModel<'_>) -> Result<(), Diverged> {
        self.unfinished = false;
        self.beta.clear();
        self.beta.resize(model.width(), 0.0);
        let mut likelihood = self.evaluate(model)?;
        for iteration in 1..=ITERATIONS {
            self.factor.inverse(&mut self.inverse);
            self.penalised_score(model);
            let (largest_gradient, largest_step) = self.take_step();
            let converged = largest_step <= CONVERGED && largest_gradient < CONVERGED;
            let near = largest_step < 1e-3 && largest_gradient < 0.05;
            let before = likelihood;
            let gave_up;
            (likelihood, gave_up) = self.halve(model, before, converged, near)?;
            if (likelihood - before).abs() <= CONVERGED && (converged || gave_up) {
                break;
            }
            self.unfinished = iteration == ITERATIONS;
        }
        if !self.unfinished {
            self.polish(model)?;
        }
        self.factor.inverse(&mut self.inverse);
        Ok(())
    }

    /// Steps for as long as they become smaller; half steps where full ones go to and fro about the maximum.
    fn polish(&mut self, model: &LogisticModel<'_>) -> Result<(), Diverged> {
        let (mut before, mut part) = (f64::INFINITY, 1.0);
        for _ in 0..POLISHING {
            self.factor.inverse(&mut self.inverse);
            self.penalised_score(model);
            let (_, step) = self.take_step();
            if step.is_nan() || (step >= before && part < 1.0) {
                self.move_back(1.0);
                self.evaluate(model)?;
                return Ok(());
            }
            part = if step < 0.5 * before { 1.0 } else { 0.5 };
            self.move_back(1.0 - part);
            self.evaluate(model)?;
            if step <= POLISHED {
                return Ok(());
            }
            before = step;
        }
        Ok(())
    }

    /// Probabilities, variances and the factored information at `beta`; returns the penalised log-likelihood.
    fn evaluate(&mut self, model: &LogisticModel<'_>) -> Result<f64, Diverged> {
        let (n, width) = (model.predictor.len(), model.width());
        self.p.resize(n, 0.0);
        self.v.resize(n, 0.0);
        self.score.resize(n, 0.0);
        self.information.clear();
        self.information.resize(width * width, 0.0);
        let mut likelihood = 0.0;
        for block in model.blocks() {
            let (p, v) = (&mut self.p[block.clone()], &mut self.v[block.clone()]);
            model.probabilities(&self.beta, block.clone(), p);
            for (((p, v), weight), case) in
                p.iter().zip(v.iter_mut()).zip(&model.weights[block.clone()]).zip(&model.cases[block.clone()])
            {
                *v = weight * p * (1.0 - p);
                if *weight > 0.0 {
                    likelihood += weight * if *case > 0.0 { p.ln() } else { (-p).ln_1p() };
                }
            }
            let scaled = &mut self.score[block.clone()];
            model.add_information(block, v, scaled, &mut self.information);
        }
        self.factor.factor(&self.information, width, 0.0).map_err(|_| Diverged)?;
        Ok(likelihood + 0.5 * self.factor.ln_determinant())
    }

    /// Xᵀ·(y - p + (1/2 - p)·h), where h are the diagonal of the weighted hat matrix.
    fn penalised_score(&mut self, model: &LogisticModel<'_>) {
        let width = model.width();
        self.gradient.clear();
        self.gradient.resize(width, 0.0);
        for block in model.blocks() {
            let score = &mut self.score[block.clone()];
            leverage(model, &self.inverse, block.clone(), score);
            let (p, v) = (&self.p[block.clone()], &self.v[block.clone()]);
            let (weights, cases) = (&model.weights[block.clone()], &model.cases[block.clone()]);
            for ((((score, p), v), weight), case) in score.iter_mut().zip(p).zip(v).zip(weights).zip(cases) {
                *score = weight * (case - p) + (0.5 - p) * v * *score;
            }
            for (index, sum) in self.gradient.iter_mut().enumerate() {
                *sum += dot(score, &model.column(index)[block.clone()]);
            }
        }
    }

    /// Adds inverse · gradient to the coefficients, scaled down to the largest step. Returns the largest absolute
    /// gradient and step.
    fn take_step(&mut self) -> (f64, f64) {
        self.step.clone_from(&self.gradient);
        self.factor.solve(&mut self.step);
        let largest = |values: &[f64]| values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let (gradient, mut step) = (largest(&self.gradient), largest(&self.step));
        if step > LARGEST_STEP {
            self.step.iter_mut().for_each(|change| *change *= LARGEST_STEP / step);
            step = LARGEST_STEP;
        }
        self.move_back(-1.0);
        (gradient, step)
    }

    fn move_back(&mut self, part: f64) {
        for (beta, change) in self.beta.iter_mut().zip(&self.step) {
            *beta -= part * change;
        }
    }

    /// Halves the step until the likelihood does not fall. Near convergence its change is of the size of rounding: then
    /// one more half, or none of the step, is as good. Returns the likelihood, and whether the step was given up.
    fn halve(
        &mut self,
        model: &LogisticModel<'_>,
        before: f64,
        converged: bool,
        near: bool,
    ) -> Result<(f64, bool), Diverged> {
        let threshold = if converged { before - 0.999_999 * CONVERGED } else { before };
        for half in 1..=HALVINGS {
            let likelihood = self.evaluate(model)?;
            if likelihood >= before {
                return Ok((likelihood, false));
            }
            if likelihood >= threshold {
                self.move_back(0.5_f64.powi(half));
                return Ok((self.evaluate(model)?, false));
            }
            if half == HALVINGS && near && likelihood >= before - CONVERGED {
                // What is left of the step is its last half's size.
                self.move_back(0.5_f64.powi(half - 1));
                return Ok((self.evaluate(model)?, true));
            }
            self.move_back(0.5_f64.powi(half));
        }
        Ok((self.evaluate(model)?, false))
    }
}

/// xᵢᵀ·A·xᵢ at the samples of a block.
fn leverage(model: &LogisticModel<'_>, inverse: &[f64], block: std::ops::Range<usize>, sums: &mut [f64]) {
    let width = model.width();
    sums.fill(0.0);
    for row in 0..width {
        let x = &model.column(row)[block.clone()];
        // Symmetric: each pair once, twice as heavy.
        for column in 0..=row {
            let weight = inverse[row * width + column] * if column < row { 2.0 } else { 1.0 };
            for ((sum, a), b) in sums.iter_mut().zip(x).zip(&model.column(column)[block.clone()]) {
                *sum += weight * a * b;
            }
        }
    }
}
