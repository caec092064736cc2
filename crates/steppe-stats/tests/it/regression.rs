//! Logistic regression where it has a maximum, and where it has none.

use steppe_stats::{
    regression::{Diverged, FirthFit, LogisticFit, LogisticModel, LogisticNewton},
    resampling::Stream,
};

struct Data {
    design: Vec<Vec<f64>>,
    predictor: Vec<f64>,
    cases: Vec<f64>,
    weights: Vec<f64>,
}

impl Data {
    fn new(n: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, 1, 0);
        let mut numbers = || -> Vec<f64> { (0..n).map(|_| stream.normal()).collect() };
        let (covariate, predictor, noise) = (numbers(), numbers(), numbers());
        let cases =
            (0..n).map(|i| f64::from(u8::from(predictor[i] + 0.5 * covariate[i] + noise[i] > 0.7))).collect();
        Self { design: vec![vec![1.0; n], covariate], predictor, cases, weights: vec![1.0; n] }
    }

    fn model(&self) -> LogisticModel<'_> {
        let Self { design, predictor, cases, weights } = self;
        LogisticModel { design, predictor, cases, weights, offset: None }
    }
}

#[test]
fn the_maximum_does_not_depend_on_the_start() {
    let mut newton = LogisticNewton::default();
    for seed in 0..20 {
        let data = Data::new(60, seed);
        let model = data.model();
        let Ok(fit) = LogisticFit::new(&model) else { panic!("seed {seed} has a maximum") };
        for start in [[0.0, 0.0, 0.0], [-0.5, 0.4, 1.0], [2.0, -1.0, -2.0]] {
            let beta = newton.maximise(&model, &start).expect("the same maximum");
            for (a, b) in beta.iter().zip(&fit.coefficients) {
                assert!((a - b).abs() < 1e-9, "{seed}: {beta:?} {:?}", fit.coefficients);
            }
        }
        // No step in any direction raises the likelihood.
        for index in 0..3 {
            for change in [-1e-3, 1e-3] {
                let mut moved = fit.coefficients.clone();
                moved[index] += change;
                assert!(model.log_likelihood(&moved) < fit.log_likelihood);
            }
        }
    }
}

#[test]
fn an_offset_is_a_coefficient_of_one() {
    let data = Data::new(200, 3);
    let plain = LogisticFit::new(&data.model()).expect("a maximum");
    let offset = &data.design[1];
    let with = LogisticFit::new(&LogisticModel { offset: Some(offset), ..data.model() }).expect("a maximum");
    assert!((plain.coefficients[1] - with.coefficients[1] - 1.0).abs() < 1e-9);
    assert!((plain.coefficients[2] - with.coefficients[2]).abs() < 1e-9);
    assert!((plain.log_likelihood - with.log_likelihood).abs() < 1e-9);
}

#[test]
fn weights_are_copies_for_firths_as_well() {
    let mut data = Data::new(80, 4);
    data.weights = (0..80).map(|sample| f64::from(sample % 3)).collect();
    let copy = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(&data.weights).flat_map(|(value, times)| vec![*value; *times as usize]).collect()
    };
    let copies = Data {
        design: data.design.iter().map(|column| copy(column)).collect(),
        predictor: copy(&data.predictor),
        cases: copy(&data.cases),
        weights: copy(&vec![1.0; 80]),
    };
    let of = |data: &Data| {
        let mut fit = FirthFit::default();
        fit.maximise(&data.model()).expect("a maximum");
        (fit.beta, fit.inverse)
    };
    let ((beta, inverse), (copied, copied_inverse)) = (of(&data), of(&copies));
    for (a, b) in beta.iter().chain(&inverse).zip(copied.iter().chain(&copied_inverse)) {
        assert!((a - b).abs() < 1e-8, "{beta:?} {copied:?}");
    }
}

#[test]
fn separated_and_collinear_predictors_have_no_maximum() {
    for n in [8, 40, 400, 4000] {
        let mut data = Data::new(n, 5);
        data.predictor = (0..n).map(|sample| sample as f64).collect();
        data.cases = (0..n).map(|sample| f64::from(u8::from(3 * sample > 2 * n))).collect();
        assert_eq!(LogisticFit::new(&data.model()).err(), Some(Diverged), "{n} separated");
        // One group has cases only.
        data.predictor = (0..n).map(|sample| f64::from(u8::from(sample >= n - 2))).collect();
        assert_eq!(LogisticFit::new(&data.model()).err(), Some(Diverged), "{n} with a group of cases");
        data.predictor = data.design[1].iter().map(|value| 3.0 * value - 1.0).collect();
        assert_eq!(LogisticFit::new(&data.model()).err(), Some(Diverged), "{n} collinear");
        data.predictor[0] = f64::NAN;
        assert_eq!(LogisticFit::new(&data.model()).err(), Some(Diverged), "{n} with a NaN");
    }
}
