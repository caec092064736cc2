//! Tables of two populations against scikit-learn, statsmodels and numpy; `tests/oracles/evaluate.py` made people and
//! expected values.

use std::collections::BTreeMap;

use steppe_calibrate::evaluate::{
    Covariate, Evaluation, EvaluationInput, EvaluationOptions, Grouping, IntervalMethod, LeftOutReason,
    Outcome, Prediction, PredictionKind, Status, evaluate,
};

struct People {
    population: Vec<Option<String>>,
    columns: BTreeMap<String, Vec<f64>>,
}

impl People {
    fn new() -> Self {
        let mut lines = include_str!("../expected/evaluate/people.tsv").lines();
        let names: Vec<&str> = lines.next().expect("a header").split('\t').skip(1).collect();
        let (mut population, mut columns) = (Vec::new(), BTreeMap::<String, Vec<f64>>::new());
        for line in lines {
            let mut cells = line.split('\t');
            population.push(cells.next().map(str::to_owned));
            for (name, cell) in names.iter().zip(cells) {
                let value = if cell == "NA" { f64::NAN } else { cell.parse().expect("a number") };
                columns.entry((*name).to_owned()).or_default().push(value);
            }
        }
        Self { population, columns }
    }

    fn evaluate(&self, outcome: &str) -> Evaluation {
        let binary: Vec<Option<bool>> =
            self.columns["case"].iter().map(|case| (!case.is_nan()).then_some(*case > 0.0)).collect();
        let prediction = |name, kind| Prediction { name, kind, values: &self.columns[name] };
        let predictions = [
            prediction("score", PredictionKind::Score),
            prediction("pooled", PredictionKind::Risk),
            prediction("local", PredictionKind::Risk),
        ];
        let covariates = ["age", "sex"].map(|name| Covariate { name, values: &self.columns[name] });
        let input = EvaluationInput {
            outcome: match outcome {
                "case" => Outcome::Binary(&binary),
                name => Outcome::Quantitative(&self.columns[name]),
            },
            predictions: &predictions,
            covariates: &covariates,
            population: Some(&self.population),
            distance: None,
            family: None,
        };
        let options = EvaluationOptions {
            resamples: 40,
            permutations: 20,
            prevalence: Some(0.1),
            thresholds: vec![0.3],
            baseline: Some("pooled".to_owned()),
            ..EvaluationOptions::default()
        };
        evaluate(&input, &options).expect("valid")
    }
}

#[test]
fn tables_are_scikit_learns_and_statsmodels() {
    let people = People::new();
    let (binary, quantitative) = (people.evaluate("case"), people.evaluate("trait"));
    let mut checked = 0;
    for line in include_str!("../expected/evaluate/expected.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [group, outcome, model, metric, estimate, error] = cells[..] else { panic!("bad row: {line}") };
        let number = |text: &str| text.parse::<f64>().expect("a number");
        let evaluation = if outcome == "case" { &binary } else { &quantitative };
        if metric == "n" {
            let summary = evaluation.groups.iter().find(|summary| summary.group == group).expect("the group");
            assert_eq!(summary.n as f64, number(estimate), "{line}");
            continue;
        }
        let (model, versus) = match model.split_once('-') {
            Some(("", _)) => (None, None),
            Some((model, versus)) => (Some(model), Some(versus)),
            None => (Some(model), None),
        };
        let mut rows = evaluation.metrics.iter().filter(|row| {
            row.group == group
                && row.model.as_deref() == model
                && row.versus.as_deref() == versus
                && row.metric.as_str() == metric
        });
        let close = |found: f64, expected: f64| {
            let error = (found - expected).abs() / expected.abs().max(1e-3);
            assert!(error <= 1e-8, "{line}: {found}, error {error:.1e}");
        };
        let first = rows.next().unwrap_or_else(|| panic!("no row for {line}"));
        assert_eq!(first.status, Status::Ok, "{line}: {:?}", first.reason);
        close(first.estimate.expect("a number"), number(estimate));
        if !number(error).is_nan() {
            assert_eq!(first.method, Some(IntervalMethod::Wald), "{line}");
            close(first.standard_error.expect("an error"), number(error));
        }
        for row in rows {
            assert_eq!(row.estimate, first.estimate, "{line}: one estimate for all intervals");
        }
        checked += 1;
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn people_left_out_are_counted() {
    let people = People::new();
    let evaluation = people.evaluate("case");
    for summary in &evaluation.groups {
        let total = match summary.grouping {
            Grouping::All => people.population.len(),
            _ => people.population.iter().filter(|label| label.as_deref() == Some(&summary.group)).count(),
        };
        let left_out: usize = summary.left_out.iter().map(|left_out| left_out.people).sum();
        assert_eq!(summary.n + left_out, total, "{summary:?}");
        assert!(summary.left_out.iter().any(|left_out| left_out.reason == LeftOutReason::NoOutcome));
        let score = LeftOutReason::NoPrediction("score".to_owned());
        assert!(summary.left_out.iter().any(|left_out| left_out.reason == score));
    }
    // Numbers can lose their last bit on the way.
    let json = serde_json::to_string(&evaluation).expect("serialised");
    let read: Evaluation = serde_json::from_str(&json).expect("read again");
    assert_eq!((&read.groups, &read.warnings), (&evaluation.groups, &evaluation.warnings));
    assert_eq!(
        (read.metrics.len(), read.reliability.len()),
        (evaluation.metrics.len(), evaluation.reliability.len())
    );
    for row in &evaluation.metrics {
        assert_eq!(serde_json::to_value(row.metric).expect("a name"), row.metric.as_str());
    }
}
