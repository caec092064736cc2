//! A trait's state as the caller sees it.

use super::{Point, TraitFit};
use crate::lasso::path::{Coefficient, LassoPath, PathPoint};

impl TraitFit<'_> {
    /// What the fit gives.
    pub(crate) fn path(&self) -> LassoPath {
        let best = |best: Option<(usize, f64)>, (at, point): (usize, &Point)| match (best, point.validation) {
            (None, Some(value)) => Some((at, value)),
            (Some((_, top)), Some(value)) if value > top => Some((at, value)),
            (best, _) => best,
        };
        LassoPath {
            name: self.input.name.clone(),
            lambdas: self.lambdas.clone(),
            points: self
                .points
                .iter()
                .zip(&self.lambdas)
                .map(|(point, lambda)| self.point(point, *lambda))
                .collect(),
            stopped_early: self.stopped_early,
            best: self.points.iter().enumerate().fold(None, best).map(|(at, _)| at),
            metric: self.input.response.metric(),
            training_samples: self.design.training.len(),
            validation_samples: self.design.validation.len(),
            dropped_covariates: self.design.dropped.clone(),
            null_deviance: self.null_deviance,
        }
    }

    fn point(&self, point: &Point, lambda: f64) -> PathPoint {
        let (intercept, covariates) = self.design.effects(&point.gamma);
        let effect = |(feature, beta): &(u32, f64)| Coefficient {
            variant: self.features.variant(*feature),
            population: self.features.population(*feature),
            effect: beta / self.features.scale(*feature),
        };
        PathPoint {
            lambda,
            coefficients: point.beta.iter().map(effect).collect(),
            intercept,
            covariates,
            certificate: point.certificate,
            deviance_explained: point.deviance_explained,
            training: point.training,
            validation: point.validation,
        }
    }
}
