//! How good the risks are: reliability, calibration, metrics, limits.

use super::super::blocks::{distinct, figure, table, table_block};
use super::super::written::{count, measure_cells, outcome_text, population};
use super::super::{
    CalibrationReport, Change, EvaluationRow, Finding, Indicator, Measure, Outcome, ReliabilityPoint,
};
use crate::language::{Calibration, Common, Findings, Language, Names};
use crate::page::{Block, Column, Table};

impl CalibrationReport {
    pub(super) fn calibration_blocks(&self, language: Language) -> Vec<Block> {
        let captions = |name: &str| match name {
            "expected-observed" => Calibration::ExpectedObservedCaption,
            "slope" => Calibration::SlopeCaption,
            _ => Calibration::InterceptCaption,
        };
        let reliability = figure(
            self.reliability_plot(language),
            &language.fill(
                Calibration::ReliabilityCaption,
                &[("interval", (&self.interval_name(language)).into())],
            ),
            self.reliability_table(language),
        );
        let plots = self.calibration_plots(language).into_iter();
        let figures = plots.filter_map(|(name, plot)| {
            figure(Some(plot), language.text(captions(name)), self.change_table(name, language))
        });
        let blocks: Vec<Block> =
            reliability.into_iter().chain(figures).chain(self.calibration_table(language)).collect();
        let read = (!blocks.is_empty()).then(|| Block::Paragraph(language.say(Calibration::ReliabilityRead)));
        read.into_iter().chain(blocks).collect()
    }

    fn reliability_table(&self, language: Language) -> Option<Table> {
        let columns = vec![
            Column::text(language.text(Common::Population)),
            Column::text(language.text(Calibration::Model)),
            Column::number(language.text(Common::People)),
            Column::number(language.text(Calibration::PredictedRisk)),
            Column::number(language.text(Calibration::ObservedShare)),
            Column::number(self.interval_name(language)),
        ];
        let row = |name: &str, model: Calibration, point: &ReliabilityPoint| {
            let observed = Measure { value: point.observed, interval: point.interval };
            let [observed, interval] = measure_cells(&observed, 3, language);
            vec![
                population(name, language),
                language.say(model),
                language.count(point.people),
                language.fixed(point.predicted, 3),
                observed,
                interval,
            ]
        };
        let rows = self.reliability.iter().flat_map(|entry| {
            let name = entry.population.as_str();
            let before =
                entry.uncalibrated.iter().map(move |point| row(name, Calibration::Uncalibrated, point));
            before.chain(entry.calibrated.iter().map(move |point| row(name, Calibration::Calibrated, point)))
        });
        table("", columns, rows.collect())
    }

    /// One of the three quantities, before and after.
    fn change_table(&self, name: &str, language: Language) -> Option<Table> {
        let of = |entry: &super::super::CalibrationChange| match name {
            "expected-observed" => entry.expected_observed.clone(),
            "slope" => entry.slope.clone(),
            _ => entry.intercept.clone(),
        };
        let columns = vec![
            Column::text(language.text(Common::Population)),
            Column::number(language.text(Calibration::Uncalibrated)),
            Column::number(language.text(Calibration::Calibrated)),
        ];
        let row = |entry: &super::super::CalibrationChange| {
            let Change { before, after } = of(entry);
            let [before, after] = [before, after].map(|side| outcome_text(side.as_ref(), 2, language));
            vec![population(&entry.population, language), before, after]
        };
        table("", columns, self.calibration.iter().map(row).collect())
    }

    fn calibration_table(&self, language: Language) -> Option<Block> {
        let mut columns = vec![
            Column::text(language.text(Common::Population)),
            Column::text(language.text(Calibration::Model)),
        ];
        let indicators = [Indicator::ExpectedObserved, Indicator::Slope, Indicator::Intercept];
        columns.extend(indicators.map(|indicator| Column::number(indicator.title(language))));
        let row = |entry: &super::super::CalibrationChange,
                   model: Calibration,
                   side: fn(&Change) -> Option<&Outcome>| {
            let changes = [&entry.expected_observed, &entry.slope, &entry.intercept];
            let known = changes.iter().any(|change| side(change).is_some());
            let cells = changes.map(|change| outcome_text(side(change), 2, language));
            let names = [population(&entry.population, language), language.say(model)];
            known.then(|| names.into_iter().chain(cells).collect::<Vec<String>>())
        };
        let rows = self.calibration.iter().flat_map(|entry| {
            let before = row(entry, Calibration::Uncalibrated, |change| change.before.as_ref());
            before.into_iter().chain(row(entry, Calibration::Calibrated, |change| change.after.as_ref()))
        });
        let interval = self.interval_name(language);
        let caption = language.fill(Calibration::RiskCaption, &[("interval", (&interval).into())]);
        table_block(&caption, columns, rows.collect())
    }

    pub(super) fn metric_blocks(&self, language: Language) -> Vec<Block> {
        let scores = distinct(self.metrics.iter().map(|row| row.score.as_str()));
        let tables = scores.iter().filter_map(|score| self.metric_table(score, language));
        let tables: Vec<Block> = tables.collect();
        let read = (!tables.is_empty()).then(|| Block::Paragraph(language.say(Calibration::MetricsRead)));
        read.into_iter().chain(tables).collect()
    }

    /// The metrics of one score, each for all populations.
    fn metric_table(&self, score: &str, language: Language) -> Option<Block> {
        let mut rows: Vec<&EvaluationRow> = self.metrics.iter().filter(|row| row.score == score).collect();
        rows.sort_by_key(|row| row.indicator);
        let with_cases = rows.iter().any(|row| row.cases.is_some());
        let mut columns = vec![
            Column::text(language.text(Calibration::Metric)),
            Column::text(language.text(Common::Population)),
            Column::number(language.text(Common::People)),
        ];
        columns.extend(with_cases.then(|| Column::number(language.text(Common::Cases))));
        columns.push(Column::number(language.text(Calibration::Estimate)));
        columns.push(Column::number(self.interval_name(language)));
        let row = |row: &&EvaluationRow| {
            let [value, ends] = match &row.outcome {
                Outcome::Measured(measure) => measure_cells(measure, row.indicator.decimals(), language),
                Outcome::Insufficient(reason) => [language.say(Names::Insufficient), reason.text(language)],
            };
            let mut cells = vec![
                row.indicator.title(language).to_owned(),
                population(&row.population, language),
                language.count(row.people),
            ];
            cells.extend(with_cases.then(|| count(row.cases, language)));
            cells.extend([value, ends]);
            cells
        };
        let caption = language.fill(Calibration::MetricsCaption, &[("score", score.into())]);
        table_block(&caption, columns, rows.iter().map(row).collect())
    }

    /// What holds for every such report, and what was found in this one.
    pub(super) fn limit_blocks(&self, language: Language) -> Vec<Block> {
        let found = self.all_findings().into_iter().map(|finding: Finding| finding.text(language));
        let always = [Findings::GenesOnly, Findings::NotADiagnosis].map(|key| language.say(key));
        vec![Block::List(found.chain(always).collect())]
    }

    pub(super) fn standard_blocks(&self, language: Language) -> Vec<Block> {
        let sheet = self.standard_table(language).map(Block::Table);
        [Block::Paragraph(language.say(Calibration::StandardRead))].into_iter().chain(sheet).collect()
    }
}
