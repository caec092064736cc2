//! Input that can not be used is refused with a message that says what and why.

use nalgebra::DMatrix;
use steppe_calibrate::{
    CalibrateError,
    adjust::{
        AncestryHull, LinearAdjustment, Membership, MostSimilarPopulation, SmoothAdjustment, SmoothOptions,
        VarianceAdjustment,
    },
    risk::{BaseRisk, Recalibration, RiskData},
};

use super::simulated_truth::{Random, clouds};

fn message<T>(result: Result<T, CalibrateError>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn constant_scores_are_refused() {
    let cloud = clouds(&mut Random(81), &[[0.0, 0.0]], &[50]);
    let same = vec![0.1; 50];
    let expected = "the score is the same for all 50 people; nothing can be adjusted or calibrated on it";
    assert_eq!(message(LinearAdjustment::fit(&same, &cloud.pcs, 4)), expected);
    assert_eq!(message(VarianceAdjustment::fit(&same, &cloud.pcs, 4)), expected);
    let options = SmoothOptions::default();
    assert_eq!(message(SmoothAdjustment::fit(&same, &cloud.pcs, &cloud.population, 1, options)), expected);
    let similar = MostSimilarPopulation::fit(&same, &cloud.population, 1).expect("a fit");
    assert_eq!(similar.apply(0.1, 0).expect("a known population"), None);
    assert!(similar.apply(0.1, 1).is_err());
}

#[test]
fn fewer_people_than_components_need_are_refused() {
    let cloud = clouds(&mut Random(82), &[[0.0, 0.0]], &[9]);
    let scores: Vec<f64> = (0..9).map(f64::from).collect();
    let found = message(LinearAdjustment::fit(&scores, &cloud.pcs, 4));
    assert_eq!(found, "reference people: 9 are too few; at least 10 are needed");
    let found = message(LinearAdjustment::fit(&scores, &cloud.pcs, 5));
    assert_eq!(found, "principal components: 4 are too few; at least 5 are needed");
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let mut cloud = clouds(&mut Random(83), &[[0.0, 0.0]], &[50]);
    let mut scores: Vec<f64> = (0..50).map(f64::from).collect();
    let model = LinearAdjustment::fit(&scores, &cloud.pcs, 4).expect("a fit");
    assert!(model.apply(1.0, &[0.0, f64::NAN, 0.0, 0.0]).is_err());
    assert!(model.apply(1.0, &[0.0, 0.0]).is_err());
    scores[3] = f64::NAN;
    assert!(message(LinearAdjustment::fit(&scores, &cloud.pcs, 4)).contains("1 values are not finite"));
    cloud.pcs[(0, 0)] = f64::INFINITY;
    assert!(AncestryHull::fit(&cloud.pcs, 4, &cloud.population, 1, 0.01).is_err());
}

#[test]
fn small_populations_and_cohorts_are_named() {
    let cloud = clouds(&mut Random(84), &[[0.0, 0.0], [1.0, 1.0]], &[100, 3]);
    let scores: Vec<f64> = (0..103).map(|i| f64::from(i % 10)).collect();
    let model = SmoothAdjustment::fit(&scores, &cloud.pcs, &cloud.population, 2, SmoothOptions::default())
        .expect("a fit");
    assert!(model.apply(1.0, &[1.0, 1.0, 0.0, 0.0], Membership::Cohort).is_ok());
    let few = cloud.pcs.rows(0, 5).into_owned();
    let found = message(model.with_cohort(&scores[..5], &few, None));
    assert_eq!(found, "people of the cohort: 5 are too few; at least 10 are needed");
}

#[test]
fn one_class_is_refused() {
    let eta = [0.0, 1.0, 2.0];
    let distances = DMatrix::zeros(1, 1);
    for case in [[true; 3], [false; 3]] {
        let data =
            RiskData { linear_predictor: &eta, case: &case, population: &[0; 3], distances: &distances };
        assert!(message(Recalibration::fit(&data)).ends_with("0 are too few; at least 1 are needed"));
        assert!(BaseRisk::fit(&eta, &DMatrix::zeros(3, 0), &case).is_err());
    }
}

/// Classes that a score separates have finite odds.
#[test]
fn separated_classes_are_finite() {
    let eta: Vec<f64> = (0..40).map(f64::from).collect();
    let case: Vec<bool> = (0..40).map(|i| i >= 20).collect();
    let base = BaseRisk::fit(&eta, &DMatrix::zeros(40, 0), &case).expect("a fit");
    assert!(base.score.is_finite() && base.score > 0.0);
    let distances = DMatrix::zeros(1, 1);
    let data = RiskData { linear_predictor: &eta, case: &case, population: &[0; 40], distances: &distances };
    let model = Recalibration::fit(&data).expect("a fit");
    assert!(model.apply(19.5, 0).expect("a risk").probability.is_finite());
}
