//! The people of a cohort, as statements see them.

use std::collections::HashMap;

use datafusion::{arrow::array::Array, error::DataFusionError};
use steppe_store::Cohort;

use super::texts::texts;
use crate::EngineError;

/// The digits of RFC 4648's base 32, in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Bytes of a pseudonym: 128 bits, so that of a billion people no two have the same.
const PSEUDONYM_BYTES: usize = 16;

/// The people of a cohort: each has a sample id, a number (its place in the matrix), and a pseudonym.
pub(crate) struct People {
    ids: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    pseudonyms: Vec<Box<str>>,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("people", &self.ids.len()).finish_non_exhaustive()
    }
}

impl People {
    /// The people of a cohort store.
    ///
    /// # Errors
    /// A store that can not be read; a sample id that two people have.
    pub(crate) fn of_cohort(name: &str, cohort: &Cohort, secret: &[u8; 32]) -> Result<Self, EngineError> {
        let samples = cohort.samples()?;
        Self::new(name, samples.sample_id.iter(), secret)
    }

    /// People with these sample ids, in matrix order. Pseudonyms are BLAKE3 of cohort and sample id, keyed with the
    /// gateway's secret, so that those of two cohorts can not be joined.
    ///
    /// # Errors
    /// A sample id that two people have.
    pub(crate) fn new<'a>(
        cohort: &str,
        ids: impl Iterator<Item = &'a str>,
        secret: &[u8; 32],
    ) -> Result<Self, EngineError> {
        let ids: Vec<Box<str>> = ids.map(Box::from).collect();
        let mut numbers = HashMap::with_capacity(ids.len());
        for (number, id) in (0..).zip(&ids) {
            if numbers.insert(id.clone(), number).is_some() {
                return Err(EngineError::refused(
                    format!("cohort {cohort}: two people have the sample id {id:?}"),
                    "import the cohort with sample ids of their own, so that files can be joined by them",
                ));
            }
        }
        let pseudonyms = ids.iter().map(|id| pseudonym(cohort, id, secret)).collect();
        Ok(Self { ids, numbers, pseudonyms })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The numbers of a column of sample ids; `None` is nobody of the cohort.
    ///
    /// # Errors
    /// A column that is not ids.
    pub(crate) fn numbers(&self, ids: &dyn Array) -> Result<Vec<Option<u32>>, DataFusionError> {
        let ids = texts(ids)?;
        let mut guess = 0;
        let mut number_of = |id: Option<&str>| {
            let number = self.number(id?, guess)?;
            guess = number + 1;
            Some(number)
        };
        Ok(ids.iter().map(&mut number_of).collect())
    }

    /// The number of a sample id; `guess` is looked at first, since files mostly have the matrix order.
    fn number(&self, id: &str, guess: u32) -> Option<u32> {
        match self.ids.get(guess as usize) {
            Some(there) if &**there == id => Some(guess),
            _ => self.numbers.get(id).copied(),
        }
    }

    /// The pseudonym of a number.
    pub(crate) fn pseudonym(&self, number: u32) -> Option<&str> {
        self.pseudonyms.get(number as usize).map(|pseudonym| &**pseudonym)
    }
}

fn pseudonym(cohort: &str, id: &str, secret: &[u8; 32]) -> Box<str> {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(b"steppe sample key\0").update(cohort.as_bytes()).update(&[0]).update(id.as_bytes());
    base32(&hasher.finalize().as_bytes()[..PSEUDONYM_BYTES]).into()
}

/// Base 32 without padding.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for &byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(buffer >> bits) as usize & 31]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(buffer << (5 - bits)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_32_is_that_of_the_rfc() {
        let encoded: Vec<String> = ["", "f", "fo", "foo", "foob", "fooba", "foobar"]
            .iter()
            .map(|text| base32(text.as_bytes()))
            .collect();
        assert_eq!(encoded, ["", "my", "mzxq", "mzxw6", "mzxw6yq", "mzxw6ytb", "mzxw6ytboi"]);
    }

    #[test]
    fn pseudonyms_differ_by_secret_cohort_and_person() -> Result<(), EngineError> {
        let people = |cohort, secret| People::new(cohort, ["a", "b"].into_iter(), &[secret; 32]);
        let one = people("one", 1)?;
        assert_eq!(one.pseudonym(0).map(str::len), Some(26));
        assert_ne!(one.pseudonym(0), one.pseudonym(1));
        assert_ne!(one.pseudonym(0), people("two", 1)?.pseudonym(0));
        assert_ne!(one.pseudonym(0), people("one", 2)?.pseudonym(0));
        assert_eq!(one.pseudonym(1), people("one", 1)?.pseudonym(1));
        assert_eq!((one.number("b", 0), one.number("b", 1), one.number("c", 9)), (Some(1), Some(1), None));
        assert!(People::new("one", ["a", "a"].into_iter(), &[1; 32]).is_err());
        Ok(())
    }
}
