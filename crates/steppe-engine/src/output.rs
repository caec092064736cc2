//! What a scoring or matching job leaves behind: a folder with one file a purpose, and `run.json`, which names them
//! all by hash and makes the result visible.

mod column_chunks;
mod folder;
mod hashing;
mod in_order;
mod match_log;
mod request;
mod run;
mod run_file;
mod run_record;
mod scores_parquet;
mod sealed;
mod sequel;
mod sscore;
mod summary;
mod values;

pub use folder::{Existing, RUN_FILE, ResultFolder, ResultRecord, existing, sibling};
pub use hashing::{HashingFile, hash_file};
pub use request::{MatchRequest, ScoreReport, ScoreRequest, ScoreSummary, match_only, score, score_and};
pub use run_record::{CohortRecord, InputRecord, NoteRecord, OutputRecord, RunRecord, ScoreRecord};
pub(crate) use scores_parquet::scores_schema;
pub use sealed::{seal, seal_compact, unseal};
pub use sequel::{ScoreSequel, SequelOutputs, SequelPlan};
