//! Who may do what. A submitter sees and cancels their own jobs, a reader sees all, an administrator does everything.

use std::{collections::BTreeSet, fmt};

/// What a token's holder may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Submits jobs, and sees and cancels those.
    Submit,
    /// Sees everybody's jobs and results.
    Read,
    /// Everything.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Submit, Self::Read, Self::Admin];

    /// The word that stands for it in tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The role that a word stands for; words are case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody whose token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token's subject; never empty.
    pub subject: String,
    /// What they may be; without one they may do nothing.
    pub roles: BTreeSet<Role>,
    /// Every role that the token names, in its own words: those above, and those that a policy knows.
    pub named: BTreeSet<String>,
    /// The only cohorts that they may use; `None` is no limit.
    pub cohorts: Option<BTreeSet<String>>,
}

impl Principal {
    /// Whether they see everybody's jobs.
    pub fn sees_all_jobs(&self) -> bool {
        self.roles.contains(&Role::Read) || self.roles.contains(&Role::Admin)
    }

    /// Whether they may use a cohort, as far as their token limits that.
    pub fn may_use_cohort(&self, cohort: &str) -> bool {
        self.cohorts.as_ref().is_none_or(|cohorts| cohorts.contains(cohort))
    }
}

/// Something that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Submit a job.
    SubmitJob,
    /// See or watch a job.
    ReadJob,
    /// Cancel a job.
    CancelJob,
    /// List jobs.
    ListJobs,
    /// Fetch a job's results.
    ReadResults,
    /// List and describe cohorts.
    ListCohorts,
    /// See the cluster: its workers, and how they are.
    ReadCluster,
    /// Change the cluster: drain workers and the like.
    Administer,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 8] = [
        Self::SubmitJob,
        Self::ReadJob,
        Self::CancelJob,
        Self::ListJobs,
        Self::ReadResults,
        Self::ListCohorts,
        Self::ReadCluster,
        Self::Administer,
    ];

    /// Its name in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::SubmitJob => "submit_job",
            Self::ReadJob => "read_job",
            Self::CancelJob => "cancel_job",
            Self::ListJobs => "list_jobs",
            Self::ReadResults => "read_results",
            Self::ListCohorts => "list_cohorts",
            Self::ReadCluster => "read_cluster",
            Self::Administer => "administer",
        }
    }
}

/// Whether a request goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It does.
    Allow,
    /// It does not.
    Deny(Denial),
}

/// Why a request does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The token gives no role.
    NoRole,
    /// None of the token's roles allows this on anything.
    NotAllowed,
    /// Only on one's own jobs, and this is none.
    NotOwner,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRole => "the token gives no role; ask for one of submit, read and admin",
            Self::NotAllowed => "no role of the token allows this; ask for another role",
            Self::NotOwner => "the job belongs to somebody else; ask for the role read or admin",
        })
    }
}

/// Decides on one action. `owner` is who submitted the job, or whose jobs are listed; `None` is everybody's, and for a
/// submission oneself.
pub fn authorise(principal: &Principal, action: Action, owner: Option<&str>) -> Decision {
    if principal.roles.is_empty() {
        return Decision::Deny(Denial::NoRole);
    }
    let has = |role| principal.roles.contains(&role);
    if has(Role::Admin) {
        return Decision::Allow;
    }
    let own = owner == Some(principal.subject.as_str());
    let reads = matches!(
        action,
        Action::ReadJob | Action::ListJobs | Action::ReadResults | Action::ListCohorts | Action::ReadCluster
    );
    if reads && has(Role::Read) {
        return Decision::Allow;
    }
    if !has(Role::Submit) || matches!(action, Action::Administer | Action::ReadCluster) {
        return Decision::Deny(Denial::NotAllowed);
    }
    let allowed = match action {
        Action::ListCohorts => true,
        Action::SubmitJob => own || owner.is_none(),
        _ => own,
    };
    if allowed { Decision::Allow } else { Decision::Deny(Denial::NotOwner) }
}
