//! What a session answers with: the cohort's rules, the ledger of what its user was told, and the log of decisions.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use roaring::RoaringBitmap;
use steppe_privacy::{
    ledger::{Ledger, Limits, Refusal},
    policy::CohortRules,
};
use steppe_store::Location;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::visible::Visibility;
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
}

/// Ledgers of all users and cohorts. A folder keeps them beyond the process.
pub struct Ledgers {
    folder: Option<Location>,
    open: Mutex<HashMap<(String, String), Arc<AsyncMutex<Option<Ledger>>>>>,
}

impl fmt::Debug for Ledgers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledgers").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Ledgers {
    /// Ledgers that are kept in a folder, which one process writes. Without one they end with the process.
    pub fn new(folder: Option<Location>) -> Self {
        Self { folder, open: Mutex::default() }
    }

    /// The file of a user's ledger of a cohort.
    fn file(&self, subject: &str, cohort: &str) -> Option<Location> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(subject.len() as u64).to_le_bytes()).update(subject.as_bytes()).update(cohort.as_bytes());
        let name = format!("{}.ledger", &hasher.finalize().to_hex()[..32]);
        self.folder.as_ref().map(|folder| folder.child(&name))
    }

    /// A ledger, for one statement at a time.
    async fn lock(&self, subject: &str, cohort: &str) -> OwnedMutexGuard<Option<Ledger>> {
        let slot = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(open.entry((subject.to_owned(), cohort.to_owned())).or_default())
        };
        slot.lock_owned().await
    }

    fn load(&self, subject: &str, cohort: &str) -> Result<Option<Ledger>, EngineError> {
        let Some(file) = self.file(subject, cohort) else { return Ok(None) };
        if !file.exists()? {
            return Ok(None);
        }
        ciborium::from_reader(&*file.read()?).map(Some).map_err(|error| {
            EngineError::refused(
                format!("{file}: the ledger of {subject} can not be read ({error})"),
                "bring back a copy of it; without it nothing is answered",
            )
        })
    }

    fn save(&self, subject: &str, cohort: &str, ledger: &Ledger) -> Result<(), EngineError> {
        let Some(file) = self.file(subject, cohort) else { return Ok(()) };
        let mut bytes = Vec::new();
        ciborium::into_writer(ledger, &mut bytes)
            .map_err(|_| EngineError::Internal("a ledger that can not be written"))?;
        Ok(file.put(bytes.into())?)
    }
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
    /// What was told before.
    pub(crate) ledgers: Arc<Ledgers>,
    /// The log of decisions.
    pub(crate) audit: Arc<dyn ReleaseAudit>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("cohort", &self.cohort).finish_non_exhaustive()
    }
}

/// A ledger that is asked and written by one statement, and what it needs to be saved.
pub(super) struct OpenLedger {
    guard: Arc<Guard>,
    slot: OwnedMutexGuard<Option<Ledger>>,
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

    /// The user's ledger, up to date with who is seen, until it is dropped.
    pub(super) async fn ledger(self: &Arc<Self>) -> Result<OpenLedger, EngineError> {
        let seen = self.seen().await?;
        let mut slot = self.ledgers.lock(&self.subject, &self.cohort).await;
        let guard = Arc::clone(self);
        let opened = tokio::task::spawn_blocking(move || {
            let known = match slot.take() {
                Some(ledger) => Some(ledger),
                None => guard.ledgers.load(&guard.subject, &guard.cohort)?,
            };
            let ledger = match known {
                Some(mut ledger) => {
                    ledger.show(&seen);
                    ledger.set_minimum_cell(guard.minimum_cell())?;
                    ledger
                }
                None => Ledger::new(&seen, guard.minimum_cell(), Limits::default())?,
            };
            *slot = Some(ledger);
            Ok(OpenLedger { guard, slot })
        });
        opened.await.map_err(|_| EngineError::Lost("a thread that reads a ledger"))?
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

impl OpenLedger {
    /// The ledger.
    pub(super) fn get(&mut self) -> Result<&mut Ledger, EngineError> {
        self.slot.as_mut().ok_or(EngineError::Internal("a ledger that is not open"))
    }

    /// Saves it, before the answer leaves.
    pub(super) fn save(&self) -> Result<(), EngineError> {
        let ledger = self.slot.as_ref().ok_or(EngineError::Internal("a ledger that is not open"))?;
        self.guard.ledgers.save(&self.guard.subject, &self.guard.cohort, ledger)
    }
}

/// What people are told of a refusal.
pub(super) fn refusal_for_users() -> EngineError {
    let (problem, remedy) = Refusal::FOR_USERS.split_once("; ").unwrap_or((Refusal::FOR_USERS, ""));
    EngineError::refused(problem, remedy)
}
