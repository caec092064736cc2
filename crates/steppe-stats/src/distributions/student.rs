//! Student's t.
//!
//! With a = ν/2 and x = ν/(ν + t²), the two-sided probability is the regularised incomplete beta function
//! I_x(a, ½) (DLMF 8.17). The library's version of it stops after 140 terms and takes the logarithm of gamma
//! functions apart, which loses digits when ν is in the hundred thousands; hence the two expansions here.

use std::f64::consts::PI;

use super::fraction::unit_fraction;
use super::normal::ln_normal_two_sided;

/// Below this t², when t²/ν is small too, one minus the series around zero loses no more than two digits of
/// the sixteen.
const NEAR_T2: f64 = 6.0;
/// Below this t²/ν the series around zero converges fast.
const NEAR_RATIO: f64 = 0.5;
/// From here the expansion of the ratio of gamma functions is exact to the last digits.
const LARGE: f64 = 40.0;

/// P(|T| ≥ |t|) for Student's t with `df` degrees of freedom (need not be whole). Zero below the smallest double.
///
/// NaN for a NaN `t` and for `df` that is not above zero; infinite `df` is the normal.
#[must_use]
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    ln_t_two_sided(t, df).exp()
}

/// The natural logarithm of [`t_two_sided`], also where that is too small for a double.
#[must_use]
pub fn ln_t_two_sided(t: f64, df: f64) -> f64 {
    let t = t.abs();
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df.is_infinite() {
        return ln_normal_two_sided(t);
    }
    if t == 0.0 {
        return 0.0;
    }
    if t.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let scaled = t / df.sqrt();
    let ratio = scaled * scaled;
    if ratio < NEAR_RATIO && ratio * df < NEAR_T2 {
        (-inside(df, ratio)).ln_1p()
    } else {
        ln_outside(df, scaled)
    }
}

/// P(|T| < |t|), by the series of I_y(½, a), y = t²/(ν + t²) (DLMF 8.17.8): all terms are positive.
fn inside(df: f64, ratio: f64) -> f64 {
    let a = 0.5 * df;
    let y = ratio / (1.0 + ratio);
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 0.0;
    while term > f64::EPSILON * 0.5 * sum {
        term *= (a + 0.5 + k) / (1.5 + k) * y;
        sum += term;
        k += 1.0;
    }
    let front = 2.0 * gamma_ratio(a) * (y / PI).sqrt() * (-a * ratio.ln_1p()).exp();
    front * sum
}

/// ln P(|T| ≥ |t|), from I_x(a, ½) = x^a (1 − x)^(−½) / (a B(a, ½)) · ₂F₁(½, 1; a + 1; −ν/t²)
/// (DLMF 8.17.7 and 15.8.1) and Gauss's continued fraction of that function (DLMF 15.7.5), whose terms are
/// positive here.
fn ln_outside(df: f64, scaled: f64) -> f64 {
    let a = 0.5 * df;
    let inverse = (1.0 / scaled) * (1.0 / scaled);
    let c = a + 1.0;
    let tail = unit_fraction(|term| {
        let n = (term * 0.5).floor();
        let factor = if term > 2.0 * n {
            (0.5 + n) * (c + n - 1.0) / ((c + 2.0 * n - 1.0) * (c + 2.0 * n))
        } else {
            n * (c - 1.5 + n) / ((c + 2.0 * n - 2.0) * (c + 2.0 * n - 1.0))
        };
        factor * inverse
    });
    // ln(1 + t²/ν), written so that neither a huge nor a tiny t²/ν loses anything.
    let ln_x = if scaled > 1.0 { -(2.0 * scaled.ln() + inverse.ln_1p()) } else { -(scaled * scaled).ln_1p() };
    let ln_front = (gamma_ratio(a) / a).ln() - 0.5 * PI.ln();
    a * ln_x + 0.5 * inverse.ln_1p() + ln_front + tail.ln()
}

/// Γ(a + ½) / Γ(a), by its expansion in 1/a (DLMF 5.11.13) above [`LARGE`] and the recurrence down from there.
fn gamma_ratio(a: f64) -> f64 {
    let mut shifted = a;
    let mut factor = 1.0;
    while shifted < LARGE {
        factor *= shifted / (shifted + 0.5);
        shifted += 1.0;
    }
    let u = 1.0 / shifted;
    let series = 1.0
        + u * (-1.0 / 8.0
            + u * (1.0 / 128.0
                + u * (5.0 / 1024.0
                    + u * (-21.0 / 32_768.0
                        + u * (-399.0 / 262_144.0
                            + u * (869.0 / 4_194_304.0 + u * (39_325.0 / 33_554_432.0)))))));
    factor * shifted.sqrt() * series
}
