//! Odds ratios of a score.

use crate::regression::{Diverged, FirthFit, LogisticFit, LogisticModel};

/// The logarithm of an odds ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogOdds {
    /// ln(odds ratio).
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// By Firth's penalised likelihood.
    pub firth: bool,
}

/// Sample standard deviation (divisor n − 1) of values that count `weights[i]` times. `None` for fewer than two, and for
/// values that are all alike.
pub fn sd_of(values: &[f64], weights: &[f64]) -> Option<f64> {
    let n: f64 = weights.iter().sum();
    let mean = values.iter().zip(weights).map(|(value, weight)| weight * value).sum::<f64>() / n;
    let squares: f64 = values.iter().zip(weights).map(|(value, w)| w * (value - mean) * (value - mean)).sum();
    let sd = (squares / (n - 1.0)).sqrt();
    (n > 1.0 && sd > f64::EPSILON * mean.abs()).then_some(sd)
}

/// Odds ratio for one `sd` of the model's last column, Wald's standard error; Firth's estimate where the likelihood has no
/// maximum because the classes are separated.
///
/// # Errors
/// Where predictors depend on each other, or a class is absent.
pub fn odds_ratio_per_sd(model: &LogisticModel<'_>, sd: f64) -> Result<LogOdds, Diverged> {
    let last = model.width() - 1;
    match LogisticFit::new(model) {
        Ok(fit) => Ok(LogOdds {
            estimate: fit.coefficients[last] * sd,
            standard_error: fit.standard_error(last) * sd,
            firth: false,
        }),
        Err(_) => firth(model, sd),
    }
}

fn firth(model: &LogisticModel<'_>, sd: f64) -> Result<LogOdds, Diverged> {
    let counted = |sample: &usize| model.weights[*sample] > 0.0;
    let cases = (0..model.cases.len()).filter(counted).filter(|sample| model.cases[*sample] > 0.0).count();
    if cases == 0 || cases == (0..model.cases.len()).filter(counted).count() {
        return Err(Diverged);
    }
    let mut fit = FirthFit::default();
    fit.maximise(model)?;
    let last = model.width() - 1;
    let standard_error = fit.inverse[last * (model.width() + 1)].sqrt() * sd;
    if fit.unfinished {
        Err(Diverged)
    } else {
        Ok(LogOdds { estimate: fit.beta[last] * sd, standard_error, firth: true })
    }
}

/// A group of samples against a reference group.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct GroupTable {
    /// Cases of the group.
    pub cases: f64,
    /// Controls of the group.
    pub controls: f64,
    /// Cases of the reference.
    pub reference_cases: f64,
    /// Controls of the reference.
    pub reference_controls: f64,
}

impl GroupTable {
    /// Cases in a cell below which the likelihood's estimate is not to be had.
    pub const FIRTH_BELOW: f64 = 10.0;

    /// Whether there are so few cases that Firth's estimate is called for.
    pub fn needs_firth(&self) -> bool {
        self.cases < Self::FIRTH_BELOW || self.reference_cases < Self::FIRTH_BELOW
    }

    /// ln(odds ratio) with Wald's standard error. Firth's for a group and nothing else is known in closed form: half a sample
    /// more in each cell. `None` where group or reference is empty, or a cell is and `firth` is false.
    pub fn log_odds(&self, firth: bool) -> Option<LogOdds> {
        let add = if firth { 0.5 } else { 0.0 };
        let side = |cases: f64, controls: f64| {
            let n = cases + controls;
            let (cases, controls) = (cases + add, controls + add);
            let share = cases / (cases + controls);
            (n > 0.0 && cases > 0.0 && controls > 0.0)
                .then(|| ((cases / controls).ln(), 1.0 / (n * share * (1.0 - share))))
        };
        let (odds, variance) = side(self.cases, self.controls)?;
        let (reference, reference_variance) = side(self.reference_cases, self.reference_controls)?;
        let standard_error = (variance + reference_variance).sqrt();
        Some(LogOdds { estimate: odds - reference, standard_error, firth })
    }

    /// The same given covariates: the model's last column is 1 for the group and 0 for the reference, others have weight 0.
    ///
    /// # Errors
    /// As [`odds_ratio_per_sd`].
    pub fn adjusted_log_odds(&self, model: &LogisticModel<'_>) -> Result<LogOdds, Diverged> {
        if self.needs_firth() { firth(model, 1.0) } else { odds_ratio_per_sd(model, 1.0) }
    }
}
