//! `steppe score --calibration`: a model applied to people when they are scored.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use steppe_tests::{Run, Table, steppe};

use crate::{
    calibrate::Calibrated,
    sets::{Imported, Part},
};

/// How the scores of these tests are read and made: alike everywhere. A missing call counts nothing, so that one person is
/// a cohort.
const READING: [&str; 6] =
    ["--score-columns", "ID,A1,QT_EUR,CC_EUR", "--ambiguous", "keep", "--missing", "zero"];

/// A calibration of two scores of the simulated cohort, stacked, with a covariate.
struct Model {
    made: Calibrated,
    effects: PathBuf,
    covariates: String,
}

impl Model {
    fn new() -> Option<Self> {
        let made = Calibrated::new()?;
        let effects = made.data.join("effects.tsv");
        let covariates = made.data.join("covar.tsv").display().to_string();
        made.imported.score("everyone", &[&effects], &READING).expect_status(0);
        let (cohort, weights) = (made.imported.cohort().display().to_string(), effects.display().to_string());
        let sources = ["--reference-cohort", &cohort, "--score-file", &weights];
        let options = ["--combine", "--covar", &covariates, "--covar-name", "AGE"];
        let options = [&options[..], &sources, &READING[..4]].concat();
        made.with_disease_by("everyone", &options, "model").expect_status(0);
        Some(Self { made, effects, covariates })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.made.imported.path(name)
    }

    /// Scores a cohort with the calibration.
    fn apply(&self, cohort: &Path, model: &str, options: &[&str], out: &str) -> Run {
        steppe(["score", "--cohort"])
            .arg(cohort)
            .arg("--score")
            .arg(&self.effects)
            .args(READING)
            .arg("--calibration")
            .arg(self.path(model))
            .args(options)
            .arg("--out")
            .arg(self.path(out))
            .run()
    }

    /// A part of the simulated fileset as a cohort.
    fn part(&self, people: &[usize], variants: Range<usize>, build: &str) -> Imported {
        Part { source: &self.made.data.join("geno"), people, variants, missing: &[] }.import(build)
    }
}

/// The rows of one person.
fn of_person(table: &Table, id: &str) -> Vec<Vec<String>> {
    table.rows.iter().filter(|row| row[1] == id).cloned().collect()
}

#[test]
fn a_model_says_of_its_own_people_and_of_one_alone_what_calibrate_said() {
    let Some(model) = Model::new() else { return };
    let cohort = model.made.imported.cohort();
    let (list, populations) = (model.path("cohort.txt").display().to_string(), model.made.populations());
    let own = ["--keep", &list, "--population", &populations, "--covar", &model.covariates];
    let run = model.apply(&cohort, "model", &own, "applied").expect_status(0);
    assert!(run.stderr.contains("outside of all populations"), "{}", run.stderr);
    for file in ["calibrated.tsv", "calibrated.parquet"] {
        let read = |folder: &str| std::fs::read(model.path(folder).join(file)).expect("a table");
        assert!(read("applied") == read("model"), "{file} differs from calibrate's own");
    }
    let again = model.apply(&cohort, "model", &own, "applied").expect_status(0);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
    // The model's file alone, without the reference that it was made of.
    std::fs::copy(model.path("model/model.cbor"), model.path("one-file")).expect("a copy");
    std::fs::rename(model.path("pca"), model.path("gone")).expect("a move");
    let all = model.made.table("model/calibrated.tsv");
    let fam = std::fs::read_to_string(model.made.data.join("geno.fam")).expect("a .fam");
    let population = all.column("population");
    for name in ["KAZ", "EUR"] {
        let id = &all.rows.iter().find(|row| row[population] == name).expect("a person")[1];
        let place = fam.lines().position(|line| line.contains(id.as_str())).expect("a sample");
        let alone = model.part(&[place], 0..9000, "GRCh38");
        let options = ["--target", name, "--covar", &model.covariates];
        let out = format!("alone-{name}");
        model.apply(&alone.cohort(), "one-file", &options, &out).expect_status(0);
        let found = model.made.table(&format!("{out}/calibrated.tsv"));
        assert_eq!(found.rows.len(), 3, "two scores and the stacked one");
        assert_eq!(found.rows, of_person(&all, id), "{name}");
    }
}

