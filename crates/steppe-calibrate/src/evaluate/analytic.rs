//! Intervals and tests that need no resamples.

use steppe_stats::{
    distributions::{normal_two_sided, t_two_sided},
    metrics::{
        Delong, LogOdds, ThresholdTable, ln_expected_over_observed_error, odds_ratio_per_sd, sd_of, wilson,
    },
    regression::LogisticModel,
};

use super::{
    IntervalMethod, Metric, PMethod, Reason,
    cohort::Model,
    estimator::{Estimator, share},
    fits::{decile_bins, score_model},
    resamples::Resample,
    statistic::Statistic,
};

/// A value with its interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analytic {
    pub(super) estimate: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) standard_error: f64,
    pub(super) p: Option<(f64, PMethod)>,
    pub(super) method: IntervalMethod,
}

impl Analytic {
    fn wald(estimate: f64, standard_error: f64, z: f64) -> Self {
        Self {
            estimate,
            lower: estimate - z * standard_error,
            upper: estimate + z * standard_error,
            standard_error,
            p: Some((normal_two_sided(estimate / standard_error), PMethod::Wald)),
            method: IntervalMethod::Wald,
        }
    }

    /// On the logarithm, given back as a ratio.
    fn ratio(ln: LogOdds, z: f64) -> Self {
        let on_log = Self::wald(ln.estimate, ln.standard_error, z);
        let method = if ln.firth { IntervalMethod::Firth } else { IntervalMethod::Wald };
        Self {
            estimate: on_log.estimate.exp(),
            lower: on_log.lower.exp(),
            upper: on_log.upper.exp(),
            method,
            ..on_log
        }
    }
}

/// Makes analytic intervals of a group's statistics.
pub(super) struct Analytics<'a> {
    estimator: &'a Estimator<'a>,
    z: f64,
    everyone: Resample,
    delong: Option<Delong>,
    /// Place of each prediction, of each full model, and of the covariates in `delong`.
    places: [Vec<Option<usize>>; 3],
}

