//! Measures the goals of adjustment, risk and combination on simulated cohorts, over 100 draws of the own cohort.
//!
//! `goals [--adjusted] [--risks] [--intervals] [--stacked] FOLDER...`: folders that `prepare.py` wrote, one for each seed
//! of the simulation; all parts where none is named.

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
    let (flags, folders): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let wanted = |part: &str| flags.is_empty() || flags.iter().any(|flag| flag[2..] == *part);
    for folder in folders {
        let people = people::People::read(folder.as_ref())?;
        writeln!(out, "\n# {folder}: {} people", people.population.len())?;
        if wanted("adjusted") {
            adjusted::report(&people, &mut out)?;
        }
        if wanted("risks") {
            risks::report(&people, &mut out)?;
        }
        if wanted("intervals") {
            intervals::report(&people, &mut out)?;
        }
        if wanted("stacked") {
            stacked::report(&people, &mut out)?;
        }
    }
    Ok(())
}
