//! How good the risks are: reliability, calibration, transfer, odds by decile, metrics, limits.

use super::super::blocks::{figure, table, table_block};
use super::super::written::{count, measure_cells, none, outcome_text, population};
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
        let figures =
            plots.filter_map(|(name, plot)| figure(Some(plot), language.text(captions(name)), None));
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
        let caption = language.fill(Calibration::CalibrationCaption, &[("interval", (&interval).into())]);
        table_block(&caption, columns, rows.collect())
    }

    pub(super) fn transfer_blocks(&self, language: Language) -> Vec<Block> {
        let Some(transfer) = &self.transfer else { return Vec::new() };
        let title = transfer.indicator.title(language);
        let interval = self.interval_name(language);
        let columns = vec![
            Column::text(language.text(Common::Score)),
            Column::number(language.text(Calibration::GeneticDistance)),
            Column::number(language.text(Common::People)),
            Column::number(title),
            Column::number(interval.as_str()),
        ];
        let rows = transfer.series.iter().flat_map(|(name, bins)| {
            bins.iter().map(move |bin| {
                let insufficient = || [language.say(Names::Insufficient), none()];
                let measure = bin.value.map(|value| Measure { value, interval: bin.interval });
                let decimals = transfer.indicator.decimals();
                let [value, interval] =
                    measure.map_or_else(insufficient, |measure| measure_cells(&measure, decimals, language));
                let distance = language.significant(bin.distance, 3);
                vec![name.clone(), distance, language.count(bin.people), value, interval]
            })
        });
        let caption = language.fill(
            Calibration::TransferCaption,
            &[("indicator", title.into()), ("interval", (&interval).into())],
        );
        let shown = figure(self.transfer_plot(language), &caption, table("", columns, rows.collect()));
        let read = shown.is_some().then(|| Block::Paragraph(language.say(Calibration::TransferRead)));
        read.into_iter().chain(shown).collect()
    }

    pub(super) fn decile_blocks(&self, language: Language) -> Vec<Block> {
        let interval = self.interval_name(language);
        let columns = vec![
            Column::text(language.text(Common::Population)),
            Column::text(language.text(Common::Score)),
            Column::number(language.text(Calibration::Decile)),
            Column::number(language.text(Common::People)),
            Column::number(language.text(Common::Cases)),
            Column::number(language.text(Calibration::OddsRatio)),
            Column::number(interval.as_str()),
        ];
        let rows = self.deciles.iter().flat_map(|entry| {
            entry.deciles.iter().map(move |decile| {
                let insufficient = || [language.say(Names::Insufficient), none()];
                let measure = decile.odds_ratio.map(|value| Measure { value, interval: decile.interval });
                let [odds, interval] =
                    measure.map_or_else(insufficient, |measure| measure_cells(&measure, 2, language));
                vec![
                    population(&entry.population, language),
                    entry.score.clone(),
                    decile.decile.to_string(),
                    language.count(decile.people),
                    language.count(decile.cases),
                    odds,
                    interval,
                ]
            })
        });
        let caption = language.fill(Calibration::DecileCaption, &[("interval", (&interval).into())]);
        let shown = figure(self.decile_plot(language), &caption, table("", columns, rows.collect()));
        let read = shown.is_some().then(|| Block::Paragraph(language.say(Calibration::DecileRead)));
        read.into_iter().chain(shown).collect()
    }

    pub(super) fn metric_blocks(&self, language: Language) -> Vec<Block> {
        let interval = self.interval_name(language);
        let reasons = self.metrics.iter().any(|row| matches!(row.outcome, Outcome::Insufficient(_)));
        let cases = self.metrics.iter().any(|row| row.cases.is_some());
        let scores =
            super::super::blocks::distinct(self.metrics.iter().map(|row| row.score.as_str())).len() > 1;
        let mut columns = vec![Column::text(language.text(Calibration::Metric))];
        columns.push(Column::text(language.text(Common::Population)));
        columns.extend(scores.then(|| Column::text(language.text(Common::Score))));
        columns.push(Column::number(language.text(Common::People)));
        columns.extend(cases.then(|| Column::number(language.text(Common::Cases))));
        columns.push(Column::number(language.text(Calibration::Estimate)));
        columns.push(Column::number(interval.as_str()));
        columns.extend(reasons.then(|| Column::text(language.text(Calibration::Why))));
        let row = |row: &EvaluationRow| {
            let (value, ends, why) = match &row.outcome {
                Outcome::Measured(measure) => {
                    let [value, ends] = measure_cells(measure, row.indicator.decimals(), language);
                    (value, ends, String::new())
                }
                Outcome::Insufficient(reason) => {
                    (language.say(Names::Insufficient), none(), reason.text(language))
                }
            };
            let mut cells =
                vec![row.indicator.title(language).to_owned(), population(&row.population, language)];
            cells.extend(scores.then(|| row.score.clone()));
            cells.push(language.count(row.people));
            cells.extend(cases.then(|| count(row.cases, language)));
            cells.extend([value, ends]);
            cells.extend(reasons.then_some(why));
            cells
        };
        let mut sorted: Vec<&EvaluationRow> = self.metrics.iter().collect();
        sorted.sort_by_key(|row| row.indicator);
        let rows = sorted.into_iter().map(row).collect();
        let caption = language.text(Calibration::MetricsCaption);
        let shown = table_block(caption, columns, rows);
        let read = shown.is_some().then(|| Block::Paragraph(language.say(Calibration::MetricsRead)));
        read.into_iter().chain(shown).collect()
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
