//! Passes on real worker processes. The tests' binary is the worker, too: see `workers::worker`.

#[cfg(test)]
mod it {
    mod certificates;
    mod cohort;
    mod faults;
    mod guards;
    mod strangers;
    mod workers;
}
