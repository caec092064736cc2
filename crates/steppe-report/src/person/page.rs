use super::{MissingKind, MissingVariants, PersonReport, PersonVariant, Place};
use crate::calibration::{Measure, figure, table, table_block};
use crate::language::{Common, Findings, Language, Person, Value};
use crate::number;
use crate::page::{Block, Column, Page, Section, Table};
use crate::plot::Plot;

/// Level of the intervals where none is given.
const LEVEL: f64 = 0.9;

impl PersonReport {
    pub(super) fn page(&self, language: Language) -> Page {
        let sections = [
            (Person::StepsHeading, self.step_blocks(language)),
            (Person::PlaceHeading, self.place_blocks(language)),
            (Person::MissingHeading, self.missing_blocks(language)),
        ];
        let section = |(heading, blocks): (Person, Vec<Block>)| {
            (!blocks.is_empty()).then(|| Section { heading: language.say(heading), blocks })
        };
        let limits = Section {
            heading: language.say(crate::language::Calibration::LimitsHeading),
            blocks: vec![Block::List(
                [Findings::GenesOnly, Findings::NotADiagnosis].map(|key| language.say(key)).to_vec(),
            )],
        };
        let origin = Some(self.origin.section(language)).filter(|section| !section.blocks.is_empty());
        let names = [("sample", (&self.sample).into()), ("score", (&self.score).into())];
        let warning = match self.place {
            Some(Place::Outside) => Some(Person::WarnOutside),
            Some(Place::Extrapolated) => Some(Person::WarnExtrapolated),
            _ => None,
        };
        Page {
            language,
            title: language.fill(Person::Title, &names),
            lead: self.lead(language),
            facts: self.facts(language),
            warnings: warning.map(|key| language.say(key)).into_iter().collect(),
            sections: sections.into_iter().filter_map(section).chain([limits]).chain(origin).collect(),
            footer: self.origin.footer(language),
        }
    }

    fn level(&self, language: Language) -> String {
        language.percent(self.interval_level.unwrap_or(LEVEL), 0)
    }

    fn lead(&self, language: Language) -> String {
        let mut sentences = Vec::new();
        if let Some(percentile) = known(self.percentile) {
            let share = percent(percentile.value, language);
            let values = [("trait", (&self.trait_name).into()), ("percentile", (&share).into())];
            let key = if self.trait_name.is_empty() { Person::LeadScoreOnly } else { Person::Lead };
            sentences.push(language.fill(key, &values));
        }
        if let Some(risk) = known(self.risk) {
            let (value, level) = (percent(risk.value, language), self.level(language));
            let ends = risk.interval.map(|(low, high)| (percent(low, language), percent(high, language)));
            let mut values: Vec<(&str, Value<'_>)> =
                vec![("risk", (&value).into()), ("level", (&level).into())];
            if let Some((low, high)) = &ends {
                values.extend([("low", low.into()), ("high", high.into())]);
            }
            let key = if ends.is_some() { Person::LeadRisk } else { Person::LeadRiskOnly };
            sentences.push(language.fill(key, &values));
        }
        if let Some(average) = self.average_risk.filter(|average| average.is_finite()) {
            let average = percent(average, language);
            sentences.push(language.fill(Person::LeadAverage, &[("average", (&average).into())]));
        }
        sentences.join(" ")
    }

    fn facts(&self, language: Language) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = Vec::new();
        let mut fact = |key: Person, value: Option<String>| {
            facts.extend(value.map(|value| (language.say(key), value)));
        };
        let measured = |measure: Option<Measure>, write: &dyn Fn(f64) -> String| {
            let measure = known(measure)?;
            Some(match measure.interval {
                Some(ends) => {
                    self.with_interval(&write(measure.value), &language.ends(ends, write), language)
                }
                None => write(measure.value),
            })
        };
        fact(Person::FactPercentile, measured(self.percentile, &|value| percent(value, language)));
        fact(Person::FactRisk, measured(self.risk, &|value| percent(value, language)));
        fact(Person::FactAdjusted, measured(self.adjusted, &|value| language.fixed(value, 2)));
        fact(Person::FactScore, self.raw.map(|raw| language.significant(raw, 4)));
        fact(Person::FactExpected, self.expected.map(|expected| language.significant(expected, 4)));
        fact(Person::FactAccuracy, self.accuracy.map(|accuracy| language.fixed(accuracy, 2)));
        fact(Person::FactPopulation, Some(self.population.clone()).filter(|name| !name.is_empty()));
        let place = self.place.map(|place| match place {
            Place::Inside => Person::Inside,
            Place::Outside => Person::Outside,
            Place::Extrapolated => Person::Extrapolated,
        });
        fact(Person::FactFlag, place.map(|key| language.say(key)));
        facts
    }

    fn with_interval(&self, value: &str, ends: &str, language: Language) -> String {
        let level = self.level(language);
        let values = [("value", value.into()), ("level", (&level).into()), ("ends", ends.into())];
        language.fill(Person::Interval, &values)
    }

    fn step_blocks(&self, language: Language) -> Vec<Block> {
        let shown = figure(
            self.steps_plot(language),
            language.text(Person::StepsCaption),
            self.steps_table(language),
        );
        let read = shown.is_some().then(|| Block::Paragraph(language.say(Person::StepsRead)));
        read.into_iter().chain(shown).chain(self.variant_table(language)).collect()
    }

