//! Broken scoring files, made from whole ones and from nothing: the reader refuses or reads, and never panics.
//!
//! The loops run a moment by default, and `STEPPE_FUZZ_SECONDS` seconds each where that is set.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use steppe_formats::scoring_file::{ReadOptions, ScoringFile, ScoringFormat, TableColumns, TableHeader};
use steppe_genome::EffectType;

use super::scoring_file_support::{gzip, read_bytes, read_bytes_as};

/// Whole files of every kind, to be broken.
const SEEDS: &[&str] = &[
    "#format_version=2.0\n#pgs_id=PGS999999\n#genome_build=GRCh37\n#variants_number=3\n\
     rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\tis_dominant\tis_recessive\n\
     rs1\t1\t100\tA\tG\t0.5\tFalse\tTrue\nrs2\tX\t200\tC\tT\t-1e-2\t\t\nrs3\tchrY\t300\tAC\tA\t0\tTrue\tFalse\n",
    "##x\n#HmPOS_build=GRCh38\n#HmPOS_date=2022-07-29\n\
     rsID\tchr_name\tchr_position\teffect_allele\tdosage_0_weight\tdosage_1_weight\tdosage_2_weight\t\
     allelefrequency_effect\thm_source\thm_chr\thm_pos\thm_inferOtherAllele\n\
     rs1\t1\t100\tA\t0.5\t0.1\t-3\t0.3\tENSEMBL\t1\t150\tT/G\n.\t\t\tC\t1\t2\t3\t\tUnknown\t\t0\t\n",
    "rsID\teffect_allele\teffect_weight\tOR\tis_interaction\tis_haplotype\tvariant_type\n\
     rs1_x_rs2\tA_x_C\t0.2\t2\tTrue\t\t\n\tHLA-A*24\t0.4\t\t\tTrue\tHLA_allele\nrs3\tA\t\t1.5\t\t\t\n",
    "ID effect_allele S1 S2 S3\n1:100:A:G A 0.1 0 -2\n1:200:A:G G 1 2 3\n",
    "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\teffect_type\tis_duplicated\taccession\trow_nr\n\
     1\t100\tA\tG\t0.5\tadditive\tFalse\tPGS1\t0\n1\t100\tA\tG\t0.5\trecessive\tFalse\tPGS1\t1\n",
];

/// Pieces that real broken files have.
const PIECES: &[&str] = &[
    "\t",
    "\n",
    "\r\n",
    "\r",
    "#",
    "##",
    "=",
    ",",
    ";",
    " ",
    "\"",
    "\0",
    "\u{feff}",
    "NaN",
    "inf",
    "-",
    "1e400",
    "1e-400",
    "1e6",
    "0",
    "-1",
    "4294967296",
    ".",
    "NA",
    "True",
    "_x_",
    "A/T",
    "hg38",
    "GRCh39",
    "effect_weight",
    "effect_allele",
    "rsID",
    "chr_name",
    "hm_pos",
    "OR",
    "is_dominant",
    "dosage_1_weight",
    "\u{e9}",
    "\u{2028}",
    "acgt",
    "PGS1",
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
    match dice.below(8) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
        3 | 4 => {
            let piece = PIECES[dice.below(PIECES.len())].as_bytes();
            bytes.splice(at..at, piece.iter().copied());
        }
        5 => {
            let end = (at + dice.below(20)).min(bytes.len());
            bytes.drain(at..end);
        }
        6 => swap_cells(bytes, dice),
        _ => repeat_line(bytes, dice),
    }
}

/// Exchanges two cells, anywhere in the file.
fn swap_cells(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut cells: Vec<Vec<u8>> =
        bytes.split_inclusive(|byte| matches!(byte, b'\t' | b'\n' | b' ')).map(<[u8]>::to_vec).collect();
    let (first, second) = (dice.below(cells.len()), dice.below(cells.len()));
    if first < cells.len() && second < cells.len() {
        cells.swap(first, second);
    }
    *bytes = cells.concat();
}

/// Puts a copy of one line somewhere else.
fn repeat_line(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if let Some(line) = lines.get(dice.below(lines.len())).cloned() {
        let at = dice.below(lines.len());
        lines.insert(at, line);
    }
    *bytes = lines.concat();
}

