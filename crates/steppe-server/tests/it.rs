//! The coordinator's services against the real thing.

#[cfg(test)]
mod it {
    mod job_log;
}
