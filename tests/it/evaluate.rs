//! `steppe evaluate` as a command, on the simulated traits with scores that the test makes.

use std::{fmt::Write as _, path::PathBuf};

use steppe_tests::{Run, Table, data_folder, steppe};
use tempfile::TempDir;

use crate::sets::new_folder;

/// Two scores and a risk for the simulated people.
struct Scored {
    folder: TempDir,
    data: PathBuf,
}

impl Scored {
    fn new() -> Option<Self> {
        let data = data_folder("simulated")?;
        let scored = Self { folder: new_folder(), data };
        let traits = Table::read(&scored.data.join("pheno.tsv"), '\t');
        let (quantity, case) = (traits.numbers("QT"), traits.numbers("CC"));
        let mut text = String::from("#FID\tIID\tflag\tgood\tpoor\trisk\n");
        for (at, row) in traits.rows.iter().enumerate() {
            // A saw-tooth for noise: the same in every run.
            let noise = |step: usize| ((at * step) % 1009) as f64 / 504.5 - 1.0;
            let good = quantity[at] + noise(37);
            let poor = quantity[at] + 6.0 * noise(53);
            let risk = 0.1 + 0.3 * (case[at] - 1.0) * (0.5 + 0.5 * noise(71)) + 0.05 * noise(11);
            writeln!(text, "{}\t{}\t{}\t{good}\t{poor}\t{risk}", row[0], row[1], at % 2).expect("text");
        }
        std::fs::write(scored.path("scores.tsv"), text).expect("scores");
        Some(scored)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn evaluate(&self, options: &[&str], out: &str) -> Run {
        let population = format!("{}:pop", self.data.join("samples.tsv").display());
        steppe(["evaluate", "--scores"])
            .arg(self.path("scores.tsv"))
            .arg("--pheno")
            .arg(self.data.join("pheno.tsv"))
            .arg("--population")
            .arg(population)
            .args(["--resamples", "100", "--permutations", "50"])
            .args(options)
            .arg("--out")
            .arg(self.path(out))
            .run()
    }
}

/// The squared correlation of two columns.
fn r_squared(x: &[f64], y: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| of(x - mean_x, y - mean_y)).sum::<f64>();
    sum(&|x, y| x * y).powi(2) / (sum(&|x, _| x * x) * sum(&|_, y| y * y))
}

#[test]
fn metrics_by_population_with_intervals_and_differences() {
    let Some(scored) = Scored::new() else { return };
    let run = scored.evaluate(&["--risk", "risk", "--threshold", "0.2"], "evaluation").expect_status(0);
    assert!(run.stdout.contains("KAZ") && run.stdout.contains("auc"), "{}", run.stdout);
    let metrics = Table::read(&scored.path("evaluation/metrics.tsv"), '\t');
    let [name, group, model, versus, metric] =
        ["trait", "group", "model", "versus", "metric"].map(|column| metrics.column(column));
    let [estimate, lower, upper] = ["estimate", "lower", "upper"].map(|column| metrics.column(column));
    let find = |of: [&str; 5]| {
        let row = metrics
            .rows
            .iter()
            .find(|row| [name, group, model, versus, metric].map(|at| row[at].as_str()) == of);
        row.unwrap_or_else(|| unreachable!("no row {of:?}"))
    };
    let number = |row: &[String], column: usize| row[column].parse::<f64>().expect("a number");
    let traits = Table::read(&scored.data.join("pheno.tsv"), '\t');
    let people = Table::read(&scored.data.join("samples.tsv"), '\t');
    let scores = Table::read(&scored.path("scores.tsv"), '\t');
    let kazakh: Vec<bool> = people.rows.iter().map(|row| row[people.column("pop")] == "KAZ").collect();
    let those = |values: Vec<f64>| -> Vec<f64> {
        values.into_iter().zip(&kazakh).filter(|(_, kazakh)| **kazakh).map(|(value, _)| value).collect()
    };
    let (quantity, good) = (those(traits.numbers("QT")), those(scores.numbers("good")));
    let row = find(["QT", "KAZ", "good", "NA", "r2"]);
    let expected = r_squared(&good, &quantity);
    assert!((number(row, estimate) - expected).abs() < 1e-9, "{row:?}, {expected}");
    assert!(number(row, lower) < expected && expected < number(row, upper));
    let difference = metrics.rows.iter().filter(|row| {
        row[metric] == "r2_difference" && row[group] == "KAZ" && row[name] == "QT" && row[versus] != "NA"
    });
    assert_eq!(difference.count(), 3, "each pair of the three");
    let slope = find(["CC", "KAZ", "risk", "NA", "calibration_slope"]);
    assert!(number(slope, lower) < number(slope, upper));
    let reliability = Table::read(&scored.path("evaluation/reliability.tsv"), '\t');
    // Everyone and three populations; the fourth has fewer than 100 cases.
    assert_eq!(reliability.rows.len(), 40);
    let again = scored.evaluate(&["--risk", "risk", "--threshold", "0.2"], "evaluation").expect_status(0);
    assert!(again.stderr.contains("there already"), "{}", again.stderr);
}

