//! `steppe calibrate` and `steppe score --calibration` on a cluster of real processes: the same files as in one process,
//! and refused as there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use steppe_tests::{Call, Run, Table, steppe};

use crate::{
    cohort_jobs::{Scene, id, text},
    sets::Part,
};

/// How scores of these tests are computed: a missing call counts nothing, so that one person is a cohort.
const SCORING: [&str; 2] = ["--missing", "zero"];

/// A simulated cohort here and on a cluster, with a calibration for those of its people whom the reference lacks.
struct Calibrated {
    scene: Scene,
    /// The cohort on this machine, in the blocks that it has on the cluster.
    cohort: PathBuf,
}

impl Calibrated {
    fn new() -> Self {
        let scene = Scene::new();
        let cohort = scene.path("cohort-here");
        steppe(["import", "--build", "GRCh38", "--block-samples", "200", "--bfile"])
            .arg(&scene.data.prefix)
            .arg("--out")
            .arg(&cohort)
            .ok();
        let made = Self { scene, cohort };
        made.write_lists();
        let place = made.cohort.display().to_string();
        let (reference, others) = (made.path("reference.txt"), made.path("others.txt"));
        let data = &made.scene.data;
        data.pca(steppe::<&str>([]), &place)
            .arg("--keep")
            .arg(reference)
            .arg("--out")
            .arg(made.path("pca-local"))
            .ok();
        data.ancestry(steppe::<&str>([]), &place)
            .arg("--keep")
            .arg(others)
            .arg("--out")
            .arg(made.path("ancestry"))
            .ok();
        made.score(steppe::<&str>([]), &place, &made.weights(), &[])
            .arg("--out")
            .arg(made.path("scores"))
            .ok();
        let here = |name: &str| made.path(name).display().to_string();
        made.calibrate(steppe::<&str>([]), &here, &place).arg("--out").arg(made.path("model")).ok();
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.path(name)
    }

    fn traits(&self) -> Table {
        Table::read(&self.scene.data.phenotypes(), '\t')
    }

    /// Three of four Europeans and East Asians are the reference.
    fn write_lists(&self) {
        let table = self.traits();
        let population = table.column("population");
        let list = |of_reference: bool| {
            let rows = table.rows.iter().enumerate();
            let those = rows.filter(|(at, row)| (row[population] != "KAZ" && at % 4 > 0) == of_reference);
            those.map(|(_, row)| format!("{}\t{}\n", row[0], row[1])).collect::<String>()
        };
        for (name, of_reference) in [("reference.txt", true), ("others.txt", false)] {
            fs::write(self.path(name), list(of_reference)).expect("a list");
        }
    }

    fn weights(&self) -> PathBuf {
        self.scene.data.prefix.with_extension("scores").join("type2diabetes.txt")
    }

    /// Adds a scoring of a cohort to a command line, all but the place of its result.
    fn score(&self, call: Call, cohort: &str, weights: &Path, options: &[&str]) -> Call {
        let call = call.args(["score", "--cohort", cohort, "--score"]).arg(weights);
        call.args(SCORING).args(options)
    }

    /// Adds the calibration from results in some places to a command line, all but the place of its result.
    fn calibrate(&self, call: Call, place: &dyn Fn(&str) -> String, cohort: &str) -> Call {
        let mut call = call.args(["calibrate"]);
        for (option, name) in [
            ("--reference", "pca-local"),
            ("--reference-scores", "scores"),
            ("--ancestry", "ancestry"),
            ("--scores", "scores"),
        ] {
            call = call.arg(option).arg(place(name));
        }
        call = call.args(["--reference-cohort", cohort, "--score-file"]).arg(self.weights());
        let file = self.scene.data.phenotypes().display().to_string();
        let population = format!("{file}:population");
        let people = ["--pcs", "2", "--population", &population, "--target", "KAZ"];
        call.args(people).args(["--pheno", &file, "--trait", "CC", "--covar", &file, "--covar-name", "QT"])
    }

    /// Adds a scoring with the calibration.
    fn apply(&self, call: Call, cohort: &str, calibration: &str, options: &[&str]) -> Call {
        let covariates = self.scene.data.phenotypes().display().to_string();
        let all = [&["--calibration", calibration, "--covar", &covariates], options].concat();
        self.score(call, cohort, &self.weights(), &all)
    }

