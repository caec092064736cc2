//! Time of OADP a person, without the pass: made-up components, so that only the decompositions are measured.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program for the terminal")]

use std::time::Instant;

use steppe_calibrate::pca::PcaModel;
use steppe_calibrate::projection::Oadp;

fn main() {
    let people = 2000;
    for components in [4, 10, 20] {
        let kept = 4 * components;
        let model = PcaModel {
            centre: Vec::new(),
            scale: Vec::new(),
            loadings: Vec::new(),
            singular_values: (0..kept).map(|rank| 300.0 + 1100.0 / f64::from(1 + rank as u32)).collect(),
            components,
            people: 2000,
        };
        let oadp = Oadp::new(&model, components).expect("components");
        let start = Instant::now();
        let mut sum = 0.0;
        for person in 0..people {
            let along: Vec<f64> =
                (0..kept).map(|rank| f64::from((person * 7 + rank * 13) as u32 % 41) - 20.3).collect();
            sum += oadp.scores(&along, 25_000.0).expect("scores")[0];
        }
        println!(
            "{components} components: {:?} a person (mean score {:.3})",
            start.elapsed() / people as u32,
            sum / people as f64
        );
    }
}
