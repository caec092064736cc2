//! SIMD passes over packed 2-bit genotypes; the only crate with unsafe code.
