//! Risk in the own cohort from few phenotyped people of it.

use std::{error::Error, io::Write};

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use steppe_calibrate::{
    adjust::{Membership, SmoothAdjustment},
    risk::{BaseRisk, Kept, KnownPrevalence, PopulationRisk, Recalibration, RiskData},
};

use crate::{
    DRAWS,
    adjusted::{adjusted, reference},
    people::{KAZ, POPULATIONS, People, draw, moments},
};

const SCORE: &str = "CC_POOLED";

/// Phenotyped people of the other populations, and the uncalibrated model from them.
struct Others {
    linear_predictor: Vec<f64>,
    case: Vec<bool>,
    population: Vec<usize>,
    base: BaseRisk,
    adjustment: SmoothAdjustment,
}

/// E/O against what was observed, against the cohort's true prevalence, and the slope: of the test people, and of everybody
/// who was not drawn, whose slope has a smaller error.
#[derive(Clone, Copy)]
struct Found {
    ratio: f64,
    against_truth: f64,
    slope: f64,
    slope_of_all: f64,
    kept: bool,
}

pub(crate) fn report(people: &People, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\n## Risk in KAZ ({SCORE}), mean abs(E/O - 1) over {DRAWS} draws\n")?;
    writeln!(
        out,
        "times    n   uncalibrated  local  ours (vs the true prevalence) slope (range)  slope of all not drawn  kept uncalibrated  known prevalence | noise of the test's O"
    )?;
    let others = others(people)?;
    for times in [1.0, 1.5] {
        let case = statuses(people, times)?;
        let test = people.of(&[KAZ], &["test"]);
        let share = 0.1 * times;
        let noise = ((1.0 - share) / (share * test.len() as f64)).sqrt();
        for n in [200, 50] {
            let draws = (0..DRAWS)
                .into_par_iter()
                .map(|seed| one_draw(people, &others, &case, n, seed, share).map_err(|e| e.to_string()))
                .collect::<Result<Vec<_>, String>>()?;
            write!(out, "{times:<5} {n:>4}")?;
            let of = |model: usize, what: fn(&Found) -> f64| -> Vec<f64> {
                draws.iter().map(|draw: &[Found; 4]| what(&draw[model])).collect()
            };
            let off = |values: &[f64]| moments(&values.iter().map(|v| (v - 1.0).abs()).collect::<Vec<_>>()).0;
            write!(out, "   {:.3}         {:.3}", off(&of(0, |f| f.ratio)), off(&of(1, |f| f.ratio)))?;
            write!(out, "  {:.3} ({:.3})", off(&of(2, |f| f.ratio)), off(&of(2, |f| f.against_truth)))?;
            let mut slopes = of(2, |f| f.slope);
            slopes.sort_by(f64::total_cmp);
            let inside = slopes.iter().filter(|slope| (0.85..=1.15).contains(*slope)).count();
            write!(
                out,
                "   {:.2} ({:.2}-{:.2}, {inside} in .85-1.15)",
                moments(&slopes).0,
                slopes[4],
                slopes[95]
            )?;
            let mut of_all = of(2, |f| f.slope_of_all);
            of_all.sort_by(f64::total_cmp);
            let inside = of_all.iter().filter(|slope| (0.85..=1.15).contains(*slope)).count();
            write!(
                out,
                "   {:.2} ({:.2}-{:.2}, {inside} in .85-1.15)",
                moments(&of_all).0,
                of_all[4],
                of_all[95]
            )?;
            let kept = draws.iter().filter(|draw| draw[2].kept).count();
            write!(out, "  {kept:>3}   {:.3}", off(&of(3, |f| f.ratio)))?;
            writeln!(out, " | {noise:.3}, O/true {:.3}", draws[0][0].against_truth / draws[0][0].ratio)?;
        }
    }
    Ok(())
}

/// Case or control; the own cohort's threshold of liability is moved so that it has `times` the prevalence.
fn statuses(people: &People, times: f64) -> Result<Vec<bool>, Box<dyn Error>> {
    let all: Vec<usize> = (0..people.population.len()).collect();
    let (status, liability) = (people.take("CC", &all)?, people.take("LIABILITY", &all)?);
    let own: Vec<usize> = all.iter().copied().filter(|i| people.population[*i] == KAZ).collect();
    let mut sorted: Vec<f64> = own.iter().map(|i| liability[*i]).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let threshold = sorted[(0.1 * times * sorted.len() as f64).round() as usize];
    let moved = |i: &usize| times != 1.0 && people.population[*i] == KAZ;
    Ok(all.iter().map(|i| if moved(i) { liability[*i] > threshold } else { status[*i] == 1.0 }).collect())
}

fn others(people: &People) -> Result<Others, Box<dyn Error>> {
    let adjustment = reference(people, SCORE)?;
    let rows = people.of(&[0, 1, 2], &["valid", "ref"]);
    let z = adjusted(people, &adjustment, &people.take(SCORE, &rows)?, &rows, Membership::Reference)?;
    let case: Vec<bool> = people.take("CC", &rows)?.iter().map(|status| *status == 1.0).collect();
    let base = BaseRisk::fit(&z, &DMatrix::zeros(rows.len(), 0), &case)?;
    let linear_predictor = z.iter().map(|z| base.linear_predictor(*z, &[])).collect::<Result<_, _>>()?;
    Ok(Others { linear_predictor, case, population: people.populations_of(&rows), base, adjustment })
}

