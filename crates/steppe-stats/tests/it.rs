//! The crate seen from outside, against R, Python and mpmath.

#[cfg(test)]
mod it {
    mod distributions;
    mod linear_algebra;
    mod metrics;
    mod regression;
}
