//! The crate seen from outside, against R and mpmath.

#[cfg(test)]
mod it {
    mod distributions;
    mod linear_algebra;
}
