use std::{fmt, io, path::PathBuf};

use super::key::Member;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A flag, without its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A key in the file.
    File {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// The default of a key.
    Default(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File { path, key } => write!(f, "{}: {key}", path.display()),
            Self::Default(key) => write!(f, "default of {key}"),
        }
    }
}

/// Why there are no settings to start with. No message repeats a secret value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A settings file that can not be read, or is not there.
    #[error("{}: can not read the settings file that {named_by} names; check the path and its permissions", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What named it.
        named_by: Place,
        /// What the system said.
        source: io::Error,
    },
    /// A settings file that is no TOML. The text around the fault is not repeated: it may hold a secret.
    #[error("{}: {problem}; correct the TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        problem: String,
    },
    /// A key in the file that is no setting.
    #[error("{}: there is no setting {key}, the nearest one is {nearest}; correct or remove it", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The setting whose name is most like it.
        nearest: &'static str,
    },
    /// A section's name with a value of its own.
    #[error("{}: {section} is a section and has no value; write [{section}] and its settings below", path.display())]
    SectionValue {
        /// The file.
        path: PathBuf,
        /// The section.
        section: &'static str,
    },
    /// A value that a setting can not have.
    #[error("{place}: {found} {problem}; give {expected}")]
    Value {
        /// Where it came from.
        place: Place,
        /// The value in quotes, or words for a secret one.
        found: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What the setting takes.
        expected: String,
    },
    /// Settings that must be set and are not.
    #[error("steppe {member} needs {}; set each by its flag or variable, or in the file that --config names", settings.join(", "))]
    Missing {
        /// The command.
        member: Member,
        /// Each with its flag and variable.
        settings: Vec<String>,
    },
    /// Some of the three files of TLS.
    #[error(
        "{} set without {}; set tls.authority, tls.certificate and tls.key, or none of them",
        verb(set),
        missing.join(" and ")
    )]
    CertificatesIncomplete {
        /// Those that are set.
        set: Vec<&'static str>,
        /// Those that are not.
        missing: Vec<&'static str>,
    },
    /// No certificates, and no leave to go without.
    #[error(
        "there are no certificates; set tls.authority, tls.certificate and tls.key (steppe certs init makes them), or tls.plaintext_on_loopback to run on this machine alone"
    )]
    CertificatesMissing,
    /// Certificates, and leave to go without.
    #[error("tls.plaintext_on_loopback is set beside certificates; remove it, or them")]
    PlaintextBesideCertificates,
    /// Plaintext where others could reach it.
    #[error(
        "{place}: {found} is not on loopback, and tls.plaintext_on_loopback is set; use 127.0.0.1 or [::1], or set certificates in its stead"
    )]
    PlaintextExposed {
        /// Where the address came from.
        place: Place,
        /// The address.
        found: String,
    },
    /// A gateway that nothing tells who may see what.
    #[error(
        "nothing says who may see what; set gateway.policy, or gateway.insecure_ungoverned to show made-up people to everybody on this machine"
    )]
    PolicyMissing,
    /// A policy without what it is for.
    #[error("gateway.policy is set without {}; set {}", missing.join(" and "), if missing.len() == 1 { "it" } else { "them" })]
    GovernedIncomplete {
        /// What must be set beside it.
        missing: Vec<&'static str>,
    },
    /// A file of cohorts, and settings of one.
    #[error("gateway.cohorts is set beside {}; write that into its file, or do without it", set.join(" and "))]
    CohortsBesideOne {
        /// What is set of one cohort.
        set: Vec<&'static str>,
    },
    /// A file of cohorts that no policy is about.
    #[error("gateway.cohorts is set without gateway.policy; set it, or name one cohort by gateway.cohort")]
    CohortsWithoutPolicy,
    /// Scores that are to be computed, without what that takes.
    #[error("scores can not be computed without {}; set {}", missing.join(" and "), if missing.len() == 1 { "it" } else { "them" })]
    ComputingIncomplete {
        /// What must be set, too.
        missing: Vec<&'static str>,
    },
    /// A policy, and leave to go without.
    #[error("gateway.insecure_ungoverned is set beside gateway.policy; remove one of them")]
    UngovernedBesidePolicy,
    /// No policy where others could reach it.
    #[error(
        "{place}: {found} is not on loopback, and gateway.insecure_ungoverned is set; use 127.0.0.1 or [::1], or set gateway.policy in its stead"
    )]
    UngovernedExposed {
        /// Where the address came from.
        place: Place,
        /// The address.
        found: String,
    },
    /// Several sources of the keys that tokens are checked with.
    #[error("{} are all set, and one alone can say whose tokens are good; keep one", keys.join(" and "))]
    TokenKeysSeveral {
        /// The settings.
        keys: Vec<&'static str>,
    },
    /// Nothing says which tokens are good.
    #[error("nothing says whose tokens are good; set token.key, token.jwks or token.jwks_url")]
    TokenKeysMissing,
    /// Two listeners of one command on one port.
    #[error("{first} and {second} have the same port {port}; give each its own")]
    PortsCollide {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The port.
        port: u16,
    },
    /// An address that others can not connect to.
    #[error("{place}: {found} is no address that others can connect to; set {remedy}")]
    Unreachable {
        /// Where it came from.
        place: Place,
        /// The address.
        found: String,
        /// The setting, and to what.
        remedy: &'static str,
    },
    /// The layers could not be put together, which no input should lead to.
    #[error("can not put the settings together; this is a fault of steppe, please report it")]
    Layers,
}

fn verb(keys: &[&'static str]) -> String {
    let verb = if keys.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", keys.join(" and "))
}
