//! The tables of a calibration: what the model says of each person (`people`), and its risks by population.

use std::{borrow::Cow, path::Path};

use steppe_calibrate::{
    adjust::{AdjustedScore, Membership, SimilarPopulationScore},
    model::{CalibrationModel, Person, PersonCalibration, ScoreModel},
};
use steppe_engine::{EngineError, output::OutputRecord};

use super::{
    super::{
        calibrated::refused,
        table::{Cells, LongTable, Table},
    },
    ScoreModelRecord,
    people::Cohort,
};

/// People whose numbers are in memory at once.
const PIECE: usize = 2048;

/// What reports tell of one person under one score; NaN where there is none.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) person: usize,
    pub(super) raw: f64,
    pub(super) adjusted: f64,
    pub(super) risk: f64,
    pub(super) extrapolated: bool,
}

/// One person under one score.
struct Full {
    person: usize,
    raw: f64,
    found: PersonCalibration,
}

impl Full {
    fn row(&self) -> Row {
        let Self { person, raw, found } = self;
        Row {
            person: *person,
            raw: *raw,
            adjusted: found.smooth.map_or(f64::NAN, |of| of.z.value),
            risk: found.risk.map_or(f64::NAN, |of| of.probability),
            extrapolated: found.extrapolated,
        }
    }
}

/// Applies the models to everyone of a cohort, and writes what they say, score by score. `spans` are the ages of absolute
/// risks, by person; none where it is empty.
pub(super) fn write_people(
    folder: &Path,
    model: &CalibrationModel,
    cohort: &Cohort,
    (target, spans): (usize, &[Option<(f64, f64)>]),
    scores: &[Vec<f64>],
) -> Result<(Vec<Vec<Row>>, Vec<OutputRecord>), EngineError> {
    let mut file = LongTable::create(folder, "calibrated", &people(model, cohort, 0, &[]))?;
    let mut rows = Vec::with_capacity(scores.len());
    for (score, (of, values)) in model.scores.iter().zip(scores).enumerate() {
        let applied = Applied::new(of, cohort, (target, spans));
        let mut shown = Vec::with_capacity(values.len());
        for (piece, values) in values.chunks(PIECE).enumerate() {
            let full = applied.full(piece * PIECE, values)?;
            file.write(&people(model, cohort, score, &full))?;
            shown.extend(full.iter().map(Full::row));
        }
        file.end_group()?;
        rows.push(shown);
    }
    Ok((rows, file.finish()?))
}

/// Writes the risks by population.
pub(super) fn write_risks(
    folder: &Path,
    records: &[ScoreModelRecord],
) -> Result<Vec<OutputRecord>, EngineError> {
    risks(records).write_both(folder, "risks")
}

/// The model of a score and a cohort that it is applied to.
pub(super) struct Applied<'a> {
    model: &'a ScoreModel,
    /// The model for those who lack a covariate: no risk, no interval, and everything else as it is.
    without: ScoreModel,
    cohort: &'a Cohort,
    target: usize,
    spans: &'a [Option<(f64, f64)>],
}

