//! The settings of one command as texts, each with where it came from.

use std::{collections::BTreeMap, path::PathBuf};

use config::{Map, Value, ValueKind};

use super::{
    error::{Place, SettingsError},
    key::{Fallback, Key, Member, Shape},
    layers::{self, Origin},
    registry,
    sources::Sources,
    values::{Problem, displayed},
};

/// The longest value that a message repeats, in characters.
const LONGEST_SHOWN: usize = 120;

/// A value before it is read.
#[derive(Clone)]
pub(super) enum Raw {
    One(String),
    Several(Vec<String>),
}

pub(super) struct Entry {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

pub(super) struct Resolved {
    pub(super) member: Member,
    pub(super) file: Option<PathBuf>,
    entries: BTreeMap<&'static str, Entry>,
}

impl Resolved {
    /// Takes the values of a command from all sources.
    ///
    /// # Errors
    /// A file that can not be read or has what it should not; values of another kind; required ones that are missing.
    pub(super) fn new(sources: &Sources, member: Member) -> Result<Self, SettingsError> {
        let merged = layers::merged(sources, member)?;
        let file = sources.file()?.map(|(path, _)| path);
        let mut resolved = Self { member, file, entries: BTreeMap::new() };
        for key in registry::keys(Some(member)) {
            if let Some(value) = find(&merged, key) {
                let origin = Origin::of(value).ok_or(SettingsError::Layers)?;
                let raw = resolved.raw(key, &value.kind, origin)?;
                resolved.entries.insert(key.name, Entry { raw, origin });
            }
        }
        resolved.check_required()?;
        Ok(resolved)
    }

    fn check_required(&self) -> Result<(), SettingsError> {
        let required = registry::keys(Some(self.member)).filter(|key| key.fallback == Fallback::Required);
        let missing: Vec<_> = required.filter(|key| !self.entries.contains_key(key.name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(self.missing(&missing)) }
    }

    fn missing(&self, keys: &[&Key]) -> SettingsError {
        let named = |key: &&Key| format!("{} (--{}, {})", key.name, key.flag(self.member), key.variable());
        SettingsError::Missing { member: self.member, settings: keys.iter().map(named).collect() }
    }

    /// The text or texts of a value. Only the file has types; all others are texts.
    fn raw(&self, key: &'static Key, value: &ValueKind, origin: Origin) -> Result<Raw, SettingsError> {
        let shape = key.kind.shape();
        let problem = match (shape, value) {
            (Shape::List, ValueKind::String(text)) if origin == Origin::Variable => {
                let parts = text.split(',').map(|part| part.trim().to_owned());
                return Ok(Raw::Several(if text.trim().is_empty() { Vec::new() } else { parts.collect() }));
            }
            (Shape::List, ValueKind::Array(values)) => match texts(values) {
                Some(texts) => return Ok(Raw::Several(texts)),
                None => "is no array of texts in quotes",
            },
            (Shape::Switch, ValueKind::Boolean(value)) => return Ok(Raw::One(value.to_string())),
            (Shape::Whole | Shape::Size, ValueKind::I64(value)) => return Ok(Raw::One(value.to_string())),
            (Shape::Text | Shape::Size, ValueKind::String(text)) => {
                return Ok(Raw::One(text.trim().to_owned()));
            }
            (_, ValueKind::String(text)) if origin != Origin::File => {
                return Ok(Raw::One(text.trim().to_owned()));
            }
            (Shape::List, _) => "is no array",
            (Shape::Switch, _) => "is neither of them without quotes",
            (Shape::Whole, _) => "is no number without quotes",
            (Shape::Size | Shape::Text, _) => "is no text in quotes",
        };
        Err(self.refused(key, origin, &found(value), problem))
    }

    fn refused(&self, key: &'static Key, origin: Origin, found: &str, problem: Problem) -> SettingsError {
        let found = if key.secret { "the value" } else { found }.to_owned();
        let place = self.place_of(key, origin);
        SettingsError::Value { place, found, problem, expected: key.kind.expected() }
    }

    fn place_of(&self, key: &'static Key, origin: Origin) -> Place {
        match (origin, &self.file) {
            (Origin::Flag, _) => Place::Flag(key.flag(self.member)),
            (Origin::Variable, _) => Place::Variable(key.variable()),
            (Origin::File, Some(path)) => Place::File { path: path.clone(), key: key.name },
            (Origin::Default, _) | (Origin::File, None) => Place::Default(key.name),
        }
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Where a setting's value came from, and the value as it may be shown.
    pub(super) fn shown(&self, name: &'static str) -> (Place, String) {
        let (key, entry) = (registry::find(name), self.entries.get(name));
        let place = key.zip(entry).map(|(key, entry)| self.place_of(key, entry.origin));
        let found = entry.map_or(String::new(), |entry| match &entry.raw {
            Raw::One(text) => quoted(text),
            Raw::Several(texts) => texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "),
        });
        (place.unwrap_or(Place::Default(name)), found)
    }

    /// Gives a setting that nobody has set its computed value.
    pub(super) fn compute(&mut self, name: &'static str, value: impl FnOnce() -> Option<String>) {
        if !self.entries.contains_key(name)
            && let Some(text) = value()
        {
            self.entries.insert(name, Entry { raw: Raw::One(text), origin: Origin::Default });
        }
    }

    /// The value of a setting, `None` where nobody has set it.
    pub(super) fn optional<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, SettingsError> {
        let (Some(key), Some(entry)) = (registry::find(name), self.entries.get(name)) else {
            return Ok(None);
        };
        match &entry.raw {
            Raw::One(text) => self.read(key, entry, text, read).map(Some),
            Raw::Several(_) => Err(self.refused(key, entry.origin, "a list", "is no single value")),
        }
    }

    /// The value of a setting that has one: required, with a default, or computed.
    pub(super) fn get<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<T, SettingsError> {
        let missing = || self.missing(registry::find(name).as_slice());
        self.optional(name, read)?.ok_or_else(missing)
    }

    /// All values of a setting that may have several.
    pub(super) fn list<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<Vec<T>, SettingsError> {
        let (Some(key), Some(entry)) = (registry::find(name), self.entries.get(name)) else {
            return Ok(Vec::new());
        };
        let Raw::Several(texts) = &entry.raw else {
            return Err(self.refused(key, entry.origin, "one value", "is no list"));
        };
        texts.iter().map(|text| self.read(key, entry, text, &read)).collect()
    }

    fn read<T>(
        &self,
        key: &'static Key,
        entry: &Entry,
        text: &str,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Result<T, SettingsError> {
        let value = if text.trim().is_empty() { Err("is empty") } else { read(text) };
        value.map_err(|problem| self.refused(key, entry.origin, &quoted(text), problem))
    }
}

fn find<'a>(merged: &'a Map<String, Value>, key: &Key) -> Option<&'a Value> {
    let (section, rest) = key.parts();
    let ValueKind::Table(table) = &merged.get(section)?.kind else { return None };
    table.get(rest)
}

fn texts(values: &[Value]) -> Option<Vec<String>> {
    let text = |value: &Value| match &value.kind {
        ValueKind::String(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    values.iter().map(text).collect()
}

fn found(value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) => quoted(text),
        ValueKind::Array(_) => "an array".to_owned(),
        ValueKind::Table(_) => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// A value in quotes, without what should not be seen, cut where it is long.
fn quoted(text: &str) -> String {
    let shown = displayed(text);
    match shown.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{:?}...", &shown[..end]),
        None => format!("{shown:?}"),
    }
}
