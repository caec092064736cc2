//! Deterministic multi-population genotypes and scoring files for the demo, the tests and the benches.
//!
//! The cohort model is small and has what scoring cares about: linkage disequilibrium that decays with distance,
//! allele frequencies that differ between populations, and admixed people whose chromosomes alternate between
//! sources. All of it is integer arithmetic on named random streams, so the same specification gives the same bytes
//! on any machine and any number of threads.
//!
//! - *Ancestral haplotypes.* Along a chromosome, a pool of haplotypes is kept in an order that changes slowly; the
//!   carriers of a variant's allele are a run in that order. Near variants share carriers: that is linkage
//!   disequilibrium.
//! - *Populations.* Each source draws haplotypes of the pool with weights of its own, which differ from stretch to
//!   stretch: that is drift, and frequencies differ.
//! - *People.* A person's haplotype copies one pool haplotype after the other. An admixed person's switches between
//!   sources too, at the rate of the generations since admixture, with a share of its own around the population's.

mod bench;
mod cohort;
mod error;
mod pool;
mod random;
mod scores;
mod spec;
mod traits;
mod variants;

pub use bench::{BenchSpec, simulate_bench, write_bench_scores};
pub use cohort::{Simulated, simulate_cohort};
pub use error::SimulateError;
pub use spec::{Ancestry, CohortSpec, PopulationSpec, Source};
