//! Eigenvalues of an arrowhead matrix: diagonal but for one row and column.

use nalgebra::DMatrix;

use super::{DecompositionError, SymmetricEigen, symmetric_eigen};

/// Steps for a root; three to six are taken.
const MOST_STEPS: usize = 100;

/// Poles that lie closer than this share of the largest one count as one, which the secular equation can not separate.
const SAME: f64 = 1e-12;

/// The largest eigenvalues, descending, and their eigenvectors (a column each, of length `poles + 1`) of
/// `[diag(poles), border; borderᵀ, corner]`. `poles` descend, and eigenvalues interlace with them; `wanted` is at most
/// their number.
///
/// Each is a root of the secular equation between two poles (Bunch, Nielsen, Sorensen 1978), looked for as a distance from
/// the nearer pole, so that a vector of n costs n divisions a step. Where poles coincide or the border vanishes somewhere,
/// the dense matrix is decomposed.
///
/// # Errors
/// Poles and border of different lengths, more eigenvalues than poles, values that are not finite.
pub fn largest_arrowhead_eigenpairs(
    poles: &[f64],
    border: &[f64],
    corner: f64,
    wanted: usize,
) -> Result<(Vec<f64>, DMatrix<f64>), DecompositionError> {
    let size = poles.len();
    if border.len() != size || wanted > size {
        let needed = "a border as long as the diagonal, and at most as many eigenvalues";
        return Err(DecompositionError::Shape { rows: size, columns: border.len().max(wanted), needed });
    }
    let largest = poles.iter().fold(0f64, |most, pole| most.max(pole.abs()));
    let apart = poles.windows(2).all(|pair| pair[0] - pair[1] > SAME * largest);
    let secular = Secular { poles, squares: border.iter().map(|value| value * value).collect(), corner };
    if !apart || secular.squares.iter().any(|square| *square < f64::MIN_POSITIVE) {
        return dense(poles, border, corner, wanted);
    }
    let mut values = Vec::with_capacity(wanted);
    let mut vectors = DMatrix::zeros(size + 1, wanted);
    for rank in 0..wanted {
        let root = secular.root(rank).ok_or(DecompositionError::NoConvergence)?;
        let origin = poles[root.pole];
        let mut vector = vectors.column_mut(rank);
        for (place, (pole, value)) in poles.iter().zip(border).enumerate() {
            vector[place] = value / (root.distance - (pole - origin));
        }
        vector[size] = 1.0;
        vector.normalize_mut();
        values.push(origin + root.distance);
    }
    Ok((values, vectors))
}

fn dense(
    poles: &[f64],
    border: &[f64],
    corner: f64,
    wanted: usize,
) -> Result<(Vec<f64>, DMatrix<f64>), DecompositionError> {
    let size = poles.len();
    let matrix = DMatrix::from_fn(size + 1, size + 1, |row, column| match (row == size, column == size) {
        (true, true) => corner,
        (true, false) => border[column],
        (false, true) => border[row],
        (false, false) if row == column => poles[row],
        (false, false) => 0.0,
    });
    let SymmetricEigen { values, vectors } = symmetric_eigen(&matrix)?;
    let descending: Vec<usize> = (0..wanted).map(|rank| size - rank).collect();
    Ok((descending.iter().map(|at| values[*at]).collect(), vectors.select_columns(&descending)))
}

/// `g(x) = x − corner − Σ square / (x − pole)`, which rises from −∞ to ∞ between neighbouring poles.
struct Secular<'a> {
    poles: &'a [f64],
    squares: Vec<f64>,
    corner: f64,
}

/// A root, by its distance from a pole.
struct Root {
    pole: usize,
    distance: f64,
}

/// g at a place: the parts of the poles to its left and to its right with their derivatives, and the sum of all sizes.
struct Value {
    left: [f64; 2],
    right: [f64; 2],
    linear: f64,
    size: f64,
}

impl Value {
    fn sum(&self) -> f64 {
        self.linear + self.left[0] + self.right[0]
    }
}

