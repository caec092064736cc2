//! The hashes of the store: XXH3 where bytes are read at memory speed, BLAKE3 where identity matters.

pub(crate) use twox_hash::{XxHash3_64 as Xxh3Hasher64, XxHash3_128 as Xxh3Hasher};

/// XXH3-128 in hexadecimal, as manifests hold it.
pub(crate) fn hex128(hash: u128) -> String {
    format!("{hash:032x}")
}

/// Reads what [`hex128`] wrote.
pub(crate) fn parse_hex128(text: &str) -> Option<u128> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// BLAKE3 in hexadecimal.
pub(crate) fn blake3_hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The checksum of one row of genotypes: its place is the seed, so that a row in the wrong place does not pass.
pub(crate) fn row_checksum(block: u32, variant: u32, row: &[u8]) -> u64 {
    Xxh3Hasher64::oneshot_with_seed(u64::from(block) << 32 | u64::from(variant), row)
}

/// The hash of the ordered sample ids: family id, tab, sample id, line feed for each.
pub(crate) fn sample_ids_blake3<'a>(ids: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    const BUFFERED: usize = 64 << 10;
    let mut hasher = blake3::Hasher::new();
    let mut lines = String::with_capacity(BUFFERED + 256);
    for (family, sample) in ids {
        for text in [family, "\t", sample, "\n"] {
            lines.push_str(text);
        }
        if lines.len() >= BUFFERED {
            hasher.update(lines.as_bytes());
            lines.clear();
        }
    }
    hasher.update(lines.as_bytes());
    hasher.finalize().to_hex().to_string()
}
