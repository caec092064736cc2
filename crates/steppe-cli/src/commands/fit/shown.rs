//! What a fit shows at its end.

use steppe_fitjob::{FitRecord, MetricRow, Part, TraitRecord};

use crate::render::{self, Align};

/// A line per trait: what was chosen, and how good an optimum it is.
pub(super) fn traits(record: &FitRecord) -> String {
    let columns = [
        ("trait", Align::Left),
        ("family", Align::Left),
        ("train", Align::Right),
        ("valid", Align::Right),
        ("test", Align::Right),
        ("lambda", Align::Right),
        ("variants", Align::Right),
        ("KKT violation", Align::Right),
        ("duality gap", Align::Right),
        ("status", Align::Left),
    ];
    render::table(columns, record.traits.iter().map(row))
}

fn row(of: &TraitRecord) -> Vec<String> {
    let scientific = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2e}"));
    let variants = of.scores.iter().map(|score| score.variants).max().unwrap_or(0);
    vec![
        of.name.clone(),
        of.family.clone(),
        render::count(of.training),
        render::count(of.validation),
        render::count(of.test),
        scientific(of.lambda),
        render::count(variants),
        scientific(of.violation),
        scientific(of.relative_gap),
        of.problem.clone().unwrap_or_else(|| "ok".to_owned()),
    ]
}

/// A line per model, part of the split and population, of the parts that did not train; `metrics.tsv` has all.
pub(super) fn metrics(rows: &[MetricRow]) -> String {
    let columns = [
        ("trait", Align::Left),
        ("model", Align::Left),
        ("part", Align::Left),
        ("population", Align::Left),
        ("samples", Align::Right),
        ("metric", Align::Left),
        ("value", Align::Right),
        ("covariates", Align::Right),
        ("incremental", Align::Right),
    ];
    render::table(columns, rows.iter().filter(|row| row.part != Part::Train).map(metric))
}

fn metric(row: &MetricRow) -> Vec<String> {
    let number =
        |value: Option<f64>| value.map_or_else(|| row.note.to_owned(), |value| format!("{value:.4}"));
    vec![
        row.trait_name.clone(),
        row.model.as_str().to_owned(),
        row.part.as_str().to_owned(),
        row.population.clone(),
        render::count(row.samples),
        row.metric_name().to_owned(),
        number(row.value),
        number(row.covariates),
        number(row.incremental()),
    ]
}

/// The first scoring file of a result.
pub(super) fn first_score(record: &FitRecord) -> Option<&str> {
    record.traits.iter().flat_map(|of| &of.scores).find_map(|score| score.file.as_deref())
}
