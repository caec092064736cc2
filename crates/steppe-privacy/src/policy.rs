//! The policy: one TOML file that says who may see what of which cohort, and how answers are protected.
//!
//! ```toml
//! version = 1                    # of this format
//! revision = 7                   # rises with every change
//!
//! [cohort."biobank"]
//! minimum_cell = 5               # no count of 1 to 4 people leaves
//! consent = { column = "consent", allowed = ["research"] }
//!
//! [cohort."biobank".role.analyst]
//! scores = "rounded"             # raw, rounded, aggregates or nothing
//! ```
//!
//! `examples/policy.toml` of this crate has every key with its meaning. Three rules decide what a file means:
//!
//! - **What is not granted is `nothing`.** A cohort that is not named takes `[default]` whole, or nothing at all where
//!   there is none. A cohort that is named takes those *settings* from `[default]` that it does not have itself, but no
//!   role: its roles are those of its own tables.
//! - **Of several roles the one that sees most counts, with its own limits.** [`Policy::access`] takes the role with the
//!   finest precision for a class of columns. Where several are equal, rows are those of any, masks are the strictest of
//!   all, and the export is that of one of them: what one role sees finely, and another sees widely, is not seen finely
//!   *and* widely.
//! - **The cohort's own limits then bind everybody:** consent, `at_most`, the minimum cell, the grid, the protection.

mod access;
mod file;
mod mask;
mod release;
mod roles;
mod rules;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};

use crate::PrivacyError;
pub use access::{Access, Rows};
pub use mask::Mask;
pub use release::{Precision, percentile_on_grid, rounded_z};
pub use roles::{ColumnClass, Role};
pub use rules::{CohortRules, Consent, ExportGrant, Grant, Protection, RowFilter, SMALL_SCORE, SmallScores};

/// The format's version that this reads.
pub const VERSION: u32 = 1;

/// A policy that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    digest: [u8; 32],
    revision: u64,
    default: Option<CohortRules>,
    cohorts: BTreeMap<String, CohortRules>,
    users: BTreeMap<String, BTreeSet<Role>>,
}

impl Policy {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// The first fault with its line; where a key or word is mistyped, with the one that was probably meant.
    pub fn parse(text: &str) -> Result<Self, PrivacyError> {
        let checked = file::parse(text)?;
        let digest = *blake3::hash(text.as_bytes()).as_bytes();
        let file::Checked { revision, default, cohorts, users } = checked;
        Ok(Self { digest, revision, default, cohorts, users })
    }

    /// The policy that follows this one. The same text is the same policy; any other needs a higher revision, so that
    /// the audit log can name a policy by its revision.
    ///
    /// # Errors
    /// Those of [`Self::parse`]; a revision that has not risen. The policy in force then stays.
    pub fn reload(&self, text: &str) -> Result<Self, PrivacyError> {
        let next = Self::parse(text)?;
        if next.digest != self.digest && next.revision <= self.revision {
            return Err(PrivacyError::PolicyRevision { current: self.revision, found: next.revision });
        }
        Ok(next)
    }

    /// The file's revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// BLAKE3 of the file's text, for the audit log.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// What holds for a cohort, whoever asks; `None` is a cohort that nobody sees.
    pub fn cohort(&self, cohort: &str) -> Option<&CohortRules> {
        self.cohorts.get(cohort).or(self.default.as_ref())
    }

    /// A user's roles: those that their token gives, and those that the file gives to its subject.
    pub fn roles(&self, user: &str, of_token: &BTreeSet<Role>) -> BTreeSet<Role> {
        let of_file = self.users.get(user).into_iter().flatten();
        of_file.chain(of_token).copied().collect()
    }

    /// The same, where the token's roles are in its own words. Words that are no role of ours give none.
    pub fn roles_by_name(&self, user: &str, of_token: &BTreeSet<String>) -> BTreeSet<Role> {
        self.roles(user, &of_token.iter().filter_map(|role| Role::from_name(role)).collect())
    }

    /// What holders of these roles may see of a class of a cohort's columns.
    pub fn access(&self, roles: &BTreeSet<Role>, cohort: &str, class: ColumnClass) -> Access {
        self.cohort(cohort).map_or_else(Access::nothing, |rules| access::resolve(rules, roles, class))
    }
}
