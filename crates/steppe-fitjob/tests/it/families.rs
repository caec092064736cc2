//! Binary traits and times to an event, categories as covariates, and a bad trait among good ones.

use std::path::Path;
use steppe_engine::EngineError;

use steppe_fit::lasso::MetricKind;
use steppe_fitjob::{CovariateOptions, Family, FitOptions, Model, Part, SampleColumn, SplitOption};

use super::support::{Cohort, Stream, Watcher, file, names, simulated, simulated_cohort, small_cohort};

#[test]
fn simulated_case_control() {
    let Some(data) = simulated() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = simulated_cohort(&data, 15);
    let lists = ["EUR.train", "EUR.valid", "EUR.test"].map(|list| data.join(format!("keep.{list}.txt")));
    let keep: String = lists.iter().map(|list| std::fs::read_to_string(list).expect("a list")).collect();
    let mut options = FitOptions::new(data.join("pheno.tsv"));
    options.input.keep = Some(file(folder.path(), "keep.txt", &keep));
    options.split =
        SplitOption::Column(SampleColumn { file: data.join("samples.tsv"), column: "split".to_owned() });
    options.input.phenotypes.traits = vec!["CC".to_owned()];
    options.path.lambdas = 12;
    options.path.ratio = Some(0.2);
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect("the job runs");
    let of = &report.record.traits[0];
    assert_eq!((of.family.as_str(), of.metric), ("binomial", Some(MetricKind::Auc)));
    for row in &report.metrics {
        println!(
            "{} {} n={} {:?} {:?} {:?}",
            row.part.as_str(),
            row.population,
            row.samples,
            row.cases,
            row.value,
            row.covariates
        );
    }
    let train = report.metrics.iter().find(|row| row.part == Part::Train).expect("a row");
    assert!(train.value > Some(0.55) && train.covariates == Some(0.5));
    let cases = train.cases.expect("cases");
    assert!((cases as f64 / 2000.0 - 0.1).abs() < 0.03, "{cases}");
    let score = std::fs::read_to_string(folder.path().join("fit/CC.score.txt")).expect("a score");
    assert!(score.contains("#weight_type=log(OR)\n") && score.contains("#genome_build=GRCh38\n"));
}

/// Phenotypes of a small cohort: a quantitative trait, one that is constant, time and event.
fn phenotypes(folder: &Path, score: &[f64]) -> std::path::PathBuf {
    let mut stream = Stream::new(11);
    let mut text = "#FID\tIID\tqt\tflat\ttime\tevent\tcity\tsex\n".to_owned();
    for (sample, score) in score.iter().enumerate() {
        let qt = score + stream.normal();
        let time = (4.0 - 0.5 * score + stream.normal()).exp();
        let event = u8::from(stream.uniform() < 0.7);
        let city = ["Astana", "Almaty", "Oral"][sample % 3];
        let sex = 1 + sample % 2;
        text.push_str(&format!("f{sample}\ts{sample}\t{qt}\t5\t{time}\t{event}\t{city}\t{sex}\n"));
    }
    file(folder, "pheno.tsv", &text)
}

fn lab(folder: &Path) -> (Cohort, FitOptions) {
    let (cohort, score) = small_cohort(300, 80, 5);
    let mut options = FitOptions::new(phenotypes(folder, &score));
    options.path.lambdas = 15;
    (cohort, options)
}

#[test]
fn times_to_an_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    options.input.phenotypes.family = Family::Cox { time: "time".to_owned(), event: "event".to_owned() };
    options.input.covariates = Some(CovariateOptions {
        file: options.input.phenotypes.file.clone(),
        names: vec!["city".to_owned(), "sex".to_owned()],
        categorical: vec!["sex".to_owned()],
    });
    options.refit = true;
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect("the job runs");
    let of = &report.record.traits[0];
    assert_eq!((of.name.as_str(), of.family.as_str()), ("event", "cox"));
    assert_eq!(of.covariates, ["city=Astana", "city=Oral", "sex=2"]);
    assert_eq!((of.training, of.validation, of.test), (240, 60, 0));
    assert_eq!(of.intercept, Some(0.0));
    let row = |model, part| {
        report.metrics.iter().find(|row| (row.model, row.part) == (model, part)).expect("a row")
    };
    let valid = row(Model::Training, Part::Validation);
    assert_eq!(valid.metric, MetricKind::CIndex);
    assert!(valid.incremental() > Some(0.1), "{valid:?}");
    assert_eq!(row(Model::Refit, Part::Train).samples, 300);
    assert!(names(&folder.path().join("fit")).contains(&"event.score.txt".to_owned()));
}

