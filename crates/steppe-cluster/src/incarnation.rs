//! A worker's name is the same after a restart; what Ballista registers is one life of it. So a new life never inherits
//! the tasks of the one before, and registering it ends that one at once.

use std::time::{SystemTime, UNIX_EPOCH};

const SEPARATOR: char = '@';

/// The id of a life of a worker that begins now.
pub(crate) fn begin(worker: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    format!("{worker}{SEPARATOR}{now}")
}

/// The worker of a life.
pub(crate) fn worker_of(id: &str) -> &str {
    id.rsplit_once(SEPARATOR).map_or(id, |(worker, _)| worker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_differ_and_name_their_worker() {
        let first = begin("host@rack");
        std::thread::sleep(std::time::Duration::from_millis(1));
        let second = begin("host@rack");
        assert_ne!(first, second);
        assert_eq!((worker_of(&first), worker_of(&second)), ("host@rack", "host@rack"));
        assert_eq!(worker_of("plain"), "plain");
    }
}
