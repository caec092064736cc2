//! Absolute risk against numerical integration and closed forms.

use proptest::prelude::*;
use steppe_calibrate::risk::{AbsoluteRisk, AccuracyByDistance, RateTable, genetic_distance};

use super::simulated_truth::Random;

fn table() -> RateTable {
    RateTable {
        ages: vec![40.0, 50.0, 60.0, 75.0],
        incidence: vec![0.001, 0.003, 0.008],
        mortality: vec![0.002, 0.006, 0.02],
    }
}

/// The definition by small steps; a step across two intervals is off by a millionth.
fn by_steps(rates: &RateTable, relative: f64, from: f64, to: f64) -> f64 {
    let steps = 200_000;
    let width = (to - from) / f64::from(steps);
    let (mut total, mut risk) = (0.0, 0.0);
    for step in 0..steps {
        let age = from + (f64::from(step) + 0.5) * width;
        let interval = rates.ages.iter().filter(|start| **start <= age).count() - 1;
        let hazard = rates.incidence[interval] * relative;
        let all = hazard + rates.mortality[interval];
        risk += hazard * f64::exp(-(total + 0.5 * all * width)) * width;
        total += all * width;
    }
    risk
}

#[test]
fn equals_the_integral() {
    let population = [-1.0, 0.0, 0.5, 1.0];
    let mean = population.iter().map(|x: &f64| x.exp()).sum::<f64>() / 4.0;
    let model = AbsoluteRisk::new(table(), &population).expect("a model");
    assert!((model.mean_relative_risk - mean).abs() < 1e-15);
    for (eta, from, to) in [(0.0, 40.0, 75.0), (1.3, 45.5, 62.0), (-2.0, 50.0, 51.0), (3.0, 74.0, 75.0)] {
        let found = model.between(eta, from, to).expect("a risk");
        let expected = by_steps(&model.rates, f64::exp(eta) / mean, from, to);
        assert!((found - expected).abs() < 1e-6, "{eta} {from} {to}: {found} {expected}");
    }
}

/// Without competing mortality and with one rate, 1 − exp(−h·years).
#[test]
fn one_rate_has_a_closed_form() {
    let rates = RateTable { ages: vec![0.0, 100.0], incidence: vec![0.01], mortality: vec![0.0] };
    let model = AbsoluteRisk::new(rates, &[0.0]).expect("a model");
    let found = model.between(2.0_f64.ln(), 10.0, 30.0).expect("a risk");
    assert!((found - (1.0 - (-0.4_f64).exp())).abs() < 1e-15);
    assert_eq!(model.between(0.0, 20.0, 20.0).expect("a risk"), 0.0);
}

#[test]
fn tables_and_ages_are_checked() {
    let model = AbsoluteRisk::new(table(), &[0.0]).expect("a model");
    for (from, to) in [(39.0, 50.0), (50.0, 76.0), (60.0, 50.0), (f64::NAN, 50.0)] {
        assert!(model.between(0.0, from, to).is_err(), "{from} {to}");
    }
    let broken: [fn(&mut RateTable); 4] = [
        |t| t.ages[1] = 70.0,
        |t| t.incidence[0] = -0.1,
        |t| t.mortality.truncate(2),
        |t| t.mortality[1] = f64::NAN,
    ];
    for change in broken {
        let mut rates = table();
        change(&mut rates);
        assert!(AbsoluteRisk::new(rates, &[0.0]).is_err());
    }
    assert!(AbsoluteRisk::new(table(), &[]).is_err());
}

proptest! {
    /// Longer is riskier, more is riskier, and stopovers change nothing.
    #[test]
    fn risk_is_monotone_and_consistent(eta in -3.0_f64..3.0, a in 40.0_f64..75.0, b in 40.0_f64..75.0, c in 40.0_f64..75.0) {
        let mut ages = [a, b, c];
        ages.sort_by(f64::total_cmp);
        let model = AbsoluteRisk::new(table(), &[0.0, 1.0]).expect("a model");
        let risk = |eta, from, to| model.between(eta, from, to).expect("a risk");
        let (first, both) = (risk(eta, ages[0], ages[1]), risk(eta, ages[0], ages[2]));
        prop_assert!((0.0..=1.0).contains(&both) && first <= both);
        prop_assert!(risk(eta + 0.5, ages[0], ages[2]) >= both);
        // Free of the disease and alive at the middle age, times the risk from there.
        prop_assert!(both - first <= risk(eta, ages[1], ages[2]) + 1e-15);
    }
}

#[test]
fn accuracy_falls_with_distance_as_simulated() {
    let mut random = Random(41);
    let (mut distance, mut outcome, mut score) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let d = random.uniform();
        // The squared correlation is 0.4 − 0.3·d.
        let r = f64::sqrt(0.4 - 0.3 * d);
        let s = random.normal();
        distance.push(d);
        score.push(s);
        outcome.push(r * s + f64::sqrt(1.0 - r * r) * random.normal());
    }
    let model = AccuracyByDistance::fit(&distance, &outcome, &score, 20).expect("a fit");
    let (intercept, slope) = (model.line.mean[0], model.line.mean[1]);
    assert!((intercept - 0.4).abs() < 0.05 && (slope + 0.3).abs() < 0.08, "{intercept} {slope}");
    let (inside, beyond) = (model.apply(0.5), model.apply(3.0));
    assert!((inside.r2.value - 0.25).abs() < 0.03 && !inside.extrapolated);
    assert!(beyond.extrapolated && beyond.r2.value == 0.0);
    assert!(beyond.r2.standard_error > inside.r2.standard_error);
    assert!(AccuracyByDistance::fit(&distance[..80], &outcome[..80], &score[..80], 3).is_err());
    assert_eq!(genetic_distance(&[1.0, 2.0, 9.0], &[4.0, 6.0]), 5.0);
}
