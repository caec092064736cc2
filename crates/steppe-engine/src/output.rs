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
mod sscore;
mod summary;
mod values;

pub use request::{MatchRequest, ScoreReport, ScoreRequest, ScoreSummary, match_only, score};
pub use run_record::{InputRecord, OutputRecord, RunRecord, ScoreRecord};
