//! Black-box benches of the steppe binary.
