use steppe_engine::score::ScoreOptions;
use steppe_formats::sample_list::SampleSelector;
use steppe_store::Location;

use super::super::{ApplyOptions, options::SampleColumn};

/// One person's score, to be explained.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// The cohort store.
    pub cohort: Location,
    /// The scoring files, and how they are scored; lists of samples are not looked at.
    pub scoring: ScoreOptions,
    /// The score; the only one of the scoring files where absent.
    pub score: Option<String>,
    /// The person.
    pub sample: SampleSelector,
    /// A column of the cohort's populations: the person is compared to the people of her own. To the cohort's founders, or
    /// the frequency file of `scoring`, where absent.
    pub population: Option<SampleColumn>,
    /// What the score means.
    pub calibration: Option<ApplyOptions>,
    /// Compute the distribution of the score in the population too, where there is a column.
    pub distribution: bool,
}