impl Secular<'_> {
    /// At `distance` from the pole `origin`; the poles from `rank` on lie to the left.
    fn at(&self, rank: usize, origin: f64, distance: f64) -> Value {
        let part = |range: std::ops::Range<usize>| {
            let terms = self.poles[range.clone()].iter().zip(&self.squares[range]);
            terms.fold([0.0; 2], |[value, derivative], (pole, square)| {
                let inverse = 1.0 / (distance - (pole - origin));
                let term = square * inverse;
                [value - term, derivative + term * inverse]
            })
        };
        let (right, left) = (part(0..rank), part(rank..self.poles.len()));
        let linear = (origin - self.corner) + distance;
        let size = left[0].abs() + right[0].abs() + linear.abs();
        Value { left, right, linear, size }
    }

    /// The root above the pole `rank`, and below the one before it.
    fn root(&self, rank: usize) -> Option<Root> {
        let here = self.poles[rank];
        let (pole, mut low, mut high) = match rank.checked_sub(1) {
            // No eigenvalue lies farther off than the border is long.
            None => {
                let length = self.squares.iter().sum::<f64>().sqrt();
                (0, 0.0, (self.corner - here).max(0.0) + length * (1.0 + 1e-9))
            }
            Some(above) => {
                let half = 0.5 * (self.poles[above] - here);
                if self.at(rank, here, half).sum() >= 0.0 { (rank, 0.0, half) } else { (above, -half, 0.0) }
            }
        };
        let origin = self.poles[pole];
        let mut distance = 0.5 * (low + high);
        for _ in 0..MOST_STEPS {
            let value = self.at(rank, origin, distance);
            let sum = value.sum();
            if !sum.is_finite() {
                return None;
            }
            if sum.abs() <= 8.0 * f64::EPSILON * value.size {
                return Some(Root { pole, distance });
            }
            (low, high) = if sum < 0.0 { (distance, high) } else { (low, distance) };
            let next = self.step(rank, origin, distance, &value);
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if next == distance || next == low || next == high {
                return Some(Root { pole, distance });
            }
            distance = next;
        }
        None
    }

    /// The root of the function that has one pole on either side, and g's value and slope on each here.
    fn step(&self, rank: usize, origin: f64, distance: f64, value: &Value) -> f64 {
        let [left, slope] = value.left;
        let from = self.poles[rank] - origin;
        let here = distance - from;
        if rank == 0 {
            // y + b − q / y, in y = x − pole.
            let q = slope * here * here;
            let b = (value.linear - here) + left + slope * here;
            let root = (0.25 * b * b + q).sqrt();
            return from + if b > 0.0 { q / (0.5 * b + root) } else { root - 0.5 * b };
        }
        let to = self.poles[rank - 1] - origin;
        let [right, fall] = value.right;
        let slope = slope + 1.0;
        let there = to - distance;
        let (q, v) = (slope * here * here, fall * there * there);
        let c = value.linear + left + slope * here + right - fall * there;
        let b = c * (from + to) + q + v;
        let constant = c * from * to + q * to + v * from;
        let root = (b * b - 4.0 * c * constant).max(0.0).sqrt();
        if b > 0.0 { 2.0 * constant / (b + root) } else { (b - root) / (2.0 * c) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(poles: &[f64], border: &[f64], corner: f64) {
        let size = poles.len();
        let (values, vectors) = largest_arrowhead_eigenpairs(poles, border, corner, size).expect("pairs");
        let (expected, _) = dense(poles, border, corner, size).expect("pairs");
        let largest = expected[0].abs().max(corner.abs()).max(f64::MIN_POSITIVE);
        for (found, expected) in values.iter().zip(&expected) {
            assert!((found - expected).abs() <= 1e-12 * largest, "{found} {expected}");
        }
        for (rank, value) in values.iter().enumerate() {
            let vector = vectors.column(rank);
            let tip = vector[size];
            for place in 0..size {
                let image = poles[place] * vector[place] + border[place] * tip;
                assert!((image - value * vector[place]).abs() <= 1e-12 * largest);
            }
            for other in 0..rank {
                assert!(vector.dot(&vectors.column(other)).abs() < 1e-8, "{rank} {other}");
            }
        }
    }

    proptest! {
        #[test]
        fn as_the_dense_decomposition(
            steps in prop::collection::vec((1e-6f64..10.0, -5.0f64..5.0), 1..45),
            above in 0.0f64..1e4,
        ) {
            let mut poles: Vec<f64> = steps.iter().scan(0.1, |sum, (step, _)| { *sum += step; Some(*sum) }).collect();
            poles.reverse();
            let border: Vec<f64> = steps.iter().map(|(_, value)| *value).collect();
            check(&poles, &border, above);
        }
    }

    #[test]
    fn equal_poles_and_an_empty_border() {
        check(&[3.0, 3.0, 1.0], &[0.5, 0.25, 0.1], 2.0);
        check(&[3.0, 2.0, 1.0], &[0.0, 0.0, 0.0], 2.5);
        check(&[3.0, 2.0, 1.0], &[1e-200, 1e-9, 1.0], 9.0);
        assert!(largest_arrowhead_eigenpairs(&[2.0, 1.0], &[1.0], 1.0, 1).is_err());
        assert!(largest_arrowhead_eigenpairs(&[1.0], &[1.0], 1.0, 2).is_err());
        assert!(largest_arrowhead_eigenpairs(&[2.0, 1.0], &[f64::NAN, 1.0], 1.0, 1).is_err());
    }
}
