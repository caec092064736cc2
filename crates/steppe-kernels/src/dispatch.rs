//! From a [`Level`] to its passes: the only place that chooses.

use crate::level::Level;
use crate::passes::Passes;

/// Evaluates `$body` with `$passes` bound to the level's passes, or to the portable ones where this CPU
/// lacks the level. Tiles are for a few passes only ([`with_matrix_passes`]); the others have AVX-512 there.
macro_rules! with_passes {
    ($level:expr, $passes:ident => $body:expr) => {
        match $level {
            #[cfg(target_arch = "x86_64")]
            $crate::level::Level::Avx2 => match $crate::x86_64::avx2::Avx2::new() {
                Some($passes) => $body,
                None => {
                    let $passes = $crate::scalar::Scalar;
                    $body
                }
            },
            #[cfg(target_arch = "x86_64")]
            $crate::level::Level::Avx512 | $crate::level::Level::Amx => {
                match $crate::x86_64::avx512::Avx512::new() {
                    Some($passes) => $body,
                    None => {
                        let $passes = $crate::scalar::Scalar;
                        $body
                    }
                }
            }
            #[cfg(target_arch = "aarch64")]
            $crate::level::Level::Neon => match $crate::aarch64::neon::Neon::new() {
                Some($passes) => $body,
                None => {
                    let $passes = $crate::scalar::Scalar;
                    $body
                }
            },
            _ => {
                let $passes = $crate::scalar::Scalar;
                $body
            }
        }
    };
}
pub(crate) use with_passes;

/// The same, for the passes that tiles have a way of their own for.
macro_rules! with_matrix_passes {
    ($level:expr, $passes:ident => $body:expr) => {
        match $level {
            #[cfg(target_arch = "x86_64")]
            $crate::level::Level::Amx => match $crate::x86_64::amx::Amx::new() {
                Some($passes) => $body,
                None => $crate::dispatch::with_passes!($level, $passes => $body),
            },
            level => $crate::dispatch::with_passes!(level, $passes => $body),
        }
    };
}
pub(crate) use with_matrix_passes;

/// Samples whose code is 0, 1, 2, 3, in that order, over the first `samples` samples of a row (over all
/// that the row holds, if it holds fewer).
pub fn count_codes(level: Level, row: &[u8], samples: usize) -> [u64; 4] {
    let samples = samples.min(row.len().saturating_mul(4));
    let (whole, rest) = row.split_at(samples / 4);
    let mut counts = with_passes!(level, passes => passes.count(whole, None));
    if let Some(&last) = rest.first() {
        for sample in 0..samples % 4 {
            counts[usize::from(last >> (2 * sample) & 3)] += 1;
        }
    }
    counts
}

/// The same over the samples whose mask field is 0b11; the mask is packed as the row is. Where one of the
/// two is longer, its further bytes are not read.
pub fn count_codes_masked(level: Level, row: &[u8], mask: &[u8]) -> [u64; 4] {
    let bytes = row.len().min(mask.len());
    with_passes!(level, passes => passes.count(&row[..bytes], Some(&mask[..bytes])))
}

/// Recodes a raw .bed row (4 samples a byte, `ceil(samples / 4)` bytes) to tile codes. Bits and bytes of
/// `dst` past `samples` become 0; what `bed` does not hold or `dst` cannot hold is not recoded.
pub fn recode_bed(level: Level, bed: &[u8], dst: &mut [u8], samples: usize) {
    let samples = samples.min(bed.len().min(dst.len()).saturating_mul(4));
    let bytes = samples.div_ceil(4);
    let (row, padding) = dst.split_at_mut(bytes);
    with_passes!(level, passes => passes.recode(&bed[..bytes], row));
    if !samples.is_multiple_of(4)
        && let Some(last) = row.last_mut()
    {
        *last &= (1 << (2 * (samples % 4))) - 1;
    }
    padding.fill(0);
}

/// `dst = row & mask`, bytewise, over the shortest of the three: the row of the samples in the mask, all
/// others with code 0.
pub fn and_mask(level: Level, row: &[u8], mask: &[u8], dst: &mut [u8]) {
    let bytes = row.len().min(mask.len()).min(dst.len());
    with_passes!(level, passes => passes.and_mask(&row[..bytes], &mask[..bytes], &mut dst[..bytes]));
}
