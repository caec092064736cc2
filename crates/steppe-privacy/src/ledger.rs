//! The query-set-overlap ledger: what of a cohort a user has been told, and what may still be told.
//!
//! An answer about a set of people (a count, or a sum or mean of any value over them) tells the sum of a vector that has
//! a 1 for each of them. The ledger keeps the sets of all answers of one user and cohort. Of a new set *S* it refuses
//!
//! 1. fewer than *k* people, but not none: the answer about nobody is 0 and tells nothing;
//! 2. what differs from an answered set *A* by few: 1 to *k* − 1 people in *S* \ *A* or in *A* \ *S*. The whole visible
//!    cohort is always an answered set;
//! 3. what with *all* answers together would tell of few: *Audit Expert* (Chin & Özsoyoğlu 1982). The answered sets cut
//!    the people into atoms, and every number that can be calculated from the answers by sums is a vector of the row
//!    space of the sets over the atoms. *S* is refused if a row of their reduced row echelon form, over the integers
//!    modulo 2⁶¹ − 1, would be of fewer than *k* people, or some combination of two atoms of together fewer.
//!
//! A set that is in the row space already tells nothing new, and is answered for ever. So of the people of each value in a
//! group, those of the last value are answered without a look at what they differ from: they are the group less the others.
//! Which value is the last must not be chance; the engine gives them in their order.
//!
//! # What this proves, and what it does not
//! *Complete for one atom and for two:* if the sum over an atom of fewer than *k* people could be calculated from accepted
//! answers, its unit vector would be in the row space, and then it were a row of the reduced form, whatever the pivots:
//! of all rows only that of a pivot in the atom can take part in it. A number about two atoms and nobody else is either
//! a row, or both are pivots and their rows are proportional but for them. So neither can ever be calculated; with
//! k = 2 and k = 3 this is everything. *A heuristic for more:* a number about three atoms or more, of together few people,
//! is found if it is a row, and may not be if it is a sum of rows: with k = 4, ten of 900 sessions of 60 random questions
//! about 10 to 14 people told the sum over three. Finding the number about fewest people is the problem of the shortest
//! codeword, which is hard. *Not looked at:* bounds (that all 30 people of a group have a disease is told by a count of
//! 30), what is known from elsewhere, what several users know together, and other cohorts with the same people.
//!
//! # Refusals tell, too
//! Whether a set is refused depends on who is in it. If a condition on a secret column has a part in it (`disease = 1`),
//! a refusal of few, or none of an empty set, tells of the secret: "disease and number 17" is refused exactly if number 17
//! has the disease. So a query brings *contexts*: for each secret column the set that remains without the conditions on
//! it. They are checked first and remembered as if they were answered, so that a refused context tells nothing of the
//! secret, and of an accepted one, which is about *k* people and not few off any other, one bit is told.
//! [`Query::new`] without contexts is for sets without secret conditions.
//!
//! # Size
//! A check takes time in proportion to the people of the set, to the answered sets, and to rank² (`examples/ledger_speed.rs`);
//! where a row is of few people, all sets are gone through to see that. In memory each person takes up to 12 bytes, and
//! each answered set what its bitmap takes ([`Ledger::memory`]). Where [`Limits`] are reached, every set that is not in the
//! row space is refused.

mod atoms;
mod echelon;
mod field;
mod marks;
mod packed;
mod saved;
mod witnesses;

use std::{borrow::Cow, sync::Arc};

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use crate::PrivacyError;
use atoms::Atoms;
use echelon::{Echelon, Residual};
use saved::Saved;

/// People of two sets that are looked at first, for each person that they have to differ by.
const LOOKED_AT: u64 = 64;

/// How large a ledger becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Independent answered sets.
    pub rank: usize,
    /// Atoms: groups of people that answers tell apart.
    pub atoms: usize,
}

impl Default for Limits {
    /// 2,000 sets and 1,000,000 atoms.
    fn default() -> Self {
        Self { rank: 2_000, atoms: 1_000_000 }
    }
}

/// A set of people that an answer is about.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    set: &'a RoaringBitmap,
    contexts: &'a [RoaringBitmap],
}

impl<'a> Query<'a> {
    /// Sample numbers of the people.
    pub fn new(set: &'a RoaringBitmap) -> Self {
        Self { set, contexts: &[] }
    }

    /// With the sets that remain when conditions on one secret column, for each such column, are left out.
    pub fn within(self, contexts: &'a [RoaringBitmap]) -> Self {
        Self { contexts, ..self }
    }
}

