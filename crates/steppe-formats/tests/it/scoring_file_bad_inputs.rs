//! Every broken scoring file of the public test data: what we do with it.

use std::path::Path;

use steppe_formats::{NoteKind, scoring_file::ScoringFile};

use super::scoring_file_support::{data, read};

/// What we want of a file.
enum Want {
    /// Refused, with these words in the message.
    Refused(&'static [&'static str]),
    /// Read, with this many rows; and what must be true of it.
    Read(usize, fn(&ScoringFile) -> bool),
}
use Want::{Read, Refused};

fn noted(file: &ScoringFile, kind: NoteKind) -> bool {
    file.notes.iter().any(|note| note.kind == kind)
}

const SYNTHETIC: &[(&str, Want)] = &[
    ("good.txt", Read(40, |file| file.duplicates.is_empty())),
    ("no_column_header.txt", Refused(&[":6:", "no column header", "--score-columns"])),
    ("missing_effect_weight_col.txt", Refused(&[":6:", "effect_weight", "missing"])),
    ("no_other_allele.txt", Read(40, |file| file.rows.other_allele.iter().all(str::is_empty))),
    ("nan_weight.txt", Refused(&[":9:", "effect_weight", "not a finite number", "NaN"])),
    ("empty_weight.txt", Refused(&[":9:", "effect_weight", "empty"])),
    ("text_weight.txt", Refused(&[":9:", "effect_weight", "not a decimal number", "abc"])),
    ("overflow_weight.txt", Refused(&[":9:", "effect_weight", "too large", "1e400"])),
    (
        "duplicate_rows.txt",
        Read(41, |file| file.duplicates.len() == 1 && noted(file, NoteKind::DuplicateRows)),
    ),
    ("duplicate_conflicting_weights.txt", Refused(&["effect_weight", "another weight on line"])),
    ("comma_separated.txt", Refused(&[":6:", "comma-separated", "tabs"])),
    ("utf16.txt", Refused(&["UTF-16"])),
    ("bom.txt", Read(40, |file| noted(file, NoteKind::ByteOrderMark) && file.header.pgs_id.is_some())),
    ("header_only.txt", Refused(&["no variants"])),
    (
        "lower_case_alleles.txt",
        Read(40, |file| noted(file, NoteKind::LowerCaseAlleles) && file.rows.effect_allele.get(0) == "T"),
    ),
    (
        "chr_prefix.txt",
        Read(40, |file| file.rows.chromosome[0] == Some(steppe_genome::Chromosome::Autosome(1))),
    ),
    ("hla_and_odd_alleles.txt", Read(8, |file| noted(file, NoteKind::UnusualAlleles))),
    ("scientific_position.txt", Refused(&[":7:", "chr_position", "no position", "1e6"])),
    // The issue counts interactions instead of refusing the file as EXPECT.tsv does.
    (
        "interaction_column.txt",
        Read(39, |file| file.unsupported.len() == 1 && file.unsupported_weight() == 0.19),
    ),
    ("dominant_and_recessive_both.txt", Refused(&[":8:", "is_recessive", "both dominant and recessive"])),
    ("gz_two_members.txt.gz", Read(40, |_| true)),
    ("gz_trailing_garbage.txt.gz", Refused(&["the gzip data"])),
];

const LUKFOR: &[(&str, Want)] = &[
    ("PGS000781.txt.gz", Read(5, |file| file.header.build().is_none() && file.columns == ["PGS000781"])),
    // `position_hg19` is no name that we know, and nothing else names the variant; A1 and A2 beside effect_allele
    // do not say which of them is the other allele.
    ("chr20.scores.csv", Refused(&[":1:", "variant is missing", "--score-columns"])),
    ("chr20.scores.2.csv", Refused(&[":1:", "A1: it is not clear", "--score-columns"])),
    ("chr20.scores.2.flips.csv", Refused(&[":1:", "A1: it is not clear", "--score-columns"])),
    ("test.scores.csv", Refused(&[":1:", "A1: it is not clear", "--score-columns"])),
    ("test.scores2.csv", Refused(&[":1:", "A1: it is not clear", "--score-columns"])),
    ("output.csv", Refused(&[":1:", "comma-separated"])),
];

fn walk(folder: &Path, wanted: &[(&str, Want)]) {
    for (name, want) in wanted {
        match (read(&folder.join(name)), want) {
            (Err(message), Refused(parts)) => {
                for part in *parts {
                    assert!(message.contains(part), "{name}: no {part:?} in {message}");
                }
                assert!(message.contains(name), "{name}: the message names no file: {message}");
                assert!(message.contains("; "), "{name}: no remedy in {message}");
            }
            (Ok(file), Read(rows, check)) => {
                assert_eq!(file.rows.len(), *rows, "{name}");
                assert!(check(&file), "{name}: {:?}", file.notes);
            }
            (Ok(_), Refused(_)) => panic!("{name} was read"),
            (Err(message), Read(..)) => panic!("{name} was refused: {message}"),
        }
    }
}

#[test]
fn synthetic_scoring_files() {
    let Some(data) = data() else { return };
    let folder = data.join("bad_inputs/synthetic/scorefiles");
    walk(&folder, SYNTHETIC);
    let expected = std::fs::read_to_string(folder.join("EXPECT.tsv")).expect("EXPECT.tsv");
    for line in expected.lines().skip(1) {
        let name = line.split('\t').next().unwrap_or_default();
        assert!(SYNTHETIC.iter().any(|(known, _)| *known == name), "{name} is not in the table");
    }
}

#[test]
fn lukfor_scoring_files() {
    let Some(data) = data() else { return };
    walk(&data.join("bad_inputs/lukfor"), LUKFOR);
}

#[test]
fn truncated_gzip() {
    let Some(data) = data() else { return };
    let whole = std::fs::read(data.join("lukfor_pgscalc/PGS000957.txt.gz")).expect("a scoring file");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.txt.gz");
    for length in [whole.len() / 2, whole.len() - 4] {
        std::fs::write(&path, &whole[..length]).expect("a file");
        let message = read(&path).expect_err("a truncated file");
        assert!(message.contains("truncated"), "{message}");
    }
}
