//! JSON that carries the hash of all that follows its second line, so that nothing in it changes unseen.

use serde::{Serialize, de::DeserializeOwned};

const BEGIN: &[u8] = b"{\n  \"blake3\": \"";
const END: &[u8] = b"\",\n";
/// What an object's own JSON begins with.
const OPEN: &[u8] = b"{\n";
const DIGITS: usize = 64;

/// The sealed JSON of an object with fields, for people to read.
///
/// # Errors
/// A number that JSON has no form for.
pub fn seal<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec_pretty(value)?;
    json.push(b'\n');
    Ok(with_hash(json.strip_prefix(OPEN).unwrap_or(&json)))
}

/// The same without blanks, for what is large.
///
/// # Errors
/// A number that JSON has no form for.
pub fn seal_compact<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_vec(value)?;
    Ok(with_hash(json.strip_prefix(b"{").unwrap_or(&json)))
}

fn with_hash(rest: &[u8]) -> Vec<u8> {
    let hash = blake3::hash(rest).to_hex();
    [BEGIN, hash.as_bytes(), END, rest].concat()
}

/// Reads what [`seal`] or [`seal_compact`] wrote;
///
/// # Errors
/// Bytes that are not as they were written: what is wrong with them.
pub fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, &'static str> {
    let sealed = bytes.strip_prefix(BEGIN).and_then(|rest| rest.split_at_checked(DIGITS));
    let Some((stated, Some(rest))) = sealed.map(|(hash, rest)| (hash, rest.strip_prefix(END))) else {
        return Err("it does not begin as it should");
    };
    if blake3::hash(rest).to_hex().as_bytes() != stated {
        return Err("its hash is not that of its content");
    }
    serde_json::from_slice(bytes).map_err(|_| "its content is not of this version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_shows() {
        let value = serde_json::json!({"a": 1.5, "b": [1, 2]});
        for bytes in [seal(&value).unwrap(), seal_compact(&value).unwrap()] {
            assert_eq!(unseal::<serde_json::Value>(&bytes).unwrap()["a"], 1.5);
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert!(unseal::<serde_json::Value>(&other).is_err(), "byte {at}");
                assert!(unseal::<serde_json::Value>(&bytes[..at]).is_err(), "length {at}");
            }
        }
    }
}
