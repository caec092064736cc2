//! Chi-square.

use statrs::function::gamma::{checked_gamma_lr, ln_gamma};

use super::normal::{ln_normal_two_sided, normal_two_sided};

/// P(X ≥ x) for a chi-square X with `df` degrees of freedom (need not be whole). One for x ≤ 0; zero below the
/// smallest double.
///
/// NaN for a NaN `x` and for `df` that is not above zero and finite. Exact to about 1e-12 for the few degrees of
/// freedom of a test; the cancellation in the gamma function's logarithm grows with `df` (1e-9 at 100,000).
#[must_use]
pub fn chi_square_upper(x: f64, df: f64) -> f64 {
    if df == 1.0 && x > 0.0 {
        return normal_two_sided(x.sqrt());
    }
    ln_chi_square_upper(x, df).exp()
}

/// The natural logarithm of [`chi_square_upper`], also where that is too small for a double.
#[must_use]
pub fn ln_chi_square_upper(x: f64, df: f64) -> f64 {
    if x.is_nan() || df.is_nan() || df <= 0.0 || df.is_infinite() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if x.is_infinite() {
        return f64::NEG_INFINITY;
    }
    if df == 1.0 {
        return ln_normal_two_sided(x.sqrt());
    }
    let (a, half) = (0.5 * df, 0.5 * x);
    if half < a + 1.0 {
        return checked_gamma_lr(a, half).map_or(f64::NAN, |below| (-below).ln_1p());
    }
    a * half.ln() - half - ln_gamma(a) + upper_fraction(a, half).ln()
}

/// Γ(a, x) · e^x · x^(−a) by Legendre's continued fraction (DLMF 8.9.2 in its even part), for x ≥ a + 1, where
/// the denominators stay above zero.
fn upper_fraction(a: f64, x: f64) -> f64 {
    let mut denominator = x + 1.0 - a;
    let mut above = f64::MAX.sqrt();
    let mut below = 1.0 / denominator;
    let mut value = below;
    for k in 1..10_000_u32 {
        let k = f64::from(k);
        let coefficient = k * (a - k);
        denominator += 2.0;
        below = 1.0 / (denominator + coefficient * below);
        above = denominator + coefficient / above;
        let change = above * below;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}
