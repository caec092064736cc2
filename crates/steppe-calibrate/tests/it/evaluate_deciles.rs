//! Odds by tenths of a score.

use steppe_calibrate::evaluate::{
    DecileRow, Evaluation, IntervalMethod, Metric, Outcome, Prediction, PredictionKind, Status, evaluate,
};

use super::evaluate_support::{Cohort, plain, quick, row};

fn of<'a>(evaluation: &'a Evaluation, model: &str) -> Vec<&'a DecileRow> {
    evaluation.deciles.iter().filter(|row| row.model == model).collect()
}

/// Cases and controls by tenth, by sorting and cutting in pieces of equal size.
fn counted(cohort: &Cohort) -> Vec<[f64; 2]> {
    let mut order: Vec<usize> = (0..cohort.score.len()).collect();
    order.sort_by(|a, b| cohort.score[*a].total_cmp(&cohort.score[*b]));
    let cases =
        |people: &[usize]| people.iter().filter(|person| cohort.case[**person] == Some(true)).count() as f64;
    order
        .chunks(order.len() / 10)
        .map(|people| [cases(people), people.len() as f64 - cases(people)])
        .collect()
}

#[test]
fn equal_the_four_cell_tables_of_each_tenth_and_the_middle() {
    let cohort = Cohort::new(4_000, -0.9, 0.8, 31);
    let evaluation =
        evaluate(&plain(Outcome::Binary(&cohort.case), &cohort.predictions()), &quick()).expect("valid");
    let rows = of(&evaluation, "score");
    let counts = counted(&cohort);
    let middle = [counts[4][0] + counts[5][0], counts[4][1] + counts[5][1]];
    for (tenth, row) in rows.iter().enumerate() {
        let [cases, controls] = counts[tenth];
        assert_eq!((row.decile, row.n, row.cases), (tenth + 1, 400, cases as usize));
        if tenth == 4 || tenth == 5 {
            assert_eq!((row.odds_ratio, row.lower, row.upper), (Some(1.0), None, None));
            continue;
        }
        let ln = ((cases / controls) / (middle[0] / middle[1])).ln();
        let error = (1.0 / cases + 1.0 / controls + 1.0 / middle[0] + 1.0 / middle[1]).sqrt();
        let expected = [
            ln.exp(),
            (ln - 1.959_963_984_540_054 * error).exp(),
            (ln + 1.959_963_984_540_054 * error).exp(),
        ];
        let found = [row.odds_ratio, row.lower, row.upper].map(|value| value.expect("a number"));
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-9, "{row:?}: {expected}");
        }
    }
    // The last one is the metric of that name.
    let metric =
        row(&evaluation, "all", "score", Metric::OddsRatioTopDecileMiddle, Some(IntervalMethod::Wald));
    assert_eq!(
        (rows[9].odds_ratio, rows[9].lower, rows[9].upper),
        (metric.estimate, metric.lower, metric.upper)
    );
    assert!(rows[9].odds_ratio > Some(2.0) && rows[0].odds_ratio < Some(0.5));
}

#[test]
fn few_cases_have_counts_and_a_reason() {
    let mut cohort = Cohort::new(900, -1.0, 0.8, 32);
    let mut left = 49;
    for case in &mut cohort.case {
        let stays = *case == Some(true) && left > 0;
        left -= usize::from(stays);
        *case = Some(stays);
    }
    let evaluation =
        evaluate(&plain(Outcome::Binary(&cohort.case), &cohort.predictions()), &quick()).expect("valid");
    let rows = of(&evaluation, "risk");
    assert_eq!(rows.iter().map(|row| row.cases).sum::<usize>(), 49);
    for row in rows {
        assert_eq!((row.status, row.odds_ratio), (Status::Insufficient, None));
        assert_eq!(row.reason.as_ref().expect("a reason").to_string(), "49 cases, at least 50 needed");
    }
    assert!(evaluation.deciles.iter().all(|row| row.n == 90));
}

#[test]
fn ties_stay_together_and_empty_tenths_say_so() {
    let cohort = Cohort::new(1_000, -0.5, 1.0, 33);
    let coarse: Vec<f64> = cohort.score.iter().map(|score| f64::from(u8::from(*score > 0.0))).collect();
    let predictions = [Prediction { name: "coarse", kind: PredictionKind::Score, values: &coarse }];
    let evaluation = evaluate(&plain(Outcome::Binary(&cohort.case), &predictions), &quick()).expect("valid");
    let rows = of(&evaluation, "coarse");
    assert_eq!(rows.iter().map(|row| row.n).sum::<usize>(), 1_000);
    assert_eq!(rows.iter().filter(|row| row.n > 0).count(), 2);
    for row in rows.iter().filter(|row| row.n == 0) {
        assert_eq!((row.status, row.odds_ratio), (Status::Undefined, None));
        assert!(row.reason.is_some());
    }
    let quantity: Vec<f64> = cohort.age.clone();
    let evaluation =
        evaluate(&plain(Outcome::Quantitative(&quantity), &predictions), &quick()).expect("valid");
    assert!(evaluation.deciles.is_empty());
}
