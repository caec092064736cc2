//! What the evaluation's tests share: small cohorts drawn with a seed, and rows found by name.

use steppe_calibrate::evaluate::{
    Evaluation, EvaluationInput, EvaluationOptions, IntervalMethod, Metric, MetricRow, Outcome, Prediction,
    PredictionKind,
};
use steppe_stats::resampling::Stream;

/// People with a binary outcome that follows from `risk`, a noisier risk, and a score.
pub(super) struct Cohort {
    pub(super) case: Vec<Option<bool>>,
    pub(super) risk: Vec<f64>,
    pub(super) noisy: Vec<f64>,
    pub(super) score: Vec<f64>,
    pub(super) age: Vec<f64>,
}

impl Cohort {
    /// `n` people; the logit of the risk is `intercept + slope · score + 0.3 · age` with both standard normal.
    pub(super) fn new(n: usize, intercept: f64, slope: f64, seed: u64) -> Self {
        let mut stream = Stream::new(seed, 77, 0);
        let mut this = Self {
            case: Vec::new(),
            risk: Vec::new(),
            noisy: Vec::new(),
            score: Vec::new(),
            age: Vec::new(),
        };
        for _ in 0..n {
            let (score, age, noise) = (stream.normal(), stream.normal(), stream.normal());
            let eta = intercept + slope * score + 0.3 * age;
            let risk = 1.0 / (1.0 + (-eta).exp());
            this.case.push(Some(stream.uniform() < risk));
            this.risk.push(risk);
            this.noisy.push(1.0 / (1.0 + (-eta - 0.7 * noise).exp()));
            this.score.push(score);
            this.age.push(age);
        }
        this
    }

    pub(super) fn predictions(&self) -> [Prediction<'_>; 3] {
        [
            Prediction { name: "score", kind: PredictionKind::Score, values: &self.score },
            Prediction { name: "risk", kind: PredictionKind::Risk, values: &self.risk },
            Prediction { name: "noisy", kind: PredictionKind::Risk, values: &self.noisy },
        ]
    }
}

/// Everything about people but outcome and predictions left out.
pub(super) fn plain<'a>(outcome: Outcome<'a>, predictions: &'a [Prediction<'a>]) -> EvaluationInput<'a> {
    EvaluationInput { outcome, predictions, covariates: &[], population: None, distance: None, family: None }
}

/// Few resamples, no permutations.
pub(super) fn quick() -> EvaluationOptions {
    EvaluationOptions { resamples: 100, permutations: 0, ..EvaluationOptions::default() }
}

/// The row of a metric, by how its interval was made.
pub(super) fn row<'a>(
    evaluation: &'a Evaluation,
    group: &'a str,
    model: &'a str,
    metric: Metric,
    method: Option<IntervalMethod>,
) -> &'a MetricRow {
    let mut rows =
        evaluation.rows(group, model, metric).filter(|row| method.is_none() || row.method == method);
    rows.next().unwrap_or_else(|| panic!("no {metric:?} of {model} in {group} by {method:?}"))
}
