//! Lists of variants and penalty factors.

use std::path::PathBuf;

use steppe_formats::{
    NoteKind,
    variant_list::{PenaltyFactors, VariantList, read_penalty_factors, read_variant_list},
};

use super::scoring_file_support::gzip;

fn write(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.txt");
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

fn message(error: &impl std::fmt::Display) -> String {
    error.to_string().split_once("list.txt").map_or(String::new(), |(_, message)| message.to_owned())
}

fn list(bytes: &[u8]) -> Result<VariantList, String> {
    let (_folder, path) = write(bytes);
    read_variant_list(&path).map_err(|error| message(&error))
}

fn factors(bytes: &[u8]) -> Result<PenaltyFactors, String> {
    let (_folder, path) = write(bytes);
    read_penalty_factors(&path).map_err(|error| message(&error))
}

/// `plink2 --extract` on such a file of `##x`, `#ID foo`, `snp0 snp1` and `snp0` keeps snp0 and snp1.
#[test]
fn every_word_is_an_id() {
    let text = b"##x\n#ID foo\n\nsnp0 snp1\nsnp0\n";
    for bytes in [text.to_vec(), gzip(text)] {
        let list = list(&bytes).expect("a list");
        assert_eq!(list.len(), 5);
        assert!(list.contains("snp0") && list.contains("snp1") && list.contains("foo"));
        assert!(!list.contains("snp") && !list.contains(""));
        let note = &list.notes[0];
        assert_eq!((note.kind, note.count, note.first_line), (NoteKind::DuplicateVariantIds, 1, 5));
    }
    assert_eq!(
        list(b"\n \n").err().as_deref(),
        Some(": the list is empty; give a text file with one variant id per line")
    );
}

#[test]
fn factors_are_found_by_id() {
    for text in
        [b"#ID FACTOR\nrs2 0.5\nrs1\t0\nrs2 0.5\n".as_slice(), b"ID FACTOR\nrs2 0.5\nrs1 0\nrs2 0.5\n"]
    {
        let factors = factors(text).expect("factors");
        assert_eq!(
            (factors.len(), factors.get("rs1"), factors.get("rs2"), factors.get("rs3")),
            (2, Some(0.0), Some(0.5), None)
        );
        assert_eq!((factors.notes[0].kind, factors.notes[0].first_line), (NoteKind::DuplicateRows, 4));
    }
    assert_eq!(factors(b"rs1 2\n").expect("factors").get("rs1"), Some(2.0));
}

#[test]
fn bad_factors_are_refused() {
    let remedy = "give a variant id and a factor of 0 (not penalised) or more per line";
    for (text, expected) in [
        ("", format!(": the file has no rows; {remedy}")),
        ("#ID FACTOR\n", format!(": the file has no rows; {remedy}")),
        ("rs1 1\nrs2\n", format!(":2: the row has 1 columns, not 2 (found \"rs2\"); {remedy}")),
        ("rs1 -1\n", format!(":1: factor: this is no penalty factor (found \"-1\"); {remedy}")),
        ("rs1 inf\n", format!(":1: factor: this is no penalty factor (found \"inf\"); {remedy}")),
        ("SNP weight\nrs1 1\n", format!(":1: factor: this is no penalty factor (found \"weight\"); {remedy}")),
        (
            "rs1 1\nrs2 1\nrs1 2\n",
            ":3: variant id: the variant has another factor on line 1 (found \"rs1\"); keep one row per variant".to_owned(),
        ),
        ("rs1 1\n\nrs2 1\n", ":2: a blank line stands between rows; delete the line".to_owned()),
    ] {
        assert_eq!(factors(text.as_bytes()).err(), Some(expected), "{text:?}");
    }
}
