//! What goes wrong in one trait, one block or one run stays there.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use steppe_fit::FitError;
use steppe_fit::ridge::{
    CrossValidation, LogisticProblem, RidgeControl, RidgeData, RidgeFamily, RidgeFit, RidgeOptions,
    RidgeProgress, RidgeTrait, TraitProblem, fit_ridge,
};

use super::ridge_support::{Kept, Small, small};

fn options() -> RidgeOptions {
    RidgeOptions { block_size: 12, ..RidgeOptions::default() }
}

fn run(data: &Small, validation: &CrossValidation, control: &RidgeControl<'_>) -> Result<RidgeFit, FitError> {
    let given = RidgeData {
        chromosomes: &data.chromosomes,
        covariates: &data.covariates,
        traits: &data.traits,
        validation,
    };
    fit_ridge(&data.matrix, &given, &options(), control)
}

fn folds(data: &Small) -> CrossValidation {
    CrossValidation::folds(&vec![true; data.samples()], 4, 1)
}

/// All numbers of a fit as bits.
pub(super) fn bits(fit: &RidgeFit) -> Vec<u64> {
    let mut all = Vec::new();
    for of in fit.traits.iter().flatten() {
        all.extend(
            of.loco.iter().flatten().chain(&of.prediction).chain(&of.weights).chain(&of.covariate_effects),
        );
        all.extend(of.scores.iter().flat_map(|score| [&score.r_squared, &score.mean_squared_error]));
    }
    all.into_iter().map(|value: &f64| value.to_bits()).collect()
}

#[test]
fn bad_traits_do_not_touch_good_ones() {
    let good = small(130, 60, 4);
    let alone = run(&good, &folds(&good), &RidgeControl::default()).expect("fitted");
    let gaussian = |values: Vec<f64>| RidgeTrait { values, family: RidgeFamily::Gaussian };
    let binomial = |values: Vec<f64>| RidgeTrait { values, family: RidgeFamily::Binomial };
    let mut bad = small(130, 60, 4);
    let mut infinite = vec![1.0; 130];
    infinite[4] = f64::INFINITY;
    let CrossValidation::Folds { fold_of_sample, .. } = folds(&good) else { panic!("folds") };
    let cases_in_fold_2 = fold_of_sample.iter().map(|fold| f64::from(u8::from(*fold == 2))).collect();
    let age = bad.covariates[1].clone();
    let first = age[0];
    let older = age.iter().map(|age| f64::from(u8::from(*age > first))).collect();
    let given = std::mem::take(&mut bad.traits);
    bad.traits.push(gaussian(vec![f64::NAN; 130]));
    bad.traits.push(gaussian(vec![2.5; 130]));
    bad.traits.extend(given);
    bad.traits.push(gaussian(infinite));
    bad.traits.push(gaussian(age));
    bad.traits.push(binomial((0..130).map(|i| f64::from(i % 3)).collect()));
    bad.traits.push(binomial(cases_in_fold_2));
    bad.traits.push(binomial(older));
    let fitted = run(&bad, &folds(&bad), &RidgeControl::default()).expect("fitted");
    let problem = |place: usize| fitted.traits[place].as_ref().err().cloned();
    assert_eq!(problem(0), Some(TraitProblem::AllMissing { samples: 130 }));
    assert_eq!(problem(1), Some(TraitProblem::Constant));
    assert_eq!(problem(5), Some(TraitProblem::Infinite));
    assert_eq!(problem(6), Some(TraitProblem::ExplainedByCovariates));
    assert_eq!(problem(7), Some(TraitProblem::NotBinary { value: 2.0 }));
    assert_eq!(problem(8), Some(TraitProblem::OneClass { fold: 2 }));
    assert!(
        matches!(problem(9), Some(TraitProblem::Logistic { problem: LogisticProblem::Separated, .. })),
        "{:?}",
        problem(9)
    );
    assert_eq!(fitted.traits.iter().flatten().count(), 3);
    assert_eq!(bits(&fitted), bits(&alone));
}

#[test]
fn without_varying_variants_there_is_no_fit_and_no_error() {
    let data = small(40, 5, 4);
    let mut packed = steppe_fit::PackedColumns::new(40);
    packed.push_codes(std::iter::repeat_n(1, 40));
    let matrix = steppe_fit::MemoryMatrix::new(packed, &[true; 40]);
    for validation in [folds(&data), CrossValidation::LeaveOneOut { training: vec![true; 40] }] {
        let given = RidgeData {
            chromosomes: &[1],
            covariates: &data.covariates,
            traits: &data.traits,
            validation: &validation,
        };
        let fitted = fit_ridge(&matrix, &given, &options(), &RidgeControl::default()).expect("fitted");
        assert!(fitted.traits.iter().all(|of| matches!(of, Err(TraitProblem::NoPredictors))));
    }
}

#[test]
fn the_bits_do_not_depend_on_threads() {
    let data = small(300, 60, 8);
    for validation in [folds(&data), CrossValidation::LeaveOneOut { training: vec![true; 300] }] {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            bits(&pool.install(|| run(&data, &validation, &RidgeControl::default())).expect("fitted"))
        };
        let one = on(1);
        assert!(one.len() > 1000);
        assert_eq!(one, on(2));
        assert_eq!(one, on(5));
    }
}

