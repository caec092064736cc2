//! The smooth adjustment on populations with a known truth, and standard errors against repeated draws.

use steppe_calibrate::adjust::{
    CohortExpectation, LinearAdjustment, Membership, SmoothAdjustment, SmoothOptions, VarianceAdjustment,
};

use super::simulated_truth::{Cloud, Random, clouds, moments, row};

const CENTRES: [[f64; 2]; 3] = [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5]];

/// Mean and standard deviation of the true score at a place.
fn truth(x: f64, y: f64) -> (f64, f64) {
    (3.0 + 0.5 * x - 0.8 * y, (0.2 * x + 0.1 * y).exp())
}

fn scores(random: &mut Random, cloud: &Cloud, shift: (f64, f64)) -> Vec<f64> {
    let each = cloud.pcs.row_iter().map(|place| {
        let (mean, sd) = truth(place[0], place[1]);
        mean + shift.0 + sd * shift.1 * random.normal()
    });
    each.collect()
}

fn fitted(random: &mut Random) -> (SmoothAdjustment, Cloud, Vec<f64>) {
    let cloud = clouds(random, &CENTRES, &[500, 500, 500]);
    let scores = scores(random, &cloud, (0.0, 1.0));
    let model = SmoothAdjustment::fit(&scores, &cloud.pcs, &cloud.population, 3, SmoothOptions::default());
    (model.expect("a fit"), cloud, scores)
}

fn adjusted(model: &SmoothAdjustment, cloud: &Cloud, scores: &[f64], as_whom: Membership) -> Vec<f64> {
    let of = |(index, score): (usize, &f64)| {
        model.apply(*score, &row(&cloud.pcs, index), as_whom).expect("a score").z.value
    };
    scores.iter().enumerate().map(of).collect()
}

#[test]
fn reference_populations_become_standard() {
    let mut random = Random(1);
    let (model, _, _) = fitted(&mut random);
    for centre in CENTRES {
        let new = clouds(&mut random, &[centre], &[3000]);
        let scores = scores(&mut random, &new, (0.0, 1.0));
        let (mean, sd) = moments(&adjusted(&model, &new, &scores, Membership::Reference));
        // The standard error of a population of 500 is 0.045, that of the 3,000 people 0.018.
        assert!(mean.abs() < 0.15 && (sd - 1.0).abs() < 0.1, "{centre:?}: {mean} {sd}");
    }
}

#[test]
fn the_standard_error_is_that_of_repeated_references() {
    let place = [0.2, 0.4, 0.0, 0.0];
    let (mut norm1, mut norm2, mut claimed) = (Vec::new(), Vec::new(), [0.0; 2]);
    for seed in 0..200 {
        let mut random = Random(1000 + seed);
        let cloud = clouds(&mut random, &CENTRES, &[100, 100, 100]);
        let scores = scores(&mut random, &cloud, (0.0, 1.0));
        let variance = VarianceAdjustment::fit(&scores, &cloud.pcs, 4).expect("a fit");
        let of = variance.apply(4.5, &place).expect("a score").z;
        norm2.push(of.value);
        claimed[1] += of.standard_error / 200.0;
        // Z_norm1 assumes one variance: it is judged on scores that have one.
        let flat: Vec<f64> = cloud.pcs.row_iter().map(|p| truth(p[0], p[1]).0 + random.normal()).collect();
        let of = LinearAdjustment::fit(&flat, &cloud.pcs, 4)
            .expect("a fit")
            .apply(4.5, &place)
            .expect("a score")
            .z;
        norm1.push(of.value);
        claimed[0] += of.standard_error / 200.0;
    }
    for (values, claimed) in [(norm1, claimed[0]), (norm2, claimed[1])] {
        let (_, sd) = moments(&values);
        // The standard deviation of 200 draws is known to 5 %.
        assert!((claimed / sd - 1.0).abs() < 0.15, "claimed {claimed}, is {sd}");
    }
}

