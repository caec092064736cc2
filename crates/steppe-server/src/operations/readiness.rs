use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Longest reason in characters.
const LONGEST_REASON: usize = 200;

/// Whether a process can do its work: named checks that its parts set. Clones share the checks. A process without a
/// check is ready.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<Checks>>);

/// The reason why a check is not ready; none when it is.
type Checks = BTreeMap<&'static str, Option<String>>;

/// One check, for the part of the process that knows about it. Clones set the same check.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// Adds a check that is not ready until it is set. The same name is the same check, as it stands.
    pub fn check(&self, name: &'static str) -> Check {
        self.checks().entry(name).or_insert_with(|| Some("has not reported yet".to_owned()));
        Check { name, readiness: self.clone() }
    }

    /// The checks that are not ready, by name, with their reasons.
    pub fn waiting(&self) -> Vec<(&'static str, String)> {
        let waiting = |(name, reason): (&&'static str, &Option<String>)| Some((*name, reason.clone()?));
        self.checks().iter().filter_map(waiting).collect()
    }

    /// Whether all checks are ready.
    pub fn is_ready(&self) -> bool {
        self.checks().values().all(Option::is_none)
    }

    fn checks(&self) -> MutexGuard<'_, Checks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Check {
    /// Ready.
    pub fn ready(&self) {
        self.readiness.checks().insert(self.name, None);
    }

    /// Not ready. Whoever reaches the operations port sees the reason: it is one line of at most 200 characters, and
    /// must not hold a secret.
    pub fn not_ready(&self, reason: &str) {
        let printable = |character: char| if character.is_control() { ' ' } else { character };
        let line = reason.chars().take(LONGEST_REASON).map(printable).collect();
        self.readiness.checks().insert(self.name, Some(line));
    }
}
