use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use datafusion::{arrow::array::RecordBatch, scalar::ScalarValue};
use rand::Rng;
use steppe_engine::sql::SqlUser;
use tokio_util::sync::CancellationToken;

use crate::{
    ServerError,
    gateway::statements::{Planned, Session},
};

/// How long a ticket is good.
const TICKET: Duration = Duration::from_secs(300);
/// How long a prepared statement is good after it was last used.
const PREPARED: Duration = Duration::from_secs(3600);
/// Tickets and prepared statements of one user at once.
const MOST: usize = 1000;

/// The bytes by which a client names something.
pub(super) type Handle = [u8; 16];

/// A statement that a client prepared, and what it has bound to its parameters.
#[derive(Clone)]
pub(super) struct Prepared {
    /// The session that prepared it.
    pub(super) session: Session,
    pub(super) planned: Arc<Planned>,
    /// Values of the parameters, a list for every run.
    pub(super) bound: Vec<Vec<ScalarValue>>,
}

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Held {
    /// An answer that can be fetched: a statement, a list of values for every run of it, and what ends it.
    Statement(Prepared, CancellationToken),
    /// A table about the catalogue.
    Catalog(RecordBatch),
    /// A prepared statement.
    Prepared(Prepared),
}

struct Entry {
    owner: SqlUser,
    expires: Instant,
    /// Whether its owner has come back for it. A ticket may be fetched again, but makes room for others.
    fetched: bool,
    held: Held,
}

/// What clients may come back for.
#[derive(Default)]
pub(super) struct Tickets(Mutex<HashMap<Handle, Entry>>);

impl Tickets {
    /// Keeps something for somebody. Who has too much loses the oldest ticket that was fetched.
    ///
    /// # Errors
    /// They have too much already, and nothing of it was fetched.
    pub(super) fn keep(&self, owner: &SqlUser, held: Held) -> Result<Handle, ServerError> {
        let mut entries = self.entries();
        let now = Instant::now();
        entries.retain(|_, entry| entry.expires > now);
        let theirs = |entry: &Entry| entry.owner.subject == owner.subject;
        if entries.values().filter(|entry| theirs(entry)).count() >= MOST && !make_room(&mut entries, theirs)
        {
            let remedy = "fetch or close some of them";
            return Err(ServerError::TooMany {
                what: "tickets and prepared statements of yours are open",
                most: MOST,
                remedy,
            });
        }
        // From the generator that is made for secrets: whoever guesses a ticket still needs its owner's token.
        let handle: Handle = rand::rng().random();
        let expires = now + life(&held);
        entries.insert(handle, Entry { owner: owner.clone(), expires, fetched: false, held });
        Ok(handle)
    }

    /// What somebody keeps by this handle. It stays.
    ///
    /// # Errors
    /// Nothing of theirs, or its time is over.
    pub(super) fn find(
        &self,
        owner: &SqlUser,
        handle: &[u8],
        what: &'static str,
    ) -> Result<Held, ServerError> {
        let mut entries = self.entries();
        let entry = Handle::try_from(handle).ok().and_then(|handle| entries.get_mut(&handle));
        let now = Instant::now();
        let theirs = entry.filter(|entry| entry.owner == *owner && entry.expires > now);
        let entry = theirs.ok_or(ServerError::HandleUnknown { what })?;
        match entry.held {
            Held::Prepared(_) => entry.expires = now + PREPARED,
            Held::Statement(..) | Held::Catalog(_) => entry.fetched = true,
        }
        Ok(entry.held.clone())
    }

    /// Puts something else in the place of what somebody keeps.
    pub(super) fn replace(&self, owner: &SqlUser, handle: &[u8], held: Held) {
        let mut entries = self.entries();
        if let Ok(handle) = Handle::try_from(handle)
            && let Some(entry) = entries.get_mut(&handle).filter(|entry| entry.owner == *owner)
        {
            entry.held = held;
        }
    }

