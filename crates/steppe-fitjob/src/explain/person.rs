//! One person's score, taken apart.

use steppe_calibrate::model::PersonCalibration;
use steppe_engine::{
    output::InputRecord,
    score::{RowEffect, ScoreJob},
};
use steppe_genome::VariantTable;

use super::MissingPart;

/// Everything that is said of one person's score.
#[derive(Debug, Clone)]
pub struct ExplainedPerson {
    /// Family and sample id.
    pub sample: (String, String),
    /// The score.
    pub score: String,
    /// The person's, as `steppe score` computes it.
    pub raw: f64,
    /// Her population; empty where none is known.
    pub population: String,
    /// Whose allele frequencies are expected, in words.
    pub frequencies_of: String,
    /// What these frequencies lead to expect.
    pub expected: f64,
    /// What the calibration says, and whether she lies outside of its reference.
    pub calibrated: Option<(PersonCalibration, bool)>,
    /// Proportions of descent with their standard errors, of a calibration.
    pub admixture: Vec<(String, f64, f64)>,
    /// Every variant that counts, by falling absolute change.
    pub variants: Vec<ExplainedVariant>,
    /// Sum of the absolute changes.
    pub absolute_change: f64,
    /// What was not read.
    pub missing: Vec<MissingPart>,
    /// Rows of kinds that are not scored yet.
    pub unsupported: u64,
    /// Scores of the population's people, where the distribution was asked for and the population is known.
    pub scores: Vec<f64>,
    /// The files that were read.
    pub inputs: Vec<InputRecord>,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// A variant of a score in one person.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedVariant {
    /// Its id, or chromosome, position and alleles where it has none.
    pub name: String,
    /// Its chromosome.
    pub chromosome: String,
    /// Its position.
    pub position: u32,
    /// The allele whose copies the weight multiplies.
    pub effect_allele: String,
    /// The variant's other allele.
    pub other_allele: String,
    /// The genotype, as `A/G`, or `A` where people have one copy; `.` where the call is missing.
    pub genotype: String,
    /// The call is missing: what is expected of it counts.
    pub missing: bool,
    /// The weight of one copy.
    pub weight: f64,
    /// Frequency of the effect allele in the population; `None` where nobody there has a call.
    pub frequency: Option<f64>,
    /// What the genotype adds to the score.
    pub adds: f64,
    /// What the variant adds on average in the population, in Hardy-Weinberg proportions.
    pub expected: f64,
    /// Variance of what it adds, between people of the population.
    pub variance: f64,
    /// The least and the most that any genotype adds.
    pub could_add: (f64, f64),
}

impl ExplainedVariant {
    /// What the person's genotype adds beyond what is expected.
    pub fn change(&self) -> f64 {
        self.adds - self.expected
    }

    /// A row of a score with the code of the person's genotype.
    pub(super) fn new(
        job: &ScoreJob,
        score: usize,
        effect: &RowEffect,
        frequency: Option<f64>,
        code: u8,
    ) -> Self {
        let column = &job.columns[score];
        let variants = job.variants.as_ref();
        let at = effect.at;
        let (counted, other) = (variants.counted_allele(at), variants.other_allele(at));
        let (effect_allele, other_allele) =
            if effect.effect_is_counted { (counted, other) } else { (other, counted) };
        let chromosome = variants.chromosome(at).label().into_owned();
        let position = variants.position(at);
        let name = match variants.id(at) {
            "" | "." => format!("{chromosome}:{position}:{other}:{counted}"),
            id => id.to_owned(),
        };
        // Without anybody's call the imputed frequency is the best there is.
        let f = frequency.unwrap_or(effect.frequency);
        let shares = [(1.0 - f) * (1.0 - f), 2.0 * f * (1.0 - f), f * f];
        let called = &effect.adds[..3];
        let mean = |of: &dyn Fn(f64) -> f64| {
            called.iter().zip(shares).map(|(adds, share)| of(*adds) * share).sum::<f64>()
        };
        let expected = mean(&|adds| adds);
        Self {
            name,
            chromosome,
            position,
            effect_allele: effect_allele.to_owned(),
            other_allele: other_allele.to_owned(),
            genotype: genotype(code, effect.alleles, counted, other),
            missing: code > 2 && effect.alleles > 0,
            weight: job.files[column.file].source.file.rows.weights[column.column][effect.row as usize],
            frequency: frequency.map(|f| if effect.effect_is_counted { f } else { 1.0 - f }),
            adds: effect.adds[usize::from(code.min(3))],
            expected,
            variance: mean(&|adds| (adds - expected) * (adds - expected)),
            could_add: called.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), adds| {
                (low.min(*adds), high.max(*adds))
            }),
        }
    }
}

/// A genotype as text, the other allele first.
fn genotype(code: u8, alleles: u8, counted: &str, other: &str) -> String {
    match (code, alleles) {
        (_, 0) => "-".to_owned(),
        (0, 1) => other.to_owned(),
        (2, 1) => counted.to_owned(),
        (0, _) => format!("{other}/{other}"),
        (1, _) => format!("{other}/{counted}"),
        (2, _) => format!("{counted}/{counted}"),
        _ => ".".to_owned(),
    }
}
