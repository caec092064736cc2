//! What of a score was not read in a person, and how much that could change.

use steppe_calibrate::model::PersonCalibration;
use steppe_engine::{EngineError, score::ScoreJob};
use steppe_genome::{EffectType, matching::RowStatus};

use super::person::ExplainedVariant;

/// Rows of a score that were not read in the person.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingPart {
    /// The person's call is missing; else the cohort does not have the variant, or a rule leaves it out.
    pub not_called: bool,
    /// How many rows.
    pub rows: u64,
    /// Their share of the score's variance.
    pub variance_share: f64,
    /// The lowest and the highest score that the person could have if they were known.
    pub score_between: (f64, f64),
    /// Percentiles (0 to 100) of these, where a calibration tells them.
    pub percentile_between: Option<(f64, f64)>,
}

/// Rows whose call is missing in the person.
pub(super) fn not_called(
    raw: f64,
    variants: &[ExplainedVariant],
    calibrated: &dyn Fn(f64) -> Result<Option<PersonCalibration>, EngineError>,
) -> Result<Option<MissingPart>, EngineError> {
    let variance =
        |those: &mut dyn Iterator<Item = &ExplainedVariant>| those.map(|of| of.variance).sum::<f64>();
    let all = variance(&mut variants.iter());
    let missing: Vec<&ExplainedVariant> = variants.iter().filter(|of| of.missing).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let end = |of: &dyn Fn(&ExplainedVariant) -> f64| {
        raw + missing.iter().map(|row| of(row) - row.adds).sum::<f64>()
    };
    let (low, high) = (end(&|row| row.could_add.0), end(&|row| row.could_add.1));
    let percentile = |score: f64| {
        Ok::<_, EngineError>(calibrated(score)?.and_then(|found| found.smooth).map(|of| of.percentile))
    };
    let share = variance(&mut missing.iter().copied());
    Ok(Some(MissingPart {
        not_called: true,
        rows: missing.len() as u64,
        variance_share: if all > 0.0 { share / all } else { 0.0 },
        score_between: (low, high),
        percentile_between: percentile(low)?.zip(percentile(high)?),
    }))
}

/// Rows that do not count in this cohort. The score does not have them, nor does what is expected of it: percentiles tell
/// nothing here.
pub(super) fn not_in_the_cohort(raw: f64, job: &ScoreJob, score: usize) -> Option<MissingPart> {
    let column = &job.columns[score];
    let file = &job.files[column.file];
    let rows = &file.source.file.rows;
    let (mut low, mut high, mut count) = (raw, raw, 0);
    for (row, decision) in file.decisions.iter().enumerate() {
        if decision.status == RowStatus::Matched || !rows.is_present(column.column, row) {
            continue;
        }
        let weight = rows.weights[column.column][row];
        let adds = match rows.effect_type[row] {
            EffectType::Additive => [0.0, weight, 2.0 * weight],
            EffectType::Dominant => [0.0, weight, weight],
            EffectType::Recessive => [0.0, 0.0, weight],
            EffectType::Dosage => rows.dosage_weights(row).unwrap_or_default(),
        };
        low += adds.into_iter().fold(f64::INFINITY, f64::min);
        high += adds.into_iter().fold(f64::NEG_INFINITY, f64::max);
        count += 1;
    }
    (count > 0).then(|| MissingPart {
        not_called: false,
        rows: count,
        variance_share: 1.0 - column.overlap.by_variance(),
        score_between: (low, high),
        percentile_between: None,
    })
}
