//! Scores of several populations stacked for the own cohort.

use std::{error::Error, io::Write};

use nalgebra::DMatrix;
use rayon::prelude::*;
use steppe_calibrate::combine::{Combination, Family, StackData, StackOptions};
use steppe_stats::metrics::r_squared;

use crate::{
    DRAWS,
    people::{KAZ, People, draw, moments},
};

const TRAINED: [(&str, f64); 3] = [("EUR", 10_000.0), ("EAS", 4_000.0), ("POOLED", 15_000.0)];

pub(crate) fn report(people: &People, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\n## Stacked scores in KAZ, R2 of the test over {DRAWS} draws\n")?;
    let test = people.of(&[KAZ], &["test"]);
    let truth = people.take("QT", &test)?;
    let r2 = |score: &[f64]| r_squared(&truth, score).unwrap_or(f64::NAN);
    for scores in [&TRAINED[..2], &TRAINED[..]] {
        let names: Vec<String> = scores.iter().map(|(name, _)| format!("QT_{name}")).collect();
        let single = names
            .iter()
            .map(|name| Ok(r2(&people.take(name, &test)?)))
            .collect::<Result<Vec<f64>, String>>()?;
        let best = single.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for n in [200, 50] {
            let found = (0..DRAWS)
                .into_par_iter()
                .map(|seed| {
                    let (own, _) = draw(&people.of(&[KAZ], &["train", "valid", "ref"]), n, seed);
                    let stack = stack(people, &names, scores, &own).map_err(|e| e.to_string())?;
                    let of_test = columns(people, &names, &test)?;
                    let score = |row| stack.score(&of_test.row(row).iter().copied().collect::<Vec<_>>());
                    let score = (0..test.len()).map(score).collect::<Result<Vec<f64>, _>>();
                    Ok(r2(&score.map_err(|e| e.to_string())?))
                })
                .collect::<Result<Vec<f64>, String>>()?;
            let worst = found.iter().copied().fold(f64::INFINITY, f64::min);
            let below = found.iter().filter(|value| **value < best - 1e-12).count();
            let each: Vec<String> =
                names.iter().zip(&single).map(|(name, value)| format!("{name} {value:.4}")).collect();
            writeln!(
                out,
                "n {n:>3}: {} | stacked {:.4} (worst {worst:.4}), below the best single in {below} draws",
                each.join(", "),
                moments(&found).0
            )?;
        }
    }
    Ok(())
}

fn columns(people: &People, names: &[String], rows: &[usize]) -> Result<DMatrix<f64>, String> {
    let columns = names.iter().map(|name| people.take(name, rows)).collect::<Result<Vec<_>, _>>()?;
    Ok(DMatrix::from_fn(rows.len(), names.len(), |row, column| columns[column][row]))
}

fn stack(
    people: &People,
    names: &[String],
    scores: &[(&str, f64)],
    own: &[usize],
) -> Result<Combination, Box<dyn Error>> {
    let (sex, age) = (people.take("sex", own)?, people.take("age", own)?);
    let covariates =
        DMatrix::from_fn(own.len(), 2, |row, column| if column == 0 { sex[row] } else { age[row] });
    let trained_on: Vec<f64> = scores.iter().map(|(_, people)| *people).collect();
    let (scores, outcome) = (columns(people, names, own)?, people.take("QT", own)?);
    let data =
        StackData { scores: &scores, covariates: &covariates, outcome: &outcome, trained_on: &trained_on };
    Ok(Combination::fit(&data, StackOptions::new(Family::Quantitative))?)
}
