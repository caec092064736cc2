mod discrimination;
mod evaluation;
mod groundwork;

use super::CalibrationReport;
use crate::language::{Calibration, Common, Language};
use crate::page::{Block, Page, Section};

/// Beyond this level of intervals one decimal is not enough to tell it from 1.
const LEVEL: f64 = 0.95;

impl CalibrationReport {
    pub(super) fn page(&self, language: Language) -> Page {
        let sections = [
            (Calibration::ScoresHeading, self.score_blocks(language)),
            (Calibration::PeopleHeading, self.people_blocks(language)),
            (Calibration::PcaHeading, self.pca_blocks(language)),
            (Calibration::DistributionHeading, self.distribution_blocks(language)),
            (Calibration::RiskHeading, self.calibration_blocks(language)),
            (Calibration::TransferHeading, self.transfer_blocks(language)),
            (Calibration::DecileHeading, self.decile_blocks(language)),
            (Calibration::MetricsHeading, self.metric_blocks(language)),
            (Calibration::LimitsHeading, self.limit_blocks(language)),
            (Calibration::StandardHeading, self.standard_blocks(language)),
        ];
        let section = |(heading, blocks): (Calibration, Vec<Block>)| {
            (!blocks.is_empty()).then(|| Section { heading: language.say(heading), blocks })
        };
        let origin = Some(self.origin.section(language)).filter(|section| !section.blocks.is_empty());
        let serious = self.all_findings().into_iter().filter(super::Finding::is_serious);
        Page {
            language,
            title: match self.trait_name.is_empty() {
                true => language.say(Calibration::TitleAlone),
                false => language.fill(Calibration::Title, &[("trait", (&self.trait_name).into())]),
            },
            lead: self.lead(language),
            facts: self.facts(language),
            warnings: serious.map(|finding| finding.text(language)).collect(),
            sections: sections.into_iter().filter_map(section).chain(origin).collect(),
            footer: self.origin.footer(language),
        }
    }

    /// Level and kind of the intervals: `95% CI`.
    pub(super) fn interval_name(&self, language: Language) -> String {
        let level = self.interval_level.unwrap_or(LEVEL);
        let decimals = usize::from((level * 100.0 - (level * 100.0).round()).abs() > 1e-9);
        let percent = language.percent(level, decimals);
        language.fill(Common::Interval, &[("percent", (&percent).into())])
    }

    fn all_people(&self) -> u64 {
        self.people.iter().map(|row| row.people).sum()
    }

    /// Sum of a count over the populations that have it; nothing where none has.
    fn total(&self, of: fn(&super::PopulationPeople) -> Option<u64>) -> Option<u64> {
        self.people.iter().filter_map(of).reduce(|a, b| a + b)
    }

    fn lead(&self, language: Language) -> String {
        let counts = [
            ("scores", self.scores.len().into()),
            ("people", self.all_people().into()),
            ("populations", self.people.len().into()),
        ];
        let mut sentences = Vec::new();
        match (self.people.is_empty(), self.people.len() > 1) {
            (true, _) => {}
            (_, true) => sentences.push(language.fill(Calibration::LeadPopulations, &counts)),
            (_, false) => sentences.push(language.fill(Calibration::LeadPeople, &counts[..2])),
        }
        let changed = |row: &&super::CalibrationChange| {
            let side = |side: &Option<super::Outcome>| side.as_ref().and_then(super::Outcome::measure);
            let before = side(&row.expected_observed.before)?.value;
            Some((row.population.clone(), before, side(&row.expected_observed.after)?.value))
        };
        // The population in which the uncalibrated risks are furthest off.
        let off = |ratio: f64| if ratio > 0.0 { ratio.ln().abs() } else { 0.0 };
        let rows = self.calibration.iter().filter_map(|row| changed(&row));
        if let Some((population, before, after)) = rows.max_by(|a, b| off(a.1).total_cmp(&off(b.1))) {
            let population = super::written::population(&population, language);
            let (before, after) = (language.fixed(before, 2), language.fixed(after, 2));
            let values = [
                ("population", (&population).into()),
                ("before", (&before).into()),
                ("after", (&after).into()),
            ];
            sentences.push(language.fill(Calibration::LeadRisk, &values));
        }
        sentences.join(" ")
    }

    fn facts(&self, language: Language) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |key: Calibration, value: Option<String>| {
            facts.extend(value.map(|value| (language.say(key), value)));
        };
        let count = |value: Option<u64>| value.map(|value| language.count(value));
        fact(Calibration::FactPeople, count(Some(self.all_people()).filter(|_| !self.people.is_empty())));
        fact(Calibration::FactPhenotyped, count(self.total(|row| row.phenotyped)));
        fact(Calibration::FactCases, count(self.total(|row| row.cases)));
        fact(Calibration::FactScores, count(Some(self.scores.len() as u64).filter(|&n| n > 0)));
        let rows: u64 = self.scores.iter().map(|score| score.rows).sum();
        let matched: u64 = self.scores.iter().map(|score| score.matched).sum();
        fact(Calibration::FactMatched, (rows > 0).then(|| language.percent(matched as f64 / rows as f64, 1)));
        let outside = self.total(|row| row.outside);
        let share = |outside: u64| {
            let share = outside as f64 / self.all_people().max(1) as f64;
            format!("{} ({})", language.count(outside), language.percent(share, 1))
        };
        fact(Calibration::FactOutside, outside.map(share));
        facts
    }
}
