use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use super::{
    error::{Place, SettingsError},
    key::Key,
};

/// The variable that names the file.
pub const CONFIG_VARIABLE: &str = "STEPPE_CONFIG";

/// What the command line says.
#[derive(Clone, Default)]
pub struct FlagValues {
    config: Option<PathBuf>,
    values: BTreeMap<&'static str, Vec<String>>,
}

impl FlagValues {
    /// The file of `--config`.
    #[must_use]
    pub fn with_config(mut self, path: impl Into<PathBuf>) -> Self {
        self.config = Some(path.into());
        self
    }

    /// The values of one flag, as often as it was given; the last one holds where a setting has one value.
    #[must_use]
    pub fn with(mut self, key: &'static Key, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.values.insert(key.name, values.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn values(&self, key: &Key) -> Option<&[String]> {
        self.values.get(key.name).map(Vec::as_slice)
    }
}

impl fmt::Debug for FlagValues {
    /// The flags that were given, without their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given: Vec<_> = self.values.keys().collect();
        f.debug_struct("FlagValues").field("config", &self.config).field("given", &given).finish()
    }
}

/// Where settings come from, but for the file, which one of these names.
#[derive(Clone, Default)]
pub struct Sources {
    pub(super) flags: FlagValues,
    pub(super) variables: BTreeMap<String, OsString>,
}

impl Sources {
    /// These flags, and those of these variables that are of Steppe.
    pub fn new(flags: FlagValues, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = variables.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self { flags, variables: named.filter(|(name, _)| name.starts_with("STEPPE_")).collect() }
    }

    /// These flags, and the variables of this process.
    pub fn of_process(flags: FlagValues) -> Self {
        Self::new(flags, std::env::vars_os())
    }

    /// The file, and what names it.
    pub(super) fn file(&self) -> Result<Option<(PathBuf, Place)>, SettingsError> {
        let named = match (&self.flags.config, self.variables.get(CONFIG_VARIABLE)) {
            (Some(path), _) => (path.clone(), Place::Flag("config".to_owned())),
            (None, Some(path)) => (path.into(), Place::Variable(CONFIG_VARIABLE.to_owned())),
            (None, None) => return Ok(None),
        };
        if named.0 == Path::new("") {
            let (problem, expected) = ("is empty", "a path".to_owned());
            return Err(SettingsError::Value { place: named.1, found: "\"\"".to_owned(), problem, expected });
        }
        Ok(Some(named))
    }
}

impl fmt::Debug for Sources {
    /// The names of flags and variables, without their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Sources").field("flags", &self.flags).field("variables", &names).finish()
    }
}
