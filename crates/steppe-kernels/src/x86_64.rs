//! x86-64.

pub(crate) mod avx2;
pub(crate) mod avx512;
mod bmi2;

use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

/// Asks for a row, for the second-level cache.
fn prefetch(row: &[u8]) {
    for line in row.chunks(64) {
        // SAFETY: every x86-64 CPU has the instruction, and it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }
}
