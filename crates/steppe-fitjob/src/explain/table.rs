//! One person's variants as text.

use super::{ExplainedPerson, ExplainedVariant};

const COLUMNS: [&str; 14] = [
    "variant",
    "chr_name",
    "chr_position",
    "effect_allele",
    "other_allele",
    "genotype",
    "missing",
    "weight",
    "effect_frequency",
    "adds",
    "expected",
    "change",
    "share",
    "rank",
];

impl ExplainedPerson {
    /// A variant's share of all changes, up and down taken together.
    pub fn share(&self, variant: &ExplainedVariant) -> f64 {
        if self.absolute_change > 0.0 { variant.change().abs() / self.absolute_change } else { 0.0 }
    }

    /// All variants as a tab-separated table, by falling absolute change; numbers are read back as the same doubles.
    pub fn tsv(&self) -> String {
        let mut text = COLUMNS.join("\t");
        text.push('\n');
        for (rank, of) in (1..).zip(&self.variants) {
            text.push_str(&self.line(of, rank));
            text.push('\n');
        }
        text
    }

    fn line(&self, of: &ExplainedVariant, rank: usize) -> String {
        let number = |value: f64| format!("{value:?}");
        [
            of.name.clone(),
            of.chromosome.clone(),
            of.position.to_string(),
            of.effect_allele.clone(),
            of.other_allele.clone(),
            of.genotype.clone(),
            u8::from(of.missing).to_string(),
            number(of.weight),
            of.frequency.map_or_else(|| "NA".to_owned(), number),
            number(of.adds),
            number(of.expected),
            number(of.change()),
            number(self.share(of)),
            rank.to_string(),
        ]
        .join("\t")
    }
}
