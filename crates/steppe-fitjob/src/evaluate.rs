//! How well scores predict: scores and phenotypes joined, evaluated by population and by genetic distance, and written as
//! tables. No genotype is read.

mod input;
mod job;
mod options;
mod record;
mod tables;

pub use job::{EvaluationReport, evaluate_scores};
pub use options::EvaluateOptions;
pub use record::{EvaluationRecord, EvaluationTraitRecord};
