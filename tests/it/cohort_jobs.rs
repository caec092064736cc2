//! `steppe fit ridge`, `steppe assoc`, `steppe pca` and `steppe ancestry` on a cluster of real processes: the same files as in one process, found again,
//! and refused as there.

use std::path::Path;

use steppe_tests::{Call, Cluster, ClusterOptions, FitData, Run, fit_digests, steppe};

use crate::sets::new_folder;

pub(crate) struct Scene {
    // Dropped in this order: the cluster before its folder.
    pub(crate) cluster: Cluster,
    place: tempfile::TempDir,
    pub(crate) data: FitData,
    /// The URL of the cohort on the cluster.
    pub(crate) cohort: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let place = new_folder();
        let data = FitData::simulate(place.path(), 0.01);
        let cluster =
            Cluster::start(&place.path().join("cluster"), ClusterOptions::slowed(2, 0)).expect("a cluster");
        let cohort = cluster.import(&data.prefix, "cohort", 200).expect("an import");
        Self { cluster, place, data, cohort }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.place.path().join(name)
    }

    fn local_cohort(&self) -> String {
        let cohort = self.path("cohort");
        if !cohort.exists() {
            steppe(["import", "--build", "GRCh38", "--bfile"])
                .arg(&self.data.prefix)
                .arg("--out")
                .arg(&cohort)
                .ok();
        }
        cohort.display().to_string()
    }

    /// The job in one process, on the cluster into a folder, and on the cluster into the bucket.
    fn everywhere(&self, name: &str, call: fn(&FitData, Call, &str) -> Call) -> (Run, Run) {
        let at = |place: &str| self.path(&format!("{name}-{place}"));
        call(&self.data, steppe::<&str>([]), &self.local_cohort()).arg("--out").arg(at("local")).ok();
        let expected = fit_digests(&at("local")).expect("a result");
        let remote = || call(&self.data, self.cluster.call::<&str>([]), &self.cohort);
        let fetched = remote().arg("--out").arg(at("fetched")).ok();
        assert_eq!(fit_digests(&at("fetched")).expect("a result"), expected, "{name}, fetched");
        let url = format!("s3://steppe/{name}");
        let stored = remote().args(["--out", &url]).ok();
        assert_eq!(fit_digests(&self.cluster.result(name)).expect("a result"), expected, "{name}, stored");
        let again = remote().args(["--out", &url]).ok();
        assert!(again.stderr.contains("(it was there already)"), "{}", again.stderr);
        let occupied = remote().arg("--out").arg(at("fetched")).run().expect_status(2);
        assert!(occupied.stderr.contains("something is there already"), "{}", occupied.stderr);
        (fetched, stored)
    }
}

/// The id that a submission told.
pub(crate) fn id(run: &Run) -> &str {
    let line = run.stderr.lines().find_map(|line| line.strip_prefix("job "));
    line.and_then(|rest| rest.split_whitespace().next()).expect("an id")
}

pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn jobs_on_a_cluster_make_the_files_of_one_process() {
    let scene = Scene::new();
    let (fetched, stored) = scene.everywhere("ridge", FitData::ridge);
    assert!(fetched.stdout.contains("QT") && fetched.stdout.contains("CC"), "{}", fetched.stdout);
    assert!(fetched.stderr.contains("next:  cd "), "{}", fetched.stderr);
    // Whose folder is here names no folder of the coordinator's.
    for list in [scene.path("ridge-fetched/pred.list"), scene.cluster.result("ridge").join("pred.list")] {
        assert_eq!(text(&list), "QT QT_1.loco\nCC CC_2.loco\n");
    }
    let results = scene.cluster.call(["jobs", "results", id(&stored), "--out"]);
    results.arg(scene.path("results")).ok();
    assert_eq!(fit_digests(&scene.path("results")), fit_digests(&scene.path("ridge-local")));
    let view = scene.cluster.job(id(&stored)).expect("a job");
    assert_eq!((view.fact("kind"), view.fact("state")), ("ridge", "succeeded"));
    let (fetched, _) = scene.everywhere("gwas", FitData::assoc);
    assert!(fetched.stdout.contains("binomial"), "{}", fetched.stdout);
    assert_eq!(scene.cluster.job(id(&fetched)).expect("a job").fact("kind"), "assoc");
    assert!(
        scene.cluster.job_files(id(&stored)).is_empty() && scene.cluster.job_files(id(&fetched)).is_empty()
    );
    refused(&scene);
}

