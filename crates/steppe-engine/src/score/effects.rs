//! What single rows of a score add in one person: the terms of a sum, for whoever wants to explain it.

use steppe_genome::Sex;

use super::{
    FixedPoint, ScoreJob,
    frequency::Frequencies,
    lanes::{places, terms},
};
use crate::pass::{SEX_CLASSES, SexClass};

/// What a matched row adds to a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowEffect {
    /// The row's index in the file's rows.
    pub row: u32,
    /// The variant's index in the cohort.
    pub variant: u32,
    /// Where the variant is in the job's table.
    pub at: usize,
    /// Whether the effect allele is the counted one.
    pub effect_is_counted: bool,
    /// Copies of alleles that a call has in people of this sex; 0 where they do not have the chromosome.
    pub alleles: u8,
    /// What 0, 1 and 2 copies of the counted allele add, and a missing call: as they are summed, in multiples of the
    /// score's scale.
    pub adds: [f64; 4],
    /// The counted allele's frequency that missing calls are imputed from.
    pub frequency: f64,
}

impl ScoreJob {
    /// What every row of a score that counts adds in people of a sex, in variant order, and the scale that a sum is
    /// rounded to: the sum of a person's `adds` is the score that [`ScoreJob::run`] computes.
    pub fn effects(&self, score: usize, sex: Sex) -> (Vec<RowEffect>, FixedPoint) {
        let column = &self.columns[score];
        let file = &self.files[column.file];
        let frequencies = Frequencies::new(&self.variants, &self.frequencies);
        let everywhere = 0..self.cohort.manifest().variants;
        let places = places(file, &everywhere, self.variants.as_ref(), &frequencies);
        let rows = &file.source.file.rows;
        let missing = self.options.missing;
        let scale =
            FixedPoint::for_entries(terms(rows, column.column, &places).map(|term| term.magnitude(missing)));
        let own = match sex {
            Sex::Female => SexClass::Female,
            Sex::Male => SexClass::Male,
            Sex::Unknown => SexClass::Unknown,
        };
        let class = SEX_CLASSES.iter().position(|class| *class == own).unwrap_or_default();
        let of = |term: super::lanes::Term| RowEffect {
            row: term.place.matched.row,
            variant: term.place.variant,
            at: term.place.matched.variant as usize,
            effect_is_counted: term.place.matched.effect_is_counted,
            alleles: term.models[class].alleles,
            adds: term.contributions(class, missing).map(|entry| scale.value(scale.quantise(entry))),
            frequency: term.place.frequency,
        };
        (terms(rows, column.column, &places).map(of).collect(), scale)
    }
}
