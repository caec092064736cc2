use std::fmt;

use super::{
    key::Key,
    layers::Origin,
    registry,
    resolved::{Raw, Resolved},
    values::displayed,
};

/// What stands for a secret value.
const MASK: &str = "***";

/// A setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its name.
    pub key: &'static str,
    /// Its value as it may be shown; `none` without one.
    pub value: String,
    /// `flag`, `environment`, `file` or `default`.
    pub origin: &'static str,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.key, self.value, self.origin)
    }
}

pub(super) fn effective(values: &Resolved) -> Vec<Effective> {
    let of = |key: &Key| {
        let entry = values.entry(key.name);
        let value = match entry.map(|entry| &entry.raw) {
            None => "none".to_owned(),
            Some(_) if key.secret => MASK.to_owned(),
            Some(Raw::One(text)) => line(text),
            Some(Raw::Several(texts)) if texts.is_empty() => "none".to_owned(),
            Some(Raw::Several(texts)) => texts.iter().map(|text| line(text)).collect::<Vec<_>>().join(", "),
        };
        let origin = entry.map_or(Origin::Default, |entry| entry.origin).name();
        Effective { key: key.name, value, origin }
    };
    registry::keys(Some(values.member)).map(of).collect()
}

pub(super) fn show(effective: &[Effective]) -> String {
    effective.iter().map(|setting| format!("{setting}\n")).collect()
}

/// Nobody forges a log line with a line break in a path.
fn line(text: &str) -> String {
    let shown = displayed(text);
    if shown.chars().any(char::is_control) { shown.escape_debug().to_string() } else { shown }
}
