//! The tables of an evaluation: `metrics`, `reliability`, `deciles`, `groups`.

use std::{borrow::Cow, path::Path};

use steppe_calibrate::evaluate::{Evaluation, GroupSummary, Grouping, IntervalMethod, PMethod, Status};
use steppe_engine::{EngineError, output::OutputRecord};

use super::super::table::{Cells, Table};

/// A trait's name and what was found.
pub(super) type OfTrait = (String, Evaluation);

/// Writes all tables.
pub(super) fn write(folder: &Path, evaluations: &[OfTrait]) -> Result<Vec<OutputRecord>, EngineError> {
    let mut outputs = metrics(folder, evaluations)?;
    outputs.extend(reliability(folder, evaluations)?);
    outputs.extend(deciles(folder, evaluations)?);
    outputs.extend(groups(folder, evaluations)?);
    Ok(outputs)
}

/// Rows of all traits, each with its trait's name.
fn rows<'a, R>(
    evaluations: &'a [OfTrait],
    of: impl Fn(&'a Evaluation) -> &'a [R] + 'a,
) -> Vec<(&'a str, &'a R)> {
    evaluations
        .iter()
        .flat_map(|(name, evaluation)| of(evaluation).iter().map(move |row| (name.as_str(), row)))
        .collect()
}

fn text<'a, R>(rows: &[(&'a str, &'a R)], of: impl Fn(&'a R) -> Option<Cow<'a, str>>) -> Cells<'a> {
    Cells::Text(rows.iter().map(|(_, row)| of(row)).collect())
}

fn number<'a, R>(rows: &[(&'a str, &'a R)], of: impl Fn(&'a R) -> Option<f64>) -> Cells<'a> {
    Cells::Number(rows.iter().map(|(_, row)| of(row)).collect())
}

fn count<'a, R>(rows: &[(&'a str, &'a R)], of: impl Fn(&'a R) -> Option<usize>) -> Cells<'a> {
    Cells::Count(rows.iter().map(|(_, row)| of(row).map(|count| count as u32)).collect())
}

fn traits<'a, R>(rows: &[(&'a str, &'a R)]) -> Cells<'a> {
    Cells::Text(rows.iter().map(|(name, _)| Some((*name).into())).collect())
}

fn metrics(folder: &Path, evaluations: &[OfTrait]) -> Result<Vec<OutputRecord>, EngineError> {
    let rows = rows(evaluations, |of| &of.metrics);
    Table(vec![
        ("trait", traits(&rows)),
        ("grouping", text(&rows, |row| Some(grouping(row.grouping).into()))),
        ("group", text(&rows, |row| Some(row.group.as_str().into()))),
        ("model", text(&rows, |row| row.model.as_deref().map(Cow::from))),
        ("versus", text(&rows, |row| row.versus.as_deref().map(Cow::from))),
        ("metric", text(&rows, |row| Some(row.metric.as_str().into()))),
        ("threshold", number(&rows, |row| row.threshold)),
        ("estimate", number(&rows, |row| row.estimate)),
        ("lower", number(&rows, |row| row.lower)),
        ("upper", number(&rows, |row| row.upper)),
        ("standard_error", number(&rows, |row| row.standard_error)),
        ("p", number(&rows, |row| row.p)),
        ("p_method", text(&rows, |row| row.p_method.map(|of| p_method(of).into()))),
        ("n", count(&rows, |row| Some(row.n))),
        ("cases", count(&rows, |row| row.cases)),
        ("effective_n", number(&rows, |row| Some(row.effective_n))),
        ("status", text(&rows, |row| Some(status(row.status).into()))),
        ("reason", text(&rows, |row| row.reason.as_ref().map(|of| of.to_string().into()))),
        ("interval", text(&rows, |row| row.method.map(|of| interval(of).into()))),
    ])
    .write_both(folder, "metrics")
}

fn reliability(folder: &Path, evaluations: &[OfTrait]) -> Result<Vec<OutputRecord>, EngineError> {
    let rows = rows(evaluations, |of| &of.reliability);
    Table(vec![
        ("trait", traits(&rows)),
        ("grouping", text(&rows, |row| Some(grouping(row.grouping).into()))),
        ("group", text(&rows, |row| Some(row.group.as_str().into()))),
        ("model", text(&rows, |row| Some(row.model.as_str().into()))),
        ("bin", count(&rows, |row| Some(row.bin))),
        ("n", count(&rows, |row| Some(row.n))),
        ("cases", count(&rows, |row| Some(row.cases))),
        ("mean_risk", number(&rows, |row| Some(row.mean_risk))),
        ("observed", number(&rows, |row| Some(row.observed))),
        ("lower", number(&rows, |row| Some(row.lower))),
        ("upper", number(&rows, |row| Some(row.upper))),
    ])
    .write_both(folder, "reliability")
}

