//! What a connection keeps of its client's housekeeping: settings that drivers set and read back, and nothing behind them
//! but the time that a statement has.

use std::{collections::BTreeMap, time::Duration};

use steppe_engine::EngineError;

/// Settings that clients may set, as they stand at first. None but `statement_timeout` changes an answer: times are in
/// UTC, texts in UTF-8, dates as ISO writes them.
const KNOWN: [(&str, &str); 24] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, MDY"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("geqo", "on"),
    ("idle_in_transaction_session_timeout", "0"),
    ("intervalstyle", "postgres"),
    ("jit", "off"),
    ("lc_messages", "C"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("row_security", "on"),
    ("search_path", "public"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction", ""),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
    ("xmloption", "content"),
];
/// Settings that can only be read.
const READ_ONLY: [(&str, &str); 5] = [
    ("integer_datetimes", "on"),
    ("is_superuser", "off"),
    ("server_encoding", "UTF8"),
    ("server_version", "16.6"),
    ("server_version_num", "160006"),
];
/// Settings whose changes a client is told, by their spelling in the protocol.
const REPORTED: [(&str, &str); 8] = [
    ("application_name", "application_name"),
    ("client_encoding", "client_encoding"),
    ("datestyle", "DateStyle"),
    ("default_transaction_read_only", "default_transaction_read_only"),
    ("intervalstyle", "IntervalStyle"),
    ("search_path", "search_path"),
    ("standard_conforming_strings", "standard_conforming_strings"),
    ("timezone", "TimeZone"),
];

/// The settings of one connection.
#[derive(Debug, Default)]
pub(super) struct Settings {
    changed: BTreeMap<&'static str, String>,
    timeout: Option<Duration>,
}

impl Settings {
    /// Sets one; without a value as it was at first. Gives the name and value to tell the client, if it wants to know.
    ///
    /// # Errors
    /// A setting that there is not, or a value that answers can not have.
    pub(super) fn set(
        &mut self,
        name: &str,
        value: Option<&str>,
    ) -> Result<Option<(&'static str, String)>, EngineError> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let Some((name, first)) = known else {
            let problem = format!("the setting {} can not be set", shown(name));
            return Err(EngineError::refused(problem, "leave it out"));
        };
        let value = value.unwrap_or(first);
        check(name, value)?;
        if *name == "statement_timeout" {
            self.timeout = timeout(value)?;
        }
        self.changed.insert(name, value.to_owned());
        let reported = REPORTED.iter().find(|(reported, _)| reported == name);
        Ok(reported.map(|(_, spelling)| (*spelling, value.to_owned())))
    }

    /// All as they were at first.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The value of one.
    ///
    /// # Errors
    /// A setting that there is not.
    pub(super) fn get(&self, name: &str) -> Result<String, EngineError> {
        if let Some(value) = self.changed.get(name) {
            return Ok(value.clone());
        }
        let first = KNOWN.iter().chain(&READ_ONLY).find(|(known, _)| *known == name);
        first.map(|(_, first)| (*first).to_owned()).ok_or_else(|| {
            let problem = format!("there is no setting {}", shown(name));
            EngineError::refused(problem, "ask for one that PostgreSQL's clients know")
        })
    }

    /// The time that the client gives each of its statements, where that is less than it may have.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

fn check(name: &str, value: &str) -> Result<(), EngineError> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', '\'', '"', ' '], "");
    let good = match name {
        "client_encoding" => ["utf8", "unicode"].contains(&plain(value).as_str()),
        "datestyle" => plain(value).contains("iso") || plain(value) == "default",
        "standard_conforming_strings" => ["on", "true", "1", "yes"].contains(&plain(value).as_str()),
        _ => value.len() <= 256 && !value.contains(char::is_control),
    };
    if good {
        return Ok(());
    }
    let problem = format!("the setting {name} can not have this value");
    Err(EngineError::refused(problem, "texts are in UTF-8, dates as ISO writes them; leave it as it is"))
}

/// A time as PostgreSQL writes it: milliseconds, or a number with its unit; 0 is none.
fn timeout(value: &str) -> Result<Option<Duration>, EngineError> {
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => Some(1),
        "s" => Some(1000),
        "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let milliseconds =
        number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    match milliseconds {
        Some(0) => Ok(None),
        Some(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
        None => Err(EngineError::refused("the timeout is no time", "write 5000, 5s or 2min")),
    }
}

/// A name for a message; a client may send anything.
fn shown(name: &str) -> String {
    format!("{:?}", name.chars().take(64).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_set_and_read_back() {
        let mut settings = Settings::default();
        assert_eq!(settings.get("datestyle").ok().as_deref(), Some("ISO, MDY"));
        let told = settings.set("timezone", Some("Europe/Berlin")).expect("a setting");
        assert_eq!(told, Some(("TimeZone", "Europe/Berlin".to_owned())));
        assert_eq!(settings.get("timezone").ok().as_deref(), Some("Europe/Berlin"));
        assert_eq!(settings.set("extra_float_digits", Some("3")).expect("a setting"), None);
        settings.reset();
        assert_eq!(settings.get("timezone").ok().as_deref(), Some("UTC"));
    }

    #[test]
    fn what_changes_answers_can_not_be_set() {
        let mut settings = Settings::default();
        for (name, value) in [
            ("client_encoding", "LATIN1"),
            ("datestyle", "German"),
            ("standard_conforming_strings", "off"),
            ("datafusion.execution.batch_size", "1"),
            ("role", "postgres"),
            ("session_authorization", "postgres"),
            ("server_version", "9"),
            ("application_name", "a\nb"),
        ] {
            assert!(settings.set(name, Some(value)).is_err(), "{name}");
        }
        for name in ["all", "datafusion.catalog.location", "data_directory", "hba_file"] {
            assert!(settings.get(name).is_err(), "{name}");
        }
    }

    #[test]
    fn times_have_units() {
        let mut settings = Settings::default();
        for (value, milliseconds) in
            [("250", Some(250)), ("2s", Some(2000)), ("1 min", Some(60_000)), ("0", None)]
        {
            settings.set("statement_timeout", Some(value)).expect(value);
            assert_eq!(settings.timeout(), milliseconds.map(Duration::from_millis), "{value}");
        }
        for bad in ["-1", "soon", "1 fortnight", "99999999999999999999", ""] {
            assert!(settings.set("statement_timeout", Some(bad)).is_err(), "{bad}");
        }
    }
}
