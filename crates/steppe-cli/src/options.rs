//! Options that several commands share, and the values they take.

mod cohort_job;
mod compute;
mod fraction;
mod matching;
mod memory;
mod named_file;
mod remote;
mod settings;
mod simd;
mod traits;

pub(crate) use cohort_job::{CohortJobOptions, note_end};
pub(crate) use compute::{MemoryOption, ThreadsOption};
pub(crate) use fraction::fraction;
pub(crate) use matching::{MatchingOptions, MatchingRules};
pub(crate) use memory::MemorySize;
pub(crate) use named_file::NamedFile;
pub(crate) use remote::RemoteOptions;
pub(crate) use settings::{CoordinatorOptions, GatewayOptions, WorkerOptions};
pub(crate) use simd::Simd;
pub(crate) use traits::{ColumnName, SelectionOptions, TraitOptions, column_name};
