//! What unphenotyped people of an own cohort add: the cohort's shift of mean and log variance.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::SmoothAdjustment;
use crate::{
    CalibrateError,
    adjust::{AncestryHull, Estimate},
    gaussian::{Coefficients, all_finite, inverse, same_length},
    heteroscedastic::{bounded, expected_squares, variance_given_squares, weighted},
};

/// Standard deviations that a cohort's shift of the mean may come from, in reference standard deviations, and how likely
/// each is. Drift shifts a score's mean by about √(2·F) of them: 0.1 to 0.4 for F of 0.005 to 0.08.
const MEAN_SCALES: [(f64, f64); 4] = [(0.1, 0.3), (0.2, 0.4), (0.4, 0.2), (0.8, 0.1)];
/// The same for the shift of the log variance.
const VARIANCE_SCALES: [(f64, f64); 4] = [(0.1, 0.4), (0.2, 0.35), (0.4, 0.2), (0.8, 0.05)];
/// How far the mean may be from that expected of admixture: as far as a shift, since drift is the cause of both.
const EXPECTED_MEAN_SCALES: [(f64, f64); 4] = MEAN_SCALES;
/// How far the log variance may be from that expected of admixture, which knows the heterozygosity that mixing brings
/// and a plane over components does not.
const EXPECTED_VARIANCE_SCALES: [(f64, f64); 4] = [(0.03, 0.35), (0.08, 0.4), (0.2, 0.2), (0.8, 0.05)];
/// A shift that an expectation takes the place of is free within this.
const FREE: f64 = 1.0;
const MOST_STEPS: usize = 50;
const TOLERANCE: f64 = 1e-8;
const FEWEST_PEOPLE: usize = 10;

/// What a cohort's scores are expected to be, from its mean admixture proportions and the sources' allele frequencies
/// (`SourceMoments::apply`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CohortExpectation {
    /// Expected mean score.
    pub mean: f64,
    /// Expected standard deviation.
    pub sd: f64,
}

/// An own cohort's posterior: the reference's coefficients, updated, and the cohort's shift as the last of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CohortEffect {
    /// People of the cohort.
    pub people: usize,
    /// Where they lie.
    pub hull: AncestryHull,
    /// Coefficients of the mean, the shift last.
    pub mean: Coefficients,
    /// Coefficients of the log variance, the shift last.
    pub log_variance: Coefficients,
    /// The shift of the mean, in reference standard deviations.
    pub shift: Estimate,
    /// The shift of the log variance.
    pub log_variance_shift: Estimate,
}

/// The cohort's data, and the reference's posterior as its prior.
struct Update<'a> {
    design: DMatrix<f64>,
    response: DVector<f64>,
    reference: &'a SmoothAdjustment,
    /// What no landmark explains at the cohort, averaged over its people.
    unexplained: f64,
    /// Expected mean and log variance, in the reference's units.
    expected: Option<(f64, f64)>,
    /// The cohort's mean columns.
    middle: DVector<f64>,
}

impl SmoothAdjustment {
    /// Adds an own cohort: scores and components (people x components) of its unphenotyped people.
    ///
    /// The reference's posterior is the prior of every coefficient; the shift's prior is a mixture over scales, weighed
    /// by their evidence. Where the cohort's mean and standard deviation are expected from its admixture, the prior is
    /// centred on these, and that of the variance is much tighter.
    ///
    /// # Errors
    /// Fewer than ten people, vectors of different lengths, values that are not finite, an expected standard deviation
    /// that is not above zero.
    pub fn with_cohort(
        mut self,
        scores: &[f64],
        pcs: &DMatrix<f64>,
        expected: Option<CohortExpectation>,
    ) -> Result<Self, CalibrateError> {
        same_length(scores.len(), pcs.nrows(), "scores of the cohort")?;
        all_finite(scores, "scores of the cohort")?;
        let components = self.space.plane();
        let needed = FEWEST_PEOPLE.max(2 * (components + 1));
        if scores.len() < needed {
            return Err(CalibrateError::TooFew { what: "people of the cohort", found: scores.len(), needed });
        }
        let hull = AncestryHull::fit(pcs, components, &vec![0; scores.len()], 1, 0.01)?;
        let (design, unexplained) = self.space.design(pcs)?;
        let expected = expected.map(|expected| self.in_units(expected)).transpose()?;
        let size = design.ncols();
        let design = design.insert_column(size, 1.0);
        let middle = design.row_mean().transpose();
        let response = scores.iter().map(|score| (score - self.centre) / self.unit);
        let update = Update {
            design,
            response: DVector::from_iterator(scores.len(), response),
            unexplained: unexplained.iter().sum::<f64>() / scores.len() as f64,
            reference: &self,
            expected,
            middle,
        };
        let (mean, log_variance) = update.posterior()?;
        let last = |coefficients: &Coefficients| Estimate {
            value: coefficients.mean[size],
            standard_error: coefficients.covariance[(size, size)].sqrt(),
        };
        let (shift, log_variance_shift) = (last(&mean), last(&log_variance));
        let people = scores.len();
        self.cohort = Some(CohortEffect { people, hull, mean, log_variance, shift, log_variance_shift });
        Ok(self)
    }

    fn in_units(&self, expected: CohortExpectation) -> Result<(f64, f64), CalibrateError> {
        all_finite([&expected.mean, &expected.sd], "moments expected of the cohort")?;
        if expected.sd <= 0.0 {
            let what = "the standard deviation expected of the cohort";
            return Err(CalibrateError::range(what, expected.sd, "above 0"));
        }
        Ok(((expected.mean - self.centre) / self.unit, 2.0 * (expected.sd / self.unit).ln()))
    }
}

