//! Sums of multiples of rows of 32-bit floats, as a covariance update takes them off its gradients.
//!
//! A value's sum has the same bits on every level, and however values are cut into calls: rows are added in fours, each
//! four as two pairs, and every product is rounded before it is added.

use crate::dispatch::with_passes;
use crate::error::KernelError;
use crate::level::Level;

/// What an instruction set provides.
pub(crate) trait SubtractPasses: Copy {
    /// `values[k] -= Σ factor × row[k]`; each row has as many entries as there are values.
    fn subtract_four(self, rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]);
    /// The same of one row.
    fn subtract_one(self, row: &[f32], factor: f64, values: &mut [f64]);
}

/// `values[k] -= Σ factor × row[first + k]`, rows in their order.
///
/// # Errors
/// A row that ends before the last value's place; nothing is subtracted then.
pub fn subtract_rows(
    level: Level,
    rows: &[(&[f32], f64)],
    first: usize,
    values: &mut [f64],
) -> Result<(), KernelError> {
    let end = first.saturating_add(values.len());
    if let Some((short, _)) = rows.iter().find(|(row, _)| row.len() < end) {
        return Err(KernelError::Length { what: "entries of a row", length: short.len(), expected: end });
    }
    with_passes!(level, passes => {
        let (fours, rest) = rows.as_chunks::<4>();
        for four in fours {
            passes.subtract_four(four.map(|(row, _)| &row[first..end]), four.map(|(_, factor)| factor), values);
        }
        for (row, factor) in rest {
            passes.subtract_one(&row[first..end], *factor, values);
        }
    });
    Ok(())
}
