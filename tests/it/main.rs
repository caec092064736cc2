//! Black-box tests of the steppe command.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod admixture_expected;
mod ancestry;
mod bad_inputs;
mod bit_flips;
mod calibrate;
mod calibrate_edges;
mod calibrated_scores;
mod cluster_calibration;
mod cohort_jobs;
mod decoding;
mod demo;
mod digests;
mod evaluate;
mod explain;
mod faults;
mod flight_client;
mod gateway_attacks;
mod gateway_cohorts;
mod gateway_differencing;
mod gateway_governed;
mod gateway_killers;
mod gateway_limits;
mod gateway_protocols;
mod interrupted;
mod lasso;
mod leakage;
mod matching;
mod plink2_scores;
mod reference;
mod ridge_and_assoc;
mod sets;
mod slt;
mod sql;
mod sql_on_demand;
mod wrong_use;
