//! Decompositions against their definitions and against nalgebra's own, which share no code with faer.

use nalgebra::{DMatrix, DVector};
use steppe_stats::linear_algebra::{
    Cholesky, ColumnBasis, DecompositionError, gram, least_squares, multiply, singular_values,
    subtract_product, symmetric_eigen, transposed_multiply,
};

/// Values between -1 and 1 that look random.
fn numbers(rows: usize, columns: usize, seed: u64) -> DMatrix<f64> {
    let mut state = seed;
    DMatrix::from_fn(rows, columns, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

fn positive_definite(size: usize) -> DMatrix<f64> {
    let columns = numbers(2 * size, size, 7);
    columns.transpose() * &columns + DMatrix::identity(size, size) * 0.1
}

#[test]
fn products_are_nalgebras() {
    let (left, right) = (numbers(37, 11, 1), numbers(37, 5, 2));
    let plain = left.transpose() * &right;
    assert!((transposed_multiply(&left, &right) - &plain).amax() < 1e-13);
    assert!((multiply(&left.transpose(), &right) - &plain).amax() < 1e-13);
    assert!((gram(&left) - left.transpose() * &left).amax() < 1e-13);
    let mut target = numbers(37, 37, 3);
    let expected = &target - &left * left.transpose();
    subtract_product(&mut target, &left, &left);
    assert!((target - expected).amax() < 1e-13);
}

#[test]
fn cholesky_solves_and_reads_the_lower_triangle_only() {
    for size in [1, 3, 40, 130] {
        let matrix = positive_definite(size);
        let mut lower = matrix.clone();
        lower.fill_upper_triangle(f64::NAN, 1);
        let right = numbers(size, 4, 9);
        let solution = Cholesky::new(lower).expect("positive definite").solve(&right).expect("solved");
        assert!((&matrix * &solution - &right).amax() < 1e-10, "size {size}");
        let other = matrix.lu().solve(&right).expect("regular");
        assert!((solution - other).amax() < 1e-10, "size {size}");
    }
}

#[test]
fn cholesky_says_what_does_not_fit() {
    let indefinite = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 2.0, 1.0]);
    assert_eq!(Cholesky::new(indefinite).err(), Some(DecompositionError::NotPositiveDefinite { pivot: 1 }));
    let not_a_number = DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, f64::NAN]);
    assert!(Cholesky::new(not_a_number).is_err());
    assert!(Cholesky::new(numbers(3, 2, 1)).is_err());
    let factor = Cholesky::new(positive_definite(3)).expect("positive definite");
    assert!(factor.solve(&numbers(4, 1, 1)).is_err());
}

#[test]
fn eigenvectors_diagonalise() {
    for size in [1, 2, 60] {
        let matrix = positive_definite(size);
        let mut lower = matrix.clone();
        lower.fill_upper_triangle(0.0, 1);
        let eigen = symmetric_eigen(&lower).expect("eigenvalues");
        let made = &eigen.vectors * DMatrix::from_diagonal(&eigen.values) * eigen.vectors.transpose();
        assert!((made - &matrix).amax() < 1e-10);
        assert!((eigen.vectors.transpose() * &eigen.vectors - DMatrix::identity(size, size)).amax() < 1e-12);
        assert!(eigen.values.as_slice().is_sorted());
        let mut other = matrix.symmetric_eigenvalues();
        other.as_mut_slice().sort_by(f64::total_cmp);
        assert!((other - &eigen.values).amax() < 1e-10);
    }
    assert!(symmetric_eigen(&DMatrix::from_element(2, 2, f64::NAN)).is_err());
    assert_eq!(symmetric_eigen(&DMatrix::zeros(0, 0)).expect("empty").values.len(), 0);
}

#[test]
fn a_basis_drops_the_later_of_collinear_columns() {
    let mut columns = numbers(50, 5, 4);
    let sum = columns.column(0) + columns.column(1) * 3.0;
    columns.set_column(2, &sum);
    columns.set_column(4, &DVector::zeros(50));
    let basis = ColumnBasis::new(&columns, 1e-8);
    assert_eq!(basis.kept, [0, 1, 3]);
    assert!((basis.q.transpose() * &basis.q - DMatrix::identity(3, 3)).amax() < 1e-14);
    let kept = columns.select_columns(&basis.kept);
    assert!((&basis.q * &basis.r - &kept).amax() < 1e-14);
    assert!((kept.transpose() * basis.residuals(&numbers(50, 2, 5))).amax() < 1e-13);
}

#[test]
fn least_squares_solves_the_normal_equations() {
    let columns = numbers(40, 4, 6);
    let response = numbers(40, 1, 8).column(0).into_owned();
    let coefficients = least_squares(&columns, &response, 1e-8);
    let normal = (columns.transpose() * &columns).lu().solve(&columns.tr_mul(&response)).expect("regular");
    assert!((coefficients - normal).amax() < 1e-13);
}

#[test]
fn singular_values_are_nalgebras() {
    for (rows, columns) in [(7, 7), (9, 4), (4, 9), (41, 41), (1, 1)] {
        let matrix = numbers(rows, columns, 11);
        let found = singular_values(&matrix).expect("finite");
        let size = rows.min(columns);
        assert_eq!((found.left.shape(), found.right.shape()), ((rows, size), (columns, size)));
        let product = &found.left * DMatrix::from_diagonal(&found.values) * found.right.transpose();
        assert!((product - &matrix).amax() < 1e-13 * size as f64);
        for side in [&found.left, &found.right] {
            assert!((side.transpose() * side - DMatrix::identity(size, size)).amax() < 1e-13);
        }
        let mut expected: Vec<f64> = matrix.singular_values().iter().copied().collect();
        expected.sort_by(|a, b| b.total_cmp(a));
        assert!(found.values.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
    }
    // Vectors of values that are zero are orthonormal too.
    let found = singular_values(&DMatrix::zeros(3, 3)).expect("finite");
    assert!((found.left.transpose() * &found.left - DMatrix::identity(3, 3)).amax() < 1e-15);
    let wild = DMatrix::from_element(2, 2, f64::NAN);
    assert_eq!(singular_values(&wild).expect_err("not finite"), DecompositionError::NoConvergence);
    assert_eq!(singular_values(&DMatrix::zeros(0, 3)).expect("nothing").values.len(), 0);
}
