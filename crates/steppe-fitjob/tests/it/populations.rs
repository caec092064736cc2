//! Several populations in one fit: weights, effects of their own, and one scoring file for each.

use std::{collections::BTreeMap, path::Path};

use steppe_fitjob::{
    FitOptions, Model, Part, PopulationOptions, PopulationWeights, SampleColumn, SamplePlan, SplitOption,
};
use steppe_stats::metrics::r_squared;

use super::support::{Cohort, Stream, file, names, small_cohort};

/// Two populations, the second small, with half of their effects in common.
fn lab(folder: &Path) -> (Cohort, FitOptions) {
    let (cohort, score) = small_cohort(600, 60, 13);
    let mut stream = Stream::new(17);
    let (mut pheno, mut labels) = ("#FID\tIID\tqt\n".to_owned(), "#FID\tIID\tpop\tsplit\tw\n".to_owned());
    for (sample, score) in score.iter().enumerate() {
        let kazakh = sample % 4 == 3;
        let own: u8 = (20..26)
            .map(|variant| match cohort.columns.code(variant, sample) {
                3 => 0,
                code => code,
            })
            .sum();
        let sign = if kazakh { 0.6 } else { -0.2 };
        let y = score + sign * f64::from(own) + stream.normal() + f64::from(u8::from(kazakh));
        pheno.push_str(&format!("f{sample}\ts{sample}\t{y}\n"));
        let part = ["train", "train", "train", "valid", "test"][(sample / 4) % 5];
        let pop = if kazakh { "KAZ" } else { "EUR" };
        let weight = if sample % 50 == 0 { 0.0 } else { 1.0 };
        labels.push_str(&format!("f{sample}\ts{sample}\t{pop}\t{part}\t{weight}\n"));
    }
    let labels = file(folder, "labels.tsv", &labels);
    let column = |name: &str| SampleColumn { file: labels.clone(), column: name.to_owned() };
    let mut options = FitOptions::new(file(folder, "pheno.tsv", &pheno));
    options.split = SplitOption::Column(column("split"));
    options.weights = Some(column("w"));
    options.population = Some(PopulationOptions {
        column: column("pop"),
        weights: PopulationWeights::Equal,
        specific: Some(0.7),
    });
    options.path.lambdas = 20;
    (cohort, options)
}

/// Weights of a scoring file by id.
fn weights(path: &Path) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(path).expect("a score");
    text.lines()
        .filter(|line| line.starts_with("rs") && !line.starts_with("rsID"))
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[0].to_owned(), cells[5].parse().expect("a weight"))
        })
        .collect()
}

#[test]
fn effects_by_population() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, options) = lab(folder.path());
    let plan = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    assert_eq!(plan.counts.populations, [("EUR".to_owned(), 450), ("KAZ".to_owned(), 150)]);
    let of = &plan.traits[0];
    // Of the samples of weight 0 only those that would train are ignored.
    assert_eq!(of.count(Part::Train) as u64 + of.weight_zero, 360);
    assert!(of.weight_zero > 0 && of.count(Part::Validation) == 120);
    let out = folder.path().join("fit");
    let report = cohort.fit(&options, &out, &mut ()).expect("the job runs");
    let found = names(&out);
    for name in ["qt.score.txt", "qt.EUR.score.txt", "qt.KAZ.score.txt"] {
        assert!(found.contains(&name.to_owned()), "{found:?}");
    }
    let record = &report.record.traits[0];
    assert_eq!(record.covariates, ["population=KAZ"]);
    let row = |population: &str| {
        let of = |row: &&steppe_fitjob::MetricRow| {
            (row.model, row.part, row.population.as_str()) == (Model::Training, Part::Test, population)
        };
        report.metrics.iter().find(of).expect("a row").value.expect("a value")
    };
    // Each population's file predicts as the model does, and better than the other's file.
    let matrix = cohort.matrix(&plan);
    let steppe_fit::lasso::Response::Gaussian(y) = &of.response else { panic!("gaussian") };
    for (population, other) in [("EUR", "KAZ"), ("KAZ", "EUR")] {
        let r2 = |name: &str| {
            let weights = weights(&out.join(format!("qt.{name}.score.txt")));
            let own = |s: &usize| {
                (plan.samples()[*s] % 4 == 3) == (population == "KAZ") && of.parts[*s] == Some(Part::Test)
            };
            let test: Vec<usize> = (0..y.len()).filter(own).collect();
            let score = |s: &usize| -> f64 {
                weights
                    .iter()
                    .map(|(id, weight)| {
                        let at: usize = id[2..].parse().expect("a number");
                        let code = match cohort.columns.code(at, plan.samples()[*s] as usize) {
                            3 => steppe_fit::GenotypeMatrix::mean(&matrix, at),
                            code => f64::from(code),
                        };
                        weight * code
                    })
                    .sum()
            };
            let predicted: Vec<f64> = test.iter().map(score).collect();
            r_squared(&test.iter().map(|s| y[*s]).collect::<Vec<_>>(), &predicted).expect("defined")
        };
        assert!((r2(population) - row(population)).abs() < 1e-9);
        assert!(r2(population) > r2(other) + 0.02, "{population}: {} {}", r2(population), r2(other));
    }
    // A population's file is the shared part and its own.
    let (shared, kazakh) = (weights(&out.join("qt.score.txt")), weights(&out.join("qt.KAZ.score.txt")));
    assert!(shared.keys().any(|id| shared.get(id) == kazakh.get(id)));
    assert!(kazakh.keys().any(|id| shared.get(id) != kazakh.get(id)));
}

#[test]
fn weights_help_the_small_population() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    let value = |options: &FitOptions, name: &str| {
        let report = cohort.fit(options, &folder.path().join(name), &mut ()).expect("the job runs");
        let of = |row: &&steppe_fitjob::MetricRow| row.part == Part::Test && row.population == "KAZ";
        report.metrics.iter().find(of).expect("a row").value.expect("a value")
    };
    let mut with = |name: &str, weights: PopulationWeights| {
        let population = options.population.as_mut().expect("populations");
        (population.weights, population.specific) = (weights, None);
        value(&options, name)
    };
    let plain = with("plain", PopulationWeights::Unchanged);
    let kazakh = with("kazakh", PopulationWeights::Named(vec![("KAZ".to_owned(), 20.0)]));
    assert!(kazakh > plain, "{kazakh} {plain}");
}
