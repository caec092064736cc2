//! The standard normal.
//!
//! Not from the library: the complementary error function of statrs 0.18 is off by 7e-11 at z = 1.

use std::f64::consts::{FRAC_2_PI, LN_2, SQRT_2, TAU};

use statrs::function::erf::erfc_inv;

use super::fraction::unit_fraction;

/// Below this z² one minus the series around zero loses no more than two digits of the sixteen; above it the
/// continued fraction needs few terms.
const NEAR_Z2: f64 = 6.0;

/// P(|Z| ≥ |z|) for a standard normal Z. Zero below the smallest double (|z| above 38.5); NaN for NaN.
#[must_use]
pub fn normal_two_sided(z: f64) -> f64 {
    ln_normal_two_sided(z).exp()
}

/// The natural logarithm of [`normal_two_sided`], also where that is too small for a double.
///
/// Near zero by the series of the error function (DLMF 7.6.2, positive terms), far out by Laplace's continued
/// fraction of its complement (DLMF 7.9.1): `2 φ(z)/z · 1/(1 + (1/z²)/(1 + (2/z²)/(1 + …)))`.
#[must_use]
pub fn ln_normal_two_sided(z: f64) -> f64 {
    let square = z * z;
    if z.is_nan() {
        return f64::NAN;
    }
    if square < NEAR_Z2 {
        return (-inside(square)).ln_1p();
    }
    if square.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let tail = unit_fraction(|k| k / square);
    0.5 * FRAC_2_PI.ln() - 0.5 * square - z.abs().ln() + tail.ln()
}

/// P(Z ≤ z) for a standard normal Z; NaN for NaN.
#[must_use]
pub fn normal_cumulative(z: f64) -> f64 {
    let outside = 0.5 * normal_two_sided(z);
    if z > 0.0 { 1.0 - outside } else { outside }
}

/// The density of the standard normal at z.
#[must_use]
pub fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / TAU.sqrt()
}

/// The z with P(Z ≤ z) = p; infinite at 0 and 1, NaN outside of them.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let tail = p.min(1.0 - p);
    if tail == 0.0 {
        return if p < 0.5 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let mut z = SQRT_2 * erfc_inv(2.0 * tail);
    // The library's root is polished with our own tail, by Newton's method on its logarithm.
    for _ in 0..2 {
        let ln_tail = ln_normal_two_sided(z) - LN_2;
        z += (ln_tail - tail.ln()) * (ln_tail + 0.5 * z * z).exp() * TAU.sqrt();
    }
    if p < 0.5 { -z } else { z }
}

/// P(|Z| < z) from z².
fn inside(square: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut odd = 3.0;
    while term > f64::EPSILON * 0.5 * sum {
        term *= square / odd;
        sum += term;
        odd += 2.0;
    }
    (FRAC_2_PI * square).sqrt() * (-0.5 * square).exp() * sum
}
