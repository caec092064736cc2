//! `steppe match` gives pgscatalog-match's decisions, row by row, on real scoring files.
//!
//! Expected: `pgscatalog-match -d tgt -s normalised.txt -t PREFIX.bim --min_overlap …` of pgscatalog-utils 2.0.4
//! (its command lines lie beside its logs). The crate `steppe-genome` compares all candidates and options; this
//! test takes the way of a user: scoring files as they are published, the binary, and the Parquet log.

use std::{collections::HashMap, fs::File, path::Path};

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, UInt64Type},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steppe_tests::{Table, data_folder, steppe};

use crate::sets::Imported;

/// What both sides say of a row.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Decision {
    status: String,
    variant: String,
    match_type: String,
    flags: [bool; 3],
}

fn text_column(batch: &RecordBatch, name: &str) -> StringArray {
    let column = batch.column_by_name(name).expect("a column of the log");
    cast(column, &DataType::Utf8).expect("text").as_string::<i32>().clone()
}

fn ours(log: &Path) -> HashMap<(String, u64), Decision> {
    let file = File::open(log).expect("the match log");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader");
    let mut decisions = HashMap::new();
    for batch in reader {
        let batch = batch.expect("a batch");
        let text = |name: &str| text_column(&batch, name);
        let (accession, status, variant, kind) =
            (text("accession"), text("status"), text("variant_id"), text("match_type"));
        let rows = batch.column_by_name("row").expect("row").as_primitive::<UInt64Type>().clone();
        let flag = |name: &str| batch.column_by_name(name).expect("a flag").as_boolean().clone();
        let flags = [flag("ambiguous"), flag("duplicate_best_match"), flag("duplicate_id")];
        for row in 0..batch.num_rows() {
            let decision = Decision {
                status: status.value(row).to_owned(),
                variant: if variant.is_null(row) { String::new() } else { variant.value(row).to_owned() },
                match_type: if kind.is_null(row) { String::new() } else { kind.value(row).to_owned() },
                flags: [0, 1, 2].map(|at: usize| flags[at].value(row)),
            };
            decisions.insert((accession.value(row).to_owned(), rows.value(row)), decision);
        }
    }
    decisions
}

/// pgscatalog-match reads allele 1 of a .bim as the reference allele, we as the alternate one (as plink2 does): the
/// names of the match types are each other's, and no decision differs.
fn swapped(match_type: &str) -> String {
    if match_type.contains("no_oa") {
        match_type
            .replace("no_oa_ref", "no_oa_tmp")
            .replace("no_oa_alt", "no_oa_ref")
            .replace("no_oa_tmp", "no_oa_alt")
    } else {
        match_type.replace("refalt", "tmp").replace("altref", "refalt").replace("tmp", "altref")
    }
}

/// The best match of every row of pgscatalog-match's log.
fn theirs(log: &Path) -> HashMap<(String, u64), Decision> {
    let table = Table::read(log, ',');
    let at = |name: &str| table.column(name);
    let (row_number, accession, status) = (at("row_nr"), at("accession"), at("match_status"));
    let (variant, kind) = (at("ID"), at("match_type"));
    let flags = [at("ambiguous"), at("duplicate_best_match"), at("duplicate_ID")];
    table
        .rows
        .iter()
        .filter(|row| row[status] != "not_best")
        .map(|row| {
            let decision = Decision {
                status: row[status].clone(),
                variant: row[variant].clone(),
                match_type: swapped(&row[kind]),
                flags: flags.map(|flag| row[flag] == "true"),
            };
            ((row[accession].clone(), row[row_number].parse().expect("a row number")), decision)
        })
        .collect()
}

fn compare(set: &str, prefix: &str, scores: &[&str], log: &str) {
    let Some(folder) = data_folder(set) else { return };
    let imported = Imported::of(&folder.join(prefix), "GRCh37");
    let out = imported.path("matched");
    let mut call =
        steppe(["match", "--min-overlap", "0", "--cohort"]).arg(imported.cohort()).arg("--out").arg(&out);
    for score in scores {
        call = call.arg("--score").arg(folder.join(score));
    }
    call.ok();
    let (ours, theirs) = (ours(&out.join("match_log.parquet")), theirs(&folder.join(log)));
    assert_eq!(ours.len(), theirs.len(), "{set}: rows in the log");
    let mut matched = 0;
    for (key, expected) in &theirs {
        let found = ours.get(key).unwrap_or_else(|| panic!("{set}: row {key:?} is not in our log"));
        // A row without a match has no variant and no flags in their log; ours says what stood in its way.
        if expected.status == "unmatched" {
            assert_eq!(found.status, "unmatched", "{set} {key:?}");
            continue;
        }
        assert_eq!(found, expected, "{set} {key:?}");
        matched += 1;
    }
    assert!(matched > 0, "{set}: nothing matched");
}

#[test]
fn hapmap2() {
    compare(
        "hapmap2_ceu_yri",
        "hm2_chr4_20",
        &["PGS000018_GRCh37_chr20.txt", "PGS000027_GRCh37_chr20.txt", "PGS001229_GRCh37_chr4_20.txt"],
        "expected/match/tgt_log.csv.gz",
    );
}

#[test]
fn kg255() {
    compare("kg255_hap550", "kg255_chr3", &["PGS001229_GRCh37_chr3.txt"], "expected/match/tgt_log.csv.gz");
}

#[test]
fn cineca() {
    compare(
        "cineca_pgsc_calc",
        "cineca_synthetic_subset",
        &["scorefiles/PGS001229_22.txt"],
        "expected/PGS001229_22/match/cineca_log.csv.gz",
    );
}
