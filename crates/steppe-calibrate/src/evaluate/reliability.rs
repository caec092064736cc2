//! The reliability curve of a risk in a group.

use steppe_stats::metrics::{reliability_bins, wilson};

use super::{EvaluationOptions, PredictionKind, ReliabilityRow, cohort::Cohort, groups::Group};

/// Points of the curves of all risks that are risks, where there are enough cases for a calibration error.
pub(super) fn rows(
    cohort: &Cohort,
    group: &Group,
    options: &EvaluationOptions,
    z: f64,
) -> Vec<ReliabilityRow> {
    let enough = cohort.cases.min(cohort.controls()) >= options.minimal.calibration;
    if !cohort.is_binary || !enough {
        return Vec::new();
    }
    let is_curve = |model: &&super::cohort::Model| model.kind == PredictionKind::Risk && model.outside == 0;
    let mut rows = Vec::new();
    for model in cohort.models.iter().filter(is_curve) {
        let Some(sorted) = &model.sorted else { continue };
        let ones = vec![1.0; cohort.n];
        let bins = reliability_bins(sorted, &model.values, &cohort.outcome, &ones, options.reliability_bins);
        for (index, bin) in bins.iter().enumerate() {
            let Some((lower, upper)) = wilson(bin.cases, bin.n, z) else { continue };
            rows.push(ReliabilityRow {
                grouping: group.grouping,
                group: group.label.clone(),
                model: model.name.clone(),
                bin: index + 1,
                n: bin.n as usize,
                cases: bin.cases as usize,
                mean_risk: bin.mean_risk,
                observed: bin.observed(),
                lower,
                upper,
            });
        }
    }
    rows
}
