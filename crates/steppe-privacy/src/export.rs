//! Rows of persons that leave: how many in a day, and with whose approval.
//!
//! ```text
//! request ──▶ approve (a steward, not who asks) ──▶ approve (another steward) ──▶ export, once, within 24 hours
//! ```
//!
//! The state is written with serde, and all times are given: nothing here looks at a clock. Times are Unix milliseconds,
//! days are counted in UTC. Who is a steward is known from [`crate::policy`]; the caller passes roles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::policy::{ExportGrant, Role};

/// How long an approved export may be made, in milliseconds.
pub const USABLE: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds of a day.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Rows that somebody wants to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Who: a token's subject.
    pub user: String,
    /// The statement's hash, with its parameters and the cohort's state.
    pub statement: [u8; 32],
    /// What is read and how, for who approves; the hash is what is compared.
    #[serde(default)]
    pub plan: String,
    /// Columns that leave.
    pub columns: BTreeSet<String>,
    /// Rows that leave.
    pub rows: u64,
}

/// An export that was asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What is to leave.
    pub export: Export,
    /// When it was asked for.
    pub requested: u64,
    /// Approvals that it needed then.
    #[serde(default = "two")]
    pub needed: u8,
    /// Stewards that approved, and when.
    pub approvals: BTreeMap<String, u64>,
    /// A steward who refused, and when.
    pub refused: Option<(String, u64)>,
    /// When it left.
    pub used: Option<u64>,
}

/// What policies ask for that say nothing.
const fn two() -> u8 {
    2
}

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// Approvals are missing.
    Waiting,
    /// It may be made.
    Approved,
    /// It was not made in time.
    Expired,
    /// A steward has refused it.
    Refused,
    /// It was made.
    Used,
}

impl RequestState {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Used => "used",
        }
    }
}

impl Request {
    /// How far it has come, by the approvals that it needed when it was asked for.
    pub fn state(&self, now: u64) -> RequestState {
        match (self.used, &self.refused, self.approved(self.needed)) {
            (Some(_), ..) => RequestState::Used,
            (None, Some(_), _) => RequestState::Refused,
            (None, None, Some(approved)) if now.saturating_sub(approved) > USABLE => RequestState::Expired,
            (None, None, Some(_)) => RequestState::Approved,
            (None, None, None) => RequestState::Waiting,
        }
    }

    /// When the last of the approvals was given that are needed; `None` before that.
    fn approved(&self, needed: u8) -> Option<u64> {
        let mut times: Vec<u64> = self.approvals.values().copied().collect();
        times.sort_unstable();
        usize::from(needed).checked_sub(1).and_then(|last| times.get(last).copied())
    }
}

/// Why rows do not leave, or an approval is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportRefusal {
    /// None of the roles exports.
    NotGranted,
    /// More rows than are left today.
    Cap {
        /// Rows that are left today.
        left: u64,
    },
    /// It was not asked for, or for other columns or fewer rows.
    NotRequested,
    /// Approvals are missing.
    NotApproved {
        /// How many.
        missing: u8,
    },
    /// It was approved too long ago.
    Expired,
    /// It was made already.
    Used,
    /// A steward has refused it.
    Refused,
    /// No request has this number.
    NoSuchRequest,
    /// Only stewards approve and refuse.
    NotSteward,
    /// Nobody approves their own request.
    OwnRequest,
    /// This steward has approved it already.
    ApprovedBefore,
}

impl fmt::Display for ExportRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted => f.write_str("no role of yours exports rows; ask a steward"),
            Self::Cap { left } => write!(f, "{left} rows are left today; export fewer, or the rest tomorrow"),
            Self::NotRequested => {
                f.write_str("this export was not asked for with these columns and rows; request it")
            }
            Self::NotApproved { missing } => {
                write!(f, "{missing} approvals of stewards are missing; ask for them")
            }
            Self::Expired => f.write_str("the export was approved more than 24 hours ago; request it again"),
            Self::Used => f.write_str("the export was made already; request it again"),
            Self::Refused => f.write_str("a steward has refused the export; ask them"),
            Self::NoSuchRequest => f.write_str("no request has this number; list the requests"),
            Self::NotSteward => f.write_str("only stewards decide on exports"),
            Self::OwnRequest => f.write_str("nobody decides on their own export; ask other stewards"),
            Self::ApprovedBefore => f.write_str("you have approved this export; another steward must"),
        }
    }
}

impl std::error::Error for ExportRefusal {}

/// All requests of a cohort, and what left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    requests: BTreeMap<u64, Request>,
    /// By user the last day on which they exported, and the rows of that day.
    exported: BTreeMap<String, (u64, u64)>,
}

