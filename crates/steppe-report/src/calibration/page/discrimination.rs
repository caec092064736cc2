//! How well a score tells people apart: against genetic distance, and by decile. Where that could not be measured, why.

use super::super::blocks::{figure, table};
use super::super::written::{measure_cells, none, population};
use super::super::{CalibrationReport, DecileOdds, Distance, Insufficiency, Measure, Transfer, Untested};
use crate::language::{Calibration, Common, Language, Names};
use crate::page::{Block, Column, Table};
use crate::plot::Plot;

impl CalibrationReport {
    pub(super) fn transfer_blocks(&self, language: Language) -> Vec<Block> {
        let Some(transfer) = &self.transfer else { return self.untested_blocks(language) };
        let title = transfer.indicator.title(language);
        let interval = self.interval_name(language);
        let columns = vec![
            Column::text(language.text(Common::Score)),
            Column::number(language.text(Calibration::GeneticDistance)),
            Column::number(language.text(Common::People)),
            Column::number(title),
            Column::number(interval.as_str()),
        ];
        let row = |name: &str, bin: &Distance| {
            let decimals = transfer.indicator.decimals();
            let measure = bin.value.map(|value| Measure { value, interval: bin.interval });
            let [value, interval] = cells(measure, bin.reason.as_ref(), decimals, language);
            let distance = language.significant(bin.distance, 3);
            vec![name.to_owned(), distance, language.count(bin.people), value, interval]
        };
        let rows = transfer.series.iter().flat_map(|(name, bins)| bins.iter().map(move |bin| row(name, bin)));
        let caption = transfer.caption(title, &interval, language);
        let shown = Shown {
            plot: self.transfer_plot(language),
            caption,
            data: table("", columns, rows.collect()),
            read: Calibration::TransferRead,
        };
        shown.blocks(language)
    }

    pub(super) fn decile_blocks(&self, language: Language) -> Vec<Block> {
        if self.deciles.is_empty() {
            return self.untested_blocks(language);
        }
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
        let rows = self.deciles.iter().flat_map(|entry| decile_rows(entry, language)).collect();
        let shown = Shown {
            plot: self.decile_plot(language),
            caption: language.fill(Calibration::DecileCaption, &[("interval", (&interval).into())]),
            data: table("", columns, rows),
            read: Calibration::DecileRead,
        };
        shown.blocks(language)
    }

    /// Why nothing was measured, where the caller says so.
    fn untested_blocks(&self, language: Language) -> Vec<Block> {
        let text = |untested: Untested| match untested {
            Untested::NoPhenotypes => Calibration::UntestedNoPhenotypes,
            Untested::EverybodyTaught => Calibration::UntestedEverybodyTaught,
        };
        self.untested.map(|untested| Block::Paragraph(language.say(text(untested)))).into_iter().collect()
    }
}

impl Transfer {
    fn caption(&self, indicator: &str, interval: &str, language: Language) -> String {
        let interval = ("interval", interval.into());
        match &self.from {
            Some(from) => language.fill(
                Calibration::TransferCaptionFrom,
                &[("indicator", indicator.into()), interval, ("population", from.into())],
            ),
            None => language.fill(Calibration::TransferCaption, &[("indicator", indicator.into()), interval]),
        }
    }
}

/// A figure that may lack its plot because the data do not suffice for any point of it.
struct Shown {
    plot: Option<Plot>,
    caption: String,
    data: Option<Table>,
    read: Calibration,
}

impl Shown {
    /// How to read it, then figure and numbers; without a plot the numbers, whose rows say what was lacking.
    fn blocks(self, language: Language) -> Vec<Block> {
        let read = Block::Paragraph(language.say(self.read));
        match (self.plot, self.data) {
            (Some(plot), data) => [read].into_iter().chain(figure(Some(plot), &self.caption, data)).collect(),
            (None, Some(data)) => {
                let why = Block::Paragraph(language.say(Calibration::NothingToDraw));
                vec![read, why, Block::Table(Table { caption: self.caption, ..data })]
            }
            (None, None) => Vec::new(),
        }
    }
}

fn decile_rows(entry: &DecileOdds, language: Language) -> Vec<Vec<String>> {
    let row = |decile: &super::super::Decile| {
        let measure = decile.odds_ratio.map(|value| Measure { value, interval: decile.interval });
        let [odds, interval] = cells(measure, decile.reason.as_ref(), 2, language);
        vec![
            population(&entry.population, language),
            entry.score.clone(),
            decile.decile.to_string(),
            language.count(decile.people),
            language.count(decile.cases),
            odds,
            interval,
        ]
    };
    entry.deciles.iter().map(row).collect()
}

/// A number and its interval, or that there is none and why.
fn cells(
    measure: Option<Measure>,
    reason: Option<&Insufficiency>,
    decimals: usize,
    language: Language,
) -> [String; 2] {
    match measure {
        Some(measure) => measure_cells(&measure, decimals, language),
        None => {
            let reason = reason.map_or_else(none, |reason| reason.text(language));
            [language.say(Names::Insufficient), reason]
        }
    }
}
