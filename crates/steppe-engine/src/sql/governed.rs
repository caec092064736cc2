//! Tables about persons under a policy.
//!
//! Who asks sees each class of a cohort's columns (scores, phenotypes, ancestry) at one of four precisions
//! (`steppe_privacy::policy`). Two things enforce that, each for itself:
//!
//! - **In the scan.** What is behind a name is a [`person_table::PolicyTable`]. It shows rows of people who are seen
//!   ([`visible`]: consent and site, looked up again whenever their file changes), columns as they are seen ([`columns`]:
//!   pseudonyms, masks, Z and percentiles of [`bands`]), through an operator that nothing is pushed through
//!   ([`barrier`]). Who may take no rows away has tables that are *locked*: their scan always fails.
//! - **In the plan.** A rule on every analysed plan ([`release`]) finds the aggregates over locked tables, admits those
//!   below which only known operators and expressions are, reads unlocked copies there, and puts a release above: sets of
//!   people that the answer is about go to the suppression of small cells and the user's ledger ([`guard`]), or counts
//!   get noise.
//!
//! Rows of persons that a role may take away are counted as they leave, and where the policy says so need two stewards
//! ([`leaving`]), who decide in sessions of their own ([`exports`]).
//!
//! What is kept between statements (where people stand in scores, what users were told) has a limit ([`room`]); what was not
//! used for the longest time is let go, and what has a file is read again. What a running statement takes beside its
//! operators (sets of people, standings that are found out, a ledger while it is decided on) is asked of the same memory
//! pool as they ask of, so that a statement ends with an error before the process does.
//!
//! # What a statement on locked tables may be
//! Below an aggregate: tables about persons, joined by `sample_key` (inner or left); tables about nobody, joined by an
//! equality; WHERE and GROUP BY on labels and attributes, by comparisons with constants and functions that fail on no
//! value; count, count(DISTINCT sample_key), sum, avg, stddev, var, and of ten times as many people corr, covar, regr_…,
//! auc, odds_ratio_per_sd and liability_r2, of columns as they are, with FILTER. Above it: anything.

mod bands;
mod barrier;
mod bounded_sum;
mod catalog;
mod columns;
mod endpoint;
mod exports;
mod few;
mod guard;
mod leaving;
mod measured;
mod on_demand;
mod packed;
mod people;
mod people_set;
mod person_table;
mod questions;
mod release;
mod remembered;
mod role_table;
mod room;
mod scores_wide;
mod service;
mod session;
mod texts;
mod unreadable;
mod visible;

pub use catalog::{CohortSource, PhenotypeSource};
pub use endpoint::GovernedService;
pub use exports::ExportRecord;
pub use guard::{ReleaseAudit, ReleaseRecord};
pub use remembered::Remembered;
pub use role_table::RoleTable;
pub use service::{GovernedCatalog, GovernedSources};
pub use session::GovernedSession;

#[cfg(test)]
mod tests;
