use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use serde::{Deserialize, Serialize};

use crate::exit::Usage;

/// The file of a profile, within its folder.
const FILE: &str = "profile.json";
/// Set in a process that has the profile's environment.
const APPLIED: &str = "STEPPE_PROFILE_APPLIED";

/// What a client of a development cluster needs to know. Paths are relative to its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The coordinator's URL.
    pub(crate) coordinator: String,
    /// The authority's certificate.
    authority: PathBuf,
    /// The bearer token's file.
    token: PathBuf,
    /// Credentials and endpoint of the store.
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(skip)]
    folder: PathBuf,
}

impl Profile {
    /// A profile of the usual files in a folder.
    pub(crate) fn new(folder: &Path, coordinator: String, environment: BTreeMap<String, String>) -> Self {
        let (authority, token) = (PathBuf::from("certs/ca.crt"), PathBuf::from("token"));
        Self { coordinator, authority, token, environment, folder: folder.to_owned() }
    }

    /// Reads the profile of a folder.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        let remedy = "name the folder that `steppe cluster up --dir DIR` was given";
        let text = fs::read_to_string(&path).map_err(|error| {
            Usage::refuse(format!("{}: there is no profile: {error}", path.display()), remedy)
        })?;
        let mut profile: Self = serde_json::from_str(&text).map_err(|error| {
            Usage::refuse(format!("{}: it is no profile: {error}", path.display()), remedy)
        })?;
        folder.clone_into(&mut profile.folder);
        Ok(profile)
    }

    /// Writes it; nobody else may read it.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let path = self.folder.join(FILE);
        fs::write(&path, serde_json::to_vec_pretty(self)?)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(())
    }

    /// The authority's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join(&self.authority)
    }

    /// The bearer token's file.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.join(&self.token)
    }

    /// Starts this command over with the profile's environment, so that its store is reached by every command. Returns
    /// only when that was done before.
    pub(crate) fn apply(&self) -> anyhow::Result<()> {
        if std::env::var_os(APPLIED).is_some() {
            return Ok(());
        }
        let mut arguments = std::env::args_os();
        let name = arguments.next();
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(name) = name {
            command.arg0(name);
        }
        Err(command.args(arguments).envs(&self.environment).env(APPLIED, "1").exec().into())
    }
}
