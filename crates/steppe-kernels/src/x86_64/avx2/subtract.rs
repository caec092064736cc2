//! Multiples of rows of 32-bit floats: the portable code, compiled for wider vectors.

use super::Avx2;
use crate::scalar::subtract as portable;
use crate::subtract::SubtractPasses;

#[target_feature(enable = "avx2")]
fn four(rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
    portable::four(rows, factors, values);
}

#[target_feature(enable = "avx2")]
fn one(row: &[f32], factor: f64, values: &mut [f64]) {
    portable::one(row, factor, values);
}

impl SubtractPasses for Avx2 {
    fn subtract_four(self, rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { four(rows, factors, values) }
    }

    fn subtract_one(self, row: &[f32], factor: f64, values: &mut [f64]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { one(row, factor, values) }
    }
}
