//! Recalibration on populations with a known truth, and against an exact posterior.

use nalgebra::DMatrix;
use steppe_calibrate::risk::{Kept, KnownPrevalence, PopulationRisk, Recalibration, RiskData};

use super::simulated_truth::Random;

struct People {
    eta: Vec<f64>,
    case: Vec<bool>,
    population: Vec<usize>,
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Populations with their numbers of people, intercepts and slopes.
fn people(random: &mut Random, populations: &[(usize, f64, f64)]) -> People {
    let (mut eta, mut case, mut population) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (n, intercept, slope)) in populations.iter().enumerate() {
        for _ in 0..*n {
            let x = -2.2 + 0.7 * random.normal();
            eta.push(x);
            case.push(random.uniform() < logistic(intercept + slope * x));
            population.push(index);
        }
    }
    People { eta, case, population }
}

/// Populations on a line, one step apart.
fn distances(populations: usize) -> DMatrix<f64> {
    DMatrix::from_fn(populations, populations, |i, j| (i as f64 - j as f64).abs())
}

fn data<'a>(people: &'a People, distances: &'a DMatrix<f64>) -> RiskData<'a> {
    RiskData { linear_predictor: &people.eta, case: &people.case, population: &people.population, distances }
}

/// Expected over true cases in a population, by its true intercept and slope.
fn ratio(model: &Recalibration, population: usize, intercept: f64, slope: f64) -> f64 {
    let mut random = Random(99);
    let (mut expected, mut truth) = (0.0, 0.0);
    for _ in 0..4000 {
        let x = -2.2 + 0.7 * random.normal();
        expected += model.apply(x, population).expect("a risk").probability;
        truth += logistic(intercept + slope * x);
    }
    expected / truth
}

#[test]
fn a_large_population_gets_its_own_line() {
    let mut random = Random(21);
    let truth = [(6000, 0.0, 1.0), (6000, 0.8, 1.2), (6000, -0.5, 0.8)];
    let people = people(&mut random, &truth);
    let distances = distances(3);
    let model = Recalibration::fit(&data(&people, &distances)).expect("a fit");
    for (index, (_, intercept, slope)) in truth.iter().enumerate() {
        let own = &model.populations[index];
        let found = (own.coefficients.mean[0], own.coefficients.mean[1]);
        assert!((found.0 - intercept).abs() < 0.45 && (found.1 - slope).abs() < 0.2, "{index}: {found:?}");
        assert!((ratio(&model, index, *intercept, *slope) - 1.0).abs() < 0.1);
    }
    assert_eq!(model.populations[1].kept, Kept::Calibrated);
    assert!(model.apply(0.0, 3).is_err());
}

#[test]
fn a_small_population_borrows_and_its_intervals_hold() {
    // The own cohort's prevalence is half as high again as the others'.
    let (mut off, mut local_off, mut covered) = (0.0, 0.0, 0);
    let draws = 20;
    for seed in 0..draws {
        let mut random = Random(300 + seed);
        let truth = [(1000, 0.0, 1.0), (1000, 0.0, 1.0), (500, 0.0, 1.0), (200, 0.45, 1.0)];
        let people = people(&mut random, &truth);
        let distances = distances(4);
        let own = PopulationRisk::fit(&data(&people, &distances), 3).expect("a fit");
        let model = Recalibration { populations: vec![own; 4] };
        off += (ratio(&model, 3, 0.45, 1.0) - 1.0).abs() / draws as f64;
        let (mut cases, mut expected) = (0.0, 0.0);
        for row in (0..people.eta.len()).filter(|row| people.population[*row] == 3) {
            cases += f64::from(u8::from(people.case[row]));
            expected += logistic(0.45 + people.eta[row]);
        }
        local_off += (cases / expected - 1.0_f64).abs() / draws as f64;
        let risk = model.apply(-2.2, 3).expect("a risk");
        covered += usize::from((risk.low..=risk.high).contains(&logistic(0.45 - 2.2)));
    }
    assert!(off < 0.16, "{off}; the cohort's cases alone give {local_off}");
    assert!(covered >= 15, "{covered} of {draws}");
}

