//! An independent float64 reference: genotypes by bed-reader, frequencies and sums in plain loops.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bed_reader::{Bed, ReadOptions};
use steppe_tests::{Table, data_folder};

use crate::sets::Imported;

/// A case of the fixtures in `fixtures/plink2_ploidy`, as its `cases.tsv` lists them.
pub(crate) struct PloidyCase {
    pub(crate) name: String,
    pub(crate) prefix: PathBuf,
    pub(crate) scores: PathBuf,
    pub(crate) expected: PathBuf,
    pub(crate) options: Vec<String>,
}

/// The cases of the fixtures.
pub(crate) fn ploidy_cases(folder: &Path) -> Vec<PloidyCase> {
    let table = Table::read(&folder.join("cases.tsv"), '\t');
    let field = |row: &[String], name: &str| row[table.column(name)].clone();
    table
        .rows
        .iter()
        .map(|row| PloidyCase {
            name: field(row, "case"),
            prefix: folder.join(field(row, "prefix")),
            scores: folder.join(field(row, "scores")),
            expected: folder.join(field(row, "expected")),
            options: options(&field(row, "mode"), folder),
        })
        .collect()
}

/// Our options for a mode of plink2. Its tables were read with `1 2 3 header`.
fn options(mode: &str, folder: &Path) -> Vec<String> {
    let frequencies = folder.join("other.afreq").display().to_string();
    let of_mode: &[&str] = match mode {
        "default" => &["--missing", "mean"],
        "no-mean-imputation" => &["--missing", "zero"],
        "dominant" => &["--missing", "mean", "--effect-type", "dominant"],
        "recessive" => &["--missing", "mean", "--effect-type", "recessive"],
        "dominant-no-mean-imputation" => &["--missing", "zero", "--effect-type", "dominant"],
        "recessive-no-mean-imputation" => &["--missing", "zero", "--effect-type", "recessive"],
        "read-freq" => &["--missing", "mean", "--freq", &frequencies],
        _ => unreachable!("an unknown mode {mode:?} in cases.tsv"),
    };
    let table = ["--score-columns", "1,2,3", "--score-header", "skip"];
    table.iter().chain(of_mode).map(|&option| option.to_owned()).collect()
}

/// The fileset of the fixtures, which lives in the project, and its variants as (id, allele 1).
pub(crate) fn ploidy_fileset() -> (PathBuf, Vec<(String, String)>) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/plink2_ploidy"));
    let prefix = ploidy_cases(folder).remove(0).prefix;
    let variants = bim(&prefix).into_iter().map(|fields| (fields[1].clone(), fields[4].clone())).collect();
    (prefix, variants)
}

fn bim(prefix: &Path) -> Vec<Vec<String>> {
    fs::read_to_string(prefix.with_extension("bim"))
        .expect("the .bim")
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// Compensated summation, so that the reference's own rounding is no part of the comparison.
#[derive(Default, Clone, Copy)]
struct Compensated {
    sum: f64,
    rest: f64,
}

impl Compensated {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        self.rest += if self.sum.abs() >= value.abs() {
            (self.sum - total) + value
        } else {
            (value - total) + self.sum
        };
        self.sum = total;
    }

    fn value(self) -> f64 {
        self.sum + self.rest
    }
}

/// Autosomal scores with mean imputation from founders: w·d, a missing call w·2f.
fn reference(prefix: &Path, weights: &[(usize, bool, f64)], founders: &[bool]) -> Vec<f64> {
    let mut bed = Bed::new(prefix.with_extension("bed")).expect("bed-reader opens it");
    let codes = ReadOptions::builder().count_a1().i8().read(&mut bed).expect("bed-reader reads it");
    let mut sums = vec![Compensated::default(); codes.nrows()];
    for &(variant, effect_is_first, weight) in weights {
        let column = codes.column(variant);
        let dosage = |code: i8| f64::from(if effect_is_first { code } else { 2 - code });
        let called = || column.iter().zip(founders).filter(|&(&code, &founder)| founder && code >= 0);
        let mean = called().map(|(&code, _)| dosage(code)).sum::<f64>() / called().count() as f64;
        for (sum, &code) in sums.iter_mut().zip(column) {
            sum.add(weight * if code < 0 { mean } else { dosage(code) });
        }
    }
    sums.into_iter().map(Compensated::value).collect()
}

#[test]
fn float64_agrees_to_nine_digits() {
    for (set, prefix, scores, build) in [
        ("bigsnpr_missing", "example-missing", "score_weights.txt", "GRCh37"),
        ("hapmap2_ceu_yri", "hm2_chr4_20", "expected/match/tgt_ALL_additive_0.scorefile.gz", "GRCh37"),
        ("kg255_hap550", "kg255_chr3", "expected/match/tgt_ALL_additive_0.scorefile.gz", "GRCh37"),
    ] {
        let Some(folder) = data_folder(set) else { return };
        let prefix = folder.join(prefix);
        let table = Table::read(&folder.join(scores), '\t');
        let imported = Imported::of(&prefix, build);
        let options = ["--min-overlap", "0", "--ambiguous", "keep", "--match-by", "id"];
        imported.score("out", &[&folder.join(scores)], &options).expect_status(0);
        let ours = imported.sscore("out");
        let variants = bim(&prefix);
        let place: std::collections::HashMap<&str, usize> =
            variants.iter().enumerate().map(|(index, fields)| (fields[1].as_str(), index)).collect();
        let founders = founders(&prefix);
        for score in &table.names[2..] {
            let weights: Vec<(usize, bool, f64)> = table
                .rows
                .iter()
                .zip(table.numbers(score))
                .map(|(row, weight)| {
                    let variant = place[row[0].as_str()];
                    (variant, variants[variant][4] == row[1], weight)
                })
                .collect();
            let expected = reference(&prefix, &weights, &founders);
            let spread = standard_deviation(&expected);
            for (ours, expected) in ours.numbers(&format!("{score}_SUM")).iter().zip(&expected) {
                // Relative to the score; for scores that cancel to nearly nothing, to the cohort's spread.
                let tolerance = 1e-9 * expected.abs().max(spread);
                assert!((ours - expected).abs() <= tolerance, "{set} {score}: {ours} and {expected}");
            }
        }
    }
}

fn standard_deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

fn founders(prefix: &Path) -> Vec<bool> {
    fs::read_to_string(prefix.with_extension("fam"))
        .expect("the .fam")
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .map(|fields| fields[2] == "0" && fields[3] == "0")
        .collect()
}
