//! What is written is read back.

use proptest::prelude::*;
use steppe_formats::plink1::{
    BedWriter, BimRecord, BimWriter, FamRecord, Fileset, FilesetPaths, open_bed, write_fam,
};
use steppe_genome::{Chromosome, Sex};

/// A field that PLINK can hold.
const TEXT: &str = "[A-Za-z0-9.:_é*<>-]{1,12}";

fn variant() -> impl Strategy<Value = BimRecord> {
    let chromosome = prop_oneof![
        (1_u8..=22).prop_map(Chromosome::Autosome),
        Just(Chromosome::X),
        Just(Chromosome::Y),
        Just(Chromosome::Par),
        Just(Chromosome::Mt),
        Just(Chromosome::Unplaced),
        Just(Chromosome::Contig("GL000192.1".into())),
    ];
    (chromosome, TEXT, 0_u32..2_147_483_647, TEXT, TEXT).prop_map(
        |(chromosome, id, position, allele1, allele2)| BimRecord {
            chromosome,
            id,
            position,
            allele1,
            allele2,
        },
    )
}

fn sample() -> impl Strategy<Value = FamRecord> {
    let sex = prop_oneof![Just(Sex::Male), Just(Sex::Female), Just(Sex::Unknown)];
    // The first letter keeps a header's # and the sample id 0 away.
    (TEXT, "[a-z][A-Za-z0-9é]{0,9}", TEXT, TEXT, sex, TEXT).prop_map(
        |(family_id, sample_id, father_id, mother_id, sex, phenotype)| FamRecord {
            family_id,
            sample_id,
            father_id,
            mother_id,
            sex,
            phenotype,
        },
    )
}

fn unique(mut samples: Vec<FamRecord>) -> Vec<FamRecord> {
    let mut seen = std::collections::HashSet::new();
    samples.retain(|record| seen.insert((record.family_id.clone(), record.sample_id.clone())));
    samples
}

/// A tile-coded row, unused bits 0.
fn tile(codes: &[u8]) -> Vec<u8> {
    codes
        .chunks(4)
        .map(|four| four.iter().enumerate().fold(0, |byte, (at, code)| byte | (code << (2 * at))))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn filesets_come_back(
        samples in prop::collection::vec(sample(), 1..30),
        variants in prop::collection::vec(variant(), 1..30),
        seed in any::<u64>(),
    ) {
        let samples = unique(samples);
        let folder = tempfile::tempdir().unwrap();
        let paths = FilesetPaths::from_prefix(&folder.path().join("x"));
        let code = |variant: usize, sample: usize| {
            (seed.wrapping_mul(2 * (31 * variant + sample) as u64 + 1) >> 61) as u8 & 3
        };
        let mut bed = BedWriter::create(&paths.bed, samples.len()).unwrap();
        let mut bim = BimWriter::create(&paths.bim).unwrap();
        for (row, record) in variants.iter().enumerate() {
            let codes: Vec<u8> = (0..samples.len()).map(|sample| code(row, sample)).collect();
            bed.write_tile_row(&tile(&codes)).unwrap();
            bim.write(record).unwrap();
        }
        prop_assert!(!paths.bed.exists(), "the file has no name before it is whole");
        bed.finish().unwrap();
        bim.finish().unwrap();
        write_fam(&paths.fam, &samples).unwrap();

        let mut read = Vec::new();
        let fileset = Fileset::open(&paths, |record| read.push(record.clone())).unwrap();
        prop_assert_eq!(&fileset.fam.records, &samples);
        prop_assert_eq!(&read, &variants);
        let mut row = vec![0; fileset.bed.row_bytes()];
        for variant in 0..variants.len() {
            fileset.bed.read_rows(variant, 1, &mut row).unwrap();
            for sample in 0..row.len() * 4 {
                let bits = row[sample / 4] >> (2 * (sample % 4)) & 3;
                let expected = if sample < samples.len() { [3, 2, 0, 1][usize::from(code(variant, sample))] } else { 0 };
                prop_assert_eq!(bits, expected);
            }
        }
    }

    #[test]
    fn bed_rows_come_back(bytes in prop::collection::vec(any::<u8>(), 1..50), unused in 0_usize..4) {
        let samples = bytes.len() * 4 - unused;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.bed");
        let mut bed = BedWriter::create(&path, samples).unwrap();
        bed.write_row(&bytes).unwrap();
        prop_assert!(bed.write_row(&bytes[1..]).is_err());
        prop_assert_eq!(bed.rows(), 1);
        bed.finish().unwrap();
        let mut row = vec![0; bytes.len()];
        open_bed(&path, samples, 1).unwrap().read_rows(0, 1, &mut row).unwrap();
        let mut expected = bytes.clone();
        *expected.last_mut().unwrap() &= 0xFF >> (2 * unused);
        prop_assert_eq!(row, expected);
    }
}

#[test]
fn writers_leave_nothing_behind_when_dropped_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(BedWriter::create(&folder.path().join("x.bed"), 4).unwrap());
    let mut bim = BimWriter::create(&folder.path().join("x.bim")).unwrap();
    let blank =
        BimRecord { id: "a b".into(), allele1: "A".into(), allele2: "C".into(), ..BimRecord::default() };
    let error = bim.write(&blank).unwrap_err().to_string();
    assert!(error.contains("x.bim: id: the text can not be one column"), "{error}");
    drop(bim);
    let sample = FamRecord {
        family_id: "f".into(),
        sample_id: String::new(),
        father_id: "0".into(),
        mother_id: "0".into(),
        sex: Sex::Unknown,
        phenotype: "-9".into(),
    };
    assert!(write_fam(&folder.path().join("x.fam"), &[sample]).is_err());
    assert!(BedWriter::create(&folder.path().join("missing/x.bed"), 4).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