impl<'a> Analytics<'a> {
    pub(super) fn new(estimator: &'a Estimator<'a>, z: f64) -> Self {
        let (cohort, fits) = (estimator.cohort, estimator.fits);
        let mut scores: Vec<&[f64]> = Vec::new();
        let mut place = |score: Option<&'a [f64]>| {
            score.map(|score| {
                scores.push(score);
                scores.len() - 1
            })
        };
        let raw = cohort.models.iter();
        let alone = raw.map(|model| place((!model.is_absent).then_some(model.values.as_slice()))).collect();
        let with = fits.models.iter();
        let full =
            with.map(|fits| place(fits.full_score.as_ref().map(|(score, _)| score.as_slice()))).collect();
        let base = vec![place(fits.covariates_score.as_ref().map(|(score, _)| score.as_slice()))];
        let delong = if cohort.is_binary { Delong::new(&cohort.case, &scores) } else { None };
        Self { estimator, z, everyone: Resample::everyone(cohort), delong, places: [alone, full, base] }
    }

    /// The statistic's interval; `Ok(None)` where it has one from resamples only. `value` is the statistic's own.
    pub(super) fn interval(&self, statistic: &Statistic, value: f64) -> Result<Option<Analytic>, Reason> {
        let cohort = self.estimator.cohort;
        let Some(index) = statistic.model else {
            let covariates = statistic.metric == Metric::AucCovariates;
            return Ok(if covariates { self.area(self.places[2][0]) } else { None });
        };
        let (model, fits) = (&cohort.models[index], &self.estimator.fits.models[index]);
        let wald = |fit: Option<&steppe_stats::regression::LogisticFit>, place: usize| {
            fit.map(|fit| Analytic::wald(fit.coefficients[place], fit.standard_error(place), self.z))
                .ok_or(Reason::NoMaximum)
        };
        Ok(match statistic.metric {
            Metric::Auc => self.area(self.places[0][index]),
            Metric::AucFull => Some(self.area(self.places[1][index]).ok_or(Reason::NoMaximum)?),
            Metric::AucGain => Some(
                self.area_difference(self.places[1][index], self.places[2][0]).ok_or(Reason::NoMaximum)?,
            ),
            Metric::AucDifference => {
                let versus = statistic.versus.and_then(|versus| self.places[0][versus]);
                self.area_difference(self.places[0][index], versus)
            }
            Metric::OddsRatioPerSd => Some(self.per_sd(model, 1)?),
            Metric::OddsRatioPerSdAdjusted => Some(self.per_sd(model, cohort.design.len())?),
            Metric::OddsRatioTopDecile
            | Metric::OddsRatioTopDecileAdjusted
            | Metric::OddsRatioTopDecileMiddle
            | Metric::OddsRatioTopDecileMiddleAdjusted => Some(self.top(statistic.metric, index)?),
            Metric::EffectPerSd => Some(self.effect(index, value)),
            Metric::CalibrationIntercept => Some(wald(fits.intercept.as_ref(), 0)?),
            Metric::CalibrationSlope => {
                // The P of a slope is that of no association, which says nothing of calibration.
                Some(Analytic { p: None, ..wald(fits.slope.as_ref(), 1)? })
            }
            Metric::ExpectedOverObserved => self.expected_over_observed(value),
            Metric::Sensitivity | Metric::Specificity | Metric::PositivePredictiveValue => {
                self.share_at_threshold(statistic, model)
            }
            metric if statistic.versus.is_some() => self.reclassification(metric, statistic, index),
            _ => None,
        })
    }

    fn area(&self, place: Option<usize>) -> Option<Analytic> {
        let (delong, place) = (self.delong.as_ref()?, place?);
        let (lower, upper) = delong.interval(place, self.z);
        Some(Analytic {
            estimate: delong.auc[place],
            lower,
            upper,
            standard_error: delong.standard_error(place),
            p: None,
            method: IntervalMethod::Delong,
        })
    }

    fn area_difference(&self, first: Option<usize>, second: Option<usize>) -> Option<Analytic> {
        let difference = self.delong.as_ref()?.difference(first?, second?);
        Some(Analytic {
            p: Some((difference.p, PMethod::Delong)),
            method: IntervalMethod::Delong,
            ..Analytic::wald(difference.estimate, difference.standard_error, self.z)
        })
    }

    /// Odds ratio for one standard deviation in controls.
    fn per_sd(&self, model: &Model, columns: usize) -> Result<Analytic, Reason> {
        let cohort = self.estimator.cohort;
        let sd = sd_of(&model.standard, &self.everyone.controls).ok_or(Reason::ConstantPrediction)?;
        let model = score_model(cohort, model, columns, &self.everyone.weights);
        odds_ratio_per_sd(&model, sd).map(|ln| Analytic::ratio(ln, self.z)).map_err(|_| Reason::NoMaximum)
    }

    fn top(&self, metric: Metric, index: usize) -> Result<Analytic, Reason> {
        use Metric as M;
        let (cohort, fits) = (self.estimator.cohort, &self.estimator.fits.models[index]);
        let middle = matches!(metric, M::OddsRatioTopDecileMiddle | M::OddsRatioTopDecileMiddleAdjusted);
        let table = fits.top[usize::from(middle)];
        let adjusted = matches!(metric, M::OddsRatioTopDecileAdjusted | M::OddsRatioTopDecileMiddleAdjusted);
        let plain = table.log_odds(table.needs_firth()).ok_or(Reason::EmptyGroup)?;
        if !adjusted {
            return Ok(Analytic::ratio(plain, self.z));
        }
        let (mut inside, mut weights) = (vec![0.0; cohort.n], vec![1.0; cohort.n]);
        let sorted = cohort.models[index].sorted.as_ref().ok_or(Reason::EmptyGroup)?;
        decile_bins(sorted, &self.everyone.weights, |person, bin| {
            inside[person] = f64::from(u8::from(bin == 3));
            weights[person] = f64::from(u8::from(!middle || bin == 1 || bin == 3));
        });
        let (design, cases) = (&cohort.design, &cohort.outcome);
        let model = LogisticModel { design, predictor: &inside, cases, weights: &weights, offset: None };
        let ln = table.adjusted_log_odds(&model).map_err(|_| Reason::NoMaximum)?;
        Ok(Analytic::ratio(ln, self.z))
    }

    /// Standard error of a least-squares coefficient from the share that it explains of what covariates leave.
    fn effect(&self, index: usize, value: f64) -> Analytic {
        let cohort = self.estimator.cohort;
        let freedom = cohort.n as f64 - cohort.design.len() as f64 - 1.0;
        let partial = self.estimator.partial_r2(index, &self.everyone);
        let t = (partial * freedom / (1.0 - partial)).sqrt();
        let standard_error = value.abs() / t;
        Analytic {
            p: Some((t_two_sided(t, freedom), PMethod::Wald)),
            ..Analytic::wald(value, standard_error, self.z)
        }
    }

    fn expected_over_observed(&self, value: f64) -> Option<Analytic> {
        let (cases, n) = (self.estimator.cohort.cases as f64, self.estimator.cohort.n as f64);
        let standard_error = ln_expected_over_observed_error(cases, n)?;
        Some(Analytic::ratio(LogOdds { estimate: value.ln(), standard_error, firth: false }, self.z))
    }

    fn share_at_threshold(&self, statistic: &Statistic, model: &Model) -> Option<Analytic> {
        let outcome = &self.estimator.cohort.outcome;
        let table = ThresholdTable::new(outcome, &model.values, &self.everyone.weights, statistic.threshold?);
        let (part, whole) = share(statistic.metric, &table);
        let (lower, upper) = wilson(part, whole, self.z)?;
        let estimate = part / whole;
        let standard_error = (estimate * (1.0 - estimate) / whole).sqrt();
        Some(Analytic { estimate, lower, upper, standard_error, p: None, method: IntervalMethod::Wilson })
    }

    fn reclassification(&self, metric: Metric, statistic: &Statistic, index: usize) -> Option<Analytic> {
        if !metric.as_str().contains("reclassification") {
            return None;
        }
        let models = &self.estimator.cohort.models;
        let pair = [&models[index], &models[statistic.versus?]];
        let (estimate, standard_error) = self.estimator.reclassification(metric, pair, &self.everyone)?;
        Some(Analytic::wald(estimate, standard_error, self.z))
    }
}
