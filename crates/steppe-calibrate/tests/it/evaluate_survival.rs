//! Concordance of predictions with times to an event.

use steppe_calibrate::evaluate::{
    Evaluation, EvaluationOptions, IntervalMethod, Metric, Outcome, Prediction, PredictionKind, Status,
    evaluate,
};
use steppe_stats::resampling::Stream;

use super::evaluate_support::{plain, quick, row};

struct Followed {
    outcome: Vec<Option<(f64, bool)>>,
    score: Vec<f64>,
    noise: Vec<f64>,
}

/// Hazards of exp(0.8 · score), and half of the people lost before.
fn followed(n: usize) -> Followed {
    let mut stream = Stream::new(5, 78, 0);
    let mut this = Followed { outcome: Vec::new(), score: Vec::new(), noise: Vec::new() };
    for _ in 0..n {
        let (score, noise) = (stream.normal(), stream.normal());
        let event = -(1.0 - stream.uniform()).ln() / (0.8 * score).exp();
        let lost = -(1.0 - stream.uniform()).ln();
        // In tenths of a year, so that times tie.
        this.outcome.push(Some(((event.min(lost) * 10.0).ceil(), event <= lost)));
        this.score.push(score);
        this.noise.push(noise);
    }
    this
}

fn of(followed: &Followed, options: &EvaluationOptions) -> Evaluation {
    let score = |name, values| Prediction { name, kind: PredictionKind::Score, values };
    let predictions = [score("score", &followed.score), score("noise", &followed.noise)];
    evaluate(&plain(Outcome::Survival(&followed.outcome), &predictions), options).expect("valid")
}

/// All pairs, one by one.
fn by_pairs(outcome: &[Option<(f64, bool)>], score: &[f64]) -> f64 {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (one, first) in outcome.iter().flatten().enumerate() {
        for (other, second) in outcome.iter().flatten().enumerate() {
            let comparable = first.1 && (first.0 < second.0 || first.0 == second.0 && !second.1);
            if one != other && comparable {
                pairs += 1.0;
                right += if score[one] > score[other] { 1.0 } else { 0.0 };
            }
        }
    }
    right / pairs
}

#[test]
fn concordance_and_differences_have_intervals() {
    let mut followed = followed(600);
    let all = by_pairs(&followed.outcome, &followed.score);
    followed.outcome.push(None);
    followed.score.push(9.0);
    followed.noise.push(9.0);
    let evaluation = of(&followed, &quick());
    let events = followed.outcome.iter().flatten().filter(|(_, event)| *event).count();
    let found = row(&evaluation, "all", "score", Metric::CIndex, Some(IntervalMethod::BootstrapStratified));
    assert_eq!((found.n, found.cases, found.status), (600, Some(events), Status::Ok));
    let (estimate, lower, upper) = (found.estimate.expect("a number"), found.lower, found.upper);
    assert!((estimate - all).abs() < 1e-12, "{estimate} {all}");
    assert!(estimate > 0.65 && lower < Some(estimate) && upper > Some(estimate) && lower > Some(0.6));
    let noise = row(&evaluation, "all", "noise", Metric::CIndex, None);
    assert!(noise.lower < Some(0.5) && noise.upper > Some(0.5), "{noise:?}");
    let difference = row(&evaluation, "all", "score", Metric::CIndexDifference, None);
    assert_eq!(difference.versus.as_deref(), Some("noise"));
    assert!(difference.lower > Some(0.05), "{difference:?}");
    assert_eq!(evaluation.metrics.len(), 3);
    assert_eq!(evaluation.groups[0].left_out.iter().map(|of| of.people).sum::<usize>(), 1);
    assert!(evaluation.deciles.is_empty() && evaluation.reliability.is_empty());
}

#[test]
fn few_events_have_a_reason_and_threads_change_nothing() {
    let few = followed(60);
    let events = few.outcome.iter().flatten().filter(|(_, event)| *event).count();
    let evaluation = of(&few, &quick());
    let found = row(&evaluation, "all", "score", Metric::CIndex, None);
    assert_eq!((found.status, found.estimate), (Status::Insufficient, None));
    let reason = found.reason.as_ref().expect("a reason").to_string();
    assert_eq!(reason, format!("{events} cases, at least 50 needed"));
    let many = followed(300);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| of(&many, &quick()))
    };
    assert_eq!(on(1), on(4));
}