/// What holds of every file that is read.
fn check(file: &ScoringFile) {
    let rows = &file.rows;
    let count = rows.len();
    assert!(file.row_count() > 0);
    assert_eq!(file.columns.len(), rows.weights.len());
    let lengths = [rows.row_number.len(), rows.chromosome.len(), rows.position.len(), rows.id.len()];
    assert_eq!(lengths, [count; 4]);
    let lengths = [rows.effect_allele.len(), rows.other_allele.len(), rows.effect_type.len()];
    assert_eq!(lengths, [count; 3]);
    for (column, weights) in rows.weights.iter().enumerate() {
        assert_eq!(weights.len(), count);
        assert!(weights.iter().all(|weight| weight.is_finite()));
        assert!((0..count).all(|row| rows.magnitude(column, row).is_finite()));
    }
    for row in 0..count {
        assert!(!rows.effect_allele.get(row).is_empty());
        assert_eq!(rows.dosage_weights(row).is_some(), rows.effect_type[row] == EffectType::Dosage);
        assert!(rows.frequency(row).is_none_or(|frequency| (0.0..=1.0).contains(&frequency)));
        let placed = rows.chromosome[row].is_some() && rows.position[row] > 0;
        assert!(placed || !rows.id.get(row).is_empty() || file.header.harmonised.is_some());
    }
    assert!(rows.line.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(file.unsupported.iter().all(|row| row.weight.is_finite() && row.weight >= 0.0));
    assert!(
        file.duplicates.iter().all(|duplicate| duplicate.first_row < duplicate.row && duplicate.row < count)
    );
}

/// Every way of reading the bytes; a refusal says the file and what to do.
fn read_all_ways(bytes: &[u8]) {
    let mut columns = TableColumns::numbered(1, 2, &[3]);
    columns.header = TableHeader::None;
    let skipped = TableColumns { header: TableHeader::Skip, ..columns.clone() };
    let named: TableColumns = "ID,effect_allele,S1,S3".parse().expect("columns");
    for format in [
        ScoringFormat::Auto,
        ScoringFormat::PgsCatalog,
        ScoringFormat::Table(columns),
        ScoringFormat::Table(skipped),
        ScoringFormat::Table(named),
    ] {
        let options = ReadOptions { format, default_effect: EffectType::Additive };
        match read_bytes_as(bytes, &options) {
            Ok(file) => check(&file),
            Err(message) => assert!(message.contains("score.txt") && message.len() < 2000, "{message}"),
        }
    }
}

fn until() -> Instant {
    let seconds = std::env::var("STEPPE_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Instant::now() + seconds.map_or(Duration::from_millis(1500), Duration::from_secs)
}

#[test]
fn seeds_are_whole() {
    for seed in SEEDS {
        check(&read_bytes(seed.as_bytes()).expect("a whole file"));
    }
}

#[test]
fn broken_files_are_refused_or_read() {
    let (until, mut dice, mut files) = (until(), Dice(0x5EED_2024), 0u64);
    while Instant::now() < until {
        let mut bytes = SEEDS[dice.below(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=dice.below(6) {
            mutate(&mut bytes, &mut dice);
        }
        match dice.below(10) {
            0 => {
                let mut zipped = gzip(&bytes);
                mutate(&mut zipped, &mut dice);
                read_all_ways(&zipped);
            }
            1 => {
                let mut packed = zstd::encode_all(bytes.as_slice(), 1).expect("zstd");
                mutate(&mut packed, &mut dice);
                read_all_ways(&packed);
            }
            _ => read_all_ways(&bytes),
        }
        files += 1;
    }
    eprintln!("{files} broken files");
}

#[test]
fn noise_is_refused_or_read() {
    let (until, mut dice) = (until(), Dice(0xBAD_F00D));
    while Instant::now() < until {
        let length = dice.below(400);
        let bytes: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
        read_all_ways(&bytes);
        let pieces: String = (0..length / 4).map(|_| PIECES[dice.below(PIECES.len())]).collect();
        read_all_ways(pieces.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raw_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all_ways(&bytes);
    }

    #[test]
    fn column_options_never_panic(text in "[0-9A-Za-z=,\\- ]{0,40}") {
        let _ = text.parse::<TableColumns>();
    }

    #[test]
    fn rows_come_back_as_written(
        rows in prop::collection::btree_map(1u32.., ("[ACGT]{1,3}", "[ACGT]{1,3}", -1e300f64..1e300), 1..40)
    ) {
        let mut text = "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n".to_owned();
        for (position, (effect, other, weight)) in &rows {
            text.push_str(&format!("7\t{position}\t{effect}\t{other}\t{weight:e}\n"));
        }
        let file = read_bytes(text.as_bytes()).expect("a whole file");
        for (row, (position, (effect, other, weight))) in rows.iter().enumerate() {
            prop_assert_eq!(file.rows.position[row], *position);
            prop_assert_eq!(file.rows.effect_allele.get(row), effect.as_str());
            prop_assert_eq!(file.rows.other_allele.get(row), other.as_str());
            prop_assert_eq!(file.rows.weights[0][row].to_bits(), weight.to_bits());
        }
    }
}
