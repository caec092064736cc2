//! Which variant a row speaks of.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use steppe_genome::{Chromosome, EffectType};

use super::cells::Cells;
use crate::{FormatError, scoring_file::reader::columns::Role};

/// Whether a cell says that there is nothing.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "." | "NA" | "N/A")
}

/// Whether an other allele lists several.
pub(super) fn several_alleles(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'/' | b','))
}

/// An allele in upper case. Only bases, and single letters such as `i` and `d`, are letters to upper-case: the name
/// of an HLA allele is not.
pub(super) fn allele(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_bases = || text.len() == 1 || text.bytes().all(|byte| b"acgtnACGTN".contains(&byte));
    if is_lower && is_bases() { text.to_ascii_uppercase().into() } else { text.into() }
}

/// A 1-based position; 0 where the row has none. The harmonised one may be `0` as well.
pub(super) fn position(cells: &Cells<'_>, role: Role, zero_is_none: bool) -> Result<u32, FormatError> {
    let text = cells.get(role);
    if is_missing(text) {
        return Ok(0);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(position) if digits && (position > 0 || zero_is_none) => Ok(position),
        _ => {
            let remedy =
                "write the 1-based position in digits only, as in 1000000; spreadsheets change them to 1e6";
            Err(cells.bad(role, "this is no position", remedy))
        }
    }
}

/// `allelefrequency_effect`.
pub(super) fn frequency(cells: &Cells<'_>) -> Result<Option<f64>, FormatError> {
    let text = cells.get(Role::Frequency);
    if is_missing(text) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(frequency) if (0.0..=1.0).contains(&frequency) => Ok(Some(frequency)),
        _ => Err(cells.bad(
            Role::Frequency,
            "this is no allele frequency",
            "give a number from 0 to 1, or nothing",
        )),
    }
}

/// Starts the hash of what a row speaks of: the author's position, else the id, else the harmonised position.
/// Two rows of an author that harmonisation brings to one position are no contradiction of his.
pub(super) fn identity(
    cells: &Cells<'_>,
    harmonised: bool,
    chromosome: Option<&Chromosome>,
    position: u32,
    id: &str,
) -> Option<DefaultHasher> {
    let mut key = DefaultHasher::new();
    let placed = chromosome.filter(|_| position != 0);
    let author = (cells.get(Role::Chromosome), cells.get(Role::Position));
    if harmonised && !is_missing(author.0) && !is_missing(author.1) {
        author.hash(&mut key);
    } else if !harmonised && let Some(chromosome) = placed {
        (chromosome, position).hash(&mut key);
    } else if !id.is_empty() {
        id.hash(&mut key);
    } else {
        (placed?, position).hash(&mut key);
    }
    Some(key)
}

/// Ends the hash with how the row speaks of it; never 0.
pub(super) fn finish_key(mut key: DefaultHasher, effect: &str, other: &str, effect_type: EffectType) -> u64 {
    (effect, other, effect_type).hash(&mut key);
    key.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bases_are_upper_cased() {
        for (text, read) in
            [("acG", "ACG"), ("i", "I"), ("HLA-DRB1*04:01n", "HLA-DRB1*04:01n"), ("<del>", "<del>")]
        {
            assert_eq!(allele(text), read);
        }
    }
}
