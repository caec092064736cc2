//! The settings file: TOML whose tables are the sections.

use std::path::Path;

use config::{ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::{
    error::{Place, SettingsError},
    key::Key,
    registry::{self, SECTIONS},
};

/// The values of a file, each known by name. Whether they are of the right kind is seen when they are used.
pub(super) fn read(path: &Path, named_by: Place) -> Result<Vec<(&'static Key, Value)>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        named_by,
        source,
    })?;
    let tables = File::from_str(&text, FileFormat::Toml).collect().map_err(|error| {
        let problem = syntax_problem(&error);
        SettingsError::Syntax { path: path.to_owned(), problem }
    })?;
    known_values(path, tables)
}

/// Where and what, without the lines around it that the library's message shows: one of them may hold a secret.
fn syntax_problem(error: &ConfigError) -> String {
    let ConfigError::FileParse { cause, .. } = error else { return "it is no TOML".to_owned() };
    let message = cause.to_string();
    let first = message.lines().next().unwrap_or_default();
    let last = message.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    match first.strip_prefix("TOML parse error at ") {
        Some(position) => format!("{last} at {position}"),
        None => "a number in it is too large".to_owned(),
    }
}

fn known_values(
    path: &Path,
    tables: Map<String, Value>,
) -> Result<Vec<(&'static Key, Value)>, SettingsError> {
    let mut values = Vec::new();
    // The library's maps have no order; errors should not depend on it.
    for (name, value) in sorted(tables) {
        let section = SECTIONS.iter().find(|section| section.name == name);
        match (section, value.kind) {
            (Some(section), ValueKind::Table(table)) => {
                for (rest, value) in sorted(table) {
                    values.push(known(path, &format!("{}.{rest}", section.name), value)?);
                }
            }
            (Some(section), _) => {
                return Err(SettingsError::SectionValue { path: path.to_owned(), section: section.name });
            }
            (None, ValueKind::Table(table)) if !table.is_empty() => {
                let first = sorted(table).into_iter().next().map(|(rest, _)| rest).unwrap_or_default();
                return Err(unknown(path, &format!("{name}.{first}")));
            }
            (None, _) => return Err(unknown(path, &name)),
        }
    }
    Ok(values)
}

fn sorted(table: Map<String, Value>) -> Vec<(String, Value)> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries
}

fn known(path: &Path, name: &str, value: Value) -> Result<(&'static Key, Value), SettingsError> {
    let key = registry::find(name).ok_or_else(|| unknown(path, name))?;
    // A table would be merged with the layers below it instead of replacing them.
    if matches!(value.kind, ValueKind::Table(_)) {
        return Err(SettingsError::Value {
            place: Place::File { path: path.to_owned(), key: key.name },
            found: "a table".to_owned(),
            problem: "is no value",
            expected: key.kind.expected(),
        });
    }
    Ok((key, value))
}

fn unknown(path: &Path, name: &str) -> SettingsError {
    let nearest = registry::nearest(name).map_or("", |key| key.name);
    SettingsError::UnknownKey { path: path.to_owned(), key: name.escape_debug().to_string(), nearest }
}
