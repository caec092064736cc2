//! Text to numbers, as plink2 takes them.

use std::path::Path;

use crate::Malformed;

/// What one value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// Empty, `NA` or `nan`.
    Missing,
    /// A finite number.
    Number(f64),
    /// Text that starts as no number does.
    Word,
    /// Text that starts as a number and is none, or is not finite.
    Broken,
}

/// Reads one value.
pub(super) fn cell(text: &str) -> Cell {
    if is_missing(text) {
        return Cell::Missing;
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::Number(number),
        Ok(_) => Cell::Broken,
        Err(_) if starts_as_number(text) || text == "." => Cell::Broken,
        Err(_) => Cell::Word,
    }
}

/// Empty, `NA` or `nan` in any case.
pub(super) fn is_missing(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("NA") || text.eq_ignore_ascii_case("nan")
}

fn starts_as_number(text: &str) -> bool {
    let mut bytes = text.bytes();
    match bytes.next() {
        Some(b'+' | b'-' | b'.') => bytes.next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.'),
        Some(byte) => byte.is_ascii_digit(),
        None => false,
    }
}

/// Refuses a value that is no finite number.
pub(super) fn broken(path: &Path, text: &str) -> Malformed {
    let problem = match text.parse::<f64>() {
        Ok(_) if text.bytes().any(|byte| byte.is_ascii_digit()) => {
            "the number is too large for a 64-bit float"
        }
        Ok(_) => "this is no finite number",
        Err(_) => "this is no number",
    };
    Malformed::new(path, problem, "write a decimal number such as -1.5 or 2e-3, or NA where it is missing")
        .value(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_text() {
        for text in ["", "NA", "na", "NaN", "nan"] {
            assert_eq!(cell(text), Cell::Missing, "{text}");
        }
        for (text, number) in [("1", 1.0), ("+3", 3.0), ("-.5", -0.5), ("2e3", 2000.0), ("5.", 5.0)] {
            assert_eq!(cell(text), Cell::Number(number), "{text}");
        }
        for text in ["red", "none", "-x", "<1", "é"] {
            assert_eq!(cell(text), Cell::Word, "{text}");
        }
        for text in ["1.5abc", "1d5", ".", "inf", "-Infinity", "1e400", "1,5", "+.x", "12-01-2020"] {
            assert_eq!(cell(text), Cell::Broken, "{text}");
        }
    }
}