fn deciles(folder: &Path, evaluations: &[OfTrait]) -> Result<Vec<OutputRecord>, EngineError> {
    let rows = rows(evaluations, |of| &of.deciles);
    Table(vec![
        ("trait", traits(&rows)),
        ("grouping", text(&rows, |row| Some(grouping(row.grouping).into()))),
        ("group", text(&rows, |row| Some(row.group.as_str().into()))),
        ("model", text(&rows, |row| Some(row.model.as_str().into()))),
        ("decile", count(&rows, |row| Some(row.decile))),
        ("n", count(&rows, |row| Some(row.n))),
        ("cases", count(&rows, |row| Some(row.cases))),
        ("odds_ratio", number(&rows, |row| row.odds_ratio)),
        ("lower", number(&rows, |row| row.lower)),
        ("upper", number(&rows, |row| row.upper)),
        ("status", text(&rows, |row| Some(status(row.status).into()))),
        ("reason", text(&rows, |row| row.reason.as_ref().map(|of| of.to_string().into()))),
        ("interval", text(&rows, |row| row.method.map(|of| interval(of).into()))),
    ])
    .write_both(folder, "deciles")
}

fn groups(folder: &Path, evaluations: &[OfTrait]) -> Result<Vec<OutputRecord>, EngineError> {
    let rows = rows(evaluations, |of| &of.groups);
    let distance = |at: usize| move |row: &GroupSummary| row.distance.map(|of| of[at]);
    let left_out = |row: &GroupSummary| row.left_out.iter().map(|of| of.people).sum();
    Table(vec![
        ("trait", traits(&rows)),
        ("grouping", text(&rows, |row| Some(grouping(row.grouping).into()))),
        ("group", text(&rows, |row| Some(row.group.as_str().into()))),
        ("n", count(&rows, |row| Some(row.n))),
        ("cases", count(&rows, |row| row.cases)),
        ("families", count(&rows, |row| Some(row.families))),
        ("left_out", count(&rows, |row| Some(left_out(row)))),
        ("left_out_reasons", text(&rows, |row| reasons(row).map(Cow::from))),
        ("least_distance", number(&rows, distance(0))),
        ("mean_distance", number(&rows, distance(1))),
        ("largest_distance", number(&rows, distance(2))),
    ])
    .write_both(folder, "groups")
}

/// `people: reason` of each reason.
fn reasons(row: &GroupSummary) -> Option<String> {
    let one = |of: &steppe_calibrate::evaluate::LeftOut| format!("{}: {}", of.people, left_out(&of.reason));
    (!row.left_out.is_empty()).then(|| row.left_out.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// A reason in words.
pub(super) fn left_out(reason: &steppe_calibrate::evaluate::LeftOutReason) -> String {
    use steppe_calibrate::evaluate::LeftOutReason;
    match reason {
        LeftOutReason::NoOutcome => "no outcome".to_owned(),
        LeftOutReason::NoCovariate(name) => format!("no covariate {name}"),
        LeftOutReason::NoPrediction(name) => format!("no prediction {name}"),
    }
}

fn grouping(of: Grouping) -> &'static str {
    match of {
        Grouping::All => "all",
        Grouping::Population => "population",
        Grouping::Distance => "distance",
    }
}

fn status(of: Status) -> &'static str {
    match of {
        Status::Ok => "ok",
        Status::Insufficient => "insufficient",
        Status::Undefined => "undefined",
    }
}

fn p_method(of: PMethod) -> &'static str {
    match of {
        PMethod::Wald => "wald",
        PMethod::Delong => "delong",
        PMethod::Permutation => "permutation",
    }
}

fn interval(of: IntervalMethod) -> &'static str {
    match of {
        IntervalMethod::Delong => "delong",
        IntervalMethod::Wald => "wald",
        IntervalMethod::Firth => "firth",
        IntervalMethod::Wilson => "wilson",
        IntervalMethod::Bootstrap => "bootstrap",
        IntervalMethod::BootstrapStratified => "bootstrap_stratified",
    }
}
