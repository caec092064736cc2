//! Faults in the policy's text, with the line and the word that was probably meant.

use std::ops::Range;

use toml::de::Error;

use crate::PrivacyError;

/// Words that are less alike are no suggestion.
const ALIKE: f64 = 0.5;

/// Line and column, from 1, of a byte of a text.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The fault that the TOML library has found.
pub(super) fn fault(text: &str, error: &Error) -> PrivacyError {
    let at = error.span().map_or(0, |Range { start, .. }| start);
    let (line, column) = position(text, at);
    let message = error.message().trim().replace('\n', "; ");
    let suggestion = suggestion(&message);
    // The library names unknown keys, but not the key of a value of a wrong kind.
    let problem = match key_before(text, at) {
        Some(key) if message.starts_with("invalid ") => format!("{key} has an {message}"),
        _ => message,
    };
    PrivacyError::PolicySyntax { line, column, problem, suggestion }
}

/// The key on the left of a value.
fn key_before(text: &str, at: usize) -> Option<&str> {
    let line = text.get(..at)?.rsplit('\n').next()?;
    let (left, _) = line.rsplit_once('=')?;
    left.rsplit(['{', ',']).next().map(str::trim).filter(|key| !key.is_empty())
}

/// Of "unknown field `scres`, expected one of `scores`, `rows`" the expected word that is most like the one given.
fn suggestion(problem: &str) -> Option<String> {
    if !problem.starts_with("unknown ") {
        return None;
    }
    let mut words = problem.split('`').skip(1).step_by(2);
    let given = words.next()?.to_lowercase();
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(&given, word);
    let (likeness, word) =
        words.map(|word| (likeness(word), word)).max_by(|(one, _), (two, _)| one.total_cmp(two))?;
    (likeness >= ALIKE).then(|| word.to_owned())
}
