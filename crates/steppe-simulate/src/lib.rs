//! Deterministic multi-population genotypes and scoring files for the demo, the tests and the benches.
//!
//! The cohort model is small and has what scoring cares about: linkage disequilibrium that decays with distance,
//! allele frequencies that differ between populations, and admixed people whose chromosomes alternate between
//! sources. Every draw comes from a random stream that is named after what it is for, and no function is used whose
//! last bit differs between machines (no logarithm, no exponential), so the same specification gives the same bytes
//! on any machine and any number of threads.
//!
//! - *Ancestral haplotypes.* Along a chromosome, a pool of haplotypes is kept in an order that changes slowly; the
//!   carriers of a variant's allele are a run in that order. Near variants share carriers: that is linkage
//!   disequilibrium.
//! - *Populations.* Each source draws haplotypes of the pool with weights of its own, which differ from stretch to
//!   stretch: that is drift, and frequencies differ.
//! - *People.* A person's haplotype copies one pool haplotype after the other. An admixed person's switches between
//!   sources too, at the rate of the generations since admixture, with a share of its own around the population's.
//! - *Children* get a recombined copy of each parent's haplotypes.

mod bench;
mod cohort;
mod error;
mod files;
mod gaps;
mod pool;
mod random;
mod scores;
mod small;
mod spec;
mod traits;
mod variants;

pub use bench::{BenchSpec, simulate_bench, write_bench_scores};
pub use cohort::{Simulated, simulate_cohort};
pub use error::SimulateError;
pub use small::{SmallFileset, SmallOptions, random_fileset};
pub use spec::{Ancestry, CohortSpec, PopulationSpec, Source};
