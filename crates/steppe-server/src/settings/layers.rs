//! The layers of settings, laid over each other.

use std::{ffi::OsStr, fmt};

use config::{Config, ConfigError, Map, Source, Value};

use super::{
    error::{Place, SettingsError},
    file,
    key::{Fallback, Key, Member},
    registry,
    sources::Sources,
};

/// A layer, by what its values say of where they are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File,
    Variable,
    Flag,
}

impl Origin {
    const ALL: [Self; 4] = [Self::Default, Self::File, Self::Variable, Self::Flag];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Variable => "environment",
            Self::Flag => "flag",
        }
    }

    pub(super) fn of(value: &Value) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| value.origin() == Some(origin.name()))
    }
}

/// One layer, as a source of the library that merges them.
#[derive(Clone)]
struct Layer {
    origin: Origin,
    values: Map<String, Value>,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layer").field(&self.origin).finish()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.clone())
    }
}

impl Layer {
    fn new(origin: Origin) -> Self {
        Self { origin, values: Map::new() }
    }

    fn insert(&mut self, key: &Key, value: impl Into<config::ValueKind>) {
        let origin = self.origin.name().to_owned();
        self.values.insert(key.name.to_owned(), Value::new(Some(&origin), value));
    }
}

/// All values of a command, by section and name.
pub(super) fn merged(sources: &Sources, member: Member) -> Result<Map<String, Value>, SettingsError> {
    let (mut defaults, mut variables, mut flags) =
        (Layer::new(Origin::Default), Layer::new(Origin::Variable), Layer::new(Origin::Flag));
    for key in registry::keys(Some(member)) {
        if let Fallback::Value(value) = key.fallback {
            defaults.insert(key, value);
        }
        if let Some(value) = sources.variables.get(&key.variable()) {
            variables.insert(key, utf8(key, value)?);
        }
        match sources.flags.values(key) {
            Some(values) if key.kind.is_list() => flags.insert(key, values.to_vec()),
            Some([.., value]) => flags.insert(key, value.as_str()),
            Some([]) | None => {}
        }
    }
    let mut from_file = Layer::new(Origin::File);
    if let Some((path, named_by)) = sources.file()? {
        for (key, value) in file::read(&path, named_by)? {
            from_file.insert(key, value.kind);
        }
    }
    let mut builder = Config::builder();
    for layer in [defaults, from_file, variables, flags] {
        builder = builder.add_source(layer);
    }
    // What the library might say could repeat values.
    builder.build().and_then(|config| config.collect()).map_err(|_| SettingsError::Layers)
}

fn utf8<'a>(key: &Key, value: &'a OsStr) -> Result<&'a str, SettingsError> {
    value.to_str().ok_or_else(|| SettingsError::Value {
        place: Place::Variable(key.variable()),
        found: "the value".to_owned(),
        problem: "is no UTF-8",
        expected: key.kind.expected(),
    })
}