    /// Forgets what somebody keeps by this handle, and gives it back.
    pub(super) fn forget(&self, owner: &SqlUser, handle: &[u8]) -> Option<Held> {
        let mut entries = self.entries();
        let handle = Handle::try_from(handle).ok()?;
        let theirs = entries.get(&handle).is_some_and(|entry| entry.owner == *owner);
        if theirs { entries.remove(&handle).map(|entry| entry.held) } else { None }
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<Handle, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the oldest of somebody's tickets that were fetched; whether there was one.
fn make_room(entries: &mut HashMap<Handle, Entry>, theirs: impl Fn(&Entry) -> bool) -> bool {
    let fetched = entries.iter().filter(|(_, entry)| entry.fetched && theirs(entry));
    let oldest = fetched.min_by_key(|(_, entry)| entry.expires).map(|(handle, _)| *handle);
    oldest.is_some_and(|oldest| entries.remove(&oldest).is_some())
}

fn life(held: &Held) -> Duration {
    if matches!(held, Held::Prepared(_)) { PREPARED } else { TICKET }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::arrow::datatypes::Schema;
    use steppe_engine::sql::SqlProtocol;

    use super::*;

    fn user(name: &str, roles: &[&str]) -> SqlUser {
        let roles: BTreeSet<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        SqlUser { subject: name.to_owned(), roles, cohorts: None, protocol: SqlProtocol::FlightSql }
    }

    fn table() -> Held {
        Held::Catalog(RecordBatch::new_empty(Arc::new(Schema::empty())))
    }

    #[test]
    fn a_ticket_is_good_for_its_owner_alone() {
        let tickets = Tickets::default();
        let ada = user("ada", &["analyst"]);
        let handle = tickets.keep(&ada, table()).expect("a ticket");
        assert!(tickets.find(&ada, &handle, "ticket").is_ok());
        for other in [user("eva", &["analyst"]), user("ada", &["steward"])] {
            assert!(tickets.find(&other, &handle, "ticket").is_err(), "{other:?}");
            assert!(tickets.forget(&other, &handle).is_none());
        }
        for wrong in [&handle[..15], &[], &[0; 16], &[0; 1000]] {
            assert!(tickets.find(&ada, wrong, "ticket").is_err());
        }
        assert!(tickets.forget(&ada, &handle).is_some());
        assert!(tickets.find(&ada, &handle, "ticket").is_err());
    }

    #[test]
    fn a_ticket_ends() {
        let tickets = Tickets::default();
        let ada = user("ada", &[]);
        let handle = tickets.keep(&ada, table()).expect("a ticket");
        for entry in tickets.entries().values_mut() {
            entry.expires = Instant::now();
        }
        assert!(tickets.find(&ada, &handle, "ticket").is_err());
    }

    #[test]
    fn nobody_keeps_too_much() {
        let tickets = Tickets::default();
        for _ in 0..MOST {
            tickets.keep(&user("ada", &[]), table()).expect("a ticket");
        }
        assert!(matches!(tickets.keep(&user("ada", &[]), table()), Err(ServerError::TooMany { .. })));
        assert!(tickets.keep(&user("eva", &[]), table()).is_ok());
    }

    #[test]
    fn what_was_fetched_makes_room() {
        let tickets = Tickets::default();
        let ada = user("ada", &[]);
        let handles: Vec<Handle> =
            (0..MOST).map(|_| tickets.keep(&ada, table()).expect("a ticket")).collect();
        for handle in [&handles[7], &handles[3]] {
            tickets.find(&ada, handle, "ticket").expect("an answer");
        }
        // The oldest first, and what nobody has come for stays.
        for gone in [3, 7] {
            tickets.keep(&ada, table()).expect("there is room");
            assert!(tickets.find(&ada, &handles[gone], "ticket").is_err());
        }
        assert!(tickets.keep(&ada, table()).is_err());
        assert!(tickets.find(&ada, &handles[0], "ticket").is_ok());
    }
}
