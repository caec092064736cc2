//! The numbers that a group's table will have.

use super::{EvaluationOptions, Metric, Reason, cohort::Cohort, gates};

/// A metric of a prediction, or of two, or of the covariates.
#[derive(Clone, Debug)]
pub(super) struct Statistic {
    pub(super) metric: Metric,
    /// `None` for the covariates alone.
    pub(super) model: Option<usize>,
    pub(super) versus: Option<usize>,
    pub(super) threshold: Option<f64>,
    /// Why there will be no number.
    pub(super) closed: Option<Reason>,
}

/// All statistics of a group, in the order of the result: covariates, predictions, then pairs.
pub(super) fn statistics(
    cohort: &Cohort,
    prevalence: Option<f64>,
    options: &EvaluationOptions,
) -> Vec<Statistic> {
    let mut statistics = Vec::new();
    let mut add = |metric, model: Option<usize>, versus: Option<usize>, threshold| {
        let models: Vec<_> = model.into_iter().chain(versus).map(|index| &cohort.models[index]).collect();
        let closed = gates::reason(metric, cohort, &models, prevalence, options);
        statistics.push(Statistic { metric, model, versus, threshold, closed });
    };
    if cohort.has_covariates() {
        if cohort.is_binary {
            add(Metric::AucCovariates, None, None, None);
        }
        add(Metric::R2Covariates, None, None, None);
    }
    for (index, model) in cohort.models.iter().enumerate() {
        let mut thresholds = options.thresholds.iter().flat_map(|threshold| [*threshold; 3]);
        for metric in gates::of_model(cohort, model, options) {
            let threshold = metric.has_threshold().then(|| thresholds.next()).flatten();
            add(metric, Some(index), None, threshold);
        }
    }
    for (first, second) in pairs(cohort, options) {
        for metric in gates::of_pair(cohort, [&cohort.models[first], &cohort.models[second]], options) {
            add(metric, Some(first), Some(second), None);
        }
    }
    statistics
}

/// Pairs that are compared: each with the baseline, or each with each that comes later.
pub(super) fn pairs(cohort: &Cohort, options: &EvaluationOptions) -> Vec<(usize, usize)> {
    let count = cohort.models.len();
    let baseline = options.baseline.as_ref();
    let baseline = baseline.and_then(|name| cohort.models.iter().position(|model| model.name == *name));
    match baseline {
        Some(baseline) => {
            (0..count).filter(|model| *model != baseline).map(|model| (model, baseline)).collect()
        }
        None => (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second))).collect(),
    }
}
