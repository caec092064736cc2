//! Regressions in a group, each done once: what analytic intervals and the resamples start from.

use steppe_stats::{
    metrics::{GroupTable, SortedScores, calibration_intercept, calibration_slope},
    regression::{LogisticFit, LogisticModel},
};

use super::cohort::{Cohort, Model};

/// Shares of the people at which the top decile and its reference begin and end.
const DECILES: [f64; 3] = [0.4, 0.6, 0.9];

/// Logistic regressions of the outcome; `None` where one has no maximum.
#[derive(Default)]
pub(super) struct Fits {
    /// On the covariates.
    pub(super) covariates: Option<LogisticFit>,
    /// The latter's linear predictor.
    pub(super) covariates_score: Option<(Vec<f64>, SortedScores)>,
    pub(super) models: Vec<ModelFits>,
}

/// Those of one prediction.
#[derive(Default)]
pub(super) struct ModelFits {
    /// On the prediction alone.
    pub(super) alone: Option<LogisticFit>,
    /// On covariates and prediction.
    pub(super) full: Option<LogisticFit>,
    /// The latter's linear predictor.
    pub(super) full_score: Option<(Vec<f64>, SortedScores)>,
    pub(super) intercept: Option<LogisticFit>,
    pub(super) slope: Option<LogisticFit>,
    /// The top decile against the rest and against the middle.
    pub(super) top: [GroupTable; 2],
}

impl Fits {
    pub(super) fn new(cohort: &Cohort) -> Self {
        if !cohort.is_binary || cohort.cases == 0 || cohort.controls() == 0 {
            let models = cohort.models.iter().map(|_| ModelFits::default()).collect();
            return Self { models, ..Self::default() };
        }
        let ones = &cohort.design[0];
        let covariates = covariates_model(cohort, ones).and_then(|model| LogisticFit::new(&model).ok());
        let covariates_score =
            covariates.as_ref().and_then(|fit| linear_predictor(&cohort.design, &[], &fit.coefficients));
        let models = cohort.models.iter().map(|model| ModelFits::new(cohort, model)).collect();
        Self { covariates, covariates_score, models }
    }
}

impl ModelFits {
    fn new(cohort: &Cohort, model: &Model) -> Self {
        let ones = &cohort.design[0];
        if model.is_absent {
            return Self::default();
        }
        let fit = |model: LogisticModel<'_>| LogisticFit::new(&model).ok();
        let varies = !model.is_constant;
        let alone = varies.then(|| fit(score_model(cohort, model, 1, ones))).flatten();
        let full = (varies && cohort.has_covariates())
            .then(|| fit(score_model(cohort, model, cohort.design.len(), ones)))
            .flatten();
        let full_score = full
            .as_ref()
            .and_then(|fit| linear_predictor(&cohort.design, &model.standard, &fit.coefficients));
        let logits = model.logits.as_deref();
        Self {
            alone,
            full,
            full_score,
            intercept: logits.and_then(|logits| calibration_intercept(&cohort.outcome, logits, ones).ok()),
            slope: logits
                .filter(|_| varies)
                .and_then(|logits| calibration_slope(&cohort.outcome, logits, ones).ok()),
            top: model
                .sorted
                .as_ref()
                .map_or_else(Default::default, |sorted| top_tables(sorted, &cohort.outcome, ones)),
        }
    }
}

/// The outcome on the covariates; `None` without any.
pub(super) fn covariates_model<'a>(cohort: &'a Cohort, weights: &'a [f64]) -> Option<LogisticModel<'a>> {
    let (predictor, design) = cohort.design.split_last()?;
    (!design.is_empty()).then_some(LogisticModel {
        design,
        predictor,
        cases: &cohort.outcome,
        weights,
        offset: None,
    })
}

/// The outcome on a prediction and the first columns of the design.
pub(super) fn score_model<'a>(
    cohort: &'a Cohort,
    model: &'a Model,
    columns: usize,
    weights: &'a [f64],
) -> LogisticModel<'a> {
    let design = &cohort.design[..columns];
    LogisticModel { design, predictor: &model.standard, cases: &cohort.outcome, weights, offset: None }
}

/// Which bin each person is in by the deciles' edges among people who count `weights[i]` times: 1 is the middle fifth, 3 the
/// top decile.
pub(super) fn decile_bins(sorted: &SortedScores, weights: &[f64], visit: impl FnMut(usize, usize)) {
    sorted.for_each_bin(&sorted.quantiles(weights, &DECILES), visit);
}

/// The top decile against the rest, and against the middle fifth.
pub(super) fn top_tables(sorted: &SortedScores, cases: &[f64], weights: &[f64]) -> [GroupTable; 2] {
    let mut counts = [[0.0; 2]; 4];
    decile_bins(sorted, weights, |person, bin| {
        counts[bin][0] += weights[person] * cases[person];
        counts[bin][1] += weights[person] * (1.0 - cases[person]);
    });
    let [below, middle, above, top] = counts;
    let rest = [below[0] + middle[0] + above[0], below[1] + middle[1] + above[1]];
    [rest, middle].map(|reference| GroupTable {
        cases: top[0],
        controls: top[1],
        reference_cases: reference[0],
        reference_controls: reference[1],
    })
}

fn linear_predictor(
    design: &[Vec<f64>],
    predictor: &[f64],
    coefficients: &[f64],
) -> Option<(Vec<f64>, SortedScores)> {
    let mut score = vec![0.0; design.first()?.len()];
    let columns = design.iter().map(Vec::as_slice).chain((!predictor.is_empty()).then_some(predictor));
    for (column, coefficient) in columns.zip(coefficients) {
        score.iter_mut().zip(column).for_each(|(sum, value)| *sum += coefficient * value);
    }
    SortedScores::new(&score).map(|sorted| (score, sorted))
}