    /// The bars as numbers.
    fn steps_table(&self, language: Language) -> Option<Table> {
        let Some(Plot::Waterfalls(plot)) = self.steps_plot(language) else { return None };
        let columns = vec![
            Column::text(language.text(Person::Variant)),
            Column::number(language.text(Person::ChangeColumn)),
        ];
        let start = vec![plot.start.0.clone(), language.fixed(plot.start.1, 4)];
        let steps = plot.steps.iter().map(|step| vec![step.name.clone(), signed(step.change, language)]);
        let end = plot.start.1 + plot.steps.iter().map(|step| step.change).sum::<f64>();
        let end = vec![plot.end.clone(), language.fixed(end, 4)];
        table("", columns, [start].into_iter().chain(steps).chain([end]).collect())
    }

    /// What the distribution is and where the person is in it.
    fn place_table(&self, language: Language) -> Option<Table> {
        let density = self.distribution.as_ref()?;
        let number = |key| Column::number(language.text(key));
        let columns = vec![
            Column::text(language.text(Common::Population)),
            Column::number(language.text(Common::People)),
            number(Person::Mean),
            number(Person::Sd),
            number(Person::ThisOne),
        ];
        let person = self.raw.map_or_else(|| number::NONE.to_owned(), |raw| language.significant(raw, 4));
        let row = vec![
            self.population.clone(),
            language.count(density.people),
            language.significant(density.mean, 4),
            language.significant(density.sd, 4),
            person,
        ];
        table("", columns, vec![row])
    }

    fn variant_table(&self, language: Language) -> Option<Block> {
        let number = |key| Column::number(language.text(key));
        let columns = vec![
            Column::text(language.text(Person::Variant)),
            Column::text(language.text(Person::Genotype)),
            Column::text(language.text(Person::EffectAllele)),
            number(Person::Weight),
            number(Person::Frequency),
            number(Person::ChangeColumn),
            number(Person::Share),
        ];
        let share = |change: f64| {
            let all = self.absolute_change.filter(|&all| all > 0.0)?;
            Some(language.percent(change.abs() / all, 1))
        };
        let none = || number::NONE.to_owned();
        let row = |variant: &PersonVariant| {
            let genotype = match variant.imputed {
                true => language.fill(Person::Imputed, &[("genotype", (&variant.genotype).into())]),
                false => variant.genotype.clone(),
            };
            vec![
                variant.name.clone(),
                genotype,
                variant.effect_allele.clone(),
                language.fixed(variant.weight, 4),
                variant.frequency.map_or_else(none, |frequency| language.fixed(frequency, 3)),
                signed(variant.change, language),
                share(variant.change).unwrap_or_else(none),
            ]
        };
        let counts = [("n", self.variants.len().into()), ("all", self.variants_total.into())];
        let caption = language.fill(Person::VariantTable, &counts);
        table_block(&caption, columns, self.variants.iter().map(row).collect())
    }

    fn place_blocks(&self, language: Language) -> Vec<Block> {
        let caption = language.fill(Person::PlaceCaption, &[("population", (&self.population).into())]);
        let shown = figure(self.place_plot(language), &caption, self.place_table(language));
        let level = self.level(language);
        let columns = vec![
            Column::text(language.text(Person::Source)),
            Column::number(language.text(Person::Proportion)),
            Column::number(language.fill(Common::Interval, &[("percent", (&level).into())])),
        ];
        let row = |(source, proportion): &(String, Measure)| {
            let write = |share| language.percent(share, 1);
            let ends = proportion
                .interval
                .map_or_else(|| number::NONE.to_owned(), |ends| language.ends(ends, write));
            vec![source.clone(), write(proportion.value), ends]
        };
        let rows = self.admixture.iter().map(row).collect();
        shown.into_iter().chain(table_block(language.text(Person::AdmixtureTable), columns, rows)).collect()
    }

    fn missing_blocks(&self, language: Language) -> Vec<Block> {
        if self.variants_total == 0 && self.missing.is_empty() {
            return Vec::new();
        }
        let columns = vec![
            Column::text(language.text(Person::Kind)),
            Column::number(language.text(Person::Variants)),
            Column::number(language.text(Person::VarianceShare)),
            Column::number(language.text(Person::ScoreBetween)),
            Column::number(language.text(Person::PercentileBetween)),
        ];
        let none = || number::NONE.to_owned();
        let row = |row: &MissingVariants| {
            let kind = match &row.kind {
                MissingKind::NotInCohort => language.say(Person::NotInCohort),
                MissingKind::NotCalled => language.say(Person::NotCalled),
                MissingKind::Imputed => language.say(Person::ImputedKind),
                MissingKind::Other(kind) => kind.clone(),
            };
            let score = |ends| language.ends(ends, |value| language.significant(value, 3));
            let percentile = |ends| language.ends(ends, |value| percent(value, language));
            vec![
                kind,
                language.count(row.variants),
                row.variance_share.map_or_else(none, |share| language.percent(share, 1)),
                row.score_between.map_or_else(none, score),
                row.percentile_between.map_or_else(none, percentile),
            ]
        };
        let rows: Vec<Vec<String>> = self.missing.iter().filter(|row| row.variants > 0).map(row).collect();
        match table_block(language.text(Person::MissingCaption), columns, rows) {
            Some(table) => vec![Block::Paragraph(language.say(Person::MissingRead)), table],
            None => vec![Block::Paragraph(language.say(Person::NothingMissing))],
        }
    }
}

/// A measure with a number in it.
fn known(measure: Option<Measure>) -> Option<Measure> {
    measure.filter(|measure| measure.value.is_finite())
}

/// A share in per cent, with a decimal near both ends: 99.7 % is not 100 %.
fn percent(share: f64, language: Language) -> String {
    let decimals = usize::from(!(0.1..0.99).contains(&share) && share > 0.0 && share < 1.0);
    language.percent(share, decimals)
}

fn signed(value: f64, language: Language) -> String {
    let text = language.fixed(value, 4);
    if value > 0.0 { format!("+{text}") } else { text }
}