/// Why a query is refused. Which it was is for the audit log; people are told [`Refusal::FOR_USERS`], since the reason
/// tells more than the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The set is of few people.
    Few,
    /// It differs from one that was answered by few people.
    Overlap,
    /// All answers together would tell of few people.
    Combination,
    /// The ledger has reached its limits.
    Full,
    /// The set has people whom the user does not see.
    NotVisible,
}

impl Refusal {
    /// What a user is told of any refusal.
    pub const FOR_USERS: &'static str = "this answer, alone or with earlier ones, could be about few people; ask about larger or other groups";

    /// Its word in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Few => "few",
            Self::Overlap => "overlap",
            Self::Combination => "combination",
            Self::Full => "full",
            Self::NotVisible => "not-visible",
        }
    }
}

/// Whether the sets of a statement are answered. Nothing is answered before it is committed.
#[derive(Debug)]
#[must_use = "an answer that is not committed is forgotten"]
pub struct Decision {
    refusal: Option<Refusal>,
    next: Option<State>,
    commits: u64,
}

impl Decision {
    /// Why not; `None` is an answer.
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Whether all sets are answered.
    pub fn is_answer(&self) -> bool {
        self.refusal.is_none()
    }
}

/// What was answered.
#[derive(Debug, Clone, Default)]
struct State {
    atoms: Atoms,
    echelon: Echelon,
    /// Sets that are not combinations of the ones before.
    answered: Vec<Arc<RoaringBitmap>>,
}

/// What one user has been told of one cohort. Written with serde, and complete when it is read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Saved", try_from = "Saved")]
pub struct Ledger {
    minimum_cell: u64,
    limits: Limits,
    /// Everybody who was ever visible.
    known: RoaringBitmap,
    state: State,
    commits: u64,
}

impl Ledger {
    /// A ledger of a user who sees these samples, and has been told how many they are.
    ///
    /// # Errors
    /// `minimum_cell` below 2.
    pub fn new(visible: &RoaringBitmap, minimum_cell: u64, limits: Limits) -> Result<Self, PrivacyError> {
        let mut ledger =
            Self { minimum_cell, limits, known: RoaringBitmap::new(), state: State::default(), commits: 0 };
        ledger.set_minimum_cell(minimum_cell)?;
        ledger.show(visible);
        if !visible.is_empty() {
            ledger.state.insert(visible);
        }
        Ok(ledger)
    }

    /// Decides on one set without secret conditions.
    pub fn check(&self, set: &RoaringBitmap) -> Decision {
        self.check_all(&[Query::new(set)])
    }

