//! bed-reader is the oracle: on every .bed of the public data our rows decode to its genotypes.

use std::path::{Path, PathBuf};

use bed_reader::{Bed, ReadOptions};
use steppe_formats::{
    NoteKind,
    plink1::{FamRecord, Fileset, FilesetPaths, open_bed},
};

use super::scoring_file_support::data;

/// All files under a folder.
pub(super) fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// Copies of A1, and bed-reader's -127 for missing.
fn decode(row: &[u8], sample: usize) -> i8 {
    [2, -127, 1, 0][usize::from(row[sample / 4] >> (2 * (sample % 4)) & 3)]
}

fn variant_major(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(&[0x6C, 0x1B, 1]))
}

#[test]
fn every_bed_decodes_as_bed_reader_says() {
    let Some(folder) = data() else { return };
    let mut files = Vec::new();
    walk(&folder, &mut files);
    let mut compared = 0;
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "bed")) {
        let paths = FilesetPaths::from_prefix(path);
        let Ok(mut oracle) = Bed::new(path) else { continue };
        let (Ok(samples), Ok(variants)) = (oracle.iid_count(), oracle.sid_count()) else { continue };
        let Ok(genotypes) = oracle.read_with_options(&ReadOptions::builder().i8().build().expect("options"))
        else {
            continue;
        };
        let ours = open_bed(path, samples, variants);
        // bed-reader also reads sample-major files, and filesets without variants.
        if !variant_major(path) || variants == 0 {
            assert!(ours.is_err(), "{}", path.display());
            continue;
        }
        let bed = ours.unwrap_or_else(|error| panic!("{error}"));
        let mut rows = vec![0; bed.row_bytes() * variants];
        bed.read_rows(0, variants, &mut rows).expect("all rows");
        for (variant, row) in rows.chunks_exact(bed.row_bytes()).enumerate() {
            for sample in 0..samples {
                let expected = genotypes[[sample, variant]];
                assert_eq!(decode(row, sample), expected, "{}: {sample}, {variant}", path.display());
            }
        }
        compare_texts(&mut oracle, &paths);
        compared += 1;
    }
    assert!(compared >= 30, "only {compared} files were compared");
}

/// The samples and variants of a fileset that we accept are bed-reader's.
fn compare_texts(oracle: &mut Bed, paths: &FilesetPaths) {
    let mut records = Vec::new();
    let Ok(fileset) = Fileset::open(paths, |record| records.push(record.clone())) else { return };
    let fam = &fileset.fam.records;
    let column = |text: fn(&FamRecord) -> &str| fam.iter().map(text).map(str::to_owned).collect::<Vec<_>>();
    let name = paths.bed.display();
    assert_eq!(column(|record| &record.family_id), oracle.fid().unwrap().to_vec(), "{name}");
    assert_eq!(column(|record| &record.sample_id), oracle.iid().unwrap().to_vec(), "{name}");
    assert_eq!(column(|record| &record.father_id), oracle.father().unwrap().to_vec(), "{name}");
    assert_eq!(column(|record| &record.mother_id), oracle.mother().unwrap().to_vec(), "{name}");
    assert_eq!(column(|record| &record.phenotype), oracle.pheno().unwrap().to_vec(), "{name}");
    // bed-reader takes the columns of a .bim without centimorgans for others, and refuses a position of 5e+05.
    let beyond = [NoteKind::NoCentimorganColumn, NoteKind::ScientificPositions];
    if fileset.bim_notes.iter().any(|note| beyond.contains(&note.kind)) {
        return;
    }
    let ids: Vec<_> = records.iter().map(|record| record.id.clone()).collect();
    let first: Vec<_> = records.iter().map(|record| record.allele1.clone()).collect();
    let second: Vec<_> = records.iter().map(|record| record.allele2.clone()).collect();
    assert_eq!(ids, oracle.sid().unwrap().to_vec(), "{name}");
    assert_eq!(first, oracle.allele_1().unwrap().to_vec(), "{name}");
    assert_eq!(second, oracle.allele_2().unwrap().to_vec(), "{name}");
    let ours: Vec<_> = records.iter().map(|record| i64::from(record.position)).collect();
    let positions: Vec<_> =
        oracle.bp_position().unwrap().iter().map(|&position| i64::from(position)).collect();
    assert_eq!(ours, positions, "{name}");
}

#[test]
fn public_frequencies_are_read() {
    let Some(folder) = data() else { return };
    let mut files = Vec::new();
    walk(&folder, &mut files);
    let mut read = 0;
    for path in files.iter().filter(|path| path.to_string_lossy().contains(".afreq")) {
        let table =
            steppe_formats::frequency::read_frequencies(path).unwrap_or_else(|error| panic!("{error}"));
        assert!(!table.is_empty());
        let last = table.len() - 1;
        let found =
            table.of_variant(table.ids.get(last), table.alternate.get(last), table.reference.get(last));
        assert_eq!(found, Some(table.frequency[last]));
        read += 1;
    }
    assert!(read >= 8, "only {read} files");
}
