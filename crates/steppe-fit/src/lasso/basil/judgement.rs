//! What a pass's gradients say of a trait's solutions.

use rayon::prelude::*;

use super::{Pending, Point, Stage, TraitFit};
use crate::{
    error::FitError,
    lasso::{
        certificate::{Certificate, Evidence},
        features::Features,
    },
    matrix::Products,
    solver::{newton::Working, strong_set::StrongSet},
};

/// Times that the solver's tolerance is lowered tenfold before a lambda counts as not converging.
const TIGHTENINGS: u32 = 4;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Judged {
    /// Lambdas accepted.
    pub(crate) accepted: usize,
    /// Features outside the strong set that violated the first lambda that was not.
    pub(crate) violations: usize,
}

/// One trait's share of a pass.
struct Gradients<'a> {
    products: &'a Products,
    first: usize,
    parts: usize,
}

impl Gradients<'_> {
    /// The gradient of a feature at one solution of the batch, on the solver's scale.
    fn of(&self, features: &Features, batch: usize, feature: u32) -> f64 {
        let part = feature as usize % self.parts;
        let column = self.first + batch * self.parts + part;
        self.products.of(features.variant(feature) as usize)[column] / features.scale(feature)
    }

    /// The gradients of all features, solution by solution: products of a variant lie together, and reading them anew for
    /// each solution would wait for memory each time.
    fn by_solution(&self, features: &Features, solutions: usize) -> Vec<Vec<f64>> {
        let mut columns = vec![Vec::with_capacity(features.count() as usize); solutions];
        for feature in 0..features.count() {
            for (batch, column) in columns.iter_mut().enumerate() {
                column.push(self.of(features, batch, feature));
            }
        }
        columns
    }
}

impl TraitFit<'_> {
    /// Takes the pass's products, of which this trait's begin at `first`.
    pub(crate) fn judge(&mut self, products: &Products, first: usize) -> Result<Judged, FitError> {
        let gradients = Gradients { products, first, parts: self.features.parts() as usize };
        let pending = std::mem::take(&mut self.pending);
        match self.stage {
            Stage::Null => {
                self.score(&gradients, 0);
                self.plan()?;
                self.stage = Stage::Path;
                Ok(Judged::default())
            }
            Stage::Rescore => {
                self.score(&gradients, 0);
                self.stage = Stage::Path;
                Ok(Judged::default())
            }
            Stage::Path => self.judge_batch(&gradients, pending),
            Stage::Finished => Ok(Judged::default()),
        }
    }

    fn score(&mut self, gradients: &Gradients<'_>, batch: usize) {
        let score = |feature: u32| {
            let factor = self.features.factor(feature);
            let gradient = gradients.of(&self.features, batch, feature).abs();
            if factor > 0.0 && factor.is_finite() { gradient / factor } else { 0.0 }
        };
        self.scores = (0..self.features.count()).map(score).collect();
    }

    fn judge_batch(&mut self, gradients: &Gradients<'_>, pending: Vec<Pending>) -> Result<Judged, FitError> {
        let mut judged = Judged::default();
        let mut failed = None;
        let fit = &*self;
        let certified: Vec<_> = pending
            .par_iter()
            .zip(gradients.by_solution(&self.features, pending.len()))
            .map(|(pending, gradients)| fit.certify(&gradients, pending))
            .collect();
        for (pending, (certificate, violators)) in pending.into_iter().zip(certified) {
            if certificate.violation > self.options.tolerance {
                let outside = |feature: &u32| self.strong.features.binary_search(feature).is_err();
                let outside: Vec<u32> = violators.into_iter().filter(outside).collect();
                judged.violations = outside.len();
                failed = Some((pending.lambda, certificate.violation, outside));
                break;
            }
            self.accept(pending, certificate);
            judged.accepted += 1;
            if self.declines() {
                self.stopped_early = true;
                break;
            }
        }
        if judged.accepted > 0 {
            self.score(gradients, judged.accepted - 1);
            self.kept.clear();
            self.tightened = 0;
            if self.stopped_early || self.next() == self.lambdas.len() {
                self.finish();
            }
        } else if let Some((lambda, violation, outside)) = failed {
            self.grow(lambda, violation, outside)?;
        }
        Ok(judged)
    }

    fn certify(&self, gradients: &[f64], pending: &Pending) -> (Certificate, Vec<u32>) {
        let evidence = Evidence {
            loss: self.design.loss.as_ref(),
            features: &self.features,
            lambda: pending.lambda,
            alpha: self.options.alpha,
            eta: &pending.solution.eta,
            v: &pending.solution.v,
            loss_value: pending.solution.loss,
            beta: &pending.beta,
            null_deviance: self.null_deviance,
        };
        evidence.judge(|feature| gradients[feature as usize], self.options.tolerance)
    }

    fn accept(&mut self, pending: Pending, certificate: Certificate) {
        let Pending { beta, solution, .. } = pending;
        let explained = 1.0 - (solution.loss - self.design.loss.saturated()) / self.null_deviance;
        let metric = |samples: &[usize]| self.input.response.evaluate(samples, &solution.eta);
        let (training, validation) = (metric(&self.design.training), metric(&self.design.validation));
        self.ever_active.extend(beta.iter().map(|(feature, _)| *feature));
        self.ever_active.sort_unstable();
        self.ever_active.dedup();
        let gamma = solution.gamma;
        self.points.push(Point {
            beta,
            gamma,
            certificate,
            deviance_explained: explained,
            training,
            validation,
        });
    }

    fn declines(&self) -> bool {
        let values: Vec<Option<f64>> = self.points.iter().map(|point| point.validation).collect();
        let metric = self.input.response.metric();
        self.options.stopping_lag.is_some_and(|lag| metric.declines(&values, lag))
    }

    /// No lambda was accepted: a larger strong set, or where nothing outside is to blame a finer solution.
    fn grow(&mut self, lambda: f64, violation: f64, outside: Vec<u32>) -> Result<(), FitError> {
        if outside.is_empty() {
            self.tightened += 1;
            if self.tightened > TIGHTENINGS {
                return Err(FitError::NotConverged { name: self.input.name.clone(), lambda, violation });
            }
        } else {
            self.strong_size += self.strong_size.div_ceil(2);
        }
        self.kept = self.strong.features.clone();
        self.kept.extend(outside);
        self.kept.sort_unstable();
        Ok(())
    }

    fn finish(&mut self) {
        self.stage = Stage::Finished;
        self.strong = StrongSet::default();
        self.working = Working::default();
        self.scores = Vec::new();
    }
}
