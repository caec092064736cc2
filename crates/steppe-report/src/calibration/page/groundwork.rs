//! What there was: scores, people, ancestry, distributions.

use super::super::blocks::{figure, table, table_block};
use super::super::thinning::POINTS;
use super::super::written::{count, none, population};
use super::super::{CalibrationReport, PcaRole, PopulationPeople, ScoreDistribution, ScoreMatch};
use crate::density::Density;
use crate::language::{Calibration, Common, Language};
use crate::page::{Block, Column, Table};

impl CalibrationReport {
    pub(super) fn score_blocks(&self, language: Language) -> Vec<Block> {
        let text = |key| language.text(key);
        let with_variance = self.scores.iter().any(|score| score.variance_share.is_some());
        let mut columns = vec![
            Column::text(language.text(Common::Score)),
            Column::number(text(Calibration::Rows)),
            Column::number(text(Calibration::Matched)),
            Column::number(text(Calibration::MatchedShare)),
        ];
        columns.extend(with_variance.then(|| Column::number(text(Calibration::VarianceShare))));
        let row = |score: &ScoreMatch| {
            let share = if score.rows == 0 { f64::NAN } else { score.matched as f64 / score.rows as f64 };
            let mut cells = vec![
                score.name.clone(),
                language.count(score.rows),
                language.count(score.matched),
                language.percent(share, 1),
            ];
            let variance = || score.variance_share.map_or_else(none, |share| language.percent(share, 1));
            cells.extend(with_variance.then(variance));
            cells
        };
        let rows = self.scores.iter().map(row).collect();
        let matched = table_block(text(Calibration::ScoresCaption), columns, rows);
        let read = matched.is_some().then(|| Block::Paragraph(language.say(Calibration::ScoresRead)));
        read.into_iter().chain(matched).chain(self.excluded(language)).collect()
    }

    /// Rows left out, by score and reason.
    fn excluded(&self, language: Language) -> Option<Block> {
        let row = |score: &ScoreMatch, (reason, rows): &(super::super::Exclusion, u64)| {
            vec![score.name.clone(), reason.text(language), language.count(*rows)]
        };
        let rows: Vec<Vec<String>> = self
            .scores
            .iter()
            .flat_map(|score| score.excluded.iter().map(move |entry| row(score, entry)))
            .collect();
        let columns = vec![
            Column::text(language.text(Common::Score)),
            Column::text(language.text(Calibration::Reason)),
            Column::number(language.text(Calibration::Rows)),
        ];
        table_block(language.text(Calibration::ExcludedCaption), columns, rows)
    }

    pub(super) fn people_blocks(&self, language: Language) -> Vec<Block> {
        type Of = fn(&PopulationPeople) -> Option<u64>;
        let all: [(Calibration, Of); 6] = [
            (Calibration::Phenotyped, |row| row.phenotyped),
            (Calibration::CaseColumn, |row| row.cases),
            (Calibration::LearntFrom, |row| row.calibration),
            (Calibration::EvaluatedOn, |row| row.evaluation),
            (Calibration::Outside, |row| row.outside),
            (Calibration::Extrapolated, |row| row.extrapolated),
        ];
        let known: Vec<(Calibration, Of)> =
            all.into_iter().filter(|(_, of)| self.people.iter().any(|row| of(row).is_some())).collect();
        let columns =
            [Column::text(language.text(Common::Population)), Column::number(language.text(Common::People))];
        let columns =
            columns.into_iter().chain(known.iter().map(|(key, _)| Column::number(language.text(*key))));
        let cells = |name: String, people: u64, of: &dyn Fn(Of) -> Option<u64>| {
            let counts = known.iter().map(|(_, column)| count(of(*column), language));
            [name, language.count(people)].into_iter().chain(counts).collect::<Vec<String>>()
        };
        let row = |row: &PopulationPeople| {
            cells(population(&row.population, language), row.people, &|column: Of| column(row))
        };
        let mut rows: Vec<Vec<String>> = self.people.iter().map(row).collect();
        if self.people.len() > 1 {
            rows.push(cells(language.say(Common::All), self.all_people(), &|column: Of| self.total(column)));
        }
        let flags = self.people.iter().any(|row| row.outside.is_some() || row.extrapolated.is_some());
        let read = flags.then(|| Block::Paragraph(language.say(Calibration::PeopleRead)));
        let people = table_block(language.text(Calibration::PeopleCaption), columns.collect(), rows);
        people.map_or_else(Vec::new, |people| read.into_iter().chain([people]).collect())
    }

