//! What a session answers with: the cohort's rules, the ledger of what its user was told, and the log of decisions.

use std::{collections::BTreeSet, fmt, sync::Arc};

use roaring::RoaringBitmap;
use steppe_privacy::{
    ledger::{Ledger, Limits, Refusal},
    noise::{Budget, Noise},
    policy::CohortRules,
};

use super::{
    exports::ExportRecord,
    remembered::{Open, Remembered},
    visible::Visibility,
};
use crate::EngineError;

/// A decision on the groups of a statement, for the audit log. It has no values and nobody's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// Who asked.
    pub subject: String,
    /// Of which cohort.
    pub cohort: String,
    /// The policy's revision.
    pub revision: u64,
    /// The tables about persons that were read.
    pub tables: BTreeSet<String>,
    /// Groups that the statement has.
    pub groups: usize,
    /// Groups that were left out.
    pub suppressed: usize,
    /// Why nothing was answered; `None` is an answer.
    pub refusal: Option<&'static str>,
}

/// Writes decisions down, before their answers leave.
pub trait ReleaseAudit: Send + Sync {
    /// Writes one down.
    ///
    /// # Errors
    /// It can not be written; then the answer does not leave.
    fn record(&self, record: &ReleaseRecord) -> Result<(), EngineError>;

    /// Writes down a steward's decision on an export.
    ///
    /// # Errors
    /// It can not be written; then the decision does not count.
    fn export(&self, record: &ExportRecord) -> Result<(), EngineError>;
}

/// The guard of one session and one cohort.
pub(crate) struct Guard {
    /// Who asks.
    pub(crate) subject: String,
    /// The cohort.
    pub(crate) cohort: String,
    /// Its rules.
    pub(crate) rules: CohortRules,
    /// The policy's revision.
    pub(crate) revision: u64,
    /// Who is seen, by class of columns.
    pub(crate) visibilities: Vec<Arc<Visibility>>,
    /// What was told and spent before.
    pub(crate) remembered: Arc<Remembered>,
    /// Noise, whose key is the gateway's.
    pub(crate) noise: Noise,
    /// The log of decisions.
    pub(crate) audit: Arc<dyn ReleaseAudit>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("cohort", &self.cohort).finish_non_exhaustive()
    }
}

impl Guard {
    /// The fewest people of a group that is shown.
    pub(crate) fn minimum_cell(&self) -> u64 {
        self.rules.minimum_cell
    }

    /// Everybody of whom the user sees anything.
    async fn seen(&self) -> Result<RoaringBitmap, EngineError> {
        let mut seen = RoaringBitmap::new();
        for visibility in &self.visibilities {
            seen |= &visibility.now().await?.people;
        }
        Ok(seen)
    }

    /// The user's ledger, up to date with who is seen.
    pub(super) async fn ledger(&self) -> Result<Open<Ledger>, EngineError> {
        let seen = self.seen().await?;
        let minimum = self.minimum_cell();
        let first = seen.clone();
        let new = move || Ok(Ledger::new(&first, minimum, Limits::default())?);
        let mut ledger = self.remembered.ledgers.open(&[&self.subject, &self.cohort], new).await?;
        ledger.get()?.show(&seen);
        ledger.get()?.set_minimum_cell(minimum)?;
        Ok(ledger)
    }

    /// What the user has spent.
    pub(super) async fn budget(&self) -> Result<Open<Budget>, EngineError> {
        self.remembered.budgets.open(&[&self.subject, &self.cohort], || Ok(Budget::default())).await
    }

    /// Writes a decision down.
    pub(super) fn record(
        &self,
        tables: &BTreeSet<String>,
        (groups, suppressed): (usize, usize),
        refusal: Option<&'static str>,
    ) -> Result<(), EngineError> {
        self.audit.record(&ReleaseRecord {
            subject: self.subject.clone(),
            cohort: self.cohort.clone(),
            revision: self.revision,
            tables: tables.clone(),
            groups,
            suppressed,
            refusal,
        })
    }
}

/// What people are told of a refusal.
pub(super) fn refusal_for_users() -> EngineError {
    let (problem, remedy) = Refusal::FOR_USERS.split_once("; ").unwrap_or((Refusal::FOR_USERS, ""));
    EngineError::refused(problem, remedy)
}
