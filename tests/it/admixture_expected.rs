//! The score that admixture leads to expect: `steppe calibrate --reference-cohort`.

use std::{collections::HashMap, path::PathBuf};

use steppe_tests::{Run, Table};

use crate::{calibrate::Calibrated, sets::Part};

const READING: [&str; 4] = ["--score-columns", "ID,A1,QT_EUR,CC_EUR", "--ambiguous", "keep"];

struct Expected {
    made: Calibrated,
    effects: PathBuf,
}

impl Expected {
    fn new() -> Option<Self> {
        let made = Calibrated::new()?;
        let effects = made.data.join("effects.tsv");
        made.imported.score("everyone", &[&effects], &READING).expect_status(0);
        Some(Self { made, effects })
    }

    fn calibrate(&self, cohort: &str, effects: &str, options: &[&str], out: &str) -> Run {
        let all = ["--reference-cohort", cohort, "--score-file", effects];
        self.made.calibrate_scores("everyone", &[&all[..], &READING[..], options].concat(), out)
    }

    fn here(&self) -> (String, String) {
        (self.made.imported.cohort().display().to_string(), self.effects.display().to_string())
    }
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (values.len() - 1) as f64).sqrt())
}

#[test]
fn an_admixed_group_without_a_label_is_compared_to_its_own_mixture() {
    let Some(made) = Expected::new() else { return };
    let (cohort, effects) = made.here();
    made.calibrate(&cohort, &effects, &["--reference-only"], "expected").expect_status(0);
    let people = Table::read(&made.made.data.join("samples.tsv"), '\t');
    let ids = people.texts("IID").into_iter().map(str::to_owned);
    let populations: HashMap<String, String> =
        ids.zip(people.texts("pop").into_iter().map(str::to_owned)).collect();
    // Without missing calls 2 Σ p w is the mean score of the people in whom p was counted.
    let panel = std::fs::read_to_string(made.made.imported.path("reference.txt")).expect("a list");
    let panel: Vec<&str> = panel.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let everyone = made.made.imported.sscore("everyone");
    let sums = everyone.numbers("QT_EUR_SUM");
    let scores: HashMap<&str, f64> = everyone.texts("IID").into_iter().zip(sums).collect();
    let mean = |name: &str| {
        let those = panel.iter().filter(|id| populations[**id] == name).map(|id| scores[id]);
        mean_and_sd(&those.collect::<Vec<f64>>()).0
    };
    let sources = ["AFR", "EAS", "EUR"].map(|name| (format!("admixture_{name}"), mean(name)));
    let ancestry = made.made.table("ancestry/ancestry.tsv");
    let (of_person, table) = (ancestry.by("IID"), made.made.table("expected/calibrated.tsv"));
    let [score, expected, z] = ["score", "admixture_expected", "z_admixture"].map(|name| table.column(name));
    let mut kazakh = Vec::new();
    for row in table.rows.iter().filter(|row| row[score] == "QT_EUR") {
        let share = |name: &str| -> f64 {
            of_person[row[1].as_str()][ancestry.column(name)].parse().expect("a proportion")
        };
        let told: f64 = row[expected].parse().expect("a number");
        let by_hand: f64 = sources.iter().map(|(name, mean)| share(name) * mean).sum();
        assert!((told - by_hand).abs() < 1e-9, "{told} {by_hand}");
        if populations[&row[1]] == "KAZ" {
            kazakh.push(row[z].parse::<f64>().expect("a number"));
        }
    }
    assert_eq!(kazakh.len(), 600);
    let (mean, sd) = mean_and_sd(&kazakh);
    assert!(mean.abs() < 0.3 && (0.9..1.1).contains(&sd), "{mean} {sd}");
}

#[test]
fn what_admixture_expects_is_where_an_own_cohort_begins() {
    let Some(made) = Expected::new() else { return };
    let (cohort, effects) = made.here();
    let populations = made.made.populations();
    // Ten Kazakhs teach: what is known beforehand counts.
    let people = std::fs::read_to_string(made.made.imported.path("learn.txt")).expect("a list");
    let few: String =
        people.lines().filter(|line| line.contains("KAZ")).take(10).map(|line| format!("{line}\n")).collect();
    let learn = made.made.imported.path("few.txt");
    std::fs::write(&learn, few).expect("a list");
    let options =
        ["--population", &populations, "--target", "KAZ", "--learn", learn.to_str().expect("a path")];
    made.calibrate(&cohort, &effects, &options, "with").expect_status(0);
    made.made.calibrate_scores("everyone", &options, "without").expect_status(0);
    let moments = |folder: &str| {
        let table = made.made.table(&format!("{folder}/calibrated.tsv"));
        let [score, population, adjusted] =
            ["score", "population", "adjusted"].map(|name| table.column(name));
        let those = table.rows.iter().filter(|row| row[score] == "QT_EUR" && row[population] == "KAZ");
        mean_and_sd(&those.map(|row| row[adjusted].parse().expect("a number")).collect::<Vec<f64>>())
    };
    let (with, without) = (moments("with"), moments("without"));
    assert_ne!(with, without);
    assert!(with.0.abs() < 0.3 && (0.9..1.1).contains(&with.1), "{with:?} {without:?}");
}

#[test]
fn frequencies_of_other_people_or_other_weights_are_refused() {
    let Some(made) = Expected::new() else { return };
    let (cohort, effects) = made.here();
    let refused = |cohort: &str, effects: &str, said: &str| {
        let run = made.calibrate(cohort, effects, &[], "no").expect_status(2);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
        assert!(!made.made.imported.path("no").exists());
    };
    let source = made.made.data.join("geno");
    let people: Vec<usize> = (0..60).collect();
    let part = Part { source: &source, people: &people, variants: 0..9000, missing: &[] };
    let other_build = part.import("GRCh37");
    refused(&other_build.cohort().display().to_string(), &effects, "GRCh37");
    let few = part.import("GRCh38");
    refused(&few.cohort().display().to_string(), &effects, "is in the cohort of its people");
    let text = std::fs::read_to_string(&made.effects).expect("weights");
    let write = |name: &str, text: String| {
        let path = made.made.imported.path(name);
        std::fs::write(&path, text).expect("weights");
        path.display().to_string()
    };
    let changed = write("changed.tsv", text.replacen("-0.145504", "0.145504", 1));
    refused(&cohort, &changed, "its weights are not those that were calibrated");
    let run = made.made.calibrate_scores("everyone", &["--reference-cohort", &cohort], "no").expect_status(2);
    assert!(run.stderr.contains("--score-file"), "{}", run.stderr);
    // A dominant row: the others are scored, and there is no expectation.
    let dominant = write("dominant.tsv", text);
    let kind = ["--effect-type", "dominant", "--score-name", "QT_EUR"];
    let run = made.calibrate(&cohort, &dominant, &kind, "dominant").expect_status(0);
    assert!(run.stderr.contains("score expected from admixture is left out"), "{}", run.stderr);
    let table = made.made.table("dominant/calibrated.tsv");
    assert!(table.texts("admixture_expected").iter().all(|text| *text == "NA"));
}
