//! Small symmetric matrices, row-major: a regression's predictors are few, so that buffers that are used again for each
//! variant count for more than blocked algorithms.

use serde::{Deserialize, Serialize};

/// The lower factor L of A = L·Lᵀ, in memory that is used again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SmallCholesky {
    dim: usize,
    lower: Vec<f64>,
}

impl SmallCholesky {
    /// Factors the lower triangle of a `dim x dim` matrix.
    ///
    /// # Errors
    /// The first row that the rows before it determine: where no more than `tolerance` of its diagonal is left.
    #[inline]
    pub fn factor(&mut self, matrix: &[f64], dim: usize, tolerance: f64) -> Result<(), usize> {
        self.dim = dim;
        self.lower.clear();
        self.lower.resize(dim * dim, 0.0);
        for row in 0..dim {
            for column in 0..=row {
                let (upper, this) = self.lower.split_at_mut(row * dim);
                let other =
                    if column == row { &this[..row] } else { &upper[column * dim..column * dim + column] };
                let left = matrix[row * dim + column] - dot(&this[..column], &other[..column]);
                if column < row {
                    this[column] = left / upper[column * dim + column];
                } else if left > tolerance * matrix[row * dim + row].abs() && left.is_finite() {
                    this[row] = left.sqrt();
                } else {
                    return Err(row);
                }
            }
        }
        Ok(())
    }

    /// Solves A·x = b in place.
    #[inline]
    pub fn solve(&self, b: &mut [f64]) {
        let (dim, lower) = (self.dim, &self.lower);
        for row in 0..dim {
            let known = dot(&lower[row * dim..row * dim + row], &b[..row]);
            b[row] = (b[row] - known) / lower[row * dim + row];
        }
        for row in (0..dim).rev() {
            let known: f64 = (row + 1..dim).map(|below| lower[below * dim + row] * b[below]).sum();
            b[row] = (b[row] - known) / lower[row * dim + row];
        }
    }

    /// The whole of A⁻¹.
    pub fn inverse(&self, inverse: &mut Vec<f64>) {
        inverse.clear();
        inverse.resize(self.dim * self.dim, 0.0);
        for (row, unit) in inverse.chunks_exact_mut(self.dim.max(1)).enumerate() {
            unit[row] = 1.0;
            self.solve(unit);
        }
    }

    /// ln |A|.
    pub fn ln_determinant(&self) -> f64 {
        2.0 * (0..self.dim).map(|row| self.lower[row * (self.dim + 1)].ln()).sum::<f64>()
    }
}

/// Σ aᵢ·bᵢ in eight partial sums, in an order that depends on nothing but the length.
#[inline]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + tail
}
