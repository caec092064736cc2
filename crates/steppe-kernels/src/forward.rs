//! The forward pass: per sample, the sums of the rows' table entries.

mod lookup;
mod narrow;
mod sums;

use crate::dispatch::with_passes;
use crate::error::KernelError;
use crate::level::Level;
use crate::rows::{Rows, Tables};
use crate::scalar::Scalar;
use sums::Sums;

/// Running exact sums of one sample block: `weight_lanes` weighted sums and `count_lanes` counts per
/// sample. Integer addition throughout, so neither the order of calls nor the level changes a bit.
#[derive(Debug)]
pub struct ForwardSums(State);

#[derive(Debug)]
enum State {
    Scalar(Sums<Scalar>),
    #[cfg(target_arch = "x86_64")]
    Avx2(Sums<crate::x86_64::avx2::Avx2>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Sums<crate::x86_64::avx512::Avx512>),
    #[cfg(target_arch = "aarch64")]
    Neon(Sums<crate::aarch64::neon::Neon>),
}

macro_rules! state_from {
    ($($(#[$gate:meta])* $variant:ident($passes:ty)),+ $(,)?) => {$(
        $(#[$gate])*
        impl From<Sums<$passes>> for State {
            fn from(sums: Sums<$passes>) -> Self {
                Self::$variant(sums)
            }
        }
    )+};
}
state_from!(
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Avx2(crate::x86_64::avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(crate::x86_64::avx512::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(crate::aarch64::neon::Neon),
);

macro_rules! on_sums {
    ($state:expr, $sums:ident => $body:expr) => {
        match $state {
            State::Scalar($sums) => $body,
            #[cfg(target_arch = "x86_64")]
            State::Avx2($sums) => $body,
            #[cfg(target_arch = "x86_64")]
            State::Avx512($sums) => $body,
            #[cfg(target_arch = "aarch64")]
            State::Neon($sums) => $body,
        }
    };
}

impl ForwardSums {
    /// Zero sums. Memory: 8 bytes a weighted sum (lanes rounded up to a multiple of 8 when there are many),
    /// 8 bytes a count.
    pub fn new(level: Level, samples: usize, weight_lanes: usize, count_lanes: usize) -> Self {
        Self(with_passes!(level, passes => Sums::new(passes, samples, weight_lanes, count_lanes).into()))
    }

    /// Adds rows. `tables` holds as many lanes as the sums do. The sums are two's complement: the caller
    /// chooses the scale so that no total leaves the range of i64 (of u32 for the counts).
    ///
    /// # Errors
    /// Shapes that do not fit, or an entry out of range; nothing is added then.
    pub fn add(&mut self, rows: Rows<'_>, tables: &Tables<'_>) -> Result<(), KernelError> {
        on_sums!(&mut self.0, sums => sums.add(&rows, tables))
    }

    /// The sums, in sample order.
    pub fn finish(self) -> FinishedSums {
        on_sums!(self.0, sums => sums.finish())
    }
}

/// The sums of a block, lane-major: `[lane * samples + sample]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinishedSums {
    /// Weighted sums, at the scale of the tables.
    pub weights: Vec<i64>,
    /// Alleles counted.
    pub alleles: Vec<u32>,
    /// Copies of the effect allele.
    pub dosage: Vec<u32>,
}
