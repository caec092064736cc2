//! JSON that carries its own hash: `{"blake3":"…","manifest":…}` and a line feed.
//!
//! Every byte is fixed by the form or covered by the hash, so that no flipped bit goes unseen.

use crate::{StoreError, hash::blake3_hex};

const HASH_DIGITS: usize = 64;

/// Wraps a JSON text under the key `name`; also returns its hash.
pub(crate) fn seal(name: &str, body: &[u8]) -> (Vec<u8>, String) {
    let hash = blake3_hex(body);
    let mut bytes = format!("{{\"blake3\":\"{hash}\",\"{name}\":").into_bytes();
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(b"}\n");
    (bytes, hash)
}

/// Checks what [`seal`] wrote, and returns the JSON text and its hash.
pub(crate) fn open_sealed<'a>(
    name: &str,
    file: &str,
    bytes: &'a [u8],
) -> Result<(&'a [u8], String), StoreError> {
    let form = || {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        StoreError::corrupt(
            file,
            "the form",
            format!("{{\"blake3\":\"…\",\"{name}\":…}}"),
            format!("{shown:?}"),
        )
    };
    let rest = bytes.strip_prefix(b"{\"blake3\":\"").ok_or_else(form)?;
    let (stated, rest) = rest.split_at_checked(HASH_DIGITS).ok_or_else(form)?;
    let middle = format!("\",\"{name}\":");
    let body =
        rest.strip_prefix(middle.as_bytes()).and_then(|rest| rest.strip_suffix(b"}\n")).ok_or_else(form)?;
    let found = blake3_hex(body);
    if found.as_bytes() != stated {
        return Err(StoreError::corrupt(file, "its content", String::from_utf8_lossy(stated), found));
    }
    Ok((body, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flipped_bit_passes() {
        let (sealed, hash) = seal("manifest", br#"{"samples":3,"name":"x"}"#);
        assert_eq!(open_sealed("manifest", "m", &sealed).unwrap().1, hash);
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open_sealed("manifest", "m", &flipped).is_err(), "bit {bit}");
        }
        assert!(open_sealed("manifest", "m", &sealed[..sealed.len() - 1]).is_err());
        assert!(open_sealed("manifest", "m", b"").is_err());
    }
}
