mod page;
mod plots;

use crate::calibration::Measure;
use crate::density::Density;
use crate::error::ReportError;
use crate::language::Language;
use crate::origin::Origin;
use crate::plot::{Format, Plot};

/// Why one person has the score that they have, as plain data. Anything that is not known is left empty, and the part of the
/// page that would show it is left out.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PersonReport {
    /// The person's id in the cohort.
    pub sample: String,
    /// The score's name.
    pub score: String,
    /// What the score predicts; may be empty.
    pub trait_name: String,
    /// The people with whom this one is compared: a population, or `similar ancestry`.
    pub population: String,
    /// The score before adjustment.
    pub raw: Option<f64>,
    /// What it is on average in the population, or for this person's ancestry.
    pub expected: Option<f64>,
    /// The adjusted score, in standard deviations.
    pub adjusted: Option<Measure>,
    /// Share of people of the same ancestry with a lower score, 0 to 1.
    pub percentile: Option<Measure>,
    /// Risk, 0 to 1.
    pub risk: Option<Measure>,
    /// Average risk in the population, 0 to 1.
    pub average_risk: Option<f64>,
    /// Level of the intervals, as a share; 0.9 where nothing is given.
    pub interval_level: Option<f64>,
    /// Accuracy (R²) that is to be expected at this person's genetic distance.
    pub accuracy: Option<f64>,
    /// Where the person lies against the reference.
    pub place: Option<Place>,
    /// Ancestry proportions by source population, 0 to 1.
    pub admixture: Vec<(String, Measure)>,
    /// Distribution of the score before adjustment in the population.
    pub distribution: Option<Density>,
    /// Variants that move this person's score most from the expectation, by falling absolute change: the first 15 or so.
    pub variants: Vec<PersonVariant>,
    /// Variants of the score that are scored.
    pub variants_total: u64,
    /// Sum of the changes of the variants that are not among `variants`. Where it is not known, the difference of `raw` and
    /// `expected` tells it.
    pub other_change: Option<f64>,
    /// Sum of the absolute changes of all variants: what a share is of.
    pub absolute_change: Option<f64>,
    /// Variants that were not read, by what was done.
    pub missing: Vec<MissingVariants>,
    /// How the report was made.
    pub origin: Origin,
}

/// Where a person lies against the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Among its people.
    Inside,
    /// Unlike everybody in it.
    Outside,
    /// Among its people, where the adjustment has seen few.
    Extrapolated,
}

/// A variant of the score in one person.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PersonVariant {
    /// Its name.
    pub name: String,
    /// The genotype: `A/G`, or a dosage.
    pub genotype: String,
    /// Whether the genotype was imputed.
    pub imputed: bool,
    /// The allele whose copies the weight multiplies.
    pub effect_allele: String,
    /// The weight of one copy.
    pub weight: f64,
    /// Frequency of the effect allele in the population, 0 to 1.
    pub frequency: Option<f64>,
    /// Contribution to this person's score minus what it is on average in the population.
    pub change: f64,
}

/// Variants of the score that were not read in this person.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MissingVariants {
    /// What was done with them.
    pub kind: MissingKind,
    /// How many.
    pub variants: u64,
    /// Share of the score's variance that they carry, 0 to 1.
    pub variance_share: Option<f64>,
    /// Lowest and highest score that the person could have if they were known.
    pub score_between: Option<(f64, f64)>,
    /// The same as percentiles, 0 to 1.
    pub percentile_between: Option<(f64, f64)>,
}

/// What was done with variants that were not read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum MissingKind {
    /// The cohort does not have them; they do not count.
    NotInCohort,
    /// This person's genotype is missing; the expectation was used.
    #[default]
    NotCalled,
    /// Imputed, with less than certainty.
    Imputed,
    /// Anything else, in the caller's words.
    Other(String),
}

impl PersonReport {
    /// The report as one HTML document that loads nothing.
    pub fn html(&self, language: Language) -> String {
        self.page(language).html()
    }

    /// The plots that the data allow, each with a name for its file: `place`, `steps`.
    pub fn plots(&self, language: Language) -> Vec<(&'static str, Plot)> {
        let plots = [("place", self.place_plot(language)), ("steps", self.steps_plot(language))];
        plots.into_iter().filter_map(|(name, plot)| Some((name, plot?))).collect()
    }

    /// The plots as SVG files: name without ending, and content.
    pub fn svgs(&self, language: Language) -> Vec<(&'static str, String)> {
        let plots = self.plots(language).into_iter();
        plots.map(|(name, plot)| (name, plot.svg_in(Format::Wide, language))).collect()
    }

    /// The plots as PNG files, `scale` times as large as their SVG: name without ending, and content.
    ///
    /// # Errors
    ///
    /// Where a plot cannot be drawn at this scale.
    pub fn pngs(&self, language: Language, scale: f32) -> Result<Vec<(&'static str, Vec<u8>)>, ReportError> {
        let plots = self.plots(language).into_iter();
        plots.map(|(name, plot)| Ok((name, plot.png(Format::Wide, language, scale)?))).collect()
    }
}