#[test]
fn a_fit_that_was_cut_off_goes_on_to_the_same_bits() {
    let data = small(130, 60, 6);
    let whole = run(&data, &folds(&data), &RidgeControl::default()).expect("fitted");
    let mut kept = Kept { limit: Some(2), ..Kept::default() };
    let error =
        run(&data, &folds(&data), &RidgeControl { checkpoint: Some(&kept), ..RidgeControl::default() });
    assert!(matches!(error, Err(FitError::Checkpoint { block: 2, .. })), "{error:?}");
    kept.limit = None;
    let before = kept.blocks.lock().expect("not poisoned").clone();
    let again =
        run(&data, &folds(&data), &RidgeControl { checkpoint: Some(&kept), ..RidgeControl::default() });
    assert_eq!(bits(&again.expect("fitted")), bits(&whole));
    let after = kept.blocks.lock().expect("not poisoned").clone();
    assert_eq!(after.len(), whole.blocks);
    assert!(before.iter().all(|(block, text)| after[block] == *text));
    let seen = Mutex::new(Vec::new());
    let record = |progress| seen.lock().expect("not poisoned").push(progress);
    let control =
        RidgeControl { checkpoint: Some(&kept), progress: Some(&record), ..RidgeControl::default() };
    assert_eq!(bits(&run(&data, &folds(&data), &control).expect("fitted")), bits(&whole));
    assert!(
        !seen.lock().expect("not poisoned").contains(&RidgeProgress::Products),
        "no pass for what is kept"
    );
    let mut other = small(130, 60, 6);
    other.traits.truncate(2);
    let error = run(&other, &folds(&other), &control);
    assert!(matches!(error, Err(FitError::CheckpointOfAnotherFit { block: 0 })), "{error:?}");
}

#[test]
fn a_cancelled_fit_ends_before_the_next_block() {
    let data = small(130, 60, 6);
    let cancelled = AtomicBool::new(false);
    let seen = Mutex::new(Vec::new());
    let progress = |progress| {
        seen.lock().expect("not poisoned").push(progress);
        if progress == (RidgeProgress::Level0 { done: 2, blocks: 6 }) {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    let control =
        RidgeControl { cancelled: Some(&cancelled), progress: Some(&progress), ..RidgeControl::default() };
    assert!(matches!(run(&data, &folds(&data), &control), Err(FitError::Cancelled)));
    let expected = [
        RidgeProgress::Products,
        RidgeProgress::Level0 { done: 1, blocks: 6 },
        RidgeProgress::Level0 { done: 2, blocks: 6 },
    ];
    assert_eq!(*seen.lock().expect("not poisoned"), expected);
}

#[test]
fn input_that_fits_nothing_is_refused() {
    let data = small(60, 30, 6);
    let message =
        |validation: &CrossValidation, data: &Small| match run(data, validation, &RidgeControl::default()) {
            Err(error) => error.to_string(),
            Ok(_) => "fitted".into(),
        };
    let with = |fold_of_sample: Vec<u32>, folds: usize| CrossValidation::Folds { fold_of_sample, folds };
    assert!(message(&with(vec![0; 59], 2), &data).contains("59 given, 60 needed"));
    assert!(message(&with(vec![0; 60], 1), &data).contains("at least 2"));
    assert!(message(&with(vec![0; 60], 2), &data).contains("no sample"));
    assert!(message(&with((0..60).collect(), 2), &data).contains("not among them"));
    let three: Vec<bool> = (0..60).map(|i| i < 3).collect();
    assert!(
        message(&CrossValidation::folds(&three, 2, 1), &data).contains("3 training samples for 2 covariates")
    );
    let mut holes = small(60, 30, 6);
    holes.covariates[1][7] = f64::NAN;
    assert!(
        message(&folds(&holes), &holes).contains("covariate 1 is not a finite number for 1 training samples")
    );
    let mut mixed = small(60, 30, 6);
    mixed.chromosomes[29] = 7;
    assert!(message(&folds(&mixed), &mixed).contains("chromosome 7 comes again at variant 29"));
    let mut twice = small(60, 40, 6);
    twice.covariates.push(twice.covariates[1].iter().map(|age| age * 2.0 - 1.0).collect());
    let fitted = run(&twice, &folds(&twice), &RidgeControl::default()).expect("fitted");
    assert_eq!(fitted.dropped_covariates, [2]);
}

#[test]
fn folds_are_even_and_belong_to_the_seed() {
    let training: Vec<bool> = (0..1003).map(|i| i % 4 != 1).collect();
    let drawn = |seed| match CrossValidation::folds(&training, 5, seed) {
        CrossValidation::Folds { fold_of_sample, .. } => fold_of_sample,
        CrossValidation::LeaveOneOut { .. } => Vec::new(),
    };
    let (one, two) = (drawn(1), drawn(2));
    assert_eq!(one, drawn(1));
    assert_ne!(one, two);
    let sizes: Vec<usize> = (0..5).map(|fold| one.iter().filter(|f| **f == fold).count()).collect();
    assert!(sizes.iter().all(|size| (150..=151).contains(size)), "{sizes:?}");
    assert!(one.iter().zip(&training).all(|(fold, trains)| (*fold == CrossValidation::OUTSIDE) != *trains));
}