    fn on_the_cluster(&self) -> Call {
        self.scene.cluster.call::<&str>([])
    }
}

/// Files that tell where scoring files are, and times and places.
const PLACES: [&str; 3] = ["match_log.parquet", "match_summary.tsv", "run.json"];

/// The content of every file of a result but for those.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let named = entries.map(|entry| entry.expect("an entry").path()).map(|path| (name_of(&path), path));
    let those = named.filter(|(name, _)| !PLACES.contains(&name.as_str()));
    those.map(|(name, path)| (name, fs::read(path).expect("a file"))).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// What a record says of a result but for times and places: its identity, what the user should know, and its files.
fn record(folder: &Path) -> (Value, Value, Vec<Value>) {
    let record: Value = serde_json::from_str(&text(&folder.join("run.json"))).expect("a record");
    let outputs = record["outputs"].as_array().expect("files").iter();
    let told = |output: &&Value| !PLACES.contains(&output["name"].as_str().expect("a name"));
    (record["job"].clone(), record["notices"].clone(), outputs.filter(told).cloned().collect())
}

fn assert_same(found: &Path, expected: &Path) {
    let (found_files, expected_files) = (files(found), files(expected));
    assert_eq!(found_files.keys().collect::<Vec<_>>(), expected_files.keys().collect::<Vec<_>>());
    for (name, content) in &found_files {
        assert!(*content == expected_files[name], "{name} of {} differs", found.display());
    }
    assert_eq!(record(found), record(expected));
}

#[test]
fn scores_with_a_calibration_on_a_cluster_are_those_of_one_process() {
    let made = Calibrated::new();
    let cluster = &made.scene.cluster;
    let others = made.path("others.txt").display().to_string();
    let population = format!("{}:population", made.scene.data.phenotypes().display());
    let options = ["--keep", &others, "--population", &population];
    let folder = made.path("model").display().to_string();
    let here = made.cohort.display().to_string();
    made.apply(steppe::<&str>([]), &here, &folder, &options).arg("--out").arg(made.path("here")).ok();
    assert_eq!(
        fs::read(made.path("here/calibrated.tsv")).expect("a table"),
        fs::read(made.path("model/calibrated.tsv")).expect("a table"),
        "the people who taught"
    );
    let remote = |calibration: &str, out: &str| {
        made.apply(made.on_the_cluster(), &made.scene.cohort, calibration, &options).args(["--out", out])
    };
    let fetched = remote(&folder, &made.path("fetched").display().to_string()).ok();
    assert_same(&made.path("fetched"), &made.path("here"));
    assert!(fetched.stderr.contains("calibrated.tsv"), "{}", fetched.stderr);
    let stored = remote(&folder, "s3://steppe/applied").ok();
    assert_same(&cluster.result("applied"), &made.path("here"));
    let again = remote(&folder, "s3://steppe/applied").ok();
    assert!(again.stderr.contains("(it was there already)"), "{}", again.stderr);
    // The model's file alone is another job with the same files.
    let file = made.path("mine.cbor");
    fs::copy(made.path("model/model.cbor"), &file).expect("a copy");
    let alone = remote(&file.display().to_string(), "s3://steppe/alone").ok();
    assert_ne!(id(&alone), id(&stored));
    assert_same(&cluster.result("alone"), &made.path("here"));
    for run in [&fetched, &stored, &alone] {
        assert!(cluster.job_files(id(run)).is_empty() && cluster.scratch_files(id(run)).is_empty());
    }
    one_person(&made, &file.display().to_string());
}

