//! How long suppression takes: `cargo run --release -p steppe-privacy --example cells_speed`

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Instant;

use steppe_privacy::cells::{Cell, suppress};

/// Counts that look random, many of them small or zero.
fn table(categories: &[u32]) -> Vec<Cell> {
    let mut keys = vec![Vec::new()];
    for &categories in categories {
        keys = keys
            .iter()
            .flat_map(|key: &Vec<u32>| (0..categories).map(|category| [key.as_slice(), &[category]].concat()))
            .collect();
    }
    let people = |at: u64| {
        let mixed = (at + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40;
        match mixed % 10 {
            0 => 0,
            1 => mixed / 10 % 5,
            _ => mixed / 10 % 400,
        }
    };
    (0..).zip(keys).map(|(at, key)| Cell { key, people: people(at) }).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for categories in
        [&[10][..], &[10, 5], &[10, 5, 2], &[20, 20], &[64, 64], &[16, 8, 8], &[8, 4, 4, 4], &[4, 4, 4, 2, 2]]
    {
        let cells = table(categories);
        let start = Instant::now();
        let suppression = suppress(&cells, 5)?;
        let left_out = suppression.cells.iter().flatten().count();
        let margins = suppression.margins.iter().filter(|margin| margin.suppressed.is_some()).count();
        let small = cells.iter().filter(|cell| (1..5).contains(&cell.people)).count();
        println!(
            "{categories:?}: {} cells, {small} small, {left_out} left out, {margins} of {} margins; {:.1?}",
            cells.len(),
            suppression.margins.len(),
            start.elapsed(),
        );
    }
    Ok(())
}
