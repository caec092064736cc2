//! A path on the simulated European training people, chosen by validation, tested by population.

use std::collections::BTreeMap;

use arrow::array::{Array, Float64Array, StringArray, UInt32Array};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steppe_fit::GenotypeMatrix;
use steppe_fitjob::{
    CovariateOptions, FitOptions, Model, Part, PopulationOptions, PopulationWeights, SampleColumn,
    SamplePlan, SplitOption,
};
use steppe_formats::scoring_file::{ReadOptions, read_scoring_file};
use steppe_stats::metrics::r_squared;

use super::support::{Cohort, Watcher, file, hashes, names, simulated, simulated_cohort};

fn read_all(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).expect("a text")
}

/// European training and validation people, test people of all populations.
fn options(data: &std::path::Path, folder: &std::path::Path) -> FitOptions {
    let lists = ["EUR.train", "EUR.valid", "EUR.test", "EAS.test", "KAZ.test", "AFR.test"];
    let keep: String = lists.iter().map(|list| read_all(&data.join(format!("keep.{list}.txt")))).collect();
    let column = |name: &str| SampleColumn { file: data.join("samples.tsv"), column: name.to_owned() };
    let mut options = FitOptions::new(data.join("pheno.tsv"));
    options.input.phenotypes.traits = vec!["QT".to_owned()];
    options.input.keep = Some(file(folder, "keep.txt", &keep));
    options.split = SplitOption::Column(column("split"));
    options.input.covariates =
        Some(CovariateOptions { file: data.join("covar.tsv"), names: Vec::new(), categorical: Vec::new() });
    options.population = Some(PopulationOptions {
        column: column("pop"),
        weights: PopulationWeights::Unchanged,
        specific: None,
    });
    options.path.lambdas = 30;
    options.path.ratio = Some(0.05);
    options.refit = true;
    options
}

/// The score of every sample by the definition, from the file alone; a missing call counts as the matrix's mean.
fn naive_score(
    cohort: &Cohort,
    plan: &SamplePlan,
    matrix: &dyn GenotypeMatrix,
    path: &std::path::Path,
) -> Vec<f64> {
    let file = read_scoring_file(path, &ReadOptions::default()).expect("the scoring file is read");
    let places: BTreeMap<&str, usize> =
        cohort.variants.0.iter().enumerate().map(|(at, record)| (record.id.as_str(), at)).collect();
    let mut scores = vec![0.0; plan.samples().len()];
    let text = read_all(path);
    let header = text.lines().find(|line| line.starts_with("rsID")).expect("a header");
    assert_eq!(header, "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight");
    let mut rows = 0;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("rsID")) {
        let cells: Vec<&str> = line.split('\t').collect();
        let at = places[cells[0]];
        let record = &cohort.variants.0[at];
        assert_eq!((cells[3], cells[4]), (record.allele1.as_str(), record.allele2.as_str()));
        assert_eq!(cells[2], record.position.to_string());
        let weight: f64 = cells[5].parse().expect("a weight");
        for (score, sample) in scores.iter_mut().zip(plan.samples()) {
            *score += weight
                * match cohort.columns.code(at, *sample as usize) {
                    3 => matrix.mean(at),
                    code => f64::from(code),
                };
        }
        rows += 1;
    }
    assert_eq!(file.row_count(), rows);
    scores
}

#[test]
fn european_training_people() {
    let Some(data) = simulated() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = simulated_cohort(&data, 6);
    let options = options(&data, folder.path());
    let plan = SamplePlan::read(&options, &cohort.samples).expect("a plan");
    assert_eq!(plan.counts.used, 2000 + 300 + 500 + 500 + 400 + 300);
    assert_eq!(plan.counts.left_out["not_on_keep_list"], 7100 - 4000);
    assert_eq!(plan.reference().iter().filter(|trains| **trains).count(), 2000);
    let out = folder.path().join("fit");
    let mut watcher = Watcher::default();
    let report = cohort.fit_plan(&plan, &out, &mut watcher).expect("the job runs");
    for row in &report.metrics {
        println!(
            "{} {} {} {} n={} {:?} {:?}",
            row.trait_name,
            row.model.as_str(),
            row.part.as_str(),
            row.population,
            row.samples,
            row.value,
            row.covariates
        );
    }
    let value = |model: Model, part: Part, population: &str| {
        let of = |row: &&steppe_fitjob::MetricRow| {
            (row.model, row.part, row.population.as_str()) == (model, part, population)
        };
        let row = report.metrics.iter().find(of).expect("a row");
        (row.value.expect("a value"), row.covariates.expect("a value"))
    };
    for population in ["EUR", "EAS", "KAZ"] {
        let (full, alone) = value(Model::Training, Part::Test, population);
        assert!(full > alone + 0.05, "{population}: {full} {alone}");
    }
    assert!(value(Model::Training, Part::Test, "EUR").0 > value(Model::Training, Part::Test, "AFR").0);
    assert!(value(Model::Training, Part::Train, "ALL").0 > value(Model::Training, Part::Test, "EUR").0);
    let record = &report.record.traits[0];
    assert_eq!((record.training, record.validation, record.test), (2000, 300, 1700));
    assert!(record.violation.expect("a violation") <= 1e-3);
    assert!(watcher.notices.iter().any(|text| text == "trait 'QT': population KAZ has no training samples"));
    scores_are_the_prediction(&cohort, &plan, &out, record, value(Model::Refit, Part::Test, "KAZ").0);
    let found = names(&out);
    let expected = [
        "QT.certificate.svg",
        "QT.coefficients.svg",
        "QT.html",
        "QT.populations.svg",
        "QT.score.txt",
        "QT.validation.svg",
        "lambdas.parquet",
        "lambdas.tsv",
        "metrics.parquet",
        "metrics.tsv",
        "path.parquet",
        "run.json",
    ];
    assert_eq!(found, expected);
    let hashes = hashes(&out);
    assert!(report.record.outputs.iter().all(|output| hashes[&output.name] == output.blake3));
    assert_eq!(report.record.outputs.len() + 1, hashes.len());
    // Nothing is left beside the result, and the same job finds it.
    assert_eq!(names(folder.path()), ["fit", "keep.txt"]);
    let again = cohort.fit_plan(&plan, &out, &mut ()).expect("the result is found");
    assert!(again.reused);
    assert_eq!(
        (again.record.job, again.record.outputs),
        (report.record.job.clone(), report.record.outputs.clone())
    );
    path_has_the_chosen_model(&cohort, &plan, &out);
}

