//! Operations on one packed column: four samples a byte, little end first, code 3 is missing.
//!
//! Sums run in one fixed order, so a result has the same bits on every call.

/// The four values that each byte stands for, with missing calls as 0.
const CODES: [[f64; 4]; 256] = byte_table([0.0, 1.0, 2.0, 0.0]);

/// The four samples of each byte, 1 where the call is missing.
const MISSING: [[f64; 4]; 256] = byte_table([0.0, 0.0, 0.0, 1.0]);

/// Whether a byte holds a missing call.
const HAS_MISSING: [bool; 256] = missing_bytes();

const fn byte_table(values: [f64; 4]) -> [[f64; 4]; 256] {
    let mut table = [[0.0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sample = 0;
        while sample < 4 {
            table[byte][sample] = values[(byte >> (2 * sample)) & 3];
            sample += 1;
        }
        byte += 1;
    }
    table
}

const fn missing_bytes() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte & (byte >> 1) & 0x55 != 0;
        byte += 1;
    }
    table
}

/// Σ code × r over called samples, and Σ r over samples whose call is missing. `r` is as long as there are `samples`.
pub fn dot(column: &[u8], samples: usize, r: &[f64]) -> (f64, f64) {
    let whole = samples / 4;
    let (column, last) = split(column, whole);
    let (r, tail) = r[..samples].split_at(4 * whole);
    let mut sums = [[0.0; 4]; 2];
    let mut missing = [0.0; 4];
    for (i, (byte, r)) in column.iter().zip(r.chunks_exact(4)).enumerate() {
        let codes = &CODES[usize::from(*byte)];
        let sums = &mut sums[i & 1];
        for lane in 0..4 {
            sums[lane] += codes[lane] * r[lane];
        }
        if HAS_MISSING[usize::from(*byte)] {
            let flags = &MISSING[usize::from(*byte)];
            for lane in 0..4 {
                missing[lane] += flags[lane] * r[lane];
            }
        }
    }
    for (lane, r) in tail.iter().enumerate() {
        sums[0][lane] += CODES[usize::from(last)][lane] * r;
        missing[lane] += MISSING[usize::from(last)][lane] * r;
    }
    let [even, odd] = sums;
    let lane = |i: usize| even[i] + odd[i];
    ((lane(0) + lane(1)) + (lane(2) + lane(3)), (missing[0] + missing[1]) + (missing[2] + missing[3]))
}

/// `r[sample] += table[code]`.
pub fn add(column: &[u8], samples: usize, table: [f64; 4], r: &mut [f64]) {
    let pairs = pair_table(table);
    let whole = samples / 4;
    let (column, last) = split(column, whole);
    let (r, tail) = r[..samples].split_at_mut(4 * whole);
    for (byte, r) in column.iter().zip(r.chunks_exact_mut(4)) {
        let (low, high) = (pairs[usize::from(byte & 15)], pairs[usize::from(byte >> 4)]);
        r[0] += low[0];
        r[1] += low[1];
        r[2] += high[0];
        r[3] += high[1];
    }
    for (lane, r) in tail.iter_mut().enumerate() {
        *r += table[usize::from((last >> (2 * lane)) & 3)];
    }
}

/// `r[sample] += table[code] × w[sample]`.
pub fn add_weighted(column: &[u8], samples: usize, table: [f64; 4], w: &[f64], r: &mut [f64]) {
    let pairs = pair_table(table);
    let whole = samples / 4;
    let (column, last) = split(column, whole);
    let (w, w_tail) = w[..samples].split_at(4 * whole);
    let (r, tail) = r[..samples].split_at_mut(4 * whole);
    for ((byte, w), r) in column.iter().zip(w.chunks_exact(4)).zip(r.chunks_exact_mut(4)) {
        let (low, high) = (pairs[usize::from(byte & 15)], pairs[usize::from(byte >> 4)]);
        r[0] += low[0] * w[0];
        r[1] += low[1] * w[1];
        r[2] += high[0] * w[2];
        r[3] += high[1] * w[3];
    }
    for (lane, (r, w)) in tail.iter_mut().zip(w_tail).enumerate() {
        *r += table[usize::from((last >> (2 * lane)) & 3)] * w;
    }
}

/// Σ w over the samples with each code: 0, 1, 2, missing.
pub fn moments(column: &[u8], samples: usize, w: &[f64]) -> [f64; 4] {
    let mut sums = [[0.0; 4]; 4];
    for (byte, w) in column.iter().zip(w[..samples].chunks(4)) {
        for (lane, w) in w.iter().enumerate() {
            sums[lane][usize::from((byte >> (2 * lane)) & 3)] += w;
        }
    }
    std::array::from_fn(|code| (sums[0][code] + sums[1][code]) + (sums[2][code] + sums[3][code]))
}

/// The first `whole` bytes, and the byte after them (0 where there is none).
fn split(column: &[u8], whole: usize) -> (&[u8], u8) {
    let (full, rest) = column.split_at(whole);
    (full, rest.first().copied().unwrap_or(0))
}

/// The two values of each half byte.
fn pair_table(table: [f64; 4]) -> [[f64; 2]; 16] {
    std::array::from_fn(|half| [table[half & 3], table[half >> 2]])
}
