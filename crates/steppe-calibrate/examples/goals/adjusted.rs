//! The adjusted score of a cohort that the reference lacks.

use std::{error::Error, io::Write};

use rayon::prelude::*;
use steppe_calibrate::{
    CalibrateError,
    adjust::{Membership, SmoothAdjustment, SmoothOptions, VarianceAdjustment},
};

use crate::{
    DRAWS,
    people::{KAZ, People, SCORES, draw, moments},
};

/// The smooth adjustment on EUR, EAS and AFR.
pub(crate) fn reference(people: &People, score: &str) -> Result<SmoothAdjustment, Box<dyn Error>> {
    let rows = people.of(&[0, 1, 2], &["ref"]);
    let scores = people.take(score, &rows)?;
    let population = people.populations_of(&rows);
    Ok(SmoothAdjustment::fit(&scores, &people.pcs(&rows), &population, 3, SmoothOptions::default())?)
}

/// Adjusted scores of some people.
pub(crate) fn adjusted(
    people: &People,
    model: &SmoothAdjustment,
    scores: &[f64],
    rows: &[usize],
    membership: Membership,
) -> Result<Vec<f64>, CalibrateError> {
    let of = |(row, score): (&usize, &f64)| Ok(model.apply(*score, people.pcs_of(*row), membership)?.z.value);
    rows.iter().zip(scores).map(of).collect()
}

pub(crate) fn report(people: &People, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\n## Adjusted score of KAZ, absent from the reference\n")?;
    writeln!(
        out,
        "score      raw mean/SD   norm2 mean/SD  ours, none    ePRS, none    flagged ref-test | 200 others: ok mean, ok SD, RMS mean, mean SD | 200 of the test"
    )?;
    let test = people.of(&[KAZ], &["test"]);
    let elsewhere = people.of(&[KAZ], &["train", "valid", "ref"]);
    for score in SCORES {
        let rows = people.of(&[0, 1, 2], &["ref"]);
        let scores = people.take(score, &rows)?;
        let (centre, unit) = moments(&scores);
        let raw: Vec<f64> = people.take(score, &test)?.iter().map(|s| (s - centre) / unit).collect();
        let norm2 = VarianceAdjustment::fit(&scores, &people.pcs(&rows), 4)?;
        let of_test = people.take(score, &test)?;
        let of_norm2 = |(row, s): (&usize, &f64)| Ok(norm2.apply(*s, people.pcs_of(*row))?.z.value);
        let norm2 = test.iter().zip(&of_test).map(of_norm2).collect::<Result<Vec<f64>, CalibrateError>>()?;
        let model = reference(people, score)?;
        let none = adjusted(people, &model, &of_test, &test, Membership::Reference)?;
        let flagged = |rows: &[usize]| -> Result<f64, CalibrateError> {
            let outside = rows
                .iter()
                .map(|row| Ok(model.apply(0.0, people.pcs_of(*row), Membership::Reference)?.extrapolated));
            let outside = outside.collect::<Result<Vec<bool>, CalibrateError>>()?;
            Ok(outside.iter().filter(|o| **o).count() as f64 / rows.len() as f64)
        };
        let ((rm, rs), (nm, ns), (om, os)) = (moments(&raw), moments(&norm2), moments(&none));
        write!(out, "{score:<10} {rm:>6.3} {rs:.3}  {nm:>6.3} {ns:.3}  {om:>6.3} {os:.3}")?;
        let of_admixture = |(row, s): (&usize, &f64)| -> Result<f64, Box<dyn Error>> {
            let place = people.pcs_of(*row);
            Ok(people.admixture(score, place[0], place[1], *s)?.z)
        };
        let by_admixture = test.iter().zip(&of_test).map(of_admixture).collect::<Result<Vec<_>, _>>()?;
        let (am, asd) = moments(&by_admixture);
        write!(out, "  {am:>6.3} {asd:.3}")?;
        write!(out, "  {:.3} {:.3}", flagged(&test)?, flagged(&people.of(&[0, 1, 2], &["test"]))?)?;
        for same in [false, true] {
            let found = (0..DRAWS)
                .into_par_iter()
                .map(|seed| {
                    let (own, rest) = draw(if same { &test } else { &elsewhere }, 200, seed);
                    one_draw(people, &model, score, &own, if same { &rest } else { &test })
                        .map_err(|error| error.to_string())
                })
                .collect::<Result<Vec<(f64, f64)>, String>>()?;
            let good_mean = found.iter().filter(|(mean, _)| mean.abs() <= 0.10).count();
            let good_sd = found.iter().filter(|(_, sd)| (0.93..=1.07).contains(sd)).count();
            let rms = (found.iter().map(|(mean, _)| mean * mean).sum::<f64>() / found.len() as f64).sqrt();
            let (sd, _) = moments(&found.iter().map(|(_, sd)| *sd).collect::<Vec<_>>());
            write!(out, " | {good_mean:>3} {good_sd:>3} {rms:.3} {sd:.3}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn one_draw(
    people: &People,
    model: &SmoothAdjustment,
    score: &str,
    own: &[usize],
    rest: &[usize],
) -> Result<(f64, f64), Box<dyn Error>> {
    let model = model.clone().with_cohort(
        &people.take(score, own)?,
        &people.pcs(own),
        Some(people.expected(score, own)?),
    )?;
    let z = adjusted(people, &model, &people.take(score, rest)?, rest, Membership::Cohort)?;
    Ok(moments(&z))
}
