//! BMI2, which every CPU with AVX2 is known to have, but which is a feature of its own.

use std::arch::{is_x86_feature_detected, x86_64::_pext_u64};

use super::{avx2::Avx2, avx512::Avx512};
use crate::gather::{GatherPasses, Pick};
use crate::scalar::gather as portable;

#[target_feature(enable = "bmi2,avx2")]
fn pick(row: &[[u8; 8]], picks: &[Pick], out: &mut [u8]) {
    portable::pick(row, picks, out, |word, mask| _pext_u64(word, mask));
}

#[target_feature(enable = "avx2")]
fn unpack(row: &[u8], codes: &mut [[u8; 4]]) {
    portable::unpack(row, codes);
}

macro_rules! gather_passes {
    ($($level:ty),+) => {$(
        impl GatherPasses for $level {
            fn picks(self) -> bool {
                is_x86_feature_detected!("bmi2")
            }

            fn pick(self, row: &[[u8; 8]], picks: &[Pick], out: &mut [u8]) {
                if self.picks() {
                    // SAFETY: the CPU has BMI2, and `self` exists only where it has AVX2.
                    unsafe { pick(row, picks, out) }
                }
            }

            fn unpack(self, row: &[u8], codes: &mut [[u8; 4]]) {
                // SAFETY: `self` exists only where the CPU has AVX2.
                unsafe { unpack(row, codes) }
            }
        }
    )+};
}
gather_passes!(Avx2, Avx512);
