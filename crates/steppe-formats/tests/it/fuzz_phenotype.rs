//! Broken files by sample and by variant, made from whole ones and from nothing: the readers refuse or read, and never
//! panic. The loops run a moment by default, and `STEPPE_FUZZ_SECONDS` seconds each where that is set.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use steppe_formats::{
    phenotype::{
        BinaryCoding, ColumnRequest, Kind, PhenotypeOptions, PhenotypeTable, SampleKey, Selection, Values,
        read_phenotypes, read_sample_table, read_survival,
    },
    variant_list::{read_penalty_factors, read_variant_list},
};

use super::scoring_file_support::gzip;

/// Whole files of every kind, to be broken.
const SEEDS: &[&str] = &[
    "##x\n#FID\tIID\tY\tC\tX\nf\ta\t1.5\tred\t1\nf\tb\t-9\tNONE\t2\ng\ta\tNA\tblue\tNA\n",
    "IID,split,Y,\u{e9}\na,train,1,2\nb,,2,3\nc,test,0,-9\n",
    "f a 1 2 3\nf b 4 5 6\n",
    "#IID SID time Y\na 0 2.5 1\nb 0 3 0\n",
    "#ID FACTOR\nrs1 0\nrs2 1.5\n",
];

/// Pieces that real broken files have.
const PIECES: &[&str] = &[
    "\t", "\n", "\r\n", "\r", "#", "##", ",", " ", "\"", "\0", "\u{feff}", "NaN", "inf", "-", "1e400", "0",
    "-9", "-9.0", ".", "NA", "NONE", "#FID", "IID", "FID", "SID", "Y", "red", "1.5x", "\u{2028}", "\u{1}",
];

/// xorshift64*: repeatable, and good enough to choose where to break a file.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// Breaks a file in one place.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    match dice.below(6) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 | 3 => {
            let piece = PIECES[dice.below(PIECES.len())].as_bytes();
            bytes.splice(at..at, piece.iter().copied());
        }
        4 => {
            let end = (at + dice.below(20)).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => {
            let mut lines: Vec<Vec<u8>> =
                bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            if let Some(line) = lines.get(dice.below(lines.len())).cloned() {
                lines.insert(dice.below(lines.len()), line);
            }
            *bytes = lines.concat();
        }
    }
}

/// What holds of every file that is read.
fn check(table: &PhenotypeTable) {
    let rows = table.samples.len();
    assert!(rows > 0);
    assert!(table.samples.line.windows(2).all(|pair| pair[0] < pair[1]));
    for column in &table.columns {
        assert_eq!(column.len(), rows);
        assert!(!column.name.is_empty());
        let missing = column.is_present().filter(|present| !present).count() as u64;
        assert_eq!(column.missing, missing);
        assert!(column.missing_code <= missing);
        match &column.values {
            Values::Quantitative(values) => assert!(values.iter().flatten().all(|value| value.is_finite())),
            Values::Binary(_) => {}
            Values::Categorical { levels, codes } => {
                assert!(codes.iter().flatten().all(|&code| (code as usize) < levels.len()));
                assert_eq!(column.design().len(), levels.len().saturating_sub(1));
            }
        }
    }
    let cohort = [("f", "a"), ("g", "a"), ("0", "c")];
    for key in [SampleKey::AsFile, SampleKey::SampleId] {
        if let Ok(join) = table.samples.join(cohort.into_iter(), key) {
            assert_eq!(join.row.len(), cohort.len());
            assert_eq!(join.matched + join.samples_without_row, cohort.len() as u64);
            assert_eq!(join.matched + join.rows_without_sample, rows as u64);
            assert!(table.columns.iter().all(|column| column.joined(&join).len() == cohort.len()));
        }
    }
}

/// A refusal says the file and what to do, in a readable length.
fn refusal(error: &steppe_formats::FormatError) {
    let message = error.to_string();
    assert!(message.contains("fuzz.txt") && message.len() < 2000, "{message}");
}

/// Every way of reading the file.
fn read_all_ways(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("a file");
    let kinds = [
        Kind::Detect,
        Kind::Quantitative,
        Kind::Categorical,
        Kind::Binary(BinaryCoding::OneTwo),
        Kind::Binary(BinaryCoding::ZeroOne),
    ];
    let named = kinds.map(|kind| Selection::Named(vec![ColumnRequest { name: "Y".to_owned(), kind }]));
    for selection in std::iter::once(Selection::All).chain(named) {
        for options in [PhenotypeOptions::default(), PhenotypeOptions::covariates()] {
            let options = PhenotypeOptions { selection: selection.clone(), ..options };
            match read_phenotypes(path, &options) {
                Ok(table) => check(&table),
                Err(error) => refusal(&error),
            }
        }
    }
    let others = [
        read_sample_table(path, ["split"]).err(),
        read_survival(path, "time", "Y", BinaryCoding::ZeroOne, -9.0).err(),
        read_variant_list(path).err(),
        read_penalty_factors(path).err(),
    ];
    others.iter().flatten().for_each(refusal);
}

fn until() -> Instant {
    let seconds = std::env::var("STEPPE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Instant::now() + seconds.map_or(Duration::from_millis(1500), Duration::from_secs)
}

#[test]
fn broken_files_are_refused_or_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fuzz.txt");
    let (until, mut dice, mut files) = (until(), Dice(0x5EED_2025), 0u64);
    while Instant::now() < until {
        let mut bytes = SEEDS[dice.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=dice.below(5) {
            mutate(&mut bytes, &mut dice);
        }
        if dice.below(10) == 0 {
            bytes = gzip(&bytes);
            mutate(&mut bytes, &mut dice);
        }
        read_all_ways(&path, &bytes);
        files += 1;
    }
    eprintln!("{files} broken files");
}

#[test]
fn noise_is_refused_or_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fuzz.txt");
    let (until, mut dice) = (until(), Dice(0xBAD_CAFE));
    while Instant::now() < until {
        let length = dice.below(300);
        let bytes: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        read_all_ways(&path, &bytes);
        let pieces: String = (0..length / 4).map(|_| PIECES[dice.below(PIECES.len())]).collect();
        read_all_ways(&path, pieces.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raw_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let folder = tempfile::tempdir().expect("a folder");
        read_all_ways(&folder.path().join("fuzz.txt"), &bytes);
    }

    #[test]
    fn values_come_back_as_written(
        rows in prop::collection::btree_map("[a-z]{1,6}", prop::option::of(-1e300f64..1e300), 1..40)
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fuzz.txt");
        let mut text = "#IID\tY\n".to_owned();
        for (sample, value) in &rows {
            let value = value.map_or("NA".to_owned(), |value| format!("{value:e}"));
            text.push_str(&format!("{sample}\t{value}\n"));
        }
        std::fs::write(&path, text).expect("a file");
        let request = ColumnRequest { name: "Y".to_owned(), kind: Kind::Quantitative };
        let options = PhenotypeOptions { selection: Selection::Named(vec![request]), ..PhenotypeOptions::default() };
        let table = read_phenotypes(&path, &options).expect("a whole file");
        let written: Vec<Option<f64>> = rows.values().copied().collect();
        prop_assert_eq!(&table.columns[0].values, &Values::Quantitative(written));
    }
}
