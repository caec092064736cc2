//! Who asks, and for what kind of column.

use serde::{Deserialize, Serialize};

/// What somebody may be to a cohort's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Asks for numbers of groups.
    Analyst,
    /// Works with values of persons, as far as a study allows.
    Researcher,
    /// Answers for the data, and approves exports.
    Steward,
    /// Keeps the system running.
    Operator,
    /// A program that runs jobs.
    JobRunner,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Analyst, Self::Researcher, Self::Steward, Self::Operator, Self::JobRunner];

    /// The word that stands for it in the policy and in tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Researcher => "researcher",
            Self::Steward => "steward",
            Self::Operator => "operator",
            Self::JobRunner => "job-runner",
        }
    }

    /// The role that a word stands for; words are case-sensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Columns that are granted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnClass {
    /// Scores of persons, and what is calculated from them.
    Scores,
    /// Phenotypes and covariates.
    Phenotypes,
    /// Populations, components and distances.
    Ancestry,
}

impl ColumnClass {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Scores, Self::Phenotypes, Self::Ancestry];

    /// The key that stands for it in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Phenotypes => "phenotypes",
            Self::Ancestry => "ancestry",
        }
    }
}
