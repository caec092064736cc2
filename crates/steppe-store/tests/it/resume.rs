use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use steppe_store::{Cohort, ImportProgress, NoProgress, StoreError, import, verify};

use super::fileset::{Fileset, options};

/// Asks to stop after so many looks.
struct StopAfter(AtomicU64);

impl ImportProgress for StopAfter {
    fn is_cancelled(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) == 0 || self.0.load(Ordering::Relaxed) > u64::MAX / 2
    }
}

fn stop_after(looks: u64) -> Arc<dyn ImportProgress> {
    Arc::new(StopAfter(AtomicU64::new(looks)))
}

#[test]
fn an_interrupted_import_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(1, 900, 600, &["1", "2", "3", "4", "5"]);
    let paths = vec![fileset.write(folder.path(), "x")];
    let whole = import(&options(paths.clone(), &folder.path().join("whole"))).unwrap();
    let mut resumed = 0;
    for looks in 0..8 {
        let out = folder.path().join(format!("cohort{looks}"));
        let mut options = options(paths.clone(), &out);
        options.progress = stop_after(looks);
        match import(&options) {
            Err(StoreError::Cancelled) => {}
            Ok(_) => continue,
            Err(error) => panic!("{error}"),
        }
        assert!(matches!(Cohort::open(&options.out), Err(StoreError::NoCohort { .. })));
        options.progress = Arc::new(NoProgress);
        let report = import(&options).unwrap();
        resumed += report.resumed_parts;
        assert_eq!(report.digest, whole.digest);
        verify(&Cohort::open(&options.out).unwrap(), &NoProgress).unwrap();
    }
    assert!(resumed > 3, "{resumed}");
}

#[test]
fn damaged_parts_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(2, 900, 600, &["1", "2", "3"]);
    let mut options = options(vec![fileset.write(folder.path(), "x")], &folder.path().join("cohort"));
    options.progress = stop_after(2);
    assert!(matches!(import(&options), Err(StoreError::Cancelled)));
    let part = folder.path().join("cohort/genotypes/00000/00000.parquet");
    let mut bytes = fs::read(&part).unwrap();
    bytes[1000] ^= 4;
    fs::write(&part, bytes).unwrap();
    options.progress = Arc::new(NoProgress);
    assert_eq!(import(&options).unwrap().resumed_parts, 1);
    verify(&Cohort::open(&options.out).unwrap(), &NoProgress).unwrap();
}

#[test]
fn other_inputs_do_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(3, 900, 600, &["1", "2", "3"]);
    let paths = fileset.write(folder.path(), "x");
    let mut options = options(vec![paths.clone()], &folder.path().join("cohort"));
    options.progress = stop_after(2);
    assert!(matches!(import(&options), Err(StoreError::Cancelled)));
    options.progress = Arc::new(NoProgress);
    let mut other = options.clone();
    other.block_samples = Some(100);
    let message = import(&other).unwrap_err().to_string();
    assert!(message.contains("unfinished import of other files"), "{message}");
    // The .bed changes where a finished part was made of it.
    let mut bed = fs::read(&paths.bed).unwrap();
    bed[100] ^= 1;
    fs::write(&paths.bed, bed).unwrap();
    let message = import(&options).unwrap_err().to_string();
    assert!(message.contains("has changed since the import was interrupted"), "{message}");
}

#[test]
fn of_two_imports_at_once_one_commits_and_both_agree() {
    let folder = tempfile::tempdir().unwrap();
    let fileset = Fileset::random(4, 900, 600, &["1", "2", "3", "4", "5", "6"]);
    let paths = vec![fileset.write(folder.path(), "x")];
    for round in 0..5 {
        let options = options(paths.clone(), &folder.path().join(format!("cohort{round}")));
        let digests: Vec<String> = std::thread::scope(|scope| {
            let imports: Vec<_> = (0..2).map(|_| scope.spawn(|| import(&options).unwrap().digest)).collect();
            imports.into_iter().map(|import| import.join().unwrap()).collect()
        });
        assert_eq!(digests[0], digests[1]);
        verify(&Cohort::open(&options.out).unwrap(), &NoProgress).unwrap();
    }
}
