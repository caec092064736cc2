//! Coverage of 90 % intervals of the quantitative trait.

use std::{error::Error, io::Write};

use nalgebra::DMatrix;
use rayon::prelude::*;
use steppe_calibrate::risk::{IntervalData, IntervalOptions, PredictionInterval};

use crate::people::{KAZ, POPULATIONS, People, draw, moments};

/// Fewer than elsewhere: each draw judges 6,500 people.
const DRAWS: u64 = 20;
const SCORE: &str = "QT_POOLED";

pub(crate) fn report(people: &People, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "\n## Coverage of 90 % intervals ({SCORE}), 200 phenotyped KAZ, mean over {DRAWS} draws\n"
    )?;
    let test = people.of(&[0, 1, 2, KAZ], &["test"]);
    let covered = (0..DRAWS)
        .into_par_iter()
        .map(|seed| one_draw(people, &test, seed).map_err(|error| error.to_string()))
        .collect::<Result<Vec<Vec<bool>>, String>>()?;
    let share = |rows: &[usize]| {
        let each: Vec<f64> = covered
            .iter()
            .map(|covered| rows.iter().filter(|row| covered[**row]).count() as f64 / rows.len() as f64)
            .collect();
        let inside = each.iter().filter(|share| (0.88..=0.92).contains(*share)).count();
        (moments(&each).0, inside)
    };
    for (index, name) in POPULATIONS.iter().enumerate() {
        let rows: Vec<usize> = (0..test.len()).filter(|i| people.population[test[*i]] == index).collect();
        let (mean, inside) = share(&rows);
        let noise = (0.09 / rows.len() as f64).sqrt();
        writeln!(out, "{name}       {mean:.3}  in .88-.92 in {inside} draws (sampling error {noise:.3})")?;
    }
    for component in 0..2 {
        let mut order: Vec<usize> = (0..test.len()).collect();
        order.sort_by(|a, b| {
            people.pcs_of(test[*a])[component].total_cmp(&people.pcs_of(test[*b])[component])
        });
        let deciles = order.chunks(test.len().div_ceil(10)).map(|rows| format!("{:.3}", share(rows).0));
        writeln!(out, "PC{} deciles {}", component + 1, deciles.collect::<Vec<_>>().join(" "))?;
    }
    Ok(())
}

fn one_draw(people: &People, test: &[usize], seed: u64) -> Result<Vec<bool>, Box<dyn Error>> {
    let (own, _) = draw(&people.of(&[KAZ], &["train", "valid", "ref"]), 200, seed);
    let rows = [people.of(&[0, 1, 2], &["valid", "ref"]), own].concat();
    let covariates = |rows: &[usize]| -> Result<DMatrix<f64>, String> {
        let (sex, age) = (people.take("sex", rows)?, people.take("age", rows)?);
        Ok(DMatrix::from_fn(rows.len(), 2, |row, column| if column == 0 { sex[row] } else { age[row] }))
    };
    let (outcome, score, population) =
        (people.take("QT", &rows)?, people.take(SCORE, &rows)?, people.populations_of(&rows));
    let data = IntervalData {
        outcome: &outcome,
        score: &score,
        pcs: &people.pcs(&rows),
        covariates: &covariates(&rows)?,
        population: &population,
        populations: POPULATIONS.len(),
    };
    let model = PredictionInterval::fit(&data, IntervalOptions::default())?;
    let (truth, scores, of_test) = (people.take("QT", test)?, people.take(SCORE, test)?, covariates(test)?);
    let mut covered = Vec::new();
    for (row, person) in test.iter().enumerate() {
        let own: Vec<f64> = of_test.row(row).iter().copied().collect();
        let population = people.population[*person];
        let interval = model.apply(scores[row], people.pcs_of(*person), &own, Some(population))?;
        covered.push(interval.low <= truth[row] && truth[row] <= interval.high);
    }
    Ok(covered)
}