#[test]
fn what_does_not_belong_to_the_model_is_refused_and_nothing_is_left() {
    let Some(model) = Model::new() else { return };
    let cohort = model.made.imported.cohort();
    let kazakh = ["--target", "KAZ", "--covar", &model.covariates];
    let refused = |cohort: &Path, calibration: &str, options: &[&str], said: &[&str]| {
        let run = model.apply(cohort, calibration, options, "no").expect_status(2);
        assert!(said.iter().all(|said| run.stderr.contains(said)), "{options:?}: {}", run.stderr);
        assert!(!model.path("no").exists());
    };
    refused(&cohort, "model", &["--covar", &model.covariates], &["tells populations apart", "--target NAME"]);
    refused(&cohort, "model", &["--target", "KAZ"], &["take covariates: AGE", "--covar FILE"]);
    let options = ["--target", "TAT", "--covar", &model.covariates];
    refused(&cohort, "model", &options, &["no population TAT", "KAZ"]);
    let samples = model.made.data.join("samples.tsv").display().to_string();
    refused(&cohort, "model", &["--target", "KAZ", "--covar", &samples], &["AGE"]);
    refused(&cohort, "pca", &kazakh, &["steppe calibrate"]);
    refused(&cohort, "scores.tsv", &kazakh, &["no calibration that this program reads"]);
    refused(&cohort, "nowhere", &kazakh, &["steppe calibrate"]);
    let few = model.part(&(0..60).collect::<Vec<_>>(), 0..2000, "GRCh38");
    refused(&few.cohort(), "model", &kazakh, &["at least 200 are needed"]);
    let other = model.part(&(0..60).collect::<Vec<_>>(), 0..9000, "GRCh37");
    refused(&other.cohort(), "model", &kazakh, &["GRCh38", "GRCh37"]);
    // One weight of another sign.
    let text = std::fs::read_to_string(&model.effects).expect("weights");
    let changed = Model { effects: model.path("changed.tsv"), ..model };
    std::fs::write(&changed.effects, text.replacen("-0.0158238", "0.0158238", 1)).expect("weights");
    let run = changed.apply(&cohort, "model", &["--target", "KAZ", "--covar", &changed.covariates], "no");
    let run = run.expect_status(2);
    assert!(run.stderr.contains("its weights are not those that were calibrated"), "{}", run.stderr);
    let other = "ID\tA1\tother\nrs1_77424\tC\t1\nrs1_127994\tC\t1\n";
    std::fs::write(&changed.effects, other).expect("weights");
    let run = steppe(["score", "--cohort"])
        .arg(&cohort)
        .arg("--score")
        .arg(&changed.effects)
        .args(["--score-columns", "ID,A1,other", "--calibration"])
        .arg(changed.path("model"))
        .arg("--out")
        .arg(changed.path("no"))
        .run()
        .expect_status(2);
    assert!(run.stderr.contains("none of the scores was calibrated"), "{}", run.stderr);
    assert!(!changed.path("no").exists());
}

#[test]
fn a_model_of_scores_from_a_table_says_that_weights_can_not_be_checked() {
    let Some(model) = Model::new() else { return };
    let cohort = model.made.imported.cohort();
    let scores = std::fs::read_to_string(model.path("everyone/scores.sscore")).expect("scores");
    std::fs::write(model.path("table.tsv"), scores).expect("a table");
    model.made.calibrate_scores("table.tsv", &["--score-name", "QT_EUR"], "of-table").expect_status(0);
    let list = model.path("cohort.txt").display().to_string();
    // Without a column of populations everyone is the own cohort's, then and now.
    let run = model.apply(&cohort, "of-table", &["--keep", &list], "applied").expect_status(0);
    assert!(run.stderr.contains("can not be checked"), "{}", run.stderr);
    assert!(run.stderr.contains("1 scores were not calibrated"), "{}", run.stderr);
    assert_eq!(
        model.made.table("applied/calibrated.tsv").rows,
        model.made.table("of-table/calibrated.tsv").rows
    );
}