    pub(super) fn pca_blocks(&self, language: Language) -> Vec<Block> {
        let Some(pca) = &self.pca else { return Vec::new() };
        let all = pca.people();
        let drawn: usize = pca.drawn().iter().map(Vec::len).sum();
        let mut caption = language.say(Calibration::PcaCaption);
        if drawn < all {
            let most = language.count(POINTS as u64);
            let values = [("drawn", drawn.into()), ("all", all.into()), ("most", (&most).into())];
            caption.push(' ');
            caption.push_str(&language.fill(Calibration::PcaThinned, &values));
        }
        let shown = figure(self.pca_plot(language), &caption, self.pca_table(language));
        let read = shown.is_some().then(|| Block::Paragraph(language.say(Calibration::PcaRead)));
        read.into_iter().chain(shown).collect()
    }

    /// People, and mean of the first components, of each group.
    fn pca_table(&self, language: Language) -> Option<Table> {
        let pca = self.pca.as_ref()?;
        let components = pca.groups.iter().flat_map(|group| &group.coordinates).map(Vec::len).max()?.min(4);
        let columns = [
            Column::text(language.text(Calibration::Group)),
            Column::text(language.text(Calibration::Role)),
            Column::number(language.text(Common::People)),
        ];
        let component = |index: usize| {
            let name = format!("PC{}", index + 1);
            Column::number(language.fill(Calibration::MeanOf, &[("what", (&name).into())]))
        };
        let row = |group: &super::super::PcaGroup| {
            let role = match group.role {
                PcaRole::Reference => Calibration::OfReference,
                PcaRole::Target => Calibration::OfTarget,
            };
            let mean = |index: usize| {
                let values = group
                    .coordinates
                    .iter()
                    .filter_map(|row| row.get(index))
                    .filter(|value| value.is_finite());
                let (sum, n) = values.fold((0.0, 0_u64), |(sum, n), value| (sum + value, n + 1));
                if n == 0 { none() } else { language.significant(sum / n as f64, 3) }
            };
            let names =
                [group.name.clone(), language.say(role), language.count(group.coordinates.len() as u64)];
            names.into_iter().chain((0..components).map(mean)).collect()
        };
        let rows = pca.groups.iter().map(row).collect();
        let columns = columns.into_iter().chain((0..components).map(component)).collect();
        table(language.text(Calibration::PcaTable), columns, rows)
    }

    pub(super) fn distribution_blocks(&self, language: Language) -> Vec<Block> {
        let shown = |score: &ScoreDistribution| {
            let caption =
                language.fill(Calibration::DistributionCaption, &[("score", (&score.score).into())]);
            let data = distribution_table(score, language);
            // A score without any spread has no curve, but it has its numbers.
            match self.distribution_plot(score, language) {
                Some(plot) => figure(Some(plot), &caption, data),
                None => data.map(Block::Table),
            }
        };
        let figures: Vec<Block> = self.distributions.iter().filter_map(shown).collect();
        let read =
            (!figures.is_empty()).then(|| Block::Paragraph(language.say(Calibration::DistributionRead)));
        read.into_iter().chain(figures).collect()
    }
}

fn distribution_table(score: &ScoreDistribution, language: Language) -> Option<Table> {
    let number = |key| Column::number(language.text(key));
    let columns = vec![
        Column::text(language.text(Common::Population)),
        number(Calibration::PeopleColumn),
        number(Calibration::MeanBefore),
        number(Calibration::SdBefore),
        number(Calibration::MeanAfter),
        number(Calibration::SdAfter),
    ];
    let pair = |density: Option<&Density>| match density {
        Some(density) => [density.mean, density.sd].map(|value| language.significant(value, 3)),
        None => [none(), none()],
    };
    let after = |density: Option<&Density>| match density {
        Some(density) => [density.mean, density.sd].map(|value| language.fixed(value, 2)),
        None => [none(), none()],
    };
    let row = |row: &super::super::PopulationDistribution| {
        let people = row.after.as_ref().or(row.before.as_ref()).map(|density| density.people);
        let names = [population(&row.population, language), count(people, language)];
        names.into_iter().chain(pair(row.before.as_ref())).chain(after(row.after.as_ref())).collect()
    };
    table(language.text(Calibration::DistributionTable), columns, score.populations.iter().map(row).collect())
}
