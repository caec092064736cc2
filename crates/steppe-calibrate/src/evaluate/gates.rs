//! Which metrics there are for a group's data, and what a metric needs to have a number.

use super::{
    EvaluationOptions, Metric, PredictionKind, Reason,
    cohort::{Cohort, Model},
};

/// Metrics of one prediction that make sense for this kind of outcome and prediction, in the order of the result.
pub(super) fn of_model(cohort: &Cohort, model: &Model, options: &EvaluationOptions) -> Vec<Metric> {
    use Metric as M;
    let mut metrics = Vec::new();
    let with = cohort.has_covariates();
    let mut add = |when: bool, of: &[Metric]| metrics.extend(of.iter().copied().filter(|_| when));
    let binary = cohort.is_binary;
    add(binary, &[M::Auc]);
    add(binary && with, &[M::AucFull, M::AucGain]);
    add(binary, &[M::OddsRatioPerSd]);
    add(binary && with, &[M::OddsRatioPerSdAdjusted]);
    add(binary, &[M::OddsRatioTopDecile]);
    add(binary && with, &[M::OddsRatioTopDecileAdjusted]);
    add(binary, &[M::OddsRatioTopDecileMiddle]);
    add(binary && with, &[M::OddsRatioTopDecileMiddleAdjusted]);
    add(!binary, &[M::EffectPerSd]);
    add(true, &[M::R2]);
    add(with, &[M::R2Full, M::R2Incremental, M::R2Partial]);
    add(binary, &[M::R2Nagelkerke]);
    add(binary && with, &[M::R2NagelkerkeIncremental]);
    add(binary, &[M::R2Liability]);
    add(binary && with, &[M::R2LiabilityIncremental]);
    let risk = binary && model.kind == PredictionKind::Risk;
    add(risk, &[M::Brier, M::ScaledBrier, M::CalibrationIntercept, M::CalibrationSlope]);
    add(risk, &[M::ExpectedOverObserved, M::CalibrationError]);
    if risk {
        for _ in &options.thresholds {
            metrics.extend([M::Sensitivity, M::Specificity, M::PositivePredictiveValue]);
        }
    }
    metrics
}

/// Metrics of two predictions.
pub(super) fn of_pair(cohort: &Cohort, models: [&Model; 2], options: &EvaluationOptions) -> Vec<Metric> {
    use Metric as M;
    let mut metrics = Vec::new();
    let risks = cohort.is_binary && models.iter().all(|model| model.kind == PredictionKind::Risk);
    let mut add = |when: bool, of: &[Metric]| metrics.extend(of.iter().copied().filter(|_| when));
    add(cohort.is_binary, &[M::AucDifference]);
    add(true, &[M::R2Difference]);
    add(cohort.has_covariates(), &[M::R2IncrementalDifference]);
    add(risks, &[M::BrierDifference]);
    let against_baseline = risks && options.baseline.is_some();
    let categories = against_baseline && !options.thresholds.is_empty();
    add(categories, &[M::NetReclassification, M::NetReclassificationCases, M::NetReclassificationControls]);
    let parts = [M::ContinuousReclassificationCases, M::ContinuousReclassificationControls];
    add(against_baseline, &[M::ContinuousReclassification]);
    add(against_baseline, &parts);
    metrics
}

/// Why a metric of some predictions (two for a difference, none for the covariates' own) has no number here.
pub(super) fn reason(
    metric: Metric,
    cohort: &Cohort,
    models: &[&Model],
    prevalence: Option<f64>,
    options: &EvaluationOptions,
) -> Option<Reason> {
    if models.iter().any(|model| model.is_absent) {
        return Some(Reason::NoValues);
    }
    of_counts(metric, cohort, options).or_else(|| {
        if matches!(metric, Metric::R2Liability | Metric::R2LiabilityIncremental) && prevalence.is_none() {
            return Some(Reason::NoPrevalence);
        }
        models.iter().find_map(|model| of_values(metric, model))
    })
}

fn of_counts(metric: Metric, cohort: &Cohort, options: &EvaluationOptions) -> Option<Reason> {
    use Metric as M;
    let minimal = &options.minimal;
    let needed = match metric {
        M::CalibrationSlope | M::CalibrationError => minimal.calibration,
        M::Auc | M::AucCovariates | M::AucFull | M::AucGain | M::AucDifference => minimal.discrimination,
        M::OddsRatioTopDecile
        | M::OddsRatioTopDecileAdjusted
        | M::OddsRatioTopDecileMiddle
        | M::OddsRatioTopDecileMiddleAdjusted
        | M::NetReclassification
        | M::NetReclassificationCases
        | M::NetReclassificationControls
        | M::ContinuousReclassification
        | M::ContinuousReclassificationCases
        | M::ContinuousReclassificationControls => minimal.discrimination,
        _ => 0,
    };
    if cohort.is_binary {
        if cohort.cases < needed {
            return Some(Reason::TooFewCases { found: cohort.cases, needed });
        }
        if cohort.controls() < needed {
            return Some(Reason::TooFewControls { found: cohort.controls(), needed });
        }
    }
    // A regression needs more people than it has coefficients.
    let coefficients = cohort.design.len() + 3;
    let people = match metric {
        metric if metric.as_str().starts_with("r2") => minimal.people.max(coefficients),
        M::EffectPerSd => coefficients,
        _ => 1,
    };
    if cohort.n < people {
        return Some(Reason::TooFewPeople { found: cohort.n, needed: people });
    }
    if cohort.is_binary && (cohort.cases == 0 || cohort.controls() == 0) {
        return Some(Reason::OneClass);
    }
    let constant = cohort.standard_outcome.iter().all(|value| *value == 0.0);
    constant.then_some(Reason::ConstantOutcome)
}

fn of_values(metric: Metric, model: &Model) -> Option<Reason> {
    use Metric as M;
    let needs_risk = matches!(
        metric,
        M::Brier
            | M::ScaledBrier
            | M::BrierDifference
            | M::CalibrationIntercept
            | M::CalibrationSlope
            | M::ExpectedOverObserved
            | M::CalibrationError
            | M::Sensitivity
            | M::Specificity
            | M::PositivePredictiveValue
    ) || metric.as_str().contains("reclassification");
    if needs_risk && model.outside > 0 {
        return Some(Reason::NotARisk { people: model.outside });
    }
    let needs_logit = matches!(metric, M::CalibrationIntercept | M::CalibrationSlope);
    if needs_logit && model.certain > 0 {
        return Some(Reason::CertainRisk { people: model.certain });
    }
    let takes_constant = needs_risk && metric != M::CalibrationSlope;
    (model.is_constant && !takes_constant).then_some(Reason::ConstantPrediction)
}