/// The scoring file with intercept and covariates gives the metric.
fn scores_are_the_prediction(
    cohort: &Cohort,
    plan: &SamplePlan,
    out: &std::path::Path,
    record: &steppe_fitjob::TraitRecord,
    expected: f64,
) {
    let matrix = cohort.matrix(plan);
    let scores = naive_score(cohort, plan, &matrix, &out.join("QT.score.txt"));
    let groups = cohort.samples.sample_id.iter().collect::<Vec<_>>();
    let steppe_fit::lasso::Response::Gaussian(y) = &plan.traits[0].response else { panic!("gaussian") };
    let test: Vec<usize> = (0..plan.samples().len())
        .filter(|s| groups[plan.samples()[*s] as usize].starts_with("KAZ"))
        .filter(|s| plan.traits[0].parts[*s] == Some(Part::Test))
        .collect();
    let covariates = covariates_of(cohort, plan);
    assert_eq!(record.covariates[..2], ["SEX", "AGE"]);
    let eta = |s: &usize| {
        let fixed: f64 = covariates[*s].iter().zip(&record.covariate_effects).map(|(x, g)| x * g).sum();
        record.intercept.expect("an intercept") + fixed + scores[*s]
    };
    let observed: Vec<f64> = test.iter().map(|s| y[*s]).collect();
    let predicted: Vec<f64> = test.iter().map(eta).collect();
    let r2 = r_squared(&observed, &predicted).expect("defined");
    assert!((r2 - expected).abs() < 1e-9, "{r2} {expected}");
}

/// Sex and age by the file itself.
fn covariates_of(cohort: &Cohort, plan: &SamplePlan) -> Vec<[f64; 2]> {
    let data = simulated().expect("the data are there");
    let text = read_all(&data.join("covar.tsv"));
    let rows: BTreeMap<&str, [f64; 2]> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            (cells[1], [cells[2].parse().expect("a number"), cells[3].parse().expect("a number")])
        })
        .collect();
    plan.samples().iter().map(|s| rows[cohort.samples.sample_id.get(*s as usize)]).collect()
}

/// `path.parquet` and `lambdas.tsv` agree, and a forward pass of the path's effects is their naive sum.
fn path_has_the_chosen_model(cohort: &Cohort, plan: &SamplePlan, out: &std::path::Path) {
    let lambdas = read_all(&out.join("lambdas.tsv"));
    let rows: Vec<Vec<&str>> = lambdas.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let chosen: Vec<&Vec<&str>> = rows.iter().filter(|row| row[12] == "1").collect();
    assert_eq!(chosen.len(), 1);
    let best = rows.iter().filter_map(|row| row[6].parse::<f64>().ok()).fold(0.0, f64::max);
    assert_eq!(chosen[0][6].parse::<f64>().expect("a metric"), best);
    assert!(rows.iter().all(|row| row[9].parse::<f64>().expect("a violation") <= 1e-3));
    let point: u32 = chosen[0][1].parse().expect("a point");
    let reader = std::fs::File::open(out.join("path.parquet")).expect("a file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(reader).expect("Parquet");
    let reader = reader.build().expect("Parquet");
    let mut effects: Vec<(u32, f64)> = Vec::new();
    for batch in reader {
        let batch = batch.expect("a batch");
        let column = |name: &str| batch.column_by_name(name).expect("a column").as_any();
        let points = column("point").downcast_ref::<UInt32Array>().expect("integers");
        let variants = column("variant").downcast_ref::<UInt32Array>().expect("integers");
        let values = column("effect").downcast_ref::<Float64Array>().expect("numbers");
        let ids = column("id").downcast_ref::<StringArray>().expect("texts");
        assert_eq!(batch.column_by_name("population").expect("a column").null_count(), batch.num_rows());
        for row in (0..batch.num_rows()).filter(|row| points.value(*row) == point) {
            assert_eq!(ids.value(row), cohort.variants.0[variants.value(row) as usize].id);
            effects.push((variants.value(row), values.value(row)));
        }
    }
    assert_eq!(effects.len().to_string(), chosen[0][3]);
    let matrix = cohort.matrix(plan);
    let forward = matrix.forward(std::slice::from_ref(&effects)).expect("a pass");
    for (sample, forward) in forward[0].iter().enumerate() {
        let code = |variant: u32| match cohort.columns.code(variant as usize, plan.samples()[sample] as usize)
        {
            3 => matrix.mean(variant as usize),
            code => f64::from(code),
        };
        let naive: f64 = effects.iter().map(|(variant, effect)| effect * code(*variant)).sum();
        assert!((forward - naive).abs() < 1e-9);
    }
}
