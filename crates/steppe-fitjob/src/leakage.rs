//! How many genotypes a released score gives away: the attack of [`steppe_privacy::leakage`] on scoring files, with the allele
//! frequencies of a cohort, of a file or of the scoring files themselves. No genotype is read: the people are made up.

mod job;
mod options;
mod releases;
mod row;
mod scores;
mod tables;

pub use job::{LeakageReport, measure_leakage};
pub use options::LeakageOptions;
pub use row::{LeakageRecord, LeakageRow, Verdict};
