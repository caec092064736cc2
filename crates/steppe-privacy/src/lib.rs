//! What people may see of a cohort, and what answers give away. Pure logic: it reads no files, asks no clock and draws no
//! randomness of its own; texts, times, secrets and sets of sample numbers are given. Engines and gateways call it.
//!
//! | module | decides |
//! |---|---|
//! | [`policy`] | who may see what of which cohort, from one file |
//! | [`statement_caps`] | whether a statement is given to a parser at all |
//! | [`cells`] | which counts of a table are left out, so that none of few people can be calculated from it |
//! | [`ledger`] | whether an answer, with all earlier ones, would tell of few people |
//! | [`noise`] | how an answer is blurred instead, and what a user may spend on that |
//! | [`leakage`] | how many genotypes a released score gives away |
//! | [`export`] | whether rows of persons leave |
//!
//! A statement's way: [`StatementCaps::check`](statement_caps::StatementCaps::check); parse and plan;
//! [`Policy::access`](policy::Policy::access) for each class of columns, whose rows, masks and precision the plan gets;
//! for an aggregate, [`cells::suppress`] over its groups and [`Ledger::check_all`](ledger::Ledger::check_all) over the sets
//! of what is left, or [`Noise`](noise::Noise) within a [`Budget`](noise::Budget); for rows,
//! [`Exports::export`](export::Exports::export). What was decided is saved, and recorded in the audit log, before the
//! answer leaves.
//!
//! What none of it protects from: users who share their answers, what is known from elsewhere, and groups that are all
//! alike. `docs/decisions/2026-11-22-protection-of-answers.md` of the project says more.

pub mod cells;
mod error;
pub mod export;
pub mod leakage;
pub mod ledger;
pub mod noise;
pub mod policy;
pub mod statement_caps;

pub use error::PrivacyError;
