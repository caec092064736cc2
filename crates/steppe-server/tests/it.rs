//! The coordinator's services against the real thing.

#[cfg(test)]
mod it {
    mod audit;
    mod certificates;
    mod job_log;
    mod locations;
    mod operations;
    mod roles;
    mod settings;
    mod tls;
    mod token;
}