impl<'a> Applied<'a> {
    pub(super) fn new(
        model: &'a ScoreModel,
        cohort: &'a Cohort,
        (target, spans): (usize, &'a [Option<(f64, f64)>]),
    ) -> Self {
        let without = ScoreModel { risk: None, interval: None, ..model.clone() };
        Self { model, without, cohort, target, spans }
    }

    /// What the model says of a person with a raw score.
    pub(super) fn person(&self, person: usize, raw: f64) -> Result<PersonCalibration, EngineError> {
        let cohort = self.cohort;
        let pcs: Vec<f64> = cohort.people.pcs.row(person).iter().copied().collect();
        let proportions: Vec<f64> = cohort.proportions.row(person).iter().copied().collect();
        let covariates: Vec<f64> = cohort.covariates.iter().map(|of| of.values[person]).collect();
        let population = cohort.people.population[person];
        let complete = covariates.iter().all(|value| value.is_finite());
        let membership = if population == self.target { Membership::Cohort } else { Membership::Reference };
        if complete { self.model } else { &self.without }
            .apply(&Person {
                score: raw,
                pcs: &pcs,
                similar: Some(cohort.similar[person]),
                population: Some(population),
                membership,
                proportions: Some(&proportions),
                covariates: &covariates,
                ages: self.spans.get(person).copied().flatten(),
            })
            .map_err(|error| refused(&error))
    }

    /// The people from `first` on who have a score.
    fn full(&self, first: usize, scores: &[f64]) -> Result<Vec<Full>, EngineError> {
        let scored = (first..).zip(scores).filter(|(_, raw)| raw.is_finite());
        scored.map(|(person, &raw)| Ok(Full { person, raw, found: self.person(person, raw)? })).collect()
    }
}

fn people<'a>(model: &'a CalibrationModel, cohort: &'a Cohort, score: usize, rows: &'a [Full]) -> Table<'a> {
    let samples = &cohort.people.samples;
    let name = |place: usize| model.populations[place].as_str();
    let text = |of: &dyn Fn(&Full) -> &'a str| {
        Cells::Text(rows.iter().map(|row| Some(Cow::from(of(row)))).collect())
    };
    let number = |of: &dyn Fn(&Full) -> Option<f64>| Cells::Number(rows.iter().map(of).collect());
    let flag = |of: &dyn Fn(&Full) -> bool| Cells::Flag(rows.iter().map(of).collect());
    let z = |of: fn(&PersonCalibration) -> Option<AdjustedScore>| {
        number(&move |row| Some(of(&row.found)?.z.value))
    };
    let error = |of: fn(&PersonCalibration) -> Option<AdjustedScore>| {
        number(&move |row| Some(of(&row.found)?.z.standard_error))
    };
    let similar =
        |of: fn(&SimilarPopulationScore) -> f64| number(&move |row| Some(of(row.found.similar.as_ref()?)));
    Table(vec![
        ("#FID", text(&|row| samples.family_id.get(row.person))),
        ("IID", text(&|row| samples.sample_id.get(row.person))),
        ("score", text(&|_| &model.scores[score].name)),
        ("population", text(&|row| name(cohort.people.population[row.person]))),
        ("most_similar", text(&|row| name(cohort.similar[row.person]))),
        ("outside", flag(&|row| cohort.outside[row.person])),
        ("extrapolated", flag(&|row| row.found.extrapolated)),
        ("raw", number(&|row| Some(row.raw))),
        ("adjusted", z(|found| found.smooth)),
        ("adjusted_error", error(|found| found.smooth)),
        ("percentile", number(&|row| row.found.smooth.map(|of| of.percentile))),
        ("expected", number(&|row| row.found.smooth.map(|of| of.expected))),
        ("sd", number(&|row| row.found.smooth.map(|of| of.sd))),
        ("z_norm1", z(|found| found.linear)),
        ("z_norm1_error", error(|found| found.linear)),
        ("z_norm2", z(|found| found.variance)),
        ("z_norm2_error", error(|found| found.variance)),
        ("z_most_similar", similar(|of| of.z.value)),
        ("z_most_similar_error", similar(|of| of.z.standard_error)),
        ("percentile_most_similar", similar(|of| of.percentile.value)),
        ("percentile_most_similar_error", similar(|of| of.percentile.standard_error)),
        ("admixture_expected", number(&|row| row.found.admixture.map(|of| of.expected.value))),
        ("admixture_expected_error", number(&|row| row.found.admixture.map(|of| of.expected.standard_error))),
        ("z_admixture", number(&|row| row.found.admixture.map(|of| of.z))),
        ("risk", number(&|row| row.found.risk.map(|of| of.probability))),
        ("risk_low", number(&|row| row.found.risk.map(|of| of.low))),
        ("risk_high", number(&|row| row.found.risk.map(|of| of.high))),
        ("age_from", number(&|row| row.found.absolute.map(|of| of.from))),
        ("age_to", number(&|row| row.found.absolute.map(|of| of.to))),
        ("absolute_risk", number(&|row| row.found.absolute.map(|of| of.probability))),
        ("absolute_risk_low", number(&|row| row.found.absolute.map(|of| of.low))),
        ("absolute_risk_high", number(&|row| row.found.absolute.map(|of| of.high))),
        ("trait", number(&|row| row.found.interval.map(|of| of.mean))),
        ("trait_low", number(&|row| row.found.interval.map(|of| of.low))),
        ("trait_high", number(&|row| row.found.interval.map(|of| of.high))),
        ("expected_r2", number(&|row| row.found.accuracy.map(|of| of.r2.value))),
    ])
}

fn risks(records: &[ScoreModelRecord]) -> Table<'_> {
    let rows: Vec<_> =
        records.iter().flat_map(|of| of.populations.iter().map(move |row| (of, row))).collect();
    let text = |of: &dyn Fn(usize) -> Option<String>| {
        Cells::Text((0..rows.len()).map(|row| of(row).map(Cow::from)).collect())
    };
    let count =
        |of: &dyn Fn(usize) -> u64| Cells::Count((0..rows.len()).map(|row| Some(of(row) as u32)).collect());
    let number = |of: &dyn Fn(usize) -> Option<f64>| Cells::Number((0..rows.len()).map(of).collect());
    Table(vec![
        ("score", text(&|row| Some(rows[row].0.name.clone()))),
        ("population", text(&|row| Some(rows[row].1.population.clone()))),
        ("people", count(&|row| rows[row].1.people)),
        ("cases", count(&|row| rows[row].1.cases)),
        ("intercept", number(&|row| Some(rows[row].1.intercept))),
        ("intercept_error", number(&|row| Some(rows[row].1.intercept_error))),
        ("slope", number(&|row| Some(rows[row].1.slope))),
        ("slope_error", number(&|row| Some(rows[row].1.slope_error))),
        ("kept", text(&|row| Some(rows[row].1.kept.clone()))),
        ("log_loss_uncalibrated", number(&|row| rows[row].1.log_loss.map(|of| of[0]))),
        ("log_loss_calibrated", number(&|row| rows[row].1.log_loss.map(|of| of[1]))),
        ("known_prevalence", number(&|row| rows[row].1.known_prevalence)),
    ])
}
