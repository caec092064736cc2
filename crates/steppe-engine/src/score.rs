//! The scoring job: scoring files in, exact scores out.
//!
//! [`ScoreJob::prepare`] reads and hashes the scoring files, matches them to the cohort and applies the overlap
//! gate; nothing is written and no genotype is read before that has succeeded. [`ScoreJob::run`] quantises the
//! weights of the scores that passed, runs the forward pass (several times, when the sums of all scores do not
//! fit into the memory limit; over one segment of the variants after the other, when their tables do not) and returns
//! [`Scores`].

mod contribution;
mod effects;
mod fixed_point;
mod frequency;
mod job;
mod lane_plan;
mod lanes;
mod matching;
mod options;
mod overlap;
mod ploidy;
mod results;
mod segments;
mod selection;
mod sources;

pub use contribution::MissingPolicy;
pub use effects::RowEffect;
pub use fixed_point::FixedPoint;
pub use frequency::FrequencySource;
pub use job::{KERNEL_SEMANTICS, ScoreJob};
pub use lane_plan::CountLanes;
pub use matching::{MatchedFile, MatchedRow};
pub use options::{MatchSettings, ScoreOptions};
pub use overlap::{Gate, Overlap, UnsupportedShare};
pub use results::{ScoreColumn, Scores};
pub use sources::{ScoringSource, read_sources, read_sources_of_any_build};
