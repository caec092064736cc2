//! What scores of few variants give away, by precision, and how long measuring takes:
//! `cargo run --release -p steppe-privacy --example leakage_table`

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Instant;

use steppe_privacy::leakage::{Method, People, Release, Variant, measure, simulated_scores};

/// Effects and frequencies that look random: normal effects, frequencies of 0.05 to 0.5.
fn variants(count: usize) -> Vec<Variant> {
    let mut state = count as u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let variant = |_| {
        let normal = (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        Variant { weight: 0.1 * normal, frequency: 0.05 + 0.45 * uniform() }
    };
    (0..count).map(variant).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "variants  release     points over the baseline  whole people of 1000  consistent vectors  seconds"
    );
    for count in [5, 10, 15, 20, 24, 25, 35, 50] {
        let variants = variants(count);
        let scores = simulated_scores(&variants, 20_000, 1);
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let squares = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
        let deviation = (squares / scores.len() as f64).sqrt();
        let releases = [
            ("raw", Release::Raw),
            ("3 decimals", Release::Decimals(3)),
            ("Z to 0.1", Release::Standardised { decimals: 1, mean, deviation }),
            ("ventiles", Release::percentiles(5, &scores)),
        ];
        for (name, release) in releases {
            let start = Instant::now();
            let leakage = measure(&variants, &release, People::Simulated { people: 1000, seed: 2 })?;
            let points = leakage
                .excess()
                .map_or("not measured".to_owned(), |excess| format!("{:+.1}", 100.0 * excess));
            println!(
                "{count:>8}  {name:<10}  {points:>24}  {:>20}  {:>18.1}  {:>7.2}{}",
                leakage.whole,
                leakage.consistent,
                start.elapsed().as_secs_f64(),
                if leakage.method == Method::Exact { "" } else { "  grid" },
            );
        }
    }
    Ok(())
}