    /// Decides on all sets of a statement: all are answered, or none.
    pub fn check_all(&self, queries: &[Query<'_>]) -> Decision {
        let decided = |refusal, next| Decision { refusal, next, commits: self.commits };
        let mut state = Cow::Borrowed(&self.state);
        let contexts = queries.iter().flat_map(|query| query.contexts);
        if let Err(refusal) = self.answer(&mut state, contexts) {
            return decided(Some(refusal), None);
        }
        // A refusal of what follows tells something of the contexts, so that they are remembered.
        let mut next = Cow::Borrowed(&*state);
        let refusal = self.answer(&mut next, queries.iter().map(|query| query.set)).err();
        let grown = match next {
            Cow::Owned(next) if refusal.is_none() => Some(next),
            _ => None,
        };
        let with_contexts = match state {
            Cow::Owned(state) => Some(state),
            Cow::Borrowed(_) => None,
        };
        decided(refusal, grown.or(with_contexts))
    }

    /// Remembers a decision, refusals included. Save the ledger before the answer leaves.
    ///
    /// # Errors
    /// Another decision was committed since this one was made: check again.
    pub fn commit(&mut self, decision: Decision) -> Result<(), PrivacyError> {
        if decision.commits != self.commits {
            return Err(PrivacyError::Ledger {
                problem: "another answer was given since this one was checked".to_owned(),
                remedy: "check the query again",
            });
        }
        if let Some(next) = decision.next {
            self.state = next;
            self.commits += 1;
        }
        Ok(())
    }

    /// Makes more people visible. Those who are no longer visible stay known: a set without them differs from one with
    /// them, and is refused if they are few, or else the difference would tell of them.
    pub fn show(&mut self, visible: &RoaringBitmap) {
        let new = visible - &self.known;
        if !new.is_empty() {
            self.known |= &new;
            self.state.atoms.add(&new);
            self.commits += 1;
        }
    }

    /// Changes how many people an answer must be about. What was answered by a smaller number stays answered; if it
    /// tells of fewer people than the new one, nothing new is answered.
    ///
    /// # Errors
    /// It is below 2.
    pub fn set_minimum_cell(&mut self, minimum_cell: u64) -> Result<(), PrivacyError> {
        if minimum_cell < 2 {
            let problem = format!("the minimum cell is {minimum_cell}");
            return Err(PrivacyError::Ledger { problem, remedy: "give 2 or more" });
        }
        if minimum_cell != self.minimum_cell {
            self.minimum_cell = minimum_cell;
            self.commits += 1;
        }
        Ok(())
    }

    /// A number that changes with everything that is remembered.
    pub fn revision(&self) -> u64 {
        self.commits
    }

    /// Bytes that it holds, about.
    pub fn memory(&self) -> usize {
        let State { atoms, echelon, answered } = &self.state;
        let of_sets = answered.iter().map(|set| set.serialized_size()).sum::<usize>();
        size_of::<Self>() + self.known.serialized_size() + atoms.memory() + echelon.memory() + of_sets
    }

    /// Independent sets that were answered; the whole cohort is one.
    pub fn rank(&self) -> usize {
        self.state.echelon.rank()
    }

    /// The finest groups of people that answers tell apart, in the order of the first person of each.
    pub fn atoms(&self) -> Vec<RoaringBitmap> {
        self.state.atoms.sets()
    }

    fn answer<'a>(
        &self,
        state: &mut Cow<'_, State>,
        sets: impl Iterator<Item = &'a RoaringBitmap>,
    ) -> Result<(), Refusal> {
        let mut has_grown = false;
        for set in sets {
            if !set.is_subset(&self.known) {
                return Err(Refusal::NotVisible);
            }
            if self.is_few(set.len()) {
                return Err(Refusal::Few);
            }
            let residual = state.echelon.residual(set);
            if residual.is_zero() {
                continue;
            }
            self.check_overlap(state, set)?;
            let inside = state.atoms.inside(set);
            let is_full = state.echelon.rank() >= self.limits.rank
                || state.atoms.count() + state.atoms.splits(&inside) > self.limits.atoms;
            if is_full {
                return Err(Refusal::Full);
            }
            state.to_mut().insert_counted(set, &inside, residual);
            has_grown = true;
        }
        // A row of few people does not become one of many by further sets that it is refused with.
        if has_grown && !state.to_mut().is_safe(self.minimum_cell) {
            return Err(Refusal::Combination);
        }
        Ok(())
    }

    fn check_overlap(&self, state: &State, set: &RoaringBitmap) -> Result<(), Refusal> {
        let first = self.minimum_cell.saturating_mul(LOOKED_AT) as usize;
        // Sets that differ by many mostly do so among their first people.
        let differs = |one: &RoaringBitmap, other: &RoaringBitmap| {
            let mut without = one.iter().take(first).filter(|person| !other.contains(*person));
            without.nth(self.minimum_cell as usize - 1).is_some()
        };
        for answered in &state.answered {
            if differs(set, answered) && differs(answered, set) {
                continue;
            }
            let common = answered.intersection_len(set);
            if self.is_few(set.len() - common) || self.is_few(answered.len() - common) {
                return Err(Refusal::Overlap);
            }
        }
        Ok(())
    }

    fn is_few(&self, people: u64) -> bool {
        (1..self.minimum_cell).contains(&people)
    }
}

impl State {
    /// Adds a set; one that is a combination of the others adds nothing.
    fn insert(&mut self, set: &RoaringBitmap) {
        let residual = self.echelon.residual(set);
        if !residual.is_zero() {
            let inside = self.atoms.inside(set);
            self.insert_counted(set, &inside, residual);
        }
    }

    fn insert_counted(&mut self, set: &RoaringBitmap, inside: &[u32], residual: Residual) {
        let splits = self.atoms.split(set, inside);
        let set = Arc::new(set.clone());
        self.echelon.push(&self.answered, &set, residual, &self.atoms, &splits);
        self.answered.push(set);
    }

    fn is_safe(&mut self, minimum: u64) -> bool {
        let Self { atoms, echelon, answered } = self;
        echelon.has_only_large_rows(answered, atoms.end(), minimum)
            && echelon.has_only_large_pairs(atoms, minimum)
    }
}
