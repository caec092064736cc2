//! Multiples of rows of 32-bit floats, one value at a time.

use crate::scalar::Scalar;
use crate::subtract::SubtractPasses;

#[inline(always)]
pub(crate) fn four([a, b, c, d]: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
    let entries = a.iter().zip(b).zip(c.iter().zip(d));
    for (value, ((a, b), (c, d))) in values.iter_mut().zip(entries) {
        let left = factors[0] * f64::from(*a) + factors[1] * f64::from(*b);
        let right = factors[2] * f64::from(*c) + factors[3] * f64::from(*d);
        *value -= left + right;
    }
}

#[inline(always)]
pub(crate) fn one(row: &[f32], factor: f64, values: &mut [f64]) {
    values.iter_mut().zip(row).for_each(|(value, entry)| *value -= factor * f64::from(*entry));
}

impl SubtractPasses for Scalar {
    fn subtract_four(self, rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
        four(rows, factors, values);
    }

    fn subtract_one(self, row: &[f32], factor: f64, values: &mut [f64]) {
        one(row, factor, values);
    }
}
