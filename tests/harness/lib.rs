//! What the black-box tests share: the binary, the data, and a shell's way of calling one with the other; development
//! clusters that can be disturbed, what disturbs them, and how disturbances are counted.

mod cluster;
mod command;
mod data;
mod fault_proxy;
mod fault_report;
mod fault_row;
mod fault_tier;
mod faults;
mod fits;
mod gateway;
mod governed;
mod memory_limit;
mod network;
mod ports;
mod postgres;
mod small_disk;
#[allow(clippy::expect_used, reason = "a cluster that does not come up ends the test")]
mod store_cluster;
mod table;
mod tokens;

pub use cluster::{
    Accesses, Cluster, ClusterOptions, Committed, JobView, Process, Scoring, Second, Submission,
    result_digests,
};
pub use command::{Call, Run, steppe, steppe_binary};
pub use data::{data_folder, skip};
pub use fault_proxy::{FaultCounts, FaultProxy, FaultRates};
pub use fault_report::FaultReport;
pub use fault_tier::{Counts, Lane, Tier, fault_seed, turn};
pub use faults::{Case, Tally};
pub use fits::{FitData, fit_digests};
pub use gateway::{Gateway, GatewayOptions};
pub use governed::POLICY;
pub use memory_limit::MemoryLimit;
pub use network::{Network, Peer, Way};
pub use postgres::{PostgresAnswer, PostgresClient, PostgresError};
pub use small_disk::SmallDisk;
pub use store_cluster::{Score, Setup, StoreCluster, digests_in, small_fileset, wait_until};
pub use table::Table;
pub use tokens::{TokenClaims, TokenIssuer};
