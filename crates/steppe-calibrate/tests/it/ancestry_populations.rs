//! Populations on made-up scores: what is known, small populations, and what is refused.

use nalgebra::DMatrix;
use steppe_calibrate::CalibrateError;
use steppe_calibrate::ancestry::{
    Admixture, DegreesOfFreedom, ForestOptions, OutsideModel, PopulationShapes, Populations, RandomForest,
};
use steppe_stats::distributions::chi_square_upper;

/// Three clusters of a hundred people on three components, at the corners of a triangle, ten apart.
fn clusters() -> (DMatrix<f64>, Vec<Option<&'static str>>) {
    let centres = [[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 0.0]];
    let scores = DMatrix::from_fn(300, 3, |person, component| {
        // Low-discrepancy numbers, nearly uniform and of mean 0.
        let golden = [0.754_877_666, 0.569_840_291, 0.438_579_021][component];
        centres[person / 100][component] + ((person % 100) as f64 * golden).fract() - 0.5
    });
    let labels = (0..300).map(|person| Some(["A", "B", "C"][person / 100])).collect();
    (scores, labels)
}

#[test]
fn distances_are_those_of_the_definition() {
    let (scores, labels) = clusters();
    let populations = Populations::new(&labels).expect("labels");
    let shapes = PopulationShapes::fit(&scores, &populations, 2).expect("shapes");
    let person = DMatrix::from_row_slice(1, 2, &[3.0, 1.0]);
    let distances = shapes.squared_distances(&person).expect("distances");
    for population in 0..3 {
        let rows: Vec<usize> = (100 * population..100 * population + 100).collect();
        let points = scores.select_rows(&rows).columns(0, 2).into_owned();
        let mean = points.row_mean();
        let mut covariance = DMatrix::zeros(2, 2);
        for point in points.row_iter() {
            let difference = (point - &mean).transpose();
            covariance += &difference * difference.transpose() / 100.0;
        }
        let difference = (person.row(0) - &mean).transpose();
        let inverse = covariance.try_inverse().expect("regular");
        let expected = (difference.transpose() * inverse * &difference)[(0, 0)];
        assert!((distances[(0, population)] / expected - 1.0).abs() < 1e-10);
    }
    let right = shapes.similarity(&person, DegreesOfFreedom::Components).expect("similar");
    let parity = shapes.similarity(&person, DegreesOfFreedom::OneLess).expect("similar");
    let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!((right.most_similar[0], right.low_confidence[0]), (2, true));
    assert_eq!(right.probabilities[(0, 2)], chi_square_upper(nearest, 2.0));
    assert_eq!(parity.probabilities[(0, 2)], chi_square_upper(nearest, 1.0));
}

#[test]
fn a_small_population_borrows() {
    let (scores, mut labels) = clusters();
    labels.iter_mut().skip(102).take(98).for_each(|label| *label = None);
    let populations = Populations::new(&labels).expect("labels");
    assert_eq!(populations.unlabelled(), 98);
    let shapes = PopulationShapes::fit(&scores, &populations, 3).expect("shapes");
    assert_eq!(
        (shapes.thin.as_slice(), shapes.people.as_slice()),
        ([1].as_slice(), [100, 2, 100].as_slice())
    );
    assert!((shapes.borrowed[1] - 0.9).abs() < 1e-12 && shapes.borrowed[0] == 0.0);
    let similar = shapes.similarity(&scores, DegreesOfFreedom::Components).expect("similar");
    assert!((100..200).all(|person| similar.most_similar[person] == 1), "two people are enough to be found");
    assert!(similar.low_confidence.iter().filter(|low| **low).count() == 0);
}

#[test]
fn a_forest_finds_clusters() {
    let (scores, labels) = clusters();
    let populations = Populations::new(&labels).expect("labels");
    let options = ForestOptions { components: 3, ..ForestOptions::default() };
    let forest = RandomForest::fit(&scores, &populations, &options).expect("a forest");
    let calls = forest.similarity(&scores).expect("calls");
    for (person, call) in calls.most_similar.iter().enumerate() {
        assert_eq!(*call as usize, person / 100);
    }
    // On what tells nothing, the trees still end, and no population is sure.
    let flat = RandomForest::fit(&DMatrix::zeros(300, 3), &populations, &options).expect("a forest");
    let calls = flat.similarity(&scores.rows(0, 1).into_owned()).expect("calls");
    assert!(
        calls.probabilities.iter().all(|share| (share - 1.0 / 3.0).abs() < 0.05) && calls.low_confidence[0]
    );
}

