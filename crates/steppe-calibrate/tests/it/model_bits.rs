//! One model for all parts: kept and read again, it gives the same bits.

use nalgebra::DMatrix;
use steppe_calibrate::{
    adjust::{
        LinearAdjustment, Membership, MostSimilarPopulation, SmoothAdjustment, SmoothOptions, SourceMoments,
        VarianceAdjustment,
    },
    model::{
        AccuracyModel, CalibrationModel, FORMAT, Person, PersonCalibration, RiskModel, ScoreInput, ScoreModel,
    },
    risk::{
        AbsoluteRisk, AccuracyByDistance, BaseRisk, IntervalData, IntervalOptions, PredictionInterval,
        RateTable, Recalibration, RiskData,
    },
};

use super::simulated_truth::{Cloud, Random, clouds, row};

const CENTRES: [[f64; 2]; 3] = [[-1.0, 0.0], [1.0, 0.0], [0.1, 0.2]];

fn risk(smooth: &SmoothAdjustment, cloud: &Cloud, score: &[f64], case: &[bool]) -> RiskModel {
    let z: Vec<f64> = (0..score.len())
        .map(|i| smooth.apply(score[i], &row(&cloud.pcs, i), Membership::Cohort).expect("a score").z.value)
        .collect();
    let base = BaseRisk::fit(&z, &DMatrix::zeros(z.len(), 0), case).expect("a base");
    let eta: Vec<f64> = z.iter().map(|z| base.linear_predictor(*z, &[]).expect("log odds")).collect();
    let distances = DMatrix::from_row_slice(3, 3, &[0.0, 2.0, 1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    let data =
        RiskData { linear_predictor: &eta, case, population: &cloud.population, distances: &distances };
    let rates =
        RateTable { ages: vec![30.0, 60.0, 80.0], incidence: vec![0.01, 0.02], mortality: vec![0.01, 0.05] };
    RiskModel {
        input: ScoreInput::Smooth,
        base,
        recalibration: Recalibration::fit(&data).expect("a fit"),
        absolute: Some(AbsoluteRisk::new(rates, &eta).expect("a table")),
    }
}

fn model() -> (CalibrationModel, Cloud, Vec<f64>) {
    let mut random = Random(71);
    let cloud = clouds(&mut random, &CENTRES, &[200, 200, 100]);
    let score: Vec<f64> = cloud.pcs.row_iter().map(|p| p[0] + random.normal()).collect();
    let outcome: Vec<f64> = score.iter().map(|s| s + 2.0 * random.normal()).collect();
    let case: Vec<bool> = outcome.iter().map(|y| *y > 2.0).collect();
    let reference = cloud.pcs.rows(0, 400).into_owned();
    let (population, of_reference) = (&cloud.population[..400], &score[..400]);
    let smooth = SmoothAdjustment::fit(of_reference, &reference, population, 2, SmoothOptions::default())
        .and_then(|model| model.with_cohort(&score[400..], &cloud.pcs.rows(400, 100).into_owned(), None))
        .expect("a fit");
    let mut sources = SourceMoments::new(2);
    sources.add(0.3, &[0.2, 0.6], &[400.0, 400.0]).expect("a variant");
    let data = IntervalData {
        outcome: &outcome,
        score: &score,
        pcs: &cloud.pcs,
        covariates: &DMatrix::zeros(500, 0),
        population: &cloud.population,
        populations: 3,
    };
    let distance: Vec<f64> = cloud.pcs.row_iter().map(|p| (p[0] + 1.0).abs()).collect();
    let by_distance = AccuracyByDistance::fit(&distance, &outcome, &score, 5).expect("a fit");
    let one = ScoreModel {
        name: "height".to_owned(),
        similar: Some(MostSimilarPopulation::fit(of_reference, population, 3).expect("a fit")),
        linear: Some(LinearAdjustment::fit(of_reference, &reference, 4).expect("a fit")),
        variance: Some(VarianceAdjustment::fit(of_reference, &reference, 4).expect("a fit")),
        risk: Some(risk(&smooth, &cloud, &score, &case)),
        smooth: Some(smooth),
        admixture: Some(sources),
        interval: Some(PredictionInterval::fit(&data, IntervalOptions::default()).expect("a fit")),
        accuracy: Some(AccuracyModel { centre: vec![-1.0], by_distance }),
        left_out: Vec::new(),
    };
    let populations = ["EUR", "EAS", "KAZ"].map(str::to_owned).to_vec();
    let model = CalibrationModel { format: FORMAT, populations, scores: vec![one], combination: None };
    (model, cloud, score)
}

fn apply(model: &CalibrationModel, cloud: &Cloud, score: &[f64], person: usize) -> PersonCalibration {
    let pcs = row(&cloud.pcs, person);
    let person = Person {
        score: score[person],
        pcs: &pcs,
        similar: Some(0),
        population: Some(cloud.population[person]),
        membership: Membership::Cohort,
        proportions: Some(&[0.25, 0.75]),
        covariates: &[],
        ages: Some((50.0, 70.0)),
    };
    model.scores[0].apply(&person).expect("a calibration")
}

#[test]
fn kept_and_read_again_it_gives_the_same_bits() {
    let (model, cloud, score) = model();
    let mut bytes = Vec::new();
    ciborium::into_writer(&model, &mut bytes).expect("CBOR");
    let read: CalibrationModel = ciborium::from_reader(bytes.as_slice()).expect("CBOR");
    assert_eq!(model, read);
    for person in 0..score.len() {
        let (before, after) = (apply(&model, &cloud, &score, person), apply(&read, &cloud, &score, person));
        assert_eq!(before, after);
        let json = |value: &PersonCalibration| serde_json::to_string(value).expect("JSON");
        assert_eq!(json(&before), json(&after));
    }
}

#[test]
fn fitting_again_gives_the_same_bits() {
    assert_eq!(model().0, model().0);
}

#[test]
fn every_part_speaks() {
    let (model, cloud, score) = model();
    let found = apply(&model, &cloud, &score, 450);
    assert!(found.similar.is_some() && found.linear.is_some() && found.variance.is_some());
    assert!(found.smooth.is_some() && found.admixture.is_some() && found.interval.is_some());
    assert!(found.accuracy.is_some());
    let risk = found.risk.expect("a risk");
    assert!(risk.low < risk.probability && risk.probability < risk.high);
    let by_age = found.absolute.expect("a risk by age");
    assert!(0.0 < by_age.low && by_age.low < by_age.probability);
    assert!(by_age.probability < by_age.high && by_age.high < 1.0);
    // JSON that is read with rounding in the last bit still is the same model to fifteen digits.
    let json: CalibrationModel =
        serde_json::from_str(&serde_json::to_string(&model).expect("JSON")).expect("JSON");
    let again = apply(&json, &cloud, &score, 450).smooth.expect("a score").z.value;
    assert!((again - found.smooth.expect("a score").z.value).abs() < 1e-12);
}