#[test]
fn times_to_an_event_have_a_concordance() {
    let Some(scored) = Scored::new() else { return };
    let traits = Table::read(&scored.data.join("pheno.tsv"), '\t');
    let (quantity, case) = (traits.numbers("QT"), traits.numbers("CC"));
    let mut text = String::from("#FID\tIID\tyears\tevent\n");
    for (at, row) in traits.rows.iter().enumerate() {
        // The higher the trait, the sooner.
        writeln!(text, "{}\t{}\t{}\t{}", row[0], row[1], 10.0 - quantity[at], case[at] - 1.0).expect("text");
    }
    std::fs::write(scored.path("followed.tsv"), text).expect("a table");
    steppe(["evaluate", "--family", "cox:years,event", "--resamples", "20", "--scores"])
        .arg(scored.path("scores.tsv"))
        .arg("--pheno")
        .arg(scored.path("followed.tsv"))
        .args(["--score-name", "good,poor", "--out"])
        .arg(scored.path("times"))
        .ok();
    let metrics = Table::read(&scored.path("times/metrics.tsv"), '\t');
    let value = |model: &str, metric: &str| -> f64 {
        let [names, metrics_of, estimate] = ["model", "metric", "estimate"].map(|name| metrics.column(name));
        let row = metrics.rows.iter().find(|row| row[names] == model && row[metrics_of] == metric);
        row.expect("a row")[estimate].parse().expect("a number")
    };
    let (good, poor) = (value("good", "c_index"), value("poor", "c_index"));
    assert!(good > 0.7 && poor < good && poor > 0.5, "{good} {poor}");
    assert!((value("good", "c_index_difference") - (good - poor)).abs() < 1e-12);
}

#[test]
fn few_people_get_no_number_and_a_reason() {
    let Some(scored) = Scored::new() else { return };
    let people = Table::read(&scored.data.join("samples.tsv"), '\t');
    let few: String = people.rows.iter().take(40).map(|row| format!("{}\t{}\n", row[0], row[1])).collect();
    std::fs::write(scored.path("few.txt"), few).expect("a list");
    let list = scored.path("few.txt");
    scored.evaluate(&["--keep", list.to_str().expect("a path")], "few").expect_status(0);
    let metrics = Table::read(&scored.path("few/metrics.tsv"), '\t');
    let (status, estimate, reason) =
        (metrics.column("status"), metrics.column("estimate"), metrics.column("reason"));
    let insufficient: Vec<_> = metrics.rows.iter().filter(|row| row[status] == "insufficient").collect();
    assert!(!insufficient.is_empty());
    assert!(insufficient.iter().all(|row| row[estimate] == "NA" && row[reason].contains("at least")));
}

#[test]
fn wrong_inputs_are_refused_before_anything_is_written() {
    let Some(scored) = Scored::new() else { return };
    for (options, said) in [
        (&["--trait", "QT1"][..], "did you mean QT"),
        (&["--score-name", "best"], "choose among good, poor, risk"),
        (&["--risk", "chance"], "none of the scores"),
        (&["--baseline", "best"], "best"),
        (&["--family", "cox:a,b"], "a"),
        (&["--family", "cox:QT,CC", "--risk", "risk"], "leave out --risk"),
        (&["--confidence", "1"], "between 0 and 1"),
    ] {
        let run = scored.evaluate(options, "no").expect_status(2);
        assert!(run.stderr.contains(said), "{options:?}: {}", run.stderr);
        assert!(!scored.path("no").exists(), "{options:?}");
    }
}
