//! SIMD passes over packed 2-bit genotypes; the only crate with unsafe code.
//!
//! A row is one variant: four samples a byte, little end first, each code the copies of the counted
//! allele (0, 1, 2) or 3 for a missing call. Every pass exists once in portable code (`scalar`), which is
//! the reference, and again per instruction set where that pays ([`Level`]). Arithmetic is on
//! integers, or on floats in an order that is the same everywhere, so a level changes the speed and never a bit
//! of the result.
//!
//! ```
//! use steppe_kernels::{CountEntry, ForwardSums, Level, Rows, Tables};
//!
//! // Two variants of five samples; codes 0,1,2,3,1 and 2,2,0,0,1.
//! let bytes = [0b11_10_01_00, 0b01, 0b00_00_10_10, 0b01];
//! let weights = [[0, 5, 10, 4], [0, -1, -2, 0]];
//! let mut sums = ForwardSums::new(Level::best(), 5, 1, 0);
//! sums.add(
//!     Rows { bytes: &bytes, stride: 2, rows: 2, samples: 5 },
//!     &Tables { weights: &weights, weight_lanes: 1, counts: &[] as &[[CountEntry; 4]], count_lanes: 0 },
//! )?;
//! assert_eq!(sums.finish().weights, [-2, 3, 10, 4, 4]);
//! # Ok::<(), steppe_kernels::KernelError>(())
//! ```

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod adjoint;
mod dispatch;
mod error;
mod forward;
mod gather;
mod gram;
mod level;
mod packed_column;
mod passes;
mod reorder;
mod rows;
mod scalar;
mod subtract;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use adjoint::{AdjointResiduals, AdjointSum, adjoint};
pub use dispatch::{and_mask, count_codes, count_codes_masked, recode_bed};
pub use error::KernelError;
pub use forward::{FinishedSums, ForwardSums};
pub use gather::SampleGather;
pub use gram::{GramPanel, GramSums, gram, gram_symmetric};
pub use level::Level;
pub use packed_column::{ColumnSums, column_add, column_add_weighted, column_dot, column_moments};
pub use reorder::reorder_samples;
pub use rows::{CountEntry, CountTable, Rows, Tables, WEIGHT_BITS, WeightTable};
pub use subtract::subtract_rows;
