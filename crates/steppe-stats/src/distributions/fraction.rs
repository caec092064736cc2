//! Continued fractions of positive terms.

/// More terms than any argument of this crate needs; the fraction is then as good as it gets.
const MOST_TERMS: u32 = 10_000;

/// `1 / (1 + c(1) / (1 + c(2) / (1 + …)))` for coefficients that are not negative.
///
/// All terms are positive, so Lentz's method (Thompson and Barnett 1986) needs no guard against division by zero.
pub(super) fn unit_fraction(coefficient: impl Fn(f64) -> f64) -> f64 {
    let mut value = 1.0_f64;
    let mut above = 1.0_f64;
    let mut below = 0.0_f64;
    for term in 1..=MOST_TERMS {
        let c = coefficient(f64::from(term));
        above = 1.0 + c / above;
        below = 1.0 / (1.0 + c * below);
        let change = above * below;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    1.0 / value
}
