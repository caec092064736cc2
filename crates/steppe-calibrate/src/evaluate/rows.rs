//! A group's table: each statistic with its intervals, or with the reason why it has none.

use steppe_stats::{distributions::normal_quantile, regression::LogisticNewton};

use super::{
    Evaluation, EvaluationOptions, IntervalMethod, Metric, MetricRow, PMethod, Reason, Status, Warning,
    analytic::{Analytic, Analytics},
    cohort::Cohort,
    deciles,
    estimator::Estimator,
    fits::Fits,
    groups::Group,
    permutation::{PermutationP, permutation_p},
    reliability,
    resamples::{Part, Replicates, Resample, replicates},
    statistic::{Statistic, statistics},
    survival,
};

/// A group and how it is evaluated.
pub(super) struct GroupRows<'a> {
    cohort: &'a Cohort,
    group: &'a Group,
    options: &'a EvaluationOptions,
    z: f64,
}

impl<'a> GroupRows<'a> {
    pub(super) fn new(cohort: &'a Cohort, group: &'a Group, options: &'a EvaluationOptions) -> Self {
        Self { cohort, group, options, z: normal_quantile(0.5 + 0.5 * options.confidence) }
    }

    /// Adds all that there is to say of the group.
    pub(super) fn add_to(&self, evaluation: &mut Evaluation) {
        if self.cohort.events.is_some() {
            evaluation.metrics.extend(survival::rows(self.cohort, self.group, self.options));
            return;
        }
        self.warn_of_imbalance(&mut evaluation.warnings);
        evaluation.deciles.extend(deciles::rows(self.cohort, self.group, self.options, self.z));
        let statistics = statistics(self.cohort, self.group.prevalence, self.options);
        if statistics.iter().all(|statistic| statistic.closed.is_some()) {
            let closed = statistics.iter().map(|s| self.without_number(s, s.closed.clone()));
            evaluation.metrics.extend(closed);
            return;
        }
        let fits = Fits::new(self.cohort);
        let estimator = Estimator::new(self.cohort, &fits, &statistics, self.group.prevalence, self.options);
        let values = self.values(&estimator);
        let replicates = replicates(&estimator);
        let p = if self.options.permutations > 0 {
            permutation_p(self.cohort, self.options)
        } else {
            PermutationP::default()
        };
        let analytics = Analytics::new(&estimator, self.z);
        for ((statistic, value), replicates) in statistics.iter().zip(values).zip(&replicates) {
            if statistic.closed.is_some() {
                evaluation.metrics.push(self.without_number(statistic, statistic.closed.clone()));
                continue;
            }
            let analytic = analytics.interval(statistic, value);
            let mut rows = self.with_number(statistic, value, analytic, replicates);
            if let Some(p) = permuted(&p, statistic) {
                rows.iter_mut().filter(|row| row.estimate.is_some()).for_each(|row| {
                    (row.p, row.p_method) = (Some(p), Some(PMethod::Permutation));
                });
            }
            evaluation.metrics.extend(rows);
        }
        evaluation.reliability.extend(reliability::rows(self.cohort, self.group, self.options, self.z));
    }

    /// The statistics on the people themselves.
    fn values(&self, estimator: &Estimator<'_>) -> Vec<f64> {
        let mut values = vec![f64::NAN; estimator.statistics.len()];
        let (everyone, mut newton) = (Resample::everyone(self.cohort), LogisticNewton::default());
        for part in [Part::Stratified, Part::Plain] {
            estimator.estimate(&everyone, part, &mut newton, &mut values);
        }
        values
    }

    fn warn_of_imbalance(&self, warnings: &mut Vec<Warning>) {
        let (cases, controls) = (self.cohort.cases, self.cohort.controls());
        let rarer = cases.min(controls);
        if self.cohort.is_binary
            && rarer > 0
            && (rarer as f64) < self.options.imbalance * self.cohort.n as f64
        {
            warnings.push(Warning::ClassImbalance { group: self.group.label.clone(), cases, controls });
        }
    }