#[test]
fn ancestry_on_a_cluster_is_that_of_one_process() {
    let scene = Scene::new();
    let (fetched, stored) = scene.everywhere("pca", FitData::pca);
    assert!(fetched.stdout.contains("PC2"), "{}", fetched.stdout);
    let view = scene.cluster.job(id(&stored)).expect("a job");
    assert_eq!((view.fact("kind"), view.fact("state")), ("pca", "succeeded"));
    assert!(scene.cluster.job_files(id(&stored)).is_empty(), "the extract of the cohort is left");
    let (fetched, _) = scene.everywhere("ancestry", FitData::ancestry);
    assert!(fetched.stdout.contains("KAZ"), "{}", fetched.stdout);
    // The reference by its URL is another job with the same files, and another content there is another job again.
    let by_url = |out: &str| {
        let call = scene.cluster.call(["ancestry", "--cohort", &scene.cohort]);
        call.args(["--reference", "s3://steppe/pca", "--out", out]).ok()
    };
    let first = by_url("s3://steppe/ancestry-by-url");
    assert_ne!(id(&first), id(&fetched));
    assert_eq!(
        fit_digests(&scene.cluster.result("ancestry-by-url")).expect("a result"),
        fit_digests(&scene.path("ancestry-local")).expect("a result")
    );
    let denied = scene.cluster.call(["ancestry", "--cohort", &scene.cohort]);
    let denied = denied.args(["--reference", "s3://elsewhere/pca", "--out", "s3://steppe/no"]).run();
    assert!(denied.expect_status(2).stderr.contains("reference_url"));
    let absent = scene.cluster.call(["ancestry", "--cohort", &scene.cohort, "--reference"]);
    let absent = absent.arg(scene.path("cohort")).args(["--out", "s3://steppe/no"]).run().expect_status(2);
    assert!(absent.stderr.contains("name the folder that steppe pca wrote"), "{}", absent.stderr);
}

/// What a command refuses is refused there too, with the same status, and its messages name nobody's folders.
fn refused(scene: &Scene) {
    let remote = |options: &[&str], out: &str| {
        let call = scene.data.ridge(scene.cluster.call::<&str>([]), &scene.cohort);
        call.args(options).args(["--out", out]).run()
    };
    let range = remote(&["--l1", "0.5,1.5"], "s3://steppe/no").expect_status(2);
    assert!(range.stderr.contains("a share of variance of level 1 is out of range"), "{}", range.stderr);
    assert!(!range.stderr.contains("job "), "it was submitted: {}", range.stderr);
    let unknown = scene.data.assoc(scene.cluster.call::<&str>([]), &scene.cohort);
    let unknown = unknown.args(["--trait", "QTT", "--out", "s3://steppe/no"]).run().expect_status(2);
    assert!(unknown.stderr.contains("no column of this name (found \"QTT\")"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("failed (invalid_input)"), "{}", unknown.stderr);
    let folder = scene.cluster.folder().display().to_string();
    assert!(!unknown.stderr.contains(&folder), "{}", unknown.stderr);
    let denied = remote(&[], "s3://elsewhere/no").expect_status(2);
    assert!(denied.stderr.contains("out"), "{}", denied.stderr);
    let audit = text(&scene.cluster.folder().join("state/audit.jsonl"));
    assert!(audit.lines().any(|line| line.contains("\"deny\"")), "the refusal is not in the audit log");
}
