//! Rates by age, and between which ages each person's absolute risk is.

use std::path::Path;

use steppe_calibrate::risk::RateTable;
use steppe_engine::EngineError;
use steppe_formats::{FormatError, Malformed};

use super::{CalibrateOptions, people::Everybody};

/// Reads the table of ages and rates.
pub(super) fn read(path: &Path) -> Result<RateTable, EngineError> {
    let remedy = "give a comma-separated table with the columns age, incidence and mortality; the last row ends the \
                  table and may have no rates";
    let text =
        std::fs::read_to_string(path).map_err(|source| FormatError::io(path, "can not open", source))?;
    let mut rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let refuse = |line: usize, problem: &str| {
        EngineError::Format(Malformed::new(path, problem, remedy).line(line as u64 + 1).into())
    };
    let header: Vec<String> = rows
        .next()
        .map(|(_, line)| line.split(',').map(|name| name.trim().to_ascii_lowercase()).collect())
        .unwrap_or_default();
    if header != ["age", "incidence", "mortality"] {
        return Err(refuse(0, "the columns are not age, incidence, mortality"));
    }
    let mut table = RateTable { ages: Vec::new(), incidence: Vec::new(), mortality: Vec::new() };
    let rows: Vec<(usize, &str)> = rows.collect();
    for (at, (line, row)) in rows.iter().enumerate() {
        let fields: Vec<&str> = row.split(',').map(str::trim).collect();
        let number = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok());
        table.ages.push(number(0).ok_or_else(|| refuse(*line, "the age is no number"))?);
        if at + 1 < rows.len() {
            table.incidence.push(number(1).ok_or_else(|| refuse(*line, "the incidence is no number"))?);
            table.mortality.push(number(2).ok_or_else(|| refuse(*line, "the mortality is no number"))?);
        }
    }
    let checked = table.check();
    checked.map_err(|error| EngineError::Format(Malformed::new(path, error.to_string(), remedy).into()))?;
    Ok(table)
}

/// Between which ages each person's absolute risk is.
#[derive(Debug, Default)]
pub(super) struct Ages {
    /// By person; nothing for people who are not the own cohort's, and for those counted below.
    pub(super) spans: Vec<Option<(f64, f64)>>,
    /// People of the own cohort without an age.
    unknown: u64,
    /// People of the own cohort whose ages the table of rates does not cover.
    not_covered: u64,
}

impl Ages {
    /// From each person's age, or the table's first where ages are not given, for so many years as are asked for, or to
    /// the table's end. Rates are those of the own cohort's population, so that others get no absolute risk.
    pub(super) fn new(options: &CalibrateOptions, rates: Option<&RateTable>, everybody: &Everybody) -> Self {
        let cohort = &everybody.cohort;
        let people = cohort.people.population.len();
        let mut ages = Self { spans: vec![None; people], ..Self::default() };
        let ends = rates.and_then(|rates| rates.ages.first().copied().zip(rates.ages.last().copied()));
        let Some((first, last)) = ends else { return ages };
        for person in (0..people).filter(|row| cohort.people.population[*row] == everybody.target) {
            let from = cohort.age.as_ref().map_or(first, |age| age[person]);
            let to = options.years.map_or(last, |years| from + years);
            if from.is_nan() {
                ages.unknown += 1;
            } else if from < first || from > last || to > last {
                ages.not_covered += 1;
            } else {
                ages.spans[person] = Some((from, to));
            }
        }
        ages
    }

    /// Who got no absolute risk, and why.
    pub(super) fn notices(&self) -> Vec<String> {
        [
            (self.unknown, "have no age"),
            (self.not_covered, "have ages that the table of rates does not cover"),
        ]
        .into_iter()
        .filter(|(people, _)| *people > 0)
        .map(|(people, why)| format!("{people} people of the own cohort {why}: no absolute risk"))
        .collect()
    }
}