#[test]
fn a_bad_trait_does_not_stop_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    options.input.phenotypes.traits = vec!["flat".to_owned(), "qt".to_owned(), "city".to_owned()];
    let mut watcher = Watcher::default();
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut watcher).expect("the job runs");
    let problems: Vec<Option<&str>> = report.record.traits.iter().map(|of| of.problem.as_deref()).collect();
    assert_eq!(
        problems,
        [
            Some("constant over its 240 training samples; leave it out"),
            None,
            Some("its values are categories; leave it out, or recode it as numbers")
        ]
    );
    assert_eq!(report.record.notices.len(), 2);
    assert_eq!(watcher.notices, report.record.notices);
    assert!(report.metrics.iter().all(|row| row.trait_name == "qt"));
}

#[test]
fn dependent_covariates_are_noted_and_small_parts_have_no_metric() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    options.input.phenotypes.traits = vec!["qt".to_owned()];
    let rows: String = (0..300)
        .map(|s| {
            format!(
                "f{s}\ts{s}\t{}\t{}\t{}\n",
                s % 7,
                2 * (s % 7) + 1,
                ["train", "valid", "test"][[0, 0, 1, 1, 2][if s < 25 { s % 5 } else { s % 4 }]]
            )
        })
        .collect();
    let covar = file(folder.path(), "covar.tsv", &format!("#FID\tIID\tx\ty\tsplit\n{rows}"));
    options.input.covariates =
        Some(CovariateOptions { file: covar.clone(), names: Vec::new(), categorical: Vec::new() });
    options.split = SplitOption::Column(SampleColumn { file: covar, column: "split".to_owned() });
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect("the job runs");
    let of = &report.record.traits[0];
    assert_eq!(
        (of.covariates.as_slice(), of.dropped_covariates.as_slice()),
        (&["x".to_owned(), "y".to_owned()][..], &["y".to_owned()][..])
    );
    assert_eq!(
        report.record.notices,
        ["trait 'qt': covariate y is a combination of earlier ones and was left out"]
    );
    let test = report.metrics.iter().find(|row| row.part == Part::Test).expect("a row");
    assert_eq!((test.samples, test.value, test.note), (5, None, "insufficient"));
    let table = std::fs::read_to_string(folder.path().join("fit/metrics.tsv")).expect("a table");
    assert!(table.contains("qt\ttraining\ttest\tALL\t5\tNA\tr2\tNA\tNA\tNA\tinsufficient\n"), "{table}");
}

#[test]
fn no_variant_in_the_best_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cohort, mut options) = lab(folder.path());
    options.input.phenotypes.traits = vec!["qt".to_owned()];
    options.path.lambdas = 1;
    // At the largest lambda there is no variant, and a constant prediction has no metric.
    let error = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect_err("refused");
    assert!(matches!(error, EngineError::Refused { .. }));
    assert_eq!(
        error.to_string(),
        "trait 'qt': its validation metric is not defined at any lambda; validate on more samples"
    );
    options.input.covariates = Some(CovariateOptions {
        file: options.input.phenotypes.file.clone(),
        names: vec!["time".to_owned()],
        categorical: Vec::new(),
    });
    let report = cohort.fit(&options, &folder.path().join("fit"), &mut ()).expect("the job runs");
    assert_eq!((report.record.traits[0].scores.len(), report.record.traits[0].scores[0].variants), (1, 0));
    assert!(report.record.notices[0].contains("the best model has no variant"));
    assert!(!names(&folder.path().join("fit")).contains(&"qt.score.txt".to_owned()));
}
