//! Multiples of rows of 32-bit floats.

use proptest::prelude::*;
use steppe_kernels::{KernelError, Level, subtract_rows};

use super::runner::levels;

/// By definition, in the order that is promised.
fn naive(rows: &[(&[f32], f64)], first: usize, values: &mut [f64]) {
    for (k, value) in values.iter_mut().enumerate() {
        let product = |(row, factor): &(&[f32], f64)| factor * f64::from(row[first + k]);
        for four in rows.chunks(4) {
            match four {
                [a, b, c, d] => *value -= (product(a) + product(b)) + (product(c) + product(d)),
                rest => rest.iter().for_each(|row| *value -= product(row)),
            }
        }
    }
}

proptest! {
    #[test]
    fn every_level_is_the_naive_sum(
        entries in proptest::collection::vec(proptest::collection::vec(-2f32..2.0, 70), 0..14),
        factors in proptest::collection::vec(-1e3f64..1e3, 14),
        values in proptest::collection::vec(-1e3f64..1e3, 0..50),
        first in 0usize..20,
    ) {
        let rows: Vec<(&[f32], f64)> = entries.iter().map(Vec::as_slice).zip(factors).collect();
        let mut expected = values.clone();
        naive(&rows, first, &mut expected);
        for level in levels() {
            let mut whole = values.clone();
            prop_assert_eq!(subtract_rows(level, &rows, first, &mut whole), Ok(()));
            prop_assert_eq!(&whole, &expected);
            // Cut in two, the bits are the same.
            let mut parts = values.clone();
            let (left, right) = parts.split_at_mut(values.len() / 3);
            prop_assert_eq!(subtract_rows(level, &rows, first, left), Ok(()));
            prop_assert_eq!(subtract_rows(level, &rows, first + left.len(), right), Ok(()));
            prop_assert_eq!(&parts, &expected);
        }
    }
}

#[test]
fn short_rows_are_refused() {
    let mut values = [1.0; 4];
    let rows: [(&[f32], f64); 2] = [(&[1.0; 6], 1.0), (&[1.0; 5], 1.0)];
    let expected = KernelError::Length { what: "entries of a row", length: 5, expected: 6 };
    assert_eq!(subtract_rows(Level::Scalar, &rows, 2, &mut values), Err(expected));
    assert_eq!(values, [1.0; 4]);
}
