//! A block ridge that is stopped anywhere ends in the same files, on any number of threads.

use std::{collections::BTreeMap, path::Path};

use steppe_engine::EngineError;
use steppe_fitjob::FitError;

use super::{
    ridge_support::Scene,
    stored::Steps,
    support::{hashes, names},
};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut all = hashes(folder);
    all.remove("run.json");
    all
}

/// What lies beside the results and is none.
fn hidden(scene: &Scene) -> Vec<String> {
    names(scene.folder.path()).into_iter().filter(|name| name.starts_with('.')).collect()
}

#[test]
fn every_stop_ends_alike() {
    let scene = Scene::new();
    let out = scene.path("step1");
    let mut all = Steps::default();
    let report = scene.stored.ridge(&scene.options, &out, &mut all).expect("the job runs");
    let whole = files(&out);
    let again = scene.stored.ridge(&scene.options, &out, &mut ()).expect("it is found");
    assert!(again.reused && !report.reused);
    assert_eq!(again.record.outputs, report.record.outputs);
    for stop in 1..all.calls {
        std::fs::remove_dir_all(&out).expect("removed");
        let mut stopped = Steps::stopping_after(stop);
        let error = scene.stored.ridge(&scene.options, &out, &mut stopped).expect_err("cancelled");
        assert!(matches!(error, EngineError::Fit(FitError::Cancelled)), "{error}");
        assert!(!out.exists() && hidden(&scene).len() == 1, "{:?}", hidden(&scene));
        let mut rest = Steps::default();
        let second = scene.stored.ridge(&scene.options, &out, &mut rest).expect("the job ends");
        assert_eq!(rest.notices[report.record.notices.len()..].len(), 1, "{:?}", rest.notices);
        assert!(rest.notices.contains(&"going on from the checkpoint of an earlier run".to_owned()));
        assert_eq!(files(&out), whole, "stopped after {stop}");
        assert_eq!(second.record.notices, report.record.notices);
        assert!(hidden(&scene).is_empty());
    }
    assert!(all.calls > 8);
}

#[test]
fn what_a_run_killed_at_its_end_left_is_removed() {
    let scene = Scene::new();
    let out = scene.path("step1");
    scene.stored.ridge(&scene.options, &out, &mut Steps::stopping_after(2)).expect_err("cancelled");
    let checkpoints = scene.path(&hidden(&scene)[0]);
    let aside = scene.path("aside");
    std::fs::rename(&checkpoints, &aside).expect("moved");
    scene.stored.ridge(&scene.options, &out, &mut ()).expect("the job runs");
    std::fs::rename(&aside, &checkpoints).expect("moved");
    assert!(scene.stored.ridge(&scene.options, &out, &mut ()).expect("it is found").reused);
    assert!(hidden(&scene).is_empty());
}

#[test]
fn a_damaged_block_is_fitted_again() {
    let scene = Scene::new();
    let out = scene.path("step1");
    scene.stored.ridge(&scene.options, &out, &mut ()).expect("the job runs");
    let whole = files(&out);
    for damage in [0, 1, 2, 3] {
        std::fs::remove_dir_all(&out).expect("removed");
        scene.stored.ridge(&scene.options, &out, &mut Steps::stopping_after(3)).expect_err("cancelled");
        let folder = scene.path(&hidden(&scene)[0]);
        assert_eq!(names(&folder), ["block.0.cbor", "block.1.cbor", "block.2.cbor"]);
        let file = folder.join("block.1.cbor");
        let mut bytes = std::fs::read(&file).expect("a block");
        let middle = bytes.len() / 2;
        match damage {
            0 => bytes.truncate(middle),
            1 => bytes[middle] ^= 1,
            2 => bytes.clear(),
            // Another block, whole.
            _ => bytes = std::fs::read(folder.join("block.0.cbor")).expect("a block"),
        }
        std::fs::write(&file, bytes).expect("written");
        let mut steps = Steps::default();
        scene.stored.ridge(&scene.options, &out, &mut steps).expect("the job ends");
        let ignored =
            steps.notices.iter().filter(|text| text.starts_with("a checkpoint is ignored: block.1"));
        assert_eq!(ignored.count(), 1, "{:?}", steps.notices);
        assert_eq!(files(&out), whole);
    }
}

#[test]
fn any_number_of_threads_and_no_other_job() {
    let mut scene = Scene::new();
    let out = scene.path("step1");
    scene.stored.ridge(&scene.options, &out, &mut ()).expect("the job runs");
    let whole = files(&out);
    std::fs::remove_dir_all(&out).expect("removed");
    scene.stored.threads = 1;
    scene.stored.ridge(&scene.options, &out, &mut ()).expect("the job runs");
    assert_eq!(files(&out), whole);
    scene.options.seed += 1;
    let error = scene.stored.ridge(&scene.options, &out, &mut ()).expect_err("occupied").to_string();
    assert!(error.contains("a result of other inputs or parameters"), "{error}");
    std::fs::remove_dir_all(&out).expect("removed");
    scene.stored.ridge(&scene.options, &out, &mut ()).expect("the job runs");
    assert_ne!(files(&out)["qt.score.txt"], whole["qt.score.txt"], "folds are drawn by the seed");
}
