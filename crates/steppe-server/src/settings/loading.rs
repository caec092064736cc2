use super::{
    error::SettingsError,
    key::Member,
    listing::{self, Effective},
    resolved::Resolved,
    sources::Sources,
    variables,
};

/// Settings, and where each came from.
#[derive(Debug, Clone)]
pub struct Loaded<S> {
    /// The settings.
    pub settings: S,
    /// What the operator should know and what is no error, a sentence each.
    pub notes: Vec<String>,
    /// Every setting of the command as it holds, in the registry's order.
    pub effective: Vec<Effective>,
}

impl<S> Loaded<S> {
    /// All settings with where they came from, a line each. Secrets are masked.
    pub fn show(&self) -> String {
        listing::show(&self.effective)
    }
}

pub(super) fn load<S>(
    sources: &Sources,
    member: Member,
    read: impl FnOnce(&mut Resolved) -> Result<S, SettingsError>,
) -> Result<Loaded<S>, SettingsError> {
    let mut values = Resolved::new(sources, member)?;
    let settings = read(&mut values)?;
    Ok(Loaded { settings, notes: variables::unknown(sources), effective: listing::effective(&values) })
}
