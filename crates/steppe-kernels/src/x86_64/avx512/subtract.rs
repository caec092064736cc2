//! Multiples of rows of 32-bit floats: the portable code, compiled for wider vectors.

use super::Avx512;
use crate::scalar::subtract as portable;
use crate::subtract::SubtractPasses;

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn four(rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
    portable::four(rows, factors, values);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn one(row: &[f32], factor: f64, values: &mut [f64]) {
    portable::one(row, factor, values);
}

impl SubtractPasses for Avx512 {
    fn subtract_four(self, rows: [&[f32]; 4], factors: [f64; 4], values: &mut [f64]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { four(rows, factors, values) }
    }

    fn subtract_one(self, row: &[f32], factor: f64, values: &mut [f64]) {
        // SAFETY: `self` exists only where `new` found the features.
        unsafe { one(row, factor, values) }
    }
}