#[test]
fn a_cohort_of_its_own_is_learnt_from_unphenotyped_people() {
    let (mut before, mut after) = ((0.0, 0.0), (0.0, 0.0));
    for seed in 0..40 {
        let mut random = Random(7000 + seed);
        let (model, _, _) = fitted(&mut random);
        let own = clouds(&mut random, &[[0.1, 0.1]], &[200]);
        let of_own = scores(&mut random, &own, (0.4, 1.2));
        let others = clouds(&mut random, &[[0.1, 0.1]], &[2000]);
        let of_others = scores(&mut random, &others, (0.4, 1.2));
        let (mean, sd) = moments(&adjusted(&model, &others, &of_others, Membership::Cohort));
        before = (before.0 + mean.abs() / 40.0, before.1 + (sd - 1.0).abs() / 40.0);
        let model = model.with_cohort(&of_own, &own.pcs, None).expect("an update");
        let (mean, sd) = moments(&adjusted(&model, &others, &of_others, Membership::Cohort));
        after = (after.0 + mean.abs() / 40.0, after.1 + (sd - 1.0).abs() / 40.0);
        let effect = model.cohort.as_ref().expect("a cohort");
        assert!(effect.shift.value > 0.0 && effect.shift.standard_error < 0.2);
    }
    // A sample of 200 leaves 0.8 · 0.0707 in the mean and half of 0.1 · 0.8 in the standard deviation.
    assert!(before.0 > 0.3 && before.1 > 0.12, "{before:?}");
    assert!(after.0 < 0.09 && after.1 < 0.06, "{after:?}");
}

#[test]
fn far_from_data_it_falls_back_to_the_reference_and_says_so() {
    let mut random = Random(3);
    let (model, cloud, scores) = fitted(&mut random);
    let (centre, unit) = moments(&scores);
    let near = model.apply(centre, &row(&cloud.pcs, 0), Membership::Reference).expect("a score");
    let gap = model.apply(centre, &[0.0, 0.4, 0.0, 0.0], Membership::Reference).expect("a score");
    let far = model.apply(centre, &[40.0, -60.0, 5.0, 5.0], Membership::Reference).expect("a score");
    let farther = model.apply(centre, &[400.0, -600.0, 50.0, 50.0], Membership::Reference).expect("a score");
    assert!(!near.extrapolated && gap.extrapolated && far.extrapolated);
    // The plane alone would say 3 + 20 + 48.
    assert!((far.expected - centre).abs() < 4.0 * unit, "{} {centre} {unit}", far.expected);
    assert!((far.expected - farther.expected).abs() < 0.05 * unit, "{} {}", far.expected, farther.expected);
    assert!(far.sd > 0.2 * unit && far.sd < 5.0 * unit);
    assert!(far.z.standard_error > near.z.standard_error);
}

#[test]
fn few_of_the_reference_are_flagged() {
    let mut random = Random(5);
    let (model, _, _) = fitted(&mut random);
    let new = clouds(&mut random, &CENTRES, &[2000, 2000, 2000]);
    let outside = (0..6000).filter(|i| model.space.hull.place(&row(&new.pcs, *i)).expect("a place").outside);
    let share = outside.count() as f64 / 6000.0;
    assert!((0.002..0.02).contains(&share), "{share}");
}

/// An expectation from admixture that is right makes the standard deviation of a small cohort exact; one that is wrong
/// is overruled by the cohort's people.
#[test]
fn an_expectation_from_admixture_is_used_and_can_be_overruled() {
    let expected = |shift: f64, sd: f64| {
        let at = truth(0.1, 0.1);
        CohortExpectation { mean: at.0 + shift, sd: at.1 * sd }
    };
    let mut off = [0.0; 3];
    for seed in 0..30 {
        let mut random = Random(9000 + seed);
        let (model, _, _) = fitted(&mut random);
        let own = clouds(&mut random, &[[0.1, 0.1]], &[100]);
        let of_own = scores(&mut random, &own, (0.2, 1.15));
        let others = clouds(&mut random, &[[0.1, 0.1]], &[2000]);
        let of_others = scores(&mut random, &others, (0.2, 1.15));
        let priors = [None, Some(expected(0.2, 1.15)), Some(expected(-1.0, 2.0))];
        for (off, prior) in off.iter_mut().zip(priors) {
            let model = model.clone().with_cohort(&of_own, &own.pcs, prior).expect("an update");
            let (_, sd) = moments(&adjusted(&model, &others, &of_others, Membership::Cohort));
            *off += (sd - 1.0).abs() / 30.0;
        }
    }
    assert!(off[1] < 0.7 * off[0] && off[2] < 0.15, "{off:?}");
}
