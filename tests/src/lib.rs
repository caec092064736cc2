//! Black-box tests of the steppe binary.
