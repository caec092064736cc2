//! The orthogonal factor of a small square matrix.

use nalgebra::DMatrix;

use super::{DecompositionError, SingularValues, singular_values};

/// A step that changes no entry by more than this is the last: each squares the error.
const LAST: f64 = 1e-6;

/// Steps after which a matrix counts as singular.
const MOST_STEPS: usize = 25;

/// The orthogonal matrix nearest to a square one: `U·Vᵀ` of `A = U·S·Vᵀ`. Of a singular matrix it is one of several.
///
/// By Newton's iteration `Q ← (γQ + Q⁻ᵀ/γ) / 2` with scaling (Higham 1986), for a third of what singular values cost at 20
/// rows; where that meets a singular matrix, from singular vectors.
///
/// # Errors
/// A matrix that is not square, or holds values that are not finite.
pub fn orthogonal_factor(matrix: &DMatrix<f64>) -> Result<DMatrix<f64>, DecompositionError> {
    let (rows, columns) = matrix.shape();
    if rows != columns {
        return Err(DecompositionError::Shape { rows, columns, needed: "a square matrix" });
    }
    if rows == 0 {
        return Ok(DMatrix::zeros(0, 0));
    }
    match newton(matrix) {
        Some(factor) => Ok(factor),
        None => {
            let SingularValues { left, right, .. } = singular_values(matrix)?;
            Ok(left * right.transpose())
        }
    }
}

/// Newton's iteration; `None` where it meets a singular matrix.
fn newton(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let size = matrix.nrows();
    let mut factor = matrix.clone();
    let mut inverse = Inverse::default();
    for _ in 0..MOST_STEPS {
        inverse.of(&factor)?;
        let scale = (inverse.norm() / factor.norm()).sqrt();
        let (half, inverse_half) = (0.5 * scale, 0.5 / scale);
        let mut change = 0f64;
        for (column, entries) in factor.as_mut_slice().chunks_exact_mut(size).enumerate() {
            // The transposed inverse: of a column the row.
            let row = inverse.entries[column..].iter().step_by(size);
            for (entry, inverse) in entries.iter_mut().zip(row) {
                let next = half * *entry + inverse_half * inverse;
                change = change.max((next - *entry).abs());
                *entry = next;
            }
        }
        // A NaN is below nothing.
        if change < LAST {
            return factor.iter().all(|entry| entry.is_finite()).then_some(factor);
        }
    }
    None
}

/// The inverse of a matrix, in memory that is used again.
#[derive(Default)]
struct Inverse {
    /// As the matrix's own entries lie.
    entries: Vec<f64>,
    swaps: Vec<usize>,
    pivot_row: Vec<f64>,
}

impl Inverse {
    fn norm(&self) -> f64 {
        self.entries.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
    }

    /// Gauss-Jordan elimination in place, the largest entry of a column first; `None` for a singular matrix.
    fn of(&mut self, matrix: &DMatrix<f64>) -> Option<()> {
        let size = matrix.nrows();
        self.entries.clear();
        self.entries.extend_from_slice(matrix.as_slice());
        self.swaps.clear();
        // Columns are taken for rows throughout: the inverse of the transpose is the transpose of the inverse.
        for step in 0..size {
            let entry = |row: &usize| self.entries[row * size + step].abs();
            let pivot = (step..size).max_by(|a, b| entry(a).total_cmp(&entry(b)))?;
            self.swaps.push(pivot);
            if pivot != step {
                let (above, below) = self.entries.split_at_mut(pivot * size);
                above[step * size..(step + 1) * size].swap_with_slice(&mut below[..size]);
            }
            self.eliminate(step, size)?;
        }
        for (step, pivot) in self.swaps.iter().enumerate().rev() {
            if *pivot != step {
                self.entries.chunks_exact_mut(size).for_each(|row| row.swap(step, *pivot));
            }
        }
        Some(())
    }

    fn eliminate(&mut self, step: usize, size: usize) -> Option<()> {
        let row = &mut self.entries[step * size..(step + 1) * size];
        let inverse = 1.0 / row[step];
        if !inverse.is_finite() {
            return None;
        }
        row[step] = 1.0;
        row.iter_mut().for_each(|entry| *entry *= inverse);
        self.pivot_row.clear();
        self.pivot_row.extend_from_slice(row);
        for (_, row) in self.entries.chunks_exact_mut(size).enumerate().filter(|(at, _)| *at != step) {
            let factor = std::mem::replace(&mut row[step], 0.0);
            row.iter_mut().zip(&self.pivot_row).for_each(|(entry, pivot)| *entry -= factor * pivot);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(matrix: &DMatrix<f64>) {
        let size = matrix.nrows();
        let factor = orthogonal_factor(matrix).expect("a factor");
        assert!((factor.tr_mul(&factor) - DMatrix::identity(size, size)).norm() < 1e-10);
        // Aᵀ·Q is symmetric, and its trace the sum of the singular values: no other orthogonal matrix is nearer.
        let product = matrix.tr_mul(&factor);
        let length = matrix.norm().max(f64::MIN_POSITIVE);
        assert!((&product - product.transpose()).norm() < 1e-10 * length);
        let values = singular_values(matrix).expect("values").values;
        assert!((product.trace() - values.sum()).abs() < 1e-10 * length);
    }

    proptest! {
        #[test]
        fn nearest_of_all(
            size in 1usize..24,
            numbers in prop::collection::vec(-1.0f64..1.0, 24 * 24),
            decay in 0.0f64..10.0,
        ) {
            let row_scale = |row: usize| (-decay * row as f64 / size as f64).exp();
            check(&DMatrix::from_fn(size, size, |row, column| numbers[row * 24 + column] * row_scale(row)));
        }
    }

    #[test]
    fn of_a_singular_matrix_one_of_several() {
        check(&DMatrix::zeros(3, 3));
        check(&DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 4.0]));
        check(&DMatrix::from_row_slice(3, 3, &[0.0, 0.0, 2.0, 1e-300, 0.0, 0.0, 0.0, -5.0, 0.0]));
        assert!(orthogonal_factor(&DMatrix::from_element(2, 2, f64::NAN)).is_err());
        assert!(orthogonal_factor(&DMatrix::zeros(2, 3)).is_err());
        assert_eq!(orthogonal_factor(&DMatrix::zeros(0, 0)).expect("nothing").len(), 0);
    }
}
