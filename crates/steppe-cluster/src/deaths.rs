//! Which partitions lost their worker. A tile that kills its worker would kill one after the other.

use std::collections::HashSet;

use crate::scheduler::Standing;

/// What was seen of a submission at the last look.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    /// Partitions that ran, each with the life of the worker that it was on.
    running: Vec<(usize, String)>,
}

impl Deaths {
    /// Takes a look; gives the partitions whose worker has died since the last one.
    pub(crate) fn look(&mut self, standing: &Standing, lives: &HashSet<String>) -> Vec<usize> {
        // A task on a dead worker stands in the graph until the scheduler has noticed; it counts once.
        let alive = standing.running.iter().filter(|(_, life)| lives.contains(life)).cloned().collect();
        let before = std::mem::replace(&mut self.running, alive);
        before.into_iter().filter(|(_, life)| !lives.contains(life)).map(|(partition, _)| partition).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(running: &[(usize, &str)]) -> Standing {
        let running = running.iter().map(|&(partition, life)| (partition, life.to_owned())).collect();
        Standing { done: 0, running }
    }

    fn lives(names: &[&str]) -> HashSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_death_counts_once_for_what_ran() {
        let mut deaths = Deaths::default();
        let both = standing(&[(7, "a@1"), (3, "b@1")]);
        assert_eq!(deaths.look(&both, &lives(&["a@1", "b@1"])), [0; 0]);
        assert_eq!(deaths.look(&both, &lives(&["b@1"])), [7]);
        assert_eq!(deaths.look(&both, &lives(&["b@1", "a@2"])), [0; 0]);
        let moved = standing(&[(7, "a@2"), (3, "b@1")]);
        assert_eq!(deaths.look(&moved, &lives(&["b@1", "a@2"])), [0; 0]);
        assert_eq!(deaths.look(&moved, &lives(&[])), [7, 3]);
    }
}
