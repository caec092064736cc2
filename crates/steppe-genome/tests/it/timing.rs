//! How long matching takes: `cargo test --release -p steppe-genome -- --ignored --nocapture timing`.

use std::time::Instant;

use steppe_genome::{
    Chromosome,
    matching::{MatchBy, MatchOptions, RowStatus, VariantLookup, match_rows},
};

use super::{
    shared_data::dataset,
    tables::{Rows, Variants},
};

fn time(what: &str, rows: &[&Rows], variants: &Variants, options: &MatchOptions) {
    let start = Instant::now();
    let lookup = VariantLookup::build(variants);
    let built = start.elapsed();
    let start = Instant::now();
    let matched: usize = rows
        .iter()
        .map(|rows| match_rows(*rows, variants, &lookup, &|_| None, options))
        .map(|decisions| decisions.iter().filter(|decision| decision.status == RowStatus::Matched).count())
        .sum();
    eprintln!("{what}: index {built:?}, matching {:?}, {matched} rows matched", start.elapsed());
}

#[test]
#[ignore = "prints times"]
fn timing_hapmap2() {
    let Some(folder) = dataset("hapmap2_ceu_yri") else { return };
    let variants = Variants::of_bim(&folder.join("hm2_chr4_20.bim"));
    let scores: Vec<Rows> = ["PGS000018_GRCh37_chr20", "PGS000027_GRCh37_chr20", "PGS001229_GRCh37_chr4_20"]
        .iter()
        .map(|name| folder.join(format!("expected/format/normalised_{name}.txt")))
        .flat_map(|path| Rows::of_normalised(&path).into_values())
        .collect();
    let scores: Vec<&Rows> = scores.iter().collect();
    for _ in 0..3 {
        time("hapmap2, 101,629 rows", &scores, &variants, &MatchOptions::default());
    }
}

#[test]
#[ignore = "prints times"]
fn timing_large() {
    let mut variants = Variants::default();
    let mut rows = Rows::default();
    let alleles = ["A", "C", "G", "T"];
    for index in 0..10_000_000_u32 {
        let chromosome = Chromosome::Autosome((1 + index / 500_000) as u8);
        let position = 1 + index % 500_000 * 300;
        let (counted, other) = (alleles[index as usize % 4], alleles[(index as usize + 1) % 4]);
        let id = format!("rs{}", index.wrapping_mul(2_654_435_761));
        if index % 10 == 0 {
            rows.push(Some((chromosome.clone(), position)), &id, counted, other);
        }
        variants.push((chromosome, position), &id, counted, other);
    }
    let options = MatchOptions::default();
    time("1 M sorted rows in 10 M variants by position", &[&rows], &variants, &options);
    let mut shuffled = Rows::default();
    for index in 0..1_000_000_u64 {
        let variant = index * 7_919_003 % 10_000_000;
        let place =
            (Chromosome::Autosome((1 + variant / 500_000) as u8), (1 + variant % 500_000 * 300) as u32);
        let (counted, other) = (alleles[variant as usize % 4], alleles[(variant as usize + 1) % 4]);
        shuffled.push(Some(place), "", counted, other);
    }
    time("1 M shuffled rows in 10 M variants by position", &[&shuffled], &variants, &options);
    let by_id = MatchOptions { by: MatchBy::Id, ..options };
    time("1 M rows in 10 M variants by id", &[&rows], &variants, &by_id);
}
