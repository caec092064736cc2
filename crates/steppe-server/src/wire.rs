//! The public API's messages, services and clients, as `proto/` defines them.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]

/// `steppe.job.v1`
pub mod job {
    tonic::include_proto!("steppe.job.v1");
}

/// `steppe.cohort.v1`
pub mod cohort {
    tonic::include_proto!("steppe.cohort.v1");
}

/// `steppe.cluster.v1`
pub mod cluster {
    tonic::include_proto!("steppe.cluster.v1");
}

/// All files of the API, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
