//! How well the score tells people apart who did not teach: by genetic distance, and by decile.

use steppe_calibrate::evaluate::{DecileRow, GroupSummary, Grouping, Metric, MetricRow, Warning};
use steppe_report::{Decile, DecileOdds, Distance, Finding, Indicator, Outcome, Transfer};

use super::{Tested, Told, insufficiency, outcome};

impl Told<'_> {
    /// The raw score's accuracy by distance: the area of a binary trait, the explained variance of a quantitative one.
    pub(super) fn transfer(&self, tested: &Tested, score: &str) -> Option<Transfer> {
        let everybody = self.everybody;
        let rows = &tested.by_distance.metrics;
        let binary = rows.iter().any(|row| row.metric == Metric::Auc);
        let (metric, indicator) =
            if binary { (Metric::Auc, Indicator::Auc) } else { (Metric::R2, Indicator::R2) };
        let bin = |group: &GroupSummary| {
            let row = rows.iter().find(|row| row.metric == metric && row.group == group.group)?;
            Some(bin(group, row))
        };
        let bins: Vec<Distance> = tested.by_distance.groups.iter().filter_map(bin).collect();
        (!bins.is_empty()).then(|| Transfer {
            indicator,
            from: everybody.trained_in.map(|place| everybody.populations[place].clone()),
            series: vec![(score.to_owned(), bins)],
        })
    }
}

fn bin(group: &GroupSummary, row: &MetricRow) -> Distance {
    let found = outcome(row);
    let measure = found.as_ref().and_then(Outcome::measure);
    Distance {
        distance: group.distance.map_or(f64::NAN, |[_, mean, _]| mean),
        value: measure.map(|measure| measure.value),
        interval: measure.and_then(|measure| measure.interval),
        reason: row.reason.as_ref().filter(|_| measure.is_none()).map(insufficiency),
        people: group.n as u64,
    }
}

/// Odds by decile of the raw score in each population.
pub(super) fn deciles(rows: &[DecileRow], score: &str) -> Vec<DecileOdds> {
    let of = |rows: &[DecileRow]| DecileOdds {
        population: rows[0].group.clone(),
        score: score.to_owned(),
        deciles: rows.iter().map(decile).collect(),
    };
    let shown = |rows: &&[DecileRow]| {
        rows.first().is_some_and(|row| row.grouping == Grouping::Population && row.model == super::RAW)
    };
    rows.chunk_by(|a, b| (&a.group, &a.model, a.grouping) == (&b.group, &b.model, b.grouping))
        .filter(shown)
        .map(of)
        .collect()
}

/// Populations in which cases, or controls, are rare.
pub(super) fn imbalances(tested: &Tested) -> Vec<Finding> {
    let evaluation = &tested.evaluation;
    let is_population = |name: &str| {
        evaluation.groups.iter().any(|of| of.grouping == Grouping::Population && of.group == name)
    };
    let finding = |warning: &Warning| match warning {
        Warning::ClassImbalance { group, cases, controls } if is_population(group) => {
            let share = *cases as f64 / (cases + controls) as f64;
            Some(Finding::ClassImbalance { population: group.clone(), share })
        }
        _ => None,
    };
    evaluation.warnings.iter().filter_map(finding).collect()
}

fn decile(row: &DecileRow) -> Decile {
    Decile {
        decile: row.decile as u32,
        odds_ratio: row.odds_ratio,
        interval: row.lower.zip(row.upper),
        reason: row.reason.as_ref().map(insufficiency),
        people: row.n as u64,
        cases: row.cases as u64,
    }
}
