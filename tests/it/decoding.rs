//! The stored 2-bit column decodes to the genotypes that bed-reader reads, on every fixture that imports.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use arrow::array::AsArray;
use arrow::datatypes::UInt32Type;
use bed_reader::{Bed, ReadOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steppe_tests::{data_folder, steppe};

use crate::sets::new_folder;

/// bed-reader's genotypes by variant: copies of allele 1, −127 for missing.
fn oracle(prefix: &Path) -> Vec<Vec<i8>> {
    let mut bed = Bed::new(prefix.with_extension("bed")).expect("bed-reader opens it");
    let values = ReadOptions::builder().count_a1().i8().read(&mut bed).expect("bed-reader reads it");
    (0..values.ncols()).map(|variant| values.column(variant).to_vec()).collect()
}

/// Decodes the genotype column with nothing but a Parquet reader: variant index, codes in sample order.
fn decode(cohort: &Path, samples: usize) -> BTreeMap<u32, Vec<i8>> {
    let mut blocks: Vec<PathBuf> = fs::read_dir(cohort.join("genotypes"))
        .expect("genotypes")
        .map(|entry| entry.expect("a block").path())
        .collect();
    blocks.sort();
    let mut decoded: BTreeMap<u32, Vec<i8>> = BTreeMap::new();
    let mut first_sample = 0;
    for block in blocks {
        let mut block_samples = 0;
        for part in fs::read_dir(&block).expect("parts") {
            let file = File::open(part.expect("a part").path()).expect("a part");
            let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
            let metadata =
                builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
            block_samples = metadata
                .iter()
                .find(|pair| pair.key == "steppe.samples")
                .and_then(|pair| pair.value.as_ref()?.parse().ok())
                .expect("steppe.samples in the file's metadata");
            for batch in builder.build().expect("a reader") {
                let batch = batch.expect("a batch");
                let index = batch.column_by_name("variant_index").expect("variant_index");
                let index = index.as_primitive::<UInt32Type>();
                let genotypes = batch.column_by_name("genotypes").expect("genotypes").as_fixed_size_binary();
                for row in 0..batch.num_rows() {
                    let bytes = genotypes.value(row);
                    let codes = (0..block_samples).map(|sample| {
                        match (bytes[sample / 4] >> (2 * (sample % 4))) & 3 {
                            3 => -127,
                            copies => copies as i8,
                        }
                    });
                    let all = decoded.entry(index.value(row)).or_default();
                    assert_eq!(all.len(), first_sample, "blocks follow one another");
                    all.extend(codes);
                }
            }
        }
        first_sample += block_samples;
    }
    assert_eq!(first_sample, samples, "all samples are stored");
    decoded
}

fn beds_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            beds_below(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "bed") {
            into.push(path.with_extension(""));
        }
    }
}

#[test]
fn every_fixture() {
    let Some(root) = data_folder(".") else { return };
    let mut prefixes = Vec::new();
    beds_below(&root, &mut prefixes);
    prefixes.sort();
    let mut compared = 0;
    for prefix in prefixes {
        let place = new_folder();
        let out = place.path().join("cohort");
        let run = steppe(["import", "--build", "GRCh37", "--block-samples", "1000", "--bfile"])
            .arg(&prefix)
            .arg("--out")
            .arg(&out)
            .run();
        if run.status != 0 {
            assert_eq!(run.status, 2, "{}: {}", prefix.display(), run.stderr);
            continue;
        }
        let expected = oracle(&prefix);
        let samples = expected.first().map_or(0, Vec::len);
        let stored = decode(&out, samples);
        assert_eq!(stored.len(), expected.len(), "{}: variants", prefix.display());
        for (variant, codes) in stored {
            assert!(codes == expected[variant as usize], "{}: variant {variant}", prefix.display());
        }
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} filesets compared");
}
