use std::{fs, path::Path};

use steppe_store::{Codec, Cohort, Location, NoProgress, Scratch, StoreError, import, verify};

use super::fileset::{Fileset, Random, options};

/// Reads everything that a scoring job may read, by scans and by selections.
fn read_all(folder: &Path, select: bool) -> Result<(), StoreError> {
    let cohort = Cohort::open(&Location::local(folder))?;
    cohort.samples()?;
    cohort.variants()?;
    let reader = cohort.reader();
    let mut scratch = Scratch::new();
    for group in cohort.row_groups() {
        if select {
            let all: Vec<u32> = (group.first_variant..group.first_variant + group.rows).collect();
            reader.select(group, &all, &mut scratch, &mut |_, _| Ok(()))?;
        } else {
            reader.scan(group, &mut scratch, &mut |_, _| Ok(()))?;
        }
    }
    Ok(())
}

#[test]
fn every_flipped_bit_is_detected() {
    for (codec, seed) in [(Codec::Uncompressed, 11), (Codec::Zstd, 12)] {
        let folder = tempfile::tempdir().unwrap();
        let fileset = Fileset::random(seed, 300, 200, &["1", "X"]);
        let out = folder.path().join("cohort");
        let mut options = options(vec![fileset.write(folder.path(), "x")], &out);
        (options.block_samples, options.codec) = (Some(150), codec);
        import(&options).unwrap();
        read_all(&out, false).unwrap();
        read_all(&out, true).unwrap();
        let files = Location::local(&out).list().unwrap();
        assert_eq!(files.len(), 3 + 4);
        let mut random = Random(seed);
        for round in 0..400 {
            let path = out.join(&files[round % files.len()]);
            let original = fs::read(&path).unwrap();
            let bit = random.below(original.len() as u64 * 8);
            let mut flipped = original.clone();
            flipped[bit as usize / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            let found = read_all(&out, false);
            assert!(found.is_err(), "{} bit {bit}", path.display());
            if round % 8 == 0 {
                let cohort = Cohort::open(&Location::local(&out));
                assert!(cohort.and_then(|cohort| verify(&cohort, &NoProgress)).is_err());
            }
            fs::write(&path, &original).unwrap();
        }
        read_all(&out, false).unwrap();
    }
}

/// A selection reads neither page headers nor the index column; what it hands on is what was written.
#[test]
fn selections_hand_on_no_changed_row() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(21, 300, 200, &["1"]);
    let out = folder.path().join("cohort");
    import(&options(vec![fileset.write(folder.path(), "x")], &out)).unwrap();
    let cohort = Cohort::open(&Location::local(&out)).unwrap();
    let tile = &cohort.manifest().tiles[0];
    let path = out.join(&tile.file.path);
    let original = fs::read(&path).unwrap();
    let mut random = Random(5);
    let mut detected = 0;
    for _ in 0..300 {
        let bit = random.below(original.len() as u64 * 8);
        let mut flipped = original.clone();
        flipped[bit as usize / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        let group = cohort.row_groups()[0];
        let all: Vec<u32> = (0..group.rows).collect();
        let read = cohort.reader().select(&group, &all, &mut Scratch::new(), &mut |variants, rows| {
            for (variant, bytes) in variants.iter().zip(rows.bytes.chunks_exact(rows.stride)) {
                let expected = super::fileset::pack(&fileset.codes[*variant as usize]);
                assert_eq!(bytes[..expected.len()], expected);
            }
            Ok(())
        });
        detected += u32::from(read.is_err());
    }
    assert!(detected > 280, "{detected}");
}

#[test]
fn shortened_and_missing_files_are_data_loss() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(31, 50, 60, &["1"]);
    let out = folder.path().join("cohort");
    import(&options(vec![fileset.write(folder.path(), "x")], &out)).unwrap();
    for name in Location::local(&out).list().unwrap() {
        let path = out.join(&name);
        let original = fs::read(&path).unwrap();
        fs::write(&path, &original[..original.len() - 1]).unwrap();
        let error = read_all(&out, false).unwrap_err();
        assert!(error.is_data_loss(), "{name}: {error}");
        fs::write(&path, [&original[..], b"x"].concat()).unwrap();
        assert!(read_all(&out, false).unwrap_err().is_data_loss(), "{name}");
        fs::remove_file(&path).unwrap();
        assert!(read_all(&out, false).is_err(), "{name}");
        fs::write(&path, &original).unwrap();
    }
    fs::remove_dir_all(out.join("manifest")).unwrap();
    assert!(matches!(read_all(&out, false), Err(StoreError::NoCohort { .. })));
}
