//! The bootstrap of a group: every statistic on the same resamples.

use rayon::prelude::*;
use steppe_stats::{
    regression::LogisticNewton,
    resampling::{Bootstrap, Stream},
};

use super::{Metric, cohort::Cohort, estimator::Estimator};

/// Share of resamples in which a statistic must be defined for an interval.
const DEFINED: f64 = 0.95;

/// How often each person counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Resample {
    pub(super) weights: Vec<f64>,
    /// The weight of a case, else 0.
    pub(super) cases: Vec<f64>,
    /// The weight of a control, else 0.
    pub(super) controls: Vec<f64>,
    pub(super) total: f64,
    pub(super) total_cases: f64,
}

impl Resample {
    /// Splits the weights by class.
    pub(super) fn split(&mut self, cohort: &Cohort) {
        self.cases.clear();
        self.controls.clear();
        if cohort.is_binary {
            self.cases.extend(self.weights.iter().zip(&cohort.outcome).map(|(weight, case)| weight * case));
            self.controls.extend(self.weights.iter().zip(&self.cases).map(|(weight, case)| weight - case));
        }
        self.total = self.weights.iter().sum();
        self.total_cases = self.cases.iter().sum();
    }

    /// Everyone once.
    pub(super) fn everyone(cohort: &Cohort) -> Self {
        let mut this = Self { weights: vec![1.0; cohort.n], ..Self::default() };
        this.split(cohort);
        this
    }
}

/// Which of the metrics: those that resamples within strata are for, those that resamples without are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Stratified,
    Plain,
}

impl Part {
    /// The part that a metric belongs to.
    pub(super) fn of(metric: Metric, cohort: &Cohort) -> Self {
        if cohort.is_binary && !metric.depends_on_case_fraction() { Self::Stratified } else { Self::Plain }
    }
}

/// A statistic's values over the resamples, ascending, without those where it is not defined.
pub(super) struct Replicates {
    values: Vec<f64>,
    resamples: usize,
}

/// What an interval is made of.
pub(super) struct Percentiles {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) standard_error: f64,
}

impl Replicates {
    /// Of a statistic's values where it is defined.
    pub(super) fn new(mut values: Vec<f64>, resamples: usize) -> Self {
        values.sort_by(f64::total_cmp);
        Self { values, resamples }
    }

    /// The middle share of the values, and their standard deviation, that of their logarithms for a ratio. An error are the
    /// resamples without a value, where there are too many.
    pub(super) fn percentiles(&self, confidence: f64, is_ratio: bool) -> Result<Percentiles, usize> {
        let undefined = self.resamples - self.values.len();
        if self.values.len() < 2 || (self.values.len() as f64) < DEFINED * self.resamples as f64 {
            return Err(undefined);
        }
        let scaled = |value: &f64| if is_ratio { value.ln() } else { *value };
        let n = self.values.len() as f64;
        let mean = self.values.iter().map(scaled).sum::<f64>() / n;
        let squares: f64 = self.values.iter().map(|value| (scaled(value) - mean).powi(2)).sum();
        Ok(Percentiles {
            lower: self.quantile(0.5 - 0.5 * confidence),
            upper: self.quantile(0.5 + 0.5 * confidence),
            standard_error: (squares / (n - 1.0)).sqrt(),
        })
    }

    /// R's type 7.
    fn quantile(&self, share: f64) -> f64 {
        let position = (self.values.len() - 1) as f64 * share;
        let (lower, part) = (position.floor() as usize, position.fract());
        let upper = (lower + 1).min(self.values.len() - 1);
        self.values[lower] + part * (self.values[upper] - self.values[lower])
    }
}

/// Buffers of one thread.
#[derive(Default)]
struct Scratch {
    resample: Resample,
    newton: LogisticNewton,
}

/// Draws the resamples and computes all open statistics on each. A resample's draw depends on seed and index alone.
pub(super) fn replicates(estimator: &Estimator<'_>) -> Vec<Replicates> {
    let (cohort, resamples) = (estimator.cohort, estimator.options.resamples);
    let family = cohort.family.as_deref();
    let stratified = Bootstrap::new(cohort.n, Some(&cohort.case), family);
    let plain = Bootstrap::new(cohort.n, None, family);
    let parts = [(Part::Stratified, stratified), (Part::Plain, plain)];
    let needed = |part: Part| {
        let mut open = estimator.statistics.iter().filter(|statistic| statistic.closed.is_none());
        open.any(|statistic| Part::of(statistic.metric, cohort) == part)
    };
    let parts: Vec<_> = parts.into_iter().enumerate().filter(|(_, (part, _))| needed(*part)).collect();
    let rows: Vec<Vec<f64>> = (0..resamples)
        .into_par_iter()
        .map_init(Scratch::default, |scratch, index| {
            let mut values = vec![f64::NAN; estimator.statistics.len()];
            for (purpose, (part, bootstrap)) in &parts {
                let mut stream = Stream::new(estimator.options.seed, *purpose as u64, index as u64);
                bootstrap.draw(&mut stream, &mut scratch.resample.weights);
                scratch.resample.split(cohort);
                estimator.estimate(&scratch.resample, *part, &mut scratch.newton, &mut values);
            }
            values
        })
        .collect();
    (0..estimator.statistics.len())
        .map(|statistic| {
            let values = rows.iter().map(|row| row[statistic]).filter(|value| value.is_finite());
            Replicates::new(values.collect(), resamples)
        })
        .collect()
}