impl Exports {
    /// Asks for an export that needs so many approvals; gives the number that stewards approve.
    pub fn request(&mut self, export: Export, needed: u8, now: u64) -> u64 {
        let number = self.requests.keys().next_back().map_or(1, |last| last + 1);
        let request =
            Request { export, requested: now, needed, approvals: BTreeMap::new(), refused: None, used: None };
        self.requests.insert(number, request);
        number
    }

    /// All requests by number.
    pub fn requests(&self) -> impl Iterator<Item = (u64, &Request)> {
        self.requests.iter().map(|(&number, request)| (number, request))
    }

    /// Approves a request.
    ///
    /// # Errors
    /// No steward, their own request, one that they approved before, or one that was refused or made.
    pub fn approve(
        &mut self,
        number: u64,
        steward: &str,
        roles: &BTreeSet<Role>,
        now: u64,
    ) -> Result<(), ExportRefusal> {
        let request = self.open(number, steward, roles)?;
        if request.approvals.contains_key(steward) {
            return Err(ExportRefusal::ApprovedBefore);
        }
        request.approvals.insert(steward.to_owned(), now);
        Ok(())
    }

    /// Refuses a request, for good; also one that is approved.
    ///
    /// # Errors
    /// No steward, their own request, or one that was refused or made.
    pub fn refuse(
        &mut self,
        number: u64,
        steward: &str,
        roles: &BTreeSet<Role>,
        now: u64,
    ) -> Result<(), ExportRefusal> {
        self.open(number, steward, roles)?.refused = Some((steward.to_owned(), now));
        Ok(())
    }

    /// Lets rows leave, once: counts them, and marks the request as used. Save the state before they leave.
    ///
    /// # Errors
    /// Nothing is counted then.
    pub fn export(&mut self, export: &Export, grant: ExportGrant, now: u64) -> Result<(), ExportRefusal> {
        if grant.rows_per_day == 0 {
            return Err(ExportRefusal::NotGranted);
        }
        let (day, before) = self.rows_of_day(&export.user, now);
        let left = grant.rows_per_day.saturating_sub(before);
        if export.rows > left {
            return Err(ExportRefusal::Cap { left });
        }
        if grant.approvals > 0 {
            self.usable(export, grant.approvals, now)?.used = Some(now);
        }
        self.exported.insert(export.user.clone(), (day, before + export.rows));
        Ok(())
    }

    /// Today, and the rows that a user has exported on it. A clock that is set back does not begin a day again.
    fn rows_of_day(&self, user: &str, now: u64) -> (u64, u64) {
        match self.exported.get(user) {
            Some(&(day, rows)) if now / DAY <= day => (day, rows),
            _ => (now / DAY, 0),
        }
    }

    /// A request that a steward may decide on.
    fn open(
        &mut self,
        number: u64,
        steward: &str,
        roles: &BTreeSet<Role>,
    ) -> Result<&mut Request, ExportRefusal> {
        if !roles.contains(&Role::Steward) {
            return Err(ExportRefusal::NotSteward);
        }
        let request = self.requests.get_mut(&number).ok_or(ExportRefusal::NoSuchRequest)?;
        if request.export.user == steward {
            return Err(ExportRefusal::OwnRequest);
        }
        match (request.used, &request.refused) {
            (Some(_), _) => Err(ExportRefusal::Used),
            (None, Some(_)) => Err(ExportRefusal::Refused),
            (None, None) => Ok(request),
        }
    }

    /// The request by which an export may be made; otherwise why the last one that fits does not allow it.
    fn usable(&mut self, export: &Export, approvals: u8, now: u64) -> Result<&mut Request, ExportRefusal> {
        let mut refusal = ExportRefusal::NotRequested;
        let fits = |request: &Request| {
            request.export.user == export.user
                && request.export.statement == export.statement
                && export.columns.is_subset(&request.export.columns)
                && export.rows <= request.export.rows
        };
        for request in self.requests.values_mut().filter(|request| fits(request)) {
            refusal = match (request.used, &request.refused, request.approved(approvals)) {
                (Some(_), _, _) => ExportRefusal::Used,
                (None, Some(_), _) => ExportRefusal::Refused,
                (None, None, Some(approved)) if now.saturating_sub(approved) <= USABLE => return Ok(request),
                (None, None, Some(_)) => ExportRefusal::Expired,
                (None, None, None) => {
                    let given = u8::try_from(request.approvals.len()).unwrap_or(u8::MAX);
                    ExportRefusal::NotApproved { missing: approvals.saturating_sub(given) }
                }
            };
        }
        Err(refusal)
    }
}
