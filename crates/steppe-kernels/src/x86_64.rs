//! x86-64.

pub(crate) mod amx;
pub(crate) mod avx2;
pub(crate) mod avx512;
mod bmi2;

use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

/// Asks for data, for the second-level cache.
fn prefetch<T>(data: &[T]) {
    for at in (0..size_of_val(data)).step_by(64) {
        // SAFETY: every x86-64 CPU has the instruction, and it reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(data.as_ptr().cast::<i8>().wrapping_add(at)) };
    }
}
