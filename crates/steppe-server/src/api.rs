//! What people call: the services of `proto/`, each call authenticated, authorised and recorded.

mod authenticate;
mod catalog;
mod cluster_service;
mod cohort_service;
mod convert;
mod gate;
mod inputs;
mod job_service;
mod serve;
mod watch;

pub(crate) use catalog::Catalog;
pub(crate) use gate::Gate;
pub(crate) use inputs::Inputs;
pub(crate) use serve::{ApiListener, serve};
