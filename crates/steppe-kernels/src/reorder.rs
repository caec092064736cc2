//! Gathers a row's samples into another order.

/// Writes sample `order[i]` of `src` to place `i` of `dst`. A source sample that `src` does not hold reads
/// as missing (3). What `dst` holds past `order.len()` samples becomes 0; samples past the end of `dst` are
/// dropped.
pub fn reorder_samples(src: &[u8], order: &[u32], dst: &mut [u8]) {
    let code = |sample: u32| match src.get(sample as usize / 4) {
        Some(byte) => byte >> (2 * (sample % 4)) & 3,
        None => 3,
    };
    let mut groups = order.chunks(4);
    for byte in dst {
        *byte = match groups.next() {
            Some(&[a, b, c, d]) => code(a) | code(b) << 2 | code(c) << 4 | code(d) << 6,
            Some(rest) => rest.iter().rev().fold(0, |byte, &sample| byte << 2 | code(sample)),
            None => 0,
        };
    }
}
