//! Deterministic multi-population genotypes and scoring files for the demo, the tests and the benches.