/// Uncalibrated, local logistic, ours, ours with the prevalence known.
fn one_draw(
    people: &People,
    others: &Others,
    case: &[bool],
    n: usize,
    seed: u64,
    prevalence: f64,
) -> Result<[Found; 4], Box<dyn Error>> {
    let (own, rest) = draw(&people.of(&[KAZ], &["train", "valid", "ref"]), n, seed);
    let test = people.of(&[KAZ], &["test"]);
    let model = others.adjustment.clone().with_cohort(
        &people.take(SCORE, &own)?,
        &people.pcs(&own),
        Some(people.expected(SCORE, &own)?),
    )?;
    let predict = |rows: &[usize]| -> Result<Vec<f64>, Box<dyn Error>> {
        let z = adjusted(people, &model, &people.take(SCORE, rows)?, rows, Membership::Cohort)?;
        Ok(z.iter().map(|z| others.base.linear_predictor(*z, &[])).collect::<Result<_, _>>()?)
    };
    let (of_own, of_test, of_rest) = (predict(&own)?, predict(&test)?, predict(&rest)?);
    let own_case: Vec<bool> = own.iter().map(|i| case[*i]).collect();
    let truth: Vec<bool> = test.iter().map(|i| case[*i]).collect();
    let linear_predictor = [others.linear_predictor.as_slice(), &of_own].concat();
    let all_case = [others.case.as_slice(), &own_case].concat();
    let population = [others.population.as_slice(), &vec![KAZ; own.len()]].concat();
    let distances = people.distances();
    let data = RiskData {
        linear_predictor: &linear_predictor,
        case: &all_case,
        population: &population,
        distances: &distances,
    };
    let fitted = PopulationRisk::fit(&data, KAZ)?;
    let kept = fitted.kept == Kept::Uncalibrated;
    let mut ours = Recalibration { populations: vec![fitted; POPULATIONS.len()] };
    let risks_of = |model: &Recalibration, predictors: &[f64]| -> Result<Vec<f64>, Box<dyn Error>> {
        predictors.iter().map(|eta| Ok(model.apply(*eta, KAZ)?.probability)).collect()
    };
    let before: Vec<f64> = of_test.iter().map(|eta| 1.0 / (1.0 + (-eta).exp())).collect();
    let calibrated = risks_of(&ours, &of_test)?;
    let of_others = risks_of(&ours, &of_rest)?;
    ours.set_prevalence(KAZ, &of_own, KnownPrevalence { prevalence, standard_error: 0.0 })?;
    let known = risks_of(&ours, &of_test)?;
    let (intercept, slope) = logistic(&of_own, &own_case);
    let local: Vec<f64> =
        of_test.iter().map(|eta| 1.0 / (1.0 + (-(intercept + slope * eta)).exp())).collect();
    let all_truth: Vec<bool> = test.iter().chain(&rest).map(|i| case[*i]).collect();
    let slope_of_all = slope_of(&[calibrated.as_slice(), &of_others].concat(), &all_truth);
    let judged = |risk: Vec<f64>| Found { slope_of_all, kept, ..judge(&risk, &truth, prevalence) };
    Ok([before, local, calibrated, known].map(judged))
}

fn judge(risk: &[f64], truth: &[bool], prevalence: f64) -> Found {
    let expected: f64 = risk.iter().sum();
    let observed = truth.iter().filter(|case| **case).count() as f64;
    let against_truth = expected / (prevalence * truth.len() as f64);
    let slope = slope_of(risk, truth);
    Found { ratio: expected / observed, against_truth, slope, slope_of_all: slope, kept: false }
}

/// The slope of the outcome on the log odds of the risk.
fn slope_of(risk: &[f64], truth: &[bool]) -> f64 {
    let log_odds: Vec<f64> = risk.iter().map(|p| (p / (1.0 - p)).ln()).collect();
    logistic(&log_odds, truth).1
}

/// Plain logistic regression on one column: intercept and slope.
fn logistic(x: &[f64], case: &[bool]) -> (f64, f64) {
    let mut at = DVector::from_vec(vec![-2.0, 0.0]);
    for _ in 0..25 {
        let (mut gradient, mut information) = (DVector::zeros(2), DMatrix::identity(2, 2) * 1e-9);
        for (x, case) in x.iter().zip(case) {
            let p = 1.0 / (1.0 + (-(at[0] + at[1] * x)).exp());
            let features = DVector::from_vec(vec![1.0, *x]);
            gradient += &features * (f64::from(u8::from(*case)) - p);
            information += &features * features.transpose() * (p * (1.0 - p));
        }
        let Some(factor) = information.cholesky() else { break };
        at += factor.solve(&gradient);
    }
    (at[0], at[1])
}
