//! A job that is stopped anywhere ends in the same files, on any number of threads.

use std::path::Path;
use steppe_engine::EngineError;

use steppe_fitjob::{FitOptions, SplitOption};

use super::support::{Cohort, Stream, Watcher, file, hashes, names, small_cohort};

/// A quantitative and a binary trait.
fn job(folder: &Path) -> (Cohort, FitOptions) {
    let (cohort, score) = small_cohort(240, 120, 7);
    let mut stream = Stream::new(3);
    let mut text = "#FID\tIID\tqt\tcc\n".to_owned();
    for (sample, score) in score.iter().enumerate() {
        let liability = 0.5 * score + 1.5 * stream.normal();
        text.push_str(&format!("f{sample}\ts{sample}\t{liability}\t{}\n", 1 + u8::from(liability > 3.0)));
    }
    let mut options = FitOptions::new(file(folder, "pheno.tsv", &text));
    options.path.lambdas = 25;
    options.path.early_stopping = false;
    options.refit = true;
    (cohort, options)
}

/// Files but those that say how long the job took.
fn files(folder: &Path) -> Vec<(String, String)> {
    let timed = |name: &str| name == "run.json" || name.ends_with(".html");
    hashes(folder).into_iter().filter(|(name, _)| !timed(name)).collect()
}

fn every_stop_ends_alike(split: &SplitOption) {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = job(folder.path());
    options.split = split.clone();
    let whole = folder.path().join("whole");
    let mut watcher = Watcher::default();
    let report = cohort.fit(&options, &whole, &mut watcher).expect("the job runs");
    let total = watcher.accepted;
    let out = folder.path().join("stopped");
    let (mut stops, mut resumed) = (0, 0);
    for stop in (1..total).step_by(9) {
        let mut stopped = Watcher::stopping_after(stop);
        match cohort.fit(&options, &out, &mut stopped) {
            Err(EngineError::Fit(steppe_fit::FitError::Cancelled)) => stops += 1,
            other => assert!(other.is_ok(), "{:?}", other.err()),
        }
        let mut rest = Watcher::default();
        let second = cohort.fit(&options, &out, &mut rest).expect("the job ends");
        resumed += usize::from(rest.notices.iter().any(|text| text.starts_with("going on")));
        assert!(rest.accepted < total);
        assert_eq!(files(&out), files(&whole), "stopped after {stop} of {total}");
        // Numbers that were read from run.json may differ in the last bit.
        assert!(second.reused || second.record.traits == report.record.traits);
        assert_eq!(second.record.notices, report.record.notices);
        assert!(names(folder.path()).iter().all(|name| !name.starts_with('.')));
        std::fs::remove_dir_all(&out).expect("removed");
    }
    assert!(stops > 5 && resumed == stops, "{stops} {resumed}");
}

#[test]
fn a_path_with_refit() {
    every_stop_ends_alike(&SplitOption::Fraction(0.25));
}

#[test]
fn folds() {
    every_stop_ends_alike(&SplitOption::Folds(3));
}

#[test]
fn a_damaged_checkpoint_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = job(folder.path());
    options.refit = false;
    let whole = folder.path().join("whole");
    cohort.fit(&options, &whole, &mut ()).expect("the job runs");
    let out = folder.path().join("stopped");
    let stop = || cohort.fit(&options, &out, &mut Watcher::stopping_after(12)).expect_err("cancelled");
    stop();
    let beside: Vec<String> =
        names(folder.path()).into_iter().filter(|name| name.starts_with(".stopped.steppe-fit-")).collect();
    assert_eq!(beside.len(), 1);
    let checkpoint = folder.path().join(&beside[0]).join("checkpoint.path.json");
    let bytes = std::fs::read(&checkpoint).expect("a checkpoint");
    let damages: [&dyn Fn() -> Vec<u8>; 3] = [
        &|| bytes[..bytes.len() / 2].to_vec(),
        &|| {
            let mut other = bytes.clone();
            other[bytes.len() / 2] ^= 1;
            other
        },
        &|| b"{}".to_vec(),
    ];
    for damage in damages {
        std::fs::create_dir_all(folder.path().join(&beside[0])).expect("a folder");
        std::fs::write(&checkpoint, damage()).expect("written");
        let mut watcher = Watcher::default();
        cohort.fit(&options, &out, &mut watcher).expect("the job ends");
        assert!(watcher.notices.iter().any(|text| text.starts_with("a checkpoint is ignored: ")));
        assert_eq!(files(&out), files(&whole));
        std::fs::remove_dir_all(&out).expect("removed");
    }
    // A checkpoint of a job with other options lies in another folder.
    stop();
    options.path.tolerance = 1e-4;
    let mut watcher = Watcher::default();
    cohort.fit(&options, &out, &mut watcher).expect("the job runs");
    assert!(watcher.notices.iter().all(|text| !text.starts_with("going on")), "{:?}", watcher.notices);
}

#[test]
fn any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, options) = job(folder.path());
    let mut all = Vec::new();
    for threads in [1, 4] {
        let out = folder.path().join(threads.to_string());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| cohort.fit(&options, &out, &mut Watcher::default()).map(|_| ()))
            .expect("the job runs");
        all.push(files(&out));
    }
    assert_eq!(all[0], all[1]);
}

#[test]
fn another_result_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = job(folder.path());
    options.path.lambdas = 3;
    let out = folder.path().join("fit");
    cohort.fit(&options, &out, &mut ()).expect("the job runs");
    options.seed = 2;
    let error = cohort.fit(&options, &out, &mut ()).expect_err("occupied").to_string();
    assert!(error.contains("a result of other inputs or parameters"), "{error}");
    // A changed input is another job too.
    options.seed = 1;
    let pheno = std::fs::read_to_string(folder.path().join("pheno.tsv")).expect("a text");
    file(folder.path(), "pheno.tsv", &pheno.replacen("f0\ts0\t", "f0\ts0\t1", 1));
    cohort.fit(&options, &out, &mut ()).expect_err("occupied");
    file(folder.path(), "pheno.tsv", &pheno);
    assert!(cohort.fit(&options, &out, &mut ()).expect("found").reused);
}