#[test]
fn without_phenotypes_a_population_is_what_the_others_say() {
    let mut random = Random(23);
    let people = people(&mut random, &[(4000, 0.5, 1.0), (4000, 0.5, 1.0), (0, 0.0, 1.0)]);
    let distances = distances(3);
    let model = Recalibration::fit(&data(&people, &distances)).expect("a fit");
    let own = &model.populations[2];
    assert_eq!((own.people, own.cases, own.kept), (0, 0, Kept::Unchecked));
    assert!((own.coefficients.mean[0] - 0.5).abs() < 0.2, "{}", own.coefficients.mean[0]);
    let (known, new) = (model.apply(-2.0, 0).expect("a risk"), model.apply(-2.0, 2).expect("a risk"));
    assert!(new.standard_error > 3.0 * known.standard_error);
}

#[test]
fn a_model_that_is_right_is_kept_or_hardly_changed() {
    let mut random = Random(24);
    let people = people(&mut random, &[(3000, 0.0, 1.0), (3000, 0.0, 1.0), (100, 0.0, 1.0)]);
    let distances = distances(3);
    let model = Recalibration::fit(&data(&people, &distances)).expect("a fit");
    for (index, own) in model.populations.iter().enumerate() {
        let validation = own.validation.expect("a validation");
        if own.kept == Kept::Uncalibrated {
            assert!(validation.calibrated >= validation.uncalibrated);
            assert_eq!(own.coefficients.mean.as_slice(), [0.0, 1.0]);
            let risk = model.apply(-1.5, index).expect("a risk");
            assert!(!risk.calibrated && (risk.probability - logistic(-1.5)).abs() < 1e-15);
            assert!(risk.low < risk.probability && risk.probability < risk.high);
        }
        assert!((ratio(&model, index, 0.0, 1.0) - 1.0).abs() < 0.2, "{index}");
    }
}

#[test]
fn a_known_prevalence_is_met() {
    let mut random = Random(25);
    let people = people(&mut random, &[(2000, 0.0, 1.0), (50, 0.0, 1.0)]);
    let distances = distances(2);
    let mut model = Recalibration::fit(&data(&people, &distances)).expect("a fit");
    let cohort: Vec<f64> = (0..500).map(|_| -2.2 + 0.7 * random.normal()).collect();
    let known = KnownPrevalence { prevalence: 0.23, standard_error: 0.01 };
    model.set_prevalence(1, &cohort, known).expect("a prevalence");
    let mean = cohort.iter().map(|x| model.apply(*x, 1).expect("a risk").probability).sum::<f64>() / 500.0;
    assert!((mean - 0.23).abs() < 1e-9, "{mean}");
    assert_eq!(model.populations[1].known, Some(known));
    assert!(model.set_prevalence(1, &cohort, KnownPrevalence { prevalence: 1.0, ..known }).is_err());
    assert!(model.set_prevalence(1, &[], known).is_err());
}

#[test]
fn the_order_of_people_does_not_matter_much_and_the_bits_repeat() {
    let mut random = Random(26);
    let people = people(&mut random, &[(400, 0.0, 1.0), (100, 0.3, 1.0)]);
    let distances = distances(2);
    let first = Recalibration::fit(&data(&people, &distances)).expect("a fit");
    assert_eq!(first, Recalibration::fit(&data(&people, &distances)).expect("a fit"));
    let reversed = People {
        eta: people.eta.iter().rev().copied().collect(),
        case: people.case.iter().rev().copied().collect(),
        population: people.population.iter().rev().copied().collect(),
    };
    let second = Recalibration::fit(&data(&reversed, &distances)).expect("a fit");
    for (a, b) in first.populations.iter().zip(&second.populations) {
        if a.kept == b.kept {
            assert!((&a.coefficients.mean - &b.coefficients.mean).amax() < 1e-6);
        }
    }
}