    /// One row per method of interval.
    fn with_number(
        &self,
        statistic: &Statistic,
        value: f64,
        analytic: Result<Option<Analytic>, Reason>,
        replicates: &Replicates,
    ) -> Vec<MetricRow> {
        let (analytic, reason) = match analytic {
            Ok(analytic) => (analytic, Reason::NotANumber),
            Err(reason) => (None, reason),
        };
        let estimate = analytic.as_ref().map_or(value, |analytic| analytic.estimate);
        if !estimate.is_finite() {
            return vec![self.without_number(statistic, Some(reason))];
        }
        let mut rows: Vec<MetricRow> =
            analytic.map(|analytic| self.analytic_row(statistic, analytic)).into_iter().collect();
        if statistic.metric.has_resamples() && self.options.resamples > 0 {
            rows.push(self.bootstrap_row(statistic, estimate, replicates));
        }
        if rows.is_empty() {
            rows.push(MetricRow {
                estimate: Some(estimate),
                status: Status::Ok,
                ..self.without_number(statistic, None)
            });
        }
        rows
    }

    fn analytic_row(&self, statistic: &Statistic, analytic: Analytic) -> MetricRow {
        let finite = |value: f64| value.is_finite().then_some(value);
        MetricRow {
            estimate: Some(analytic.estimate),
            lower: finite(analytic.lower),
            upper: finite(analytic.upper),
            standard_error: finite(analytic.standard_error),
            p: analytic.p.and_then(|(p, _)| finite(p)),
            p_method: analytic.p.filter(|(p, _)| p.is_finite()).map(|(_, method)| method),
            status: Status::Ok,
            method: Some(analytic.method),
            ..self.without_number(statistic, None)
        }
    }

    fn bootstrap_row(&self, statistic: &Statistic, estimate: f64, replicates: &Replicates) -> MetricRow {
        let plain = Part::of(statistic.metric, self.cohort) == Part::Plain;
        let method = if plain { IntervalMethod::Bootstrap } else { IntervalMethod::BootstrapStratified };
        let percentiles = replicates.percentiles(self.options.confidence, statistic.metric.is_ratio());
        let (percentiles, undefined) = (percentiles.as_ref().ok(), percentiles.as_ref().err());
        MetricRow {
            estimate: Some(estimate),
            lower: percentiles.map(|percentiles| percentiles.lower),
            upper: percentiles.map(|percentiles| percentiles.upper),
            standard_error: percentiles.map(|percentiles| percentiles.standard_error),
            status: Status::Ok,
            reason: undefined.map(|undefined| Reason::UndefinedResamples {
                undefined: *undefined,
                of: self.options.resamples,
            }),
            method: Some(method),
            ..self.without_number(statistic, None)
        }
    }

    fn without_number(&self, statistic: &Statistic, reason: Option<Reason>) -> MetricRow {
        let name = |index: usize| self.cohort.models[index].name.clone();
        MetricRow {
            model: statistic.model.map(name),
            versus: statistic.versus.map(name),
            threshold: statistic.threshold,
            cases: self.cohort.is_binary.then_some(self.cohort.cases),
            status: reason.as_ref().map_or(Status::Undefined, Reason::status),
            reason,
            ..blank(self.cohort, self.group, statistic.metric)
        }
    }
}

/// A row of a group that has no number yet, and names no prediction.
pub(super) fn blank(cohort: &Cohort, group: &Group, metric: Metric) -> MetricRow {
    MetricRow {
        grouping: group.grouping,
        group: group.label.clone(),
        model: None,
        versus: None,
        metric,
        threshold: None,
        estimate: None,
        lower: None,
        upper: None,
        standard_error: None,
        p: None,
        p_method: None,
        n: cohort.n,
        cases: None,
        effective_n: cohort.effective_n(),
        status: Status::Undefined,
        reason: None,
        method: None,
    }
}

fn permuted(p: &PermutationP, statistic: &Statistic) -> Option<f64> {
    let of = |values: &[Option<f64>]| values.get(statistic.model?).copied().flatten();
    match statistic.metric {
        Metric::Auc => of(&p.auc),
        Metric::R2 => of(&p.r2),
        Metric::R2Incremental => of(&p.incremental),
        _ => None,
    }
}
