use std::{num::NonZeroUsize, path::PathBuf};

use super::Problem;

/// The longest identifier, in bytes; a Linux host's name fits.
const LONGEST: usize = 64;

pub(in crate::settings) fn text(text: &str) -> Result<String, Problem> {
    Ok(text.to_owned())
}

pub(in crate::settings) fn path(text: &str) -> Result<PathBuf, Problem> {
    if text.contains('\0') { Err("has a zero byte") } else { Ok(text.into()) }
}

pub(in crate::settings) fn count(text: &str) -> Result<NonZeroUsize, Problem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no whole number");
    }
    let number: usize = text.parse().map_err(|_| "is too large")?;
    NonZeroUsize::new(number).ok_or("is less than 1")
}

pub(in crate::settings) fn switch(text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_| "is neither")
}

/// `NAME=FILE`: a table and the file that it is made from.
pub(in crate::settings) fn table(text: &str) -> Result<(String, String), Problem> {
    let (name, file) = text.split_once('=').ok_or("has no =")?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err("has another name before its =");
    }
    Ok((name.to_owned(), super::location(file)?))
}

/// A name that is safe in a log line, a metric's label and the name of a file.
pub(in crate::settings) fn identifier(text: &str) -> Result<String, Problem> {
    if text.len() > LONGEST {
        return Err("is too long");
    }
    if !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err("begins with another character");
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
        return Err("has another character");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_one() {
        assert_eq!(count("12").map(NonZeroUsize::get), Ok(12));
        for text in ["0", "-1", "+1", "1.5", "", "99999999999999999999999"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tables() {
        assert_eq!(table("people=a=b.tsv"), Ok(("people".to_owned(), "a=b.tsv".to_owned())));
        for bad in ["people", "=a.tsv", "People=a.tsv", "1p=a.tsv", "p-q=a.tsv", "p=s3://key:secret@b/a.csv"]
        {
            assert!(table(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn identifiers() {
        for good in ["a", "worker-1.example.org", "node_7", "0"] {
            assert_eq!(identifier(good).as_deref(), Ok(good));
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "é", "a\n", &"a".repeat(65)] {
            assert!(identifier(bad).is_err(), "{bad}");
        }
    }
}