impl Update<'_> {
    fn posterior(&self) -> Result<(Coefficients, Coefficients), CalibrateError> {
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        let (mean_scales, variance_scales) = match self.expected {
            Some(_) => (EXPECTED_MEAN_SCALES, EXPECTED_VARIANCE_SCALES),
            None => (MEAN_SCALES, VARIANCE_SCALES),
        };
        for (mean_scale, likely) in mean_scales {
            for (variance_scale, as_likely) in variance_scales {
                let (evidence, mean, log_variance) = self.given_scales(mean_scale, variance_scale)?;
                let weight = evidence + f64::ln(likely * as_likely);
                means.push((weight, mean));
                variances.push((weight, log_variance));
            }
        }
        let nothing = CalibrateError::NotConverged { what: "the cohort's shift", steps: 0 };
        Coefficients::mixture(&means).zip(Coefficients::mixture(&variances)).ok_or(nothing)
    }

    /// Log evidence (up to a constant) and posteriors for one pair of scales.
    fn given_scales(
        &self,
        mean_scale: f64,
        variance_scale: f64,
    ) -> Result<(f64, Coefficients, Coefficients), CalibrateError> {
        let reference = self.reference;
        let unexplained = |bump: f64| bump * bump * self.unexplained;
        let prior = |coefficients: &Coefficients, bump: f64, scale: f64, expected: Option<f64>| match expected
        {
            None => Prior::new(coefficients, scale * scale + unexplained(bump)),
            Some(value) => Prior::new(coefficients, FREE * FREE)?.expecting(&self.middle, value, scale),
        };
        let of_mean = prior(
            &reference.mean,
            reference.mean_bump,
            mean_scale,
            self.expected.map(|expected| expected.0),
        )?;
        let of_variance = prior(
            &reference.log_variance,
            reference.variance_bump,
            variance_scale,
            self.expected.map(|expected| expected.1),
        )?;
        let mut gamma = of_variance.mean.clone();
        let mut last = f64::NEG_INFINITY;
        for _ in 0..MOST_STEPS {
            let log_variance = bounded(&(&self.design * &gamma));
            let (evidence, beta) = self.mean(&of_mean, &log_variance)?;
            let squares = expected_squares(&self.response, &self.design, &beta);
            let (start, precision) = (gamma, &of_variance.precision);
            let spread = variance_given_squares(&self.design, &squares, &of_variance.mean, precision, start)?;
            let away = &spread.mean - &of_variance.mean;
            let (_, determinant) = inverse(spread.covariance.clone(), "the posterior of the variance")?;
            let evidence = evidence - 0.5 * away.dot(&(precision * &away))
                + 0.5 * (of_variance.log_determinant + determinant);
            gamma = spread.mean.clone();
            if (evidence - last).abs() < TOLERANCE * (1.0 + evidence.abs()) {
                return Ok((evidence, beta, spread));
            }
            last = evidence;
        }
        Err(CalibrateError::NotConverged { what: "the cohort's shift", steps: MOST_STEPS })
    }

    /// Log evidence and posterior of the mean's coefficients for given log variances.
    fn mean(
        &self,
        prior: &Prior,
        log_variance: &DVector<f64>,
    ) -> Result<(f64, Coefficients), CalibrateError> {
        let weights = log_variance.map(|value| (-value).exp());
        let residual = &self.response - &self.design * &prior.mean;
        let (mut information, pull) = weighted(&self.design, &weights, &residual);
        information += &prior.precision;
        let (covariance, determinant) = inverse(information, "the information of the cohort's mean")?;
        let step = &covariance * &pull;
        let fit: f64 = residual.iter().zip(&weights).map(|(r, w)| r * r * w).sum();
        let evidence =
            0.5 * (prior.log_determinant - determinant - log_variance.sum() - fit + pull.dot(&step));
        Ok((evidence, Coefficients { mean: &prior.mean + step, covariance }))
    }
}

/// A normal prior by its precision.
struct Prior {
    mean: DVector<f64>,
    precision: DMatrix<f64>,
    /// ln det of the precision.
    log_determinant: f64,
}

impl Prior {
    /// The reference's coefficients, and a shift around zero with this variance.
    fn new(reference: &Coefficients, shift: f64) -> Result<Self, CalibrateError> {
        let size = reference.mean.len();
        let what = "the covariance of the reference's coefficients";
        let (inner, determinant) = inverse(reference.covariance.clone(), what)?;
        let mut precision = DMatrix::zeros(size + 1, size + 1);
        precision.view_mut((0, 0), (size, size)).copy_from(&inner);
        precision[(size, size)] = 1.0 / shift;
        let mean = reference.mean.clone().insert_row(size, 0.0);
        Ok(Self { mean, precision, log_determinant: -determinant - shift.ln() })
    }

    /// With xᵀ·coefficients known to be a value, give or take a standard deviation.
    fn expecting(self, x: &DVector<f64>, value: f64, sd: f64) -> Result<Self, CalibrateError> {
        let weight = 1.0 / (sd * sd);
        let precision = &self.precision + x * x.transpose() * weight;
        let right = &self.precision * &self.mean + x * (weight * value);
        let (covariance, log_determinant) = inverse(precision.clone(), "the prior of the cohort")?;
        Ok(Self { mean: covariance * right, precision, log_determinant })
    }
}
