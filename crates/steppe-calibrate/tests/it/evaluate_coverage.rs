//! How often 95 % intervals hold the truth, in cohorts drawn from models whose metrics are known in closed form.

use std::collections::BTreeMap;

use steppe_calibrate::evaluate::{
    EvaluationOptions, IntervalMethod, Metric, Outcome, Prediction, PredictionKind, evaluate,
};
use steppe_stats::{distributions::normal_cumulative, resampling::Stream};

use super::evaluate_support::plain;

const COHORTS: u64 = 240;

/// Shares of cohorts that an interval of nominal 95 % may hold the truth in: three standard errors of 240 draws, and a
/// percentage point for what percentiles lose in samples of this size.
const ALLOWED: std::ops::RangeInclusive<f64> = 0.898..=0.993;

fn options() -> EvaluationOptions {
    EvaluationOptions { resamples: 200, permutations: 0, pooled: true, ..EvaluationOptions::default() }
}

#[derive(Default)]
struct Coverage(BTreeMap<String, (u32, u32)>);

impl Coverage {
    fn add(&mut self, name: String, lower: Option<f64>, upper: Option<f64>, truth: f64) {
        let counts = self.0.entry(name).or_default();
        counts.1 += 1;
        counts.0 +=
            u32::from(lower.is_some_and(|lower| lower <= truth) && upper.is_some_and(|upper| truth <= upper));
    }

    fn check(&self, intervals: usize) {
        assert_eq!(self.0.len(), intervals, "{:?}", self.0.keys());
        let share = |(inside, all): (u32, u32)| f64::from(inside) / f64::from(all);
        let bad: Vec<_> = self.0.iter().filter(|(_, counts)| !ALLOWED.contains(&share(**counts))).collect();
        assert!(bad.is_empty(), "{bad:?} of {:?}", self.0);
    }
}

/// Cases' and controls' scores are normal, a standard deviation of 1 each and their means `d` apart: the area is Φ(d/√2),
/// the log odds ratio per standard deviation `d`, and two equally noisy copies have equal areas.
#[test]
fn discrimination() {
    let d: f64 = 0.7;
    let mut coverage = Coverage::default();
    for index in 0..COHORTS {
        let mut stream = Stream::new(31, 0, index);
        let case: Vec<Option<bool>> = (0..400).map(|person| Some(person % 3 == 0)).collect();
        let score: Vec<f64> =
            case.iter().map(|case| if *case == Some(true) { d } else { 0.0 } + stream.normal()).collect();
        let mut noisy = || -> Vec<f64> { score.iter().map(|score| score + stream.normal()).collect() };
        let (one, two) = (noisy(), noisy());
        let kind = PredictionKind::Score;
        let predictions = [("score", &score), ("one", &one), ("two", &two)]
            .map(|(name, values)| Prediction { name, kind, values });
        let evaluation = evaluate(&plain(Outcome::Binary(&case), &predictions), &options()).expect("valid");
        for (model, metric, truth) in [
            ("score", Metric::Auc, normal_cumulative(d / 2.0_f64.sqrt())),
            ("one", Metric::Auc, normal_cumulative(d / 2.0)),
            ("score", Metric::OddsRatioPerSd, d.exp()),
        ] {
            for row in evaluation.rows("all", model, metric) {
                coverage.add(format!("{model} {metric:?} {:?}", row.method), row.lower, row.upper, truth);
            }
        }
        let equal = |row: &&steppe_calibrate::evaluate::MetricRow| row.versus.as_deref() == Some("two");
        for row in evaluation.rows("all", "one", Metric::AucDifference).filter(equal) {
            coverage.add(format!("difference {:?}", row.method), row.lower, row.upper, 0.0);
        }
    }
    coverage.check(8);
}

/// Outcomes drawn from the risks themselves: slope 1, intercept 0, E/O 1, whatever the number of cases happens to be.
#[test]
fn calibration() {
    let mut coverage = Coverage::default();
    for index in 0..COHORTS {
        let mut stream = Stream::new(32, 0, index);
        let risk: Vec<f64> = (0..600).map(|_| 1.0 / (1.0 + (1.0 - 0.9 * stream.normal()).exp())).collect();
        let case: Vec<Option<bool>> = risk.iter().map(|risk| Some(stream.uniform() < *risk)).collect();
        let predictions = [Prediction { name: "risk", kind: PredictionKind::Risk, values: &risk }];
        let evaluation = evaluate(&plain(Outcome::Binary(&case), &predictions), &options()).expect("valid");
        for (metric, truth) in [
            (Metric::CalibrationSlope, 1.0),
            (Metric::CalibrationIntercept, 0.0),
            (Metric::ExpectedOverObserved, 1.0),
        ] {
            for row in evaluation.rows("all", "risk", metric) {
                coverage.add(format!("{metric:?} {:?}", row.method), row.lower, row.upper, truth);
            }
        }
    }
    coverage.check(6);
}

/// A trait that is score plus noise, and siblings that share most of both.
#[test]
fn explained_variance_in_families() {
    let (effect, truth) = (0.6, 0.36 / 1.36);
    let mut coverage = Coverage::default();
    let mut blind = Coverage::default();
    for index in 0..COHORTS {
        let mut stream = Stream::new(33, 0, index);
        let family: Vec<Option<u32>> = (0..600).map(|person| Some(person / 4)).collect();
        let (mut score, mut outcome) = (Vec::new(), Vec::new());
        for _ in 0..150 {
            let shared = (stream.normal(), stream.normal());
            for _ in 0..4 {
                let mut own = |shared: f64| 0.8_f64.sqrt() * shared + 0.2_f64.sqrt() * stream.normal();
                let (s, noise) = (own(shared.0), own(shared.1));
                score.push(s);
                outcome.push(effect * s + noise);
            }
        }
        let predictions = [Prediction { name: "score", kind: PredictionKind::Score, values: &score }];
        let input = plain(Outcome::Quantitative(&outcome), &predictions);
        let aware = steppe_calibrate::evaluate::EvaluationInput { family: Some(&family), ..input };
        for (coverage, input) in [(&mut coverage, &aware), (&mut blind, &input)] {
            let evaluation = evaluate(input, &options()).expect("valid");
            for row in evaluation.rows("all", "score", Metric::R2) {
                assert_eq!(row.method, Some(IntervalMethod::Bootstrap));
                coverage.add("r2".to_owned(), row.lower, row.upper, truth);
            }
        }
    }
    coverage.check(1);
    let (inside, all) = blind.0["r2"];
    assert!(f64::from(inside) < 0.85 * f64::from(all), "people as if unrelated: {inside} of {all}");
}
