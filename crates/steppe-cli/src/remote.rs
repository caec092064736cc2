//! Jobs on a coordinator: how it is found, and how a job is watched to its end.

mod cohort_job;
mod profile;
mod results;
mod run;
mod watch;

use std::path::Path;

use steppe_server::client::{ClientConfig, Connection};
use tokio::runtime::Runtime;

pub(crate) use cohort_job::{Done, Place, Sending, count, run_cohort_job, run_job};
pub(crate) use profile::Profile;
pub(crate) use results::{download, results};
pub(crate) use run::run;
pub(crate) use watch::{Ended, is_over, line, watch, word};

use crate::{exit::Usage, options::RemoteOptions};

/// A coordinator, and threads to speak to it on.
pub(crate) struct Remote {
    pub(crate) runtime: Runtime,
    pub(crate) connection: Connection,
}

/// Whether the options name a coordinator.
pub(crate) fn is_named(options: &RemoteOptions) -> bool {
    options.coordinator.is_some() || options.profile.is_some()
}

/// Refuses a coordinator for work that does not run on one.
pub(crate) fn refuse(options: &RemoteOptions, what: &str) -> anyhow::Result<()> {
    if !is_named(options) {
        return Ok(());
    }
    Err(Usage::refuse(
        format!("{what} do not run on a coordinator yet"),
        "leave --coordinator and --profile out, and run on this machine",
    ))
}

impl Remote {
    /// Connects to the coordinator that the options name.
    pub(crate) fn connect(options: &RemoteOptions) -> anyhow::Result<Self> {
        let config = client_config(options)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let connection = runtime.block_on(Connection::open(&config))?;
        Ok(Self { runtime, connection })
    }
}

fn client_config(options: &RemoteOptions) -> anyhow::Result<ClientConfig> {
    let profile = options.profile.as_deref().map(Profile::read).transpose()?;
    let url =
        options.coordinator.clone().or_else(|| profile.as_ref().map(|profile| profile.coordinator.clone()));
    let Some(url) = url else {
        return Err(Usage::refuse(
            "no coordinator is named",
            "write steppe --coordinator URL … or steppe --profile DIR …, or set STEPPE_COORDINATOR",
        ));
    };
    // What is given goes before the profile, and the profile before a variable that is meant for another coordinator.
    let token_file = options.token_file.clone().or_else(|| profile.as_ref().map(Profile::token_file));
    let token = match token_file {
        Some(file) => Some(read_token(&file)?),
        None => std::env::var("STEPPE_TOKEN").ok(),
    };
    let authority = options.ca.clone().or_else(|| profile.as_ref().map(Profile::authority));
    Ok(ClientConfig { url, authority, token: token.map(|token| token.trim().to_owned()) })
}

fn read_token(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Usage::refuse(
            format!("{}: can not be read: {error}", path.display()),
            "name the file with your token by --token-file",
        )
    })
}

/// A place as a coordinator understands it: URLs as they are, paths as absolute file:// URLs.
pub(crate) fn location_url(text: &str) -> anyhow::Result<String> {
    if text.contains("://") {
        return Ok(text.to_owned());
    }
    let path = std::path::absolute(text)?;
    let url = url::Url::from_file_path(&path).map_err(|()| {
        Usage::refuse(format!("{}: it is no path of this machine", path.display()), "give a path or a URL")
    })?;
    Ok(url.to_string())
}