/// A cohort of one Kazakh gets on the cluster what it gets here, and what she got among others.
fn one_person(made: &Calibrated, model: &str) {
    let table = made.traits();
    let kazakh = table.rows.iter().position(|row| row[table.column("population")] == "KAZ").expect("one");
    let source = &made.scene.data.prefix;
    let alone = Part { source, people: &[kazakh], variants: 0..3000, missing: &[] }.import("GRCh38");
    let cohort = alone.cohort().display().to_string();
    let options = ["--target", "KAZ"];
    let here = made.apply(steppe::<&str>([]), &cohort, model, &options);
    here.arg("--out").arg(made.path("one-here")).ok();
    let there = made.apply(made.on_the_cluster(), &cohort, model, &options);
    there.args(["--out", "s3://steppe/one-result"]).ok();
    let found = made.scene.cluster.result("one-result");
    let tables = |folder: &Path| {
        ["calibrated.tsv", "calibrated.parquet"].map(|name| fs::read(folder.join(name)).expect("a table"))
    };
    assert!(tables(&found) == tables(&made.path("one-here")), "one person alone");
    let (one, all) = (
        Table::read(&found.join("calibrated.tsv"), '\t'),
        Table::read(&made.path("here/calibrated.tsv"), '\t'),
    );
    let [row] = &one.rows[..] else { panic!("{} rows of one person and one score", one.rows.len()) };
    assert_eq!(all.rows.iter().find(|other| other[1] == row[1]), Some(row));
}

