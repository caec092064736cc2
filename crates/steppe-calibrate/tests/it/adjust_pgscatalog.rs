//! Equal to pgscatalog-utils on the 1000 Genomes' scores and components.

use std::{collections::HashMap, io::Read, path::PathBuf};

use nalgebra::DMatrix;
use steppe_calibrate::adjust::{LinearAdjustment, MostSimilarPopulation, VarianceAdjustment};

const POPULATIONS: [&str; 5] = ["AFR", "AMR", "EAS", "EUR", "SAS"];

/// The folder of public test data; `None`, said aloud, where it is absent outside CI.
fn data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = PathBuf::from(std::env::var_os("STEPPE_DATA").unwrap_or_else(|| default.into()));
    if folder.is_dir() {
        return Some(folder.join("ancestry_bp1000g/expected/ancestry_adjust"));
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs the test data: {}", folder.display());
    eprintln!("skipped: no test data in {}", folder.display());
    None
}

/// Rows by column name.
fn table(path: PathBuf) -> Vec<HashMap<String, String>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).expect("a table"))
        .read_to_string(&mut text)
        .expect("gzip");
    let mut lines = text.lines();
    let header: Vec<String> = lines.next().expect("a header").split('\t').map(str::to_owned).collect();
    lines.map(|line| header.iter().cloned().zip(line.split('\t').map(str::to_owned)).collect()).collect()
}

fn number(row: &HashMap<String, String>, name: &str) -> f64 {
    row[name].parse().expect("a number")
}

fn population(row: &HashMap<String, String>, name: &str) -> usize {
    POPULATIONS.iter().position(|known| *known == row[name]).expect("a known population")
}

/// Largest differences from the expected percentile, Z, Z_norm1 and Z_norm2 of one score.
fn compare(people: &[HashMap<String, String>], scores: &[&HashMap<String, String>]) -> [f64; 4] {
    let by_id: HashMap<(&str, &str), &HashMap<String, String>> =
        scores.iter().map(|row| ((row["sampleset"].as_str(), row["IID"].as_str()), *row)).collect();
    let of = |row: &HashMap<String, String>| by_id[&(row["sampleset"].as_str(), row["IID"].as_str())];
    let trains = |row: &&HashMap<String, String>| row["REFERENCE"] == "True" && row["Unrelated"] == "True";
    let training: Vec<&HashMap<String, String>> = people.iter().filter(trains).collect();
    let score: Vec<f64> = training.iter().map(|row| number(of(row), "SUM")).collect();
    let components = |row: &HashMap<String, String>| -> Vec<f64> {
        (1..=4).map(|k| number(row, &format!("PC{k}"))).collect()
    };
    let rows: Vec<f64> = training.iter().flat_map(|row| components(row)).collect();
    let pcs = DMatrix::from_row_slice(training.len(), 4, &rows);
    let label: Vec<usize> = training.iter().map(|row| population(row, "SuperPop")).collect();
    let similar = MostSimilarPopulation::fit(&score, &label, POPULATIONS.len()).expect("a fit");
    let linear = LinearAdjustment::fit(&score, &pcs, 4).expect("a fit");
    let variance = VarianceAdjustment::fit(&score, &pcs, 4).expect("a fit");
    let mut worst = [0.0_f64; 4];
    for row in people {
        let (raw, pcs, expected) = (number(of(row), "SUM"), components(row), of(row));
        let own = similar.apply(raw, population(row, "MostSimilarPop")).expect("a place").expect("it varies");
        let found = [
            (own.percentile.value, "percentile_MostSimilarPop"),
            (own.z.value, "Z_MostSimilarPop"),
            (linear.apply(raw, &pcs).expect("a score").z.value, "Z_norm1"),
            (variance.apply(raw, &pcs).expect("a score").z.value, "Z_norm2"),
        ];
        for (worst, (value, name)) in worst.iter_mut().zip(found) {
            *worst = worst.max((value - number(expected, name)).abs());
        }
    }
    worst
}

#[test]
fn equals_pgscatalog_utils() {
    let Some(folder) = data() else { return };
    let people = table(folder.join("target_popsimilarity.txt.gz"));
    let scores = table(folder.join("target_pgs.txt.gz"));
    assert_eq!(people.len(), 2504);
    for name in ["AFRB", "EASB", "EURB"] {
        let own: Vec<_> = scores.iter().filter(|row| row["PGS"] == name).collect();
        let [percentile, z, norm1, norm2] = compare(&people, &own);
        println!("{name}: percentile {percentile:.1e}, Z {z:.1e}, norm1 {norm1:.1e}, norm2 {norm2:.1e}");
        assert!(percentile < 1e-6 && z < 1e-6 && norm1 < 1e-6, "{name}: {percentile} {z} {norm1}");
        assert!(norm2 < 1e-6, "{name}: {norm2}");
    }
}
