//! Passes on real worker processes. The tests' binary is the worker, too: see `worker`.

#[path = "it/certificates.rs"]
mod certificates;
#[path = "it/cohort.rs"]
mod cohort;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/strangers.rs"]
mod strangers;
#[path = "it/workers.rs"]
mod workers;
