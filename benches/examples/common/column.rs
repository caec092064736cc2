//! One column of a table of text.

use std::{error::Error, fs};

/// One column of a table with a header.
pub(crate) fn values(path: &str, name: &str) -> Result<Vec<f64>, Box<dyn Error>> {
    let table = fs::read_to_string(path)?;
    let mut rows = table.lines().map(|line| line.split_whitespace());
    let at = rows.next().and_then(|mut header| header.position(|field| field == name));
    let at = at.ok_or_else(|| format!("{path} has no column {name}"))?;
    rows.map(|mut row| Ok(row.nth(at).ok_or("a row is too short")?.parse()?)).collect()
}
