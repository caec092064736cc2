//! An association with a place for checkpoints that is stopped anywhere ends in the same tables.

use std::{path::Path, sync::Arc};

use steppe_engine::EngineError;
use steppe_fitjob::{AssociationOptions, CovariateOptions, FitError, InputOptions};
use steppe_genome::Chromosome;

use super::{
    stored::{Passes, Steps, Stored},
    support::{Stream, file, hashes, names},
};

const SAMPLES: usize = 120;
/// Three runs of variants.
const VARIANTS: usize = 1100;

struct Scene {
    folder: tempfile::TempDir,
    stored: Stored,
    options: AssociationOptions,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (stored, fileset) =
            Stored::random(folder.path(), SAMPLES, VARIANTS, &[1, 2].map(Chromosome::Autosome));
        let mut stream = Stream::new(3);
        let rows: String = fileset
            .fam
            .iter()
            .enumerate()
            .map(|(at, of)| {
                let (quantitative, age) = (stream.normal(), stream.normal());
                let case = 1 + usize::from(stream.normal() > 0.0);
                let missing = if at % 11 == 0 { "NA".to_owned() } else { (1 + at % 2).to_string() };
                format!("{}\t{}\t{quantitative}\t{case}\t{missing}\t{age}\n", of.family_id, of.sample_id)
            })
            .collect();
        let pheno = file(folder.path(), "pheno.tsv", &format!("#FID\tIID\tq\tb\tc\tage\n{rows}"));
        let mut input = InputOptions::new(pheno.clone());
        input.phenotypes.traits = ["q", "b", "c"].map(str::to_owned).to_vec();
        input.covariates =
            Some(CovariateOptions { file: pheno, names: vec!["age".to_owned()], categorical: Vec::new() });
        Self { options: AssociationOptions::new(input), folder, stored }
    }

    fn run(&self, steps: &mut Steps) -> (Result<bool, EngineError>, Vec<String>) {
        let passes = Arc::new(Passes::default());
        let (out, kept) = (self.out(), self.kept());
        let report = self.stored.associate_kept(&self.options, (&out, &kept), &passes, steps);
        (report.map(|report| report.reused), passes.names())
    }

    fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("gwas")
    }

    fn kept(&self) -> std::path::PathBuf {
        self.folder.path().join("kept")
    }

    fn files(&self) -> Vec<(String, String)> {
        hashes(&self.out()).into_iter().filter(|(name, _)| name != "run.json").collect()
    }

    /// Files that are kept, below the one folder of the job.
    fn kept_files(&self) -> (std::path::PathBuf, Vec<String>) {
        let jobs = names(&self.kept());
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        let folder = self.kept().join(&jobs[0]);
        let files = names(&folder);
        (folder, files)
    }
}

fn is_empty(folder: &Path) -> bool {
    !folder.exists() || names(folder).is_empty()
}

#[test]
fn every_stop_ends_alike() {
    let scene = Scene::new();
    let mut all = Steps::default();
    let (whole, passes) = scene.run(&mut all);
    assert!(!whole.expect("the job runs"));
    let gradients = |passes: &[String]| passes.iter().filter(|name| *name == "gradients").count();
    assert_eq!((gradients(&passes), all.calls), (1, 9), "three runs of variants of three traits");
    let expected = scene.files();
    assert_eq!(expected.len(), 3);
    assert!(is_empty(&scene.kept()) && all.notices.is_empty(), "{:?}", all.notices);
    for stop in 1..all.calls {
        std::fs::remove_dir_all(scene.out()).expect("removed");
        let (stopped, _) = scene.run(&mut Steps::stopping_after(stop));
        assert!(matches!(stopped, Err(EngineError::Fit(FitError::Cancelled))), "{stopped:?}");
        let kept = scene.kept_files().1;
        assert_eq!(kept.len() as u64, stop.div_ceil(3), "{kept:?}");
        let mut rest = Steps::default();
        let (ended, passes) = scene.run(&mut rest);
        assert!(!ended.expect("the job ends"));
        assert_eq!(rest.notices, ["going on from the checkpoint of an earlier run"]);
        assert_eq!(gradients(&passes), usize::from(kept.len() < 3), "stopped after {stop}");
        assert_eq!(scene.files(), expected, "stopped after {stop}");
        assert!(is_empty(&scene.kept()));
    }
    assert!(scene.run(&mut Steps::default()).0.expect("it is found"));
}

#[test]
fn a_damaged_run_is_tested_again_and_a_store_that_fails_is_an_error() {
    let scene = Scene::new();
    scene.run(&mut Steps::default()).0.expect("the job runs");
    let expected = scene.files();
    std::fs::remove_dir_all(scene.out()).expect("removed");
    scene.run(&mut Steps::stopping_after(6)).0.expect_err("cancelled");
    let (folder, kept) = scene.kept_files();
    assert_eq!(kept, ["batch.0.variants.0.cbor", "batch.0.variants.512.cbor"]);
    let damaged = folder.join(&kept[1]);
    let mut bytes = std::fs::read(&damaged).expect("a run");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes).expect("written");
    let mut steps = Steps::default();
    scene.run(&mut steps).0.expect("the job ends");
    let ignored = "a checkpoint is ignored: batch.0.variants.512.cbor: its hash is not that of its content";
    assert!(steps.notices.contains(&ignored.to_owned()), "{:?}", steps.notices);
    assert_eq!(scene.files(), expected);
    std::fs::remove_dir_all(scene.out()).expect("removed");
    scene.run(&mut Steps::stopping_after(3)).0.expect_err("cancelled");
    let (folder, _) = scene.kept_files();
    // Nothing can be put where a folder is.
    std::fs::create_dir_all(folder.join("batch.0.variants.512.cbor/x")).expect("a folder");
    let error = scene.run(&mut Steps::default()).0.expect_err("it can not be read");
    assert!(!error.to_string().is_empty() && error.kind() != steppe_engine::ErrorKind::Internal, "{error}");
}
