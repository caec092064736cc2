//! Scores equal plink2's, to the six digits that it prints, on every public set that has its answers.
//!
//! The expected files are of PLINK v2.00a3.5, made by
//! `plink2 --bfile PREFIX --score FILE 1 2 header-read cols=+scoresums,+denom [MODE] --score-col-nums 3-`.

use std::path::Path;

use steppe_tests::{Table, data_folder};

use crate::sets::Imported;

/// A mode of plink2, and our options for it.
const MODES: [(&str, &[&str]); 4] = [
    ("default", &["--missing", "mean"]),
    ("no-mean-imputation", &["--missing", "zero"]),
    ("dominant", &["--missing", "mean", "--effect-type", "dominant"]),
    ("recessive", &["--missing", "mean", "--effect-type", "recessive"]),
];

struct Case {
    set: &'static str,
    prefix: &'static str,
    /// The scoring file, and the expected files' common start.
    scores: &'static str,
    expected: &'static str,
    /// Whether every column of the file uses every row; then the counts are plink2's too.
    shared_counts: bool,
}

const CASES: [Case; 6] = [
    Case {
        set: "bigsnpr_missing",
        prefix: "example-missing",
        scores: "score_weights.txt",
        expected: "expected/plink2_",
        shared_counts: true,
    },
    Case {
        set: "regenie_example",
        prefix: "example",
        scores: "score_weights.txt",
        expected: "expected/plink2_bed_",
        shared_counts: true,
    },
    Case {
        set: "hapmap2_ceu_yri",
        prefix: "hm2_chr4_20",
        scores: "expected/match/tgt_ALL_additive_0.scorefile.gz",
        expected: "expected/plink2_tgt_ALL_additive_0_",
        shared_counts: false,
    },
    Case {
        set: "hapmap2_ceu_yri",
        prefix: "hm2_chr4_20",
        scores: "expected/match/tgt_ALL_additive_1.scorefile.gz",
        expected: "expected/plink2_tgt_ALL_additive_1_",
        shared_counts: false,
    },
    Case {
        set: "kg255_hap550",
        prefix: "kg255_chr3",
        scores: "expected/match/tgt_ALL_additive_0.scorefile.gz",
        expected: "expected/plink2_tgt_ALL_additive_0_",
        shared_counts: true,
    },
    Case {
        set: "cineca_pgsc_calc",
        prefix: "cineca_synthetic_subset",
        scores: "expected/PGS001229_22/match/cineca_ALL_additive_0.scorefile.gz",
        expected: "expected/PGS001229_22/plink2_bfile_cineca_ALL_additive_0_",
        shared_counts: true,
    },
];

/// Whether `ours` is `theirs` to the six significant digits that plink2 prints.
fn same_to_six_digits(ours: f64, theirs: f64) -> bool {
    if theirs.is_nan() {
        // No allele counts: nothing to divide by.
        return ours.is_nan();
    }
    if theirs == 0.0 {
        return ours.abs() < 1e-9;
    }
    let unit = 10f64.powf(theirs.abs().log10().floor() - 5.0);
    (ours - theirs).abs() <= 0.501 * unit
}

#[track_caller]
fn assert_column(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}: rows");
    for (row, (&ours, &theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!(same_to_six_digits(ours, theirs), "{what}, row {row}: {ours} and plink2's {theirs}");
    }
}

fn compare(what: &str, ours: &Table, theirs: &Table, shared_counts: bool) -> usize {
    assert_eq!(ours.texts("IID"), theirs.texts("IID"), "{what}: samples");
    let mut columns = 0;
    for name in
        theirs.names.iter().filter(|name| name.ends_with("_SUM") && *name != "NAMED_ALLELE_DOSAGE_SUM")
    {
        assert_column(&format!("{what} {name}"), &ours.numbers(name), &theirs.numbers(name));
        columns += 1;
        let score = name.trim_end_matches("_SUM");
        let average = format!("{score}_AVG");
        if shared_counts {
            assert_column(&format!("{what} {average}"), &ours.numbers(&average), &theirs.numbers(&average));
        } else {
            // plink2 divides by the alleles of all columns' variants, also where a column's weight is 0. Ours is
            // the score's own denominator.
            let own: Vec<f64> = ours.numbers(&denominator(ours, score));
            let expected: Vec<f64> =
                theirs.numbers(name).iter().zip(&own).map(|(sum, own)| sum / own).collect();
            for (ours, expected) in ours.numbers(&average).iter().zip(expected) {
                assert!((ours - expected).abs() <= 1e-5 * expected.abs(), "{what} {average}");
            }
        }
    }
    if shared_counts {
        for name in ["ALLELE_CT", "DENOM", "NAMED_ALLELE_DOSAGE_SUM"] {
            assert_column(&format!("{what} {name}"), &ours.numbers(name), &theirs.numbers(name));
        }
    }
    columns
}

fn denominator(table: &Table, score: &str) -> String {
    let own = format!("{score}_DENOM");
    if table.find(&own).is_some() { own } else { "DENOM".to_owned() }
}

#[test]
fn every_public_set_and_mode() {
    let mut compared = 0;
    for case in &CASES {
        let Some(folder) = data_folder(case.set) else { return };
        let imported = Imported::of(&folder.join(case.prefix), "GRCh37");
        for (mode, options) in MODES {
            let expected = folder.join(format!("{}{mode}.sscore", case.expected));
            if !expected.exists() {
                continue;
            }
            let out = format!("{mode}-{}", case.scores.len());
            // plink2 scores what it finds; the overlap gate is not its business, nor are palindromes.
            let common: &[&str] = &["--min-overlap", "0", "--ambiguous", "keep", "--match-by", "id"];
            let scores: &Path = &folder.join(case.scores);
            imported.score(&out, &[scores], &[common, options].concat()).expect_status(0);
            let what = format!("{} {} {mode}", case.set, case.scores);
            compared +=
                compare(&what, &imported.sscore(&out), &Table::read(&expected, '\t'), case.shared_counts);
        }
    }
    assert!(compared >= 30, "only {compared} columns compared");
}

#[test]
fn sex_chromosomes_and_mt_count_as_in_plink2() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/plink2_ploidy"));
    let cases = crate::reference::ploidy_cases(folder);
    assert!(cases.len() >= 4, "the fixtures have lost their cases");
    for case in cases {
        let imported = Imported::of(&case.prefix, "GRCh38");
        let mut options = vec!["--min-overlap", "0", "--ambiguous", "keep", "--match-by", "id"];
        options.extend(case.options.iter().map(String::as_str));
        imported.score("out", &[&case.scores], &options).expect_status(0);
        // plink2 was told to pass the header by; we name the score of a one-score table after its file.
        let mut theirs = Table::read(&case.expected, '\t');
        let name = case.scores.file_stem().expect("a name").to_string_lossy();
        theirs.names.iter_mut().for_each(|column| *column = column.replace("SCORE1", &name));
        let columns = compare(&case.name, &imported.sscore("out"), &theirs, true);
        assert!(columns > 0, "{}: nothing compared", case.name);
    }
}
