//! How long a ledger takes to decide, and how large it is on disk:
//! `cargo run --release -p steppe-privacy --example ledger_speed`

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::{Duration, Instant};

use roaring::RoaringBitmap;
use steppe_privacy::ledger::{Ledger, Limits};

const PEOPLE: u32 = 500_000;

/// A number that looks random, of a person and a column.
fn dice(person: u32, column: u32) -> u32 {
    let mixed = (u64::from(person) << 32 | u64::from(column)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33) as u32
}

/// People of a range of a column's values, of 100,000.
fn range(column: u32, from: u32, to: u32) -> RoaringBitmap {
    (0..PEOPLE).filter(|&person| (from..to).contains(&(dice(person, column) % 100_000))).collect()
}

/// The deciles of twenty columns: 181 independent sets, and almost every person an atom.
fn deciles() -> Vec<RoaringBitmap> {
    let sets =
        (0..20).flat_map(|column| (0..10).map(move |at| range(column, at * 10_000, (at + 1) * 10_000)));
    sets.collect()
}

/// Ranges of one column at random: few atoms.
fn ranges() -> Vec<RoaringBitmap> {
    let ends = (0..400).map(|at| (dice(at, 91) % 100_000, dice(at, 92) % 100_000));
    ends.filter(|(from, to)| from < to).map(|(from, to)| range(0, from, to)).collect()
}

fn measure(name: &str, sets: &[RoaringBitmap]) -> Result<(), Box<dyn std::error::Error>> {
    let mut ledger = Ledger::new(&(0..PEOPLE).collect(), 5, Limits::default())?;
    let (mut times, mut refused): (Vec<Duration>, usize) = (Vec::new(), 0);
    for set in sets {
        let start = Instant::now();
        let decision = ledger.check(set);
        refused += usize::from(!decision.is_answer());
        ledger.commit(decision)?;
        times.push(start.elapsed());
    }
    let start = Instant::now();
    let is_repeat_answered = sets.first().is_none_or(|set| ledger.check(set).is_answer());
    let repeat = start.elapsed();
    let mut bytes = Vec::new();
    ciborium::into_writer(&ledger, &mut bytes)?;
    let start = Instant::now();
    let read: Ledger = ciborium::from_reader(bytes.as_slice())?;
    let reading = start.elapsed();
    let last = &times[times.len().saturating_sub(20)..];
    println!(
        "{name}: {} sets, {refused} refused, rank {}, {} atoms; the last 20: mean {:.1?}, longest {:.1?} (of all {:.1?}); \
         a repeat {repeat:.1?} ({is_repeat_answered}); {:.1} MB on disk, read in {reading:.1?} (rank {})",
        sets.len(),
        ledger.rank(),
        ledger.atoms().len(),
        last.iter().sum::<Duration>() / last.len().max(1) as u32,
        last.iter().max().copied().unwrap_or_default(),
        times.iter().max().copied().unwrap_or_default(),
        bytes.len() as f64 / 1e6,
        read.rank(),
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure("ranges of one column", &ranges())?;
    measure("deciles of two columns", &deciles()[..20])?;
    measure("deciles of twenty columns", &deciles())
}
