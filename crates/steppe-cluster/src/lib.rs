//! Passes on many machines: Ballista's scheduler and executor, assembled behind plain functions and guarded where they
//! would give wrong numbers, hang, or go on after a cancel.
//!
//! A coordinator runs a [`Scheduler`] and gives jobs a [`ClusterEngine`]; a worker runs [`run_executor`]. A pass travels
//! as names ([`steppe_engine::pass::PassSpec`]), its sums come back as objects in the store
//! ([`steppe_engine::pass::Partials`]), so a worker, or all of them, or the coordinator may die at any moment:
//! whoever goes on computes what is missing.
//!
//! | guard | where |
//! |---|---|
//! | a leaf that the scheduler can not split by partition is refused | [`check_plan`] |
//! | no operator asks for a round-robin below it | the operators of `steppe-engine` |
//! | a cancelled or lost stage stops its operators | `execution` |
//! | a plan that would not fit into a message is refused | [`check_plan`] |
//! | a pass without any progress is cancelled and submitted again | `engine` |
//! | dead workers are noticed in 20 s, finished jobs let go of their files in 30 s | `settings` |
//! | adaptive execution is off | `settings` |
//! | a failure keeps its kind on its way, and only what may go away is tried again | `failure` |
//! | a worker that is started again never inherits the tasks of its earlier life | `incarnation`, `scheduler_service` |
//! | a tile over which workers die again and again is set aside | `deaths` |
//! | every channel is mutual TLS, or does not leave the machine | `security` |

mod deaths;
mod engine;
mod error;
mod execution;
mod executor;
mod failure;
mod incarnation;
mod observe;
mod placement;
mod plan_check;
mod scheduler;
mod scheduler_service;
mod security;
mod settings;
mod tls_incoming;

pub use engine::ClusterEngine;
pub use error::ClusterError;
pub use executor::{ExecutorConfig, run_executor};
pub use observe::{TaskObserver, TaskReport};
pub use placement::Placement;
pub use plan_check::check_plan;
pub use scheduler::{Scheduler, SchedulerAddress, WorkerState};
pub use security::{ClusterCertificates, ClusterSecurity};
pub use tls_incoming::tls_incoming;
