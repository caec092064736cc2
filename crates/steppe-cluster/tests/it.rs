//! Passes on real worker processes. The tests' binary is the worker, too: see `worker`.

#[path = "it/cohort.rs"]
mod cohort;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/workers.rs"]
mod workers;