#[test]
fn mixtures_of_centres_are_found() {
    let (scores, labels) = clusters();
    let populations = Populations::new(&labels).expect("labels");
    let shapes = PopulationShapes::fit(&scores, &populations, 3).expect("shapes");
    let admixture = Admixture::new(&shapes).expect("mixtures");
    let truth =
        DMatrix::from_row_slice(4, 3, &[0.5, 0.3, 0.2, 1.0, 0.0, 0.0, 0.0, 0.25, 0.75, 0.1, 0.9, 0.0]);
    let found = admixture.proportions(&(&truth * &shapes.means)).expect("proportions");
    assert!((&found.proportions - &truth).amax() < 1e-6, "{}", found.proportions);
    assert!(found.misfits.expect("misfits").iter().all(|misfit| *misfit < 1e-6));
    // Errors are those of least squares: uniform noise of deviation 0.29 over a distance of 10.
    assert!((found.standard_errors[0] - 0.029).abs() < 0.003, "{:?}", found.standard_errors);
    // Beyond a corner it is the corner, and the misfit says so.
    let beyond =
        admixture.proportions(&DMatrix::from_row_slice(1, 3, &[14.0, -1.0, 0.0])).expect("proportions");
    assert!((beyond.proportions[(0, 0)] - 1.0).abs() < 1e-9 && beyond.misfits.expect("misfits")[0] > 100.0);
}

#[test]
fn flags_are_calibrated_by_rank() {
    let (scores, labels) = clusters();
    let shapes =
        PopulationShapes::fit(&scores, &Populations::new(&labels).expect("labels"), 3).expect("shapes");
    let held_out: Vec<f64> = (1..=199).map(f64::from).collect();
    let model = OutsideModel::new(shapes.clone(), held_out);
    let verdict = model.judge(&scores, 0.01).expect("judged");
    for (distance, p) in verdict.squared_distances.iter().zip(&verdict.p_values) {
        let farther = 199 - (distance.ceil() as usize - 1).min(199);
        assert!((p - (farther + 1) as f64 / 200.0).abs() < 1e-12);
    }
    assert!(!verdict.too_few_held_out && verdict.flagged.iter().all(|flag| !flag));
    let far = model.judge(&DMatrix::from_element(1, 3, 50.0), 0.01).expect("judged");
    assert_eq!((far.flagged[0], far.p_values[0]), (true, 1.0 / 200.0));
    let few = OutsideModel::new(shapes, vec![1.0; 50]).judge(&DMatrix::from_element(1, 3, 50.0), 0.01);
    let few = few.expect("judged");
    assert!(few.too_few_held_out && !few.flagged[0]);
    assert!(matches!(model.judge(&scores, 0.0), Err(CalibrateError::Range { .. })));
}

#[test]
fn what_can_not_be_told_is_said() {
    let (scores, labels) = clusters();
    assert!(matches!(Populations::new(&[None, None]), Err(CalibrateError::Unlabelled { people: 2 })));
    let populations = Populations::new(&labels).expect("labels");
    let shapes = |components| PopulationShapes::fit(&scores, &populations, components);
    assert!(matches!(shapes(4), Err(CalibrateError::Components { wanted: 4, there: 3 })));
    assert!(matches!(shapes(0), Err(CalibrateError::Components { .. })));
    let narrow = shapes(1).expect("shapes");
    assert!(matches!(Admixture::new(&narrow), Err(CalibrateError::Components { wanted: 2, there: 1 })));
    let one = Populations::new(&vec![Some("A"); 300]).expect("labels");
    let options = ForestOptions { components: 3, ..ForestOptions::default() };
    let lonely = RandomForest::fit(&scores, &one, &options);
    assert!(matches!(lonely, Err(CalibrateError::Populations { populations: 1, needed: 2 })));
    let single = PopulationShapes::fit(&scores, &one, 3).expect("shapes");
    assert!(matches!(Admixture::new(&single), Err(CalibrateError::Populations { .. })));
    let short = Populations::new(&labels[..10]).expect("labels");
    assert!(matches!(RandomForest::fit(&scores, &short, &options), Err(CalibrateError::Length { .. })));
    let none = ForestOptions { trees: 0, ..options };
    assert!(matches!(RandomForest::fit(&scores, &populations, &none), Err(CalibrateError::Range { .. })));
}
