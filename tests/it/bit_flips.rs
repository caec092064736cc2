//! A flipped bit in any stored file is found before a score is written.

use std::{
    fs,
    path::{Path, PathBuf},
};

use steppe_kernels::Rows;
use steppe_store::{Cohort, Location, Scratch, StoreError};
use steppe_tests::steppe;

use crate::{
    reference::ploidy_fileset,
    sets::{Imported, write_table},
};

/// Flips in this process, where opening and reading everything must fail.
const FLIPS: usize = 640;
/// Of those, as many through the command.
const COMMANDS: usize = 32;

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files_below(&path, into) } else { into.push(path) }
    }
}

/// Reads everything that a scoring job may read.
fn read_all(location: &Location) -> Result<u64, StoreError> {
    let cohort = Cohort::open(location)?;
    cohort.samples()?;
    cohort.variants()?;
    let reader = cohort.reader();
    let mut scratch = Scratch::default();
    let mut rows = 0;
    for group in cohort.row_groups() {
        reader.scan(group, &mut scratch, &mut |_, run: Rows<'_>| {
            rows += run.rows as u64;
            Ok(())
        })?;
    }
    Ok(rows)
}

#[test]
fn every_flip_is_found() {
    let (prefix, variants) = ploidy_fileset();
    let imported = Imported::of(&prefix, "GRCh38");
    let table = imported.path("weights.txt");
    write_table(&table, &variants, 1);
    let location = Location::parse(&imported.cohort().display().to_string()).expect("a location");
    assert!(read_all(&location).expect("the cohort is sound") > 0);

    let mut files = Vec::new();
    files_below(&imported.cohort(), &mut files);
    files.sort();
    assert!(files.len() >= 4, "a manifest, two tables and genotypes: {files:?}");
    let mut state = 42u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for flip in 0..FLIPS {
        let path = &files[flip % files.len()];
        let sound = fs::read(path).expect("a stored file");
        let mut broken = sound.clone();
        let (byte, bit) = (random(sound.len() as u64) as usize, random(8));
        broken[byte] ^= 1 << bit;
        fs::write(path, &broken).expect("a stored file");
        let found = read_all(&location);
        assert!(found.is_err(), "bit {bit} of byte {byte} of {} was not noticed", path.display());
        if flip % (FLIPS / COMMANDS) == 0 {
            let out = imported.path("out");
            let run = steppe([
                "score",
                "--min-overlap",
                "0",
                "--match-by",
                "id",
                "--missing",
                "zero",
                "--ambiguous",
                "keep",
                "--cohort",
            ])
            .arg(imported.cohort())
            .arg("--score")
            .arg(&table)
            .arg("--out")
            .arg(&out)
            .run();
            assert!(run.status != 0, "{}: scored in spite of a flipped bit", path.display());
            assert!(!out.exists(), "{}: a result in spite of a flipped bit", path.display());
        }
        fs::write(path, &sound).expect("a stored file");
    }
    assert!(read_all(&location).is_ok(), "the flips were put back");
}