#[test]
fn what_is_no_calibration_of_these_scores_is_refused_on_a_cluster_too() {
    let made = Calibrated::new();
    let cluster = &made.scene.cluster;
    let out = ["--out", "s3://steppe/no"];
    let apply = |calibration: &str, options: &[&str]| {
        made.apply(made.on_the_cluster(), &made.scene.cohort, calibration, options).args(out).run()
    };
    let [folder, pca] = ["model", "pca-local"].map(|name| made.path(name).display().to_string());
    // What is wrong with a calibration of this machine is said before anything is sent.
    let traits = made.scene.data.phenotypes().display().to_string();
    for (calibration, options, said) in [
        (traits.as_str(), &["--target", "KAZ"][..], "no calibration that this program reads"),
        (&pca, &["--target", "KAZ"], "steppe calibrate"),
        (&folder, &["--target", "TAT"], "no population TAT"),
        (&folder, &[], "tells populations apart"),
    ] {
        let run = apply(calibration, options).expect_status(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert!(!run.stderr.contains("job "), "it was submitted: {}", run.stderr);
    }
    // What only the coordinator can know fails there, before any genotype is read.
    let weights = made.path("changed.txt");
    fs::write(&weights, changed(&text(&made.weights()))).expect("weights");
    let options = ["--calibration", &folder, "--target", "KAZ", "--covar", &traits];
    let run = made.score(made.on_the_cluster(), &made.scene.cohort, &weights, &options).args(out).run();
    let run = run.expect_status(2);
    assert!(run.stderr.contains("its weights are not those that were calibrated"), "{}", run.stderr);
    assert!(run.stderr.contains("failed (invalid_input)"), "{}", run.stderr);
    no_trace(&made, &run);
    let samples = made.scene.data.prefix.with_extension("fam").display().to_string();
    let options = ["--calibration", &folder, "--target", "KAZ", "--covar", &samples];
    let run =
        made.score(made.on_the_cluster(), &made.scene.cohort, &made.weights(), &options).args(out).run();
    let run = run.expect_status(2);
    assert!(
        run.stderr.contains("failed (invalid_input)") && run.stderr.contains("people.fam"),
        "{}",
        run.stderr
    );
    no_trace(&made, &run);
    let denied = apply("s3://elsewhere/model", &["--target", "KAZ"]).expect_status(2);
    assert!(denied.stderr.contains("calibration"), "{}", denied.stderr);
    let absent = apply("s3://steppe/nowhere", &["--target", "KAZ"]).expect_status(2);
    assert!(absent.stderr.contains("nowhere") && !absent.stderr.contains("job "), "{}", absent.stderr);
    assert!(cluster.bucket_files("no").is_empty());
}

/// A scoring file with one more digit in its last weight.
fn changed(weights: &str) -> String {
    format!("{}1\n", weights.trim_end())
}

/// Nothing is left of a job that was refused, and its message names no folder of the coordinator's.
fn no_trace(made: &Calibrated, run: &Run) {
    let cluster = &made.scene.cluster;
    assert!(cluster.job_files(id(run)).is_empty() && cluster.scratch_files(id(run)).is_empty());
    assert!(!run.stderr.contains(&cluster.folder().display().to_string()), "{}", run.stderr);
}

#[test]
fn a_calibration_on_a_cluster_is_that_of_one_process() {
    let made = Calibrated::new();
    let (cluster, data) = (&made.scene.cluster, &made.scene.data);
    let here = |name: &str| made.path(name).display().to_string();
    let remote =
        |place: &dyn Fn(&str) -> String| made.calibrate(made.on_the_cluster(), place, &made.scene.cohort);
    let fetched = remote(&here).args(["--out", &here("fetched")]).ok();
    assert_same(&made.path("fetched"), &made.path("model"));
    assert!(fetched.stdout.contains("KAZ") && fetched.stdout.contains("STP_t2d"), "{}", fetched.stdout);
    let view = cluster.job(id(&fetched)).expect("a job");
    assert_eq!((view.fact("kind"), view.fact("state")), ("calibrate", "succeeded"));
    // Every step there, with nothing on this machine but files of traits, lists and weights.
    let there = |name: &str| format!("s3://steppe/{name}");
    let cohort = &made.scene.cohort;
    let pca = data.pca(made.on_the_cluster(), cohort).arg("--keep").arg(made.path("reference.txt"));
    pca.args(["--out", &there("pca-local")]).ok();
    let ancestry = made.on_the_cluster().args(["ancestry", "--cohort", cohort, "--reference"]);
    let ancestry = ancestry.arg(there("pca-local")).arg("--keep").arg(made.path("others.txt"));
    ancestry.args(["--out", &there("ancestry")]).ok();
    let scores = made.score(made.on_the_cluster(), cohort, &made.weights(), &[]);
    scores.args(["--out", &there("scores")]).ok();
    let stored = remote(&there).args(["--out", &there("model")]).ok();
    assert_same(&cluster.result("model"), &made.path("model"));
    assert_ne!(id(&stored), id(&fetched));
    let again = remote(&there).args(["--out", &there("model")]).ok();
    assert!(again.stderr.contains("(it was there already)"), "{}", again.stderr);
    let options = ["--target", "KAZ"];
    let applied = made.apply(made.on_the_cluster(), cohort, &there("model"), &options);
    applied.args(["--out", &there("applied")]).ok();
    let local = made.apply(steppe::<&str>([]), &here("cohort-here"), &here("model"), &options);
    local.args(["--out", &here("applied")]).ok();
    assert_same(&cluster.result("applied"), &made.path("applied"));
    for run in [&fetched, &stored] {
        assert!(cluster.job_files(id(run)).is_empty() && cluster.scratch_files(id(run)).is_empty());
    }
    refused_calibrations(&made);
}

fn refused_calibrations(made: &Calibrated) {
    let here = |name: &str| made.path(name).display().to_string();
    let calibrate = |place: &dyn Fn(&str) -> String, options: &[&str]| {
        let call = made.calibrate(made.on_the_cluster(), place, &made.scene.cohort).args(options);
        call.args(["--out", "s3://steppe/no"]).run().expect_status(2)
    };
    let swapped = |name: &str| here(if name == "pca-local" { "ancestry" } else { name });
    for (place, options, said) in [
        (&swapped as &dyn Fn(&str) -> String, &[][..], "name the folder that steppe pca wrote"),
        (&here, &["--combine", "--trained-on", "0"], "the people that a score was trained on"),
        (&|name: &str| format!("s3://elsewhere/{name}"), &[], "reference"),
        (&|name: &str| format!("s3://steppe/nowhere/{name}"), &[], "nowhere"),
    ] {
        let run = calibrate(place, options);
        assert!(run.stderr.contains(said) && !run.stderr.contains("job "), "{said}: {}", run.stderr);
    }
    for (options, said) in [
        (&["--score-name", "nothing"][..], "score 'nothing' is not there"),
        (&["--trained-in", "SAS"], "choose among EAS, EUR"),
    ] {
        let run = calibrate(&here, options);
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert!(run.stderr.contains("failed (invalid_input)"), "{}", run.stderr);
        no_trace(made, &run);
    }
    assert!(made.scene.cluster.bucket_files("no").is_empty());
}
