//! Errors of this crate. A refused query is no error: see [`crate::ledger::Refusal`] and its like.

/// Why something can not be read, checked or computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivacyError {
    /// The policy is not written as it must be: TOML's syntax, a key or word that does not exist, a value of a wrong kind.
    #[error("policy, line {line}, column {column}: {problem}{}", remedy_of(.suggestion.as_deref()))]
    PolicySyntax {
        /// The line, from 1.
        line: usize,
        /// The character in it, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
        /// The key or word that was probably meant.
        suggestion: Option<String>,
    },
    /// A value of the policy that can not be.
    #[error("policy, line {line}: {key} {problem}; {remedy}")]
    PolicyValue {
        /// The line, from 1.
        line: usize,
        /// The key with its tables.
        key: String,
        /// What is wrong.
        problem: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// A changed policy without a higher revision.
    #[error(
        "policy: the file has changed and its revision is {found}, that in force has {current}; raise `revision` with every change"
    )]
    PolicyRevision {
        /// Revision in force.
        current: u64,
        /// Revision of the new text.
        found: u64,
    },
    /// A table of counts that can not be protected, since it is none or too large.
    #[error("table of counts: {problem}; {remedy}")]
    Cells {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A ledger that can not be read, or is not used as it must be.
    #[error("ledger: {problem}; {remedy}")]
    Ledger {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Parameters of noise that can not be.
    #[error("differential privacy: {what} is {value}; {remedy}")]
    Noise {
        /// The parameter.
        what: &'static str,
        /// Its value.
        value: String,
        /// What to give instead.
        remedy: &'static str,
    },
    /// A score, release or set of genotypes that leakage can not be measured of.
    #[error("leakage: {problem}; {remedy}")]
    Leakage {
        /// What is wrong.
        problem: String,
        /// What to give instead.
        remedy: &'static str,
    },
}

fn remedy_of(suggestion: Option<&str>) -> String {
    suggestion.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}
