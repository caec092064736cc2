//! Settings from flags, variables, files and defaults.

mod documents;
mod files;
mod kinds;
mod precedence;
mod rules;
mod secrets;
mod variables;

use std::{ffi::OsString, path::PathBuf};

use steppe_server::settings::{
    CoordinatorSettings, Effective, FlagValues, GatewaySettings, Key, Loaded, Member, SettingsError, Sources,
    WorkerSettings, registry,
};

/// What a test sets, for any command.
#[derive(Default, Clone)]
struct Given {
    flags: FlagValues,
    variables: Vec<(OsString, OsString)>,
}

impl Given {
    fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags = self.flags.with(key_of(key), [value]);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The required settings of all commands, as variables; no certificates.
    fn plaintext() -> Self {
        Self::required().variable("STEPPE_TLS_PLAINTEXT_ON_LOOPBACK", "true")
    }

    /// The required settings of all commands, as variables, with certificates and a token key.
    fn certificates() -> Self {
        let given = Self::required().variable("STEPPE_TOKEN_KEY", "/token.pem");
        ["AUTHORITY", "CERTIFICATE", "KEY"]
            .into_iter()
            .fold(given, |given, file| given.variable(&format!("STEPPE_TLS_{file}"), "/tls.pem"))
    }

    fn required() -> Self {
        Self::default()
            .variable("STEPPE_COORDINATOR_STORE", "/store")
            .variable("STEPPE_COORDINATOR_JOB_LOG", "sqlite:///jobs.sqlite")
            .variable("STEPPE_COORDINATOR_AUDIT_LOG", "/audit.jsonl")
            .variable("STEPPE_WORKER_COORDINATOR", "localhost:7071")
            .variable("STEPPE_GATEWAY_AUDIT_LOG", "/gateway.jsonl")
            .variable("STEPPE_GATEWAY_POLICY", "/policy.toml")
            .variable("STEPPE_GATEWAY_STATE", "/state")
            .variable("STEPPE_GATEWAY_COHORT", "/cohort")
    }

    fn sources(&self) -> Sources {
        Sources::new(self.flags.clone(), self.variables.clone())
    }

    fn coordinator(&self) -> Result<Loaded<CoordinatorSettings>, SettingsError> {
        CoordinatorSettings::load(&self.sources())
    }

    fn worker(&self) -> Result<Loaded<WorkerSettings>, SettingsError> {
        WorkerSettings::load(&self.sources())
    }

    fn gateway(&self) -> Result<Loaded<GatewaySettings>, SettingsError> {
        GatewaySettings::load(&self.sources())
    }

    /// What holds in a command.
    fn effective(&self, member: Member) -> Result<Vec<Effective>, SettingsError> {
        match member {
            Member::Coordinator => self.coordinator().map(|loaded| loaded.effective),
            Member::Worker => self.worker().map(|loaded| loaded.effective),
            Member::Gateway => self.gateway().map(|loaded| loaded.effective),
        }
    }

    /// The whole text of the refusal, and of what caused it.
    fn refusal(&self, member: Member) -> String {
        let error = self.effective(member).expect_err("settings that are refused");
        chain(&error)
    }
}

fn chain(error: &SettingsError) -> String {
    let source = std::error::Error::source(error).map_or(String::new(), ToString::to_string);
    format!("{error} {source}").trim().to_owned()
}

fn key_of(name: &str) -> &'static Key {
    registry::find(name).expect("a setting")
}

/// A settings file with this text. It is gone with the folder.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("steppe.toml");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}
