//! Measures the goals of adjustment, risk and combination on simulated cohorts, over 100 draws of the own cohort.
//!
//! `goals FOLDER...`: folders that `prepare.py` wrote, one for each seed of the simulation.

mod adjusted;
mod intervals;
mod people;
mod risks;
mod stacked;

use std::{error::Error, io::Write};

/// Draws of the own cohort.
const DRAWS: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for folder in std::env::args().skip(1) {
        let people = people::People::read(folder.as_ref())?;
        writeln!(out, "\n# {folder}: {} people", people.population.len())?;
        adjusted::report(&people, &mut out)?;
        risks::report(&people, &mut out)?;
        intervals::report(&people, &mut out)?;
        stacked::report(&people, &mut out)?;
    }
    Ok(())
}
