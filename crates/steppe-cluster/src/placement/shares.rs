//! Rendezvous hashing, and who takes what; nothing here knows the scheduler.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};

/// How long a worker without partitions of its own leaves others' to their workers.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

/// How well a worker suits a partition: the highest takes it.
fn score(pass: &str, partition: usize, worker: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (pass, partition, worker).hash(&mut hasher);
    hasher.finish()
}

/// The worker that a partition belongs to; `None` without workers.
fn owner<'a>(pass: &str, partition: usize, workers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    workers.into_iter().max_by_key(|worker| (score(pass, partition, worker), *worker))
}

/// Gives free workers partitions of their own: pairs of partition and worker. `free` is how many more each takes.
pub(super) fn own_work(
    pass: &str,
    pending: &[usize],
    members: &BTreeSet<String>,
    free: &mut BTreeMap<String, u32>,
) -> Vec<(usize, String)> {
    let mut given = Vec::new();
    for &partition in pending {
        let Some(worker) = owner(pass, partition, members.iter().map(String::as_str)) else { break };
        if let Some(slots) = free.get_mut(worker).filter(|slots| **slots > 0) {
            *slots -= 1;
            given.push((partition, worker.to_owned()));
        }
    }
    given
}

/// Gives partitions that wait for busy workers to free ones, in turn: each time from the longest queue, the one that
/// suits the free worker best.
pub(super) fn helping_work(
    pass: &str,
    pending: &[usize],
    members: &BTreeSet<String>,
    free: &mut BTreeMap<String, u32>,
) -> Vec<(usize, String)> {
    let mut queues: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &partition in pending {
        let of = owner(pass, partition, members.iter().map(String::as_str)).unwrap_or_default();
        queues.entry(of).or_default().push(partition);
    }
    let mut given = Vec::new();
    while free.values().any(|slots| *slots > 0) {
        for (worker, slots) in free.iter_mut().filter(|(_, slots)| **slots > 0) {
            let Some(longest) = queues.values_mut().max_by_key(|queue| queue.len()) else { return given };
            let best = (0..longest.len()).max_by_key(|&place| score(pass, longest[place], worker));
            let Some(best) = best else { return given };
            given.push((longest.swap_remove(best), worker.clone()));
            *slots -= 1;
        }
    }
    given
}

/// Since when workers have had nothing of their own to do, while others' partitions waited.
#[derive(Debug, Default)]
pub(super) struct Idle(HashMap<String, Instant>);

/// How far a worker's patience has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It begins to wait now.
    Begins,
    /// It waits.
    Lasts,
    /// It may help others.
    Ended,
}

impl Idle {
    pub(super) fn patience(&mut self, worker: &str, now: Instant) -> Patience {
        match self.0.get(worker) {
            Some(since) if now.saturating_duration_since(*since) >= PATIENCE => Patience::Ended,
            Some(_) => Patience::Lasts,
            None => {
                self.0.insert(worker.to_owned(), now);
                Patience::Begins
            }
        }
    }

    /// A worker has something of its own again, or is gone.
    pub(super) fn forget(&mut self, worker: &str) {
        self.0.remove(worker);
    }

    /// Nothing waits any more.
    pub(super) fn forget_all(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTITIONS: usize = 48;

    fn workers(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn free(slots: &[(&str, u32)]) -> BTreeMap<String, u32> {
        slots.iter().map(|&(name, slots)| (name.to_owned(), slots)).collect()
    }

    fn owners(pass: &str, members: &BTreeSet<String>) -> Vec<String> {
        (0..PARTITIONS)
            .map(|partition| {
                owner(pass, partition, members.iter().map(String::as_str)).expect("a worker").to_owned()
            })
            .collect()
    }

    /// Many clusters of three, and many cohorts.
    fn cases() -> impl Iterator<Item = (String, BTreeSet<String>)> {
        (0..500).map(|case| {
            let names = (0..3).map(|worker| format!("worker-{}.rack-{}", case * 7 + worker, case % 5));
            (format!("forward/{case:016x}"), names.collect())
        })
    }

    #[test]
    fn shares_are_about_equal() {
        let mut spread = 0.0;
        for (pass, members) in cases() {
            let owners = owners(&pass, &members);
            for worker in &members {
                let share = owners.iter().filter(|owner| *owner == worker).count();
                assert!((2..=32).contains(&share), "{pass} {worker}: {share}");
                spread += (share as f64 - 16.0).powi(2);
            }
        }
        // The variance of 48 draws, each with a chance of a third.
        let variance = spread / 1500.0;
        assert!((8.0..13.5).contains(&variance), "{variance}");
    }

    #[test]
    fn who_leaves_or_comes_moves_its_own_share_alone() {
        for (pass, members) in cases() {
            let before = owners(&pass, &members);
            for gone in &members {
                let rest: BTreeSet<String> =
                    members.iter().filter(|worker| *worker != gone).cloned().collect();
                for (was, is) in before.iter().zip(owners(&pass, &rest)) {
                    assert!(*was == is || was == gone, "{pass}: {was} {is}");
                }
            }
            let more: BTreeSet<String> = members.iter().cloned().chain(["new".to_owned()]).collect();
            for (was, is) in before.iter().zip(owners(&pass, &more)) {
                assert!(*was == is || is == "new", "{pass}: {was} {is}");
            }
        }
    }

    #[test]
    fn owners_depend_on_the_cohort_and_not_on_order() {
        let members = workers(&["a", "b", "c"]);
        assert_eq!(owners("one", &members), owners("one", &members));
        assert_ne!(owners("one", &members), owners("two", &members));
        let owner_of =
            |names: [&'static str; 3]| (0..PARTITIONS).map(|p| owner("x", p, names)).collect::<Vec<_>>();
        assert_eq!(owner_of(["a", "b", "c"]), owner_of(["c", "a", "b"]));
        assert_eq!(owner("x", 0, []), None);
    }

    #[test]
    fn free_workers_get_their_own_first() {
        for (pass, members) in cases().take(50) {
            let owners = owners(&pass, &members);
            let mut slots: BTreeMap<String, u32> = members.iter().map(|worker| (worker.clone(), 5)).collect();
            let pending: Vec<usize> = (0..PARTITIONS).collect();
            let given = own_work(&pass, &pending, &members, &mut slots);
            for (partition, worker) in &given {
                assert_eq!(owners[*partition], *worker);
            }
            for worker in &members {
                let own = owners.iter().filter(|owner| *owner == worker).count();
                let got = given.iter().filter(|(_, to)| to == worker).count();
                assert_eq!((got, slots[worker]), (own.min(5), 5 - own.min(5) as u32));
            }
        }
    }

    #[test]
    fn helpers_take_from_the_longest_queue_and_nothing_twice() {
        let members = workers(&["a", "b", "c"]);
        let all = owners("pass", &members);
        let of = |worker: &str| (0..PARTITIONS).filter(|&p| all[p] == worker).collect::<Vec<_>>();
        let pending: Vec<usize> = of("a").into_iter().take(6).chain(of("b").into_iter().take(2)).collect();
        let given = helping_work("pass", &pending, &members, &mut free(&[("c", 4)]));
        assert_eq!(given.len(), 4);
        assert!(given.iter().all(|(partition, worker)| all[*partition] == "a" && worker == "c"));
        let given = helping_work("pass", &pending, &members, &mut free(&[("c", 3), ("b", 20)]));
        let taken: BTreeSet<usize> = given.iter().map(|(partition, _)| *partition).collect();
        assert_eq!((taken.len(), given.len()), (8, 8));
        assert_eq!(given.iter().filter(|(_, worker)| worker == "c").count(), 3);
        assert!(helping_work("pass", &[], &members, &mut free(&[("c", 3)])).is_empty());
        assert!(helping_work("pass", &pending, &members, &mut free(&[("c", 0)])).is_empty());
    }

    #[test]
    fn a_worker_that_is_gone_owns_nothing() {
        let members = workers(&["a", "b"]);
        let pending: Vec<usize> = (0..PARTITIONS).collect();
        let given = own_work("pass", &pending, &members, &mut free(&[("a", 100), ("b", 100)]));
        assert_eq!(given.len(), PARTITIONS);
    }

    #[test]
    fn idle_workers_wait_once() {
        let (mut idle, start) = (Idle::default(), Instant::now());
        assert_eq!(idle.patience("a", start), Patience::Begins);
        assert_eq!(idle.patience("a", start + PATIENCE - Duration::from_millis(1)), Patience::Lasts);
        assert_eq!(idle.patience("a", start + PATIENCE), Patience::Ended);
        assert_eq!(idle.patience("a", start + 2 * PATIENCE), Patience::Ended);
        assert_eq!(idle.patience("b", start + 2 * PATIENCE), Patience::Begins);
        idle.forget("a");
        assert_eq!(idle.patience("a", start + 3 * PATIENCE), Patience::Begins);
    }

    /// Passes over the same cohort, on three workers of two slots: nobody is ever idle for long, and partitions stay.
    #[test]
    fn passes_finish_in_time_and_stay_where_they_are() {
        let members = workers(&["a", "b", "c"]);
        let own = owners("cohort", &members);
        let (mut stayed, mut total) = (0, 0);
        for pass in 0..20usize {
            let mut pending: Vec<usize> = (0..PARTITIONS).collect();
            let mut running: Vec<(u64, String)> = Vec::new();
            let (mut now, mut idle, start) = (0u64, Idle::default(), Instant::now());
            while !(pending.is_empty() && running.is_empty()) {
                running.retain(|(end, _)| *end > now);
                let mut slots = free(&[("a", 2), ("b", 2), ("c", 2)]);
                running.iter().for_each(|(_, worker)| *slots.get_mut(worker).expect("a worker") -= 1);
                let mut given = own_work("cohort", &pending, &members, &mut slots);
                given.iter().for_each(|(_, worker)| idle.forget(worker));
                pending.retain(|partition| !given.iter().any(|(taken, _)| taken == partition));
                for (worker, slots) in
                    slots.iter_mut().filter(|(_, slots)| **slots > 0 && !pending.is_empty())
                {
                    if idle.patience(worker, start + Duration::from_millis(now)) != Patience::Ended {
                        *slots = 0;
                    }
                }
                let helped = helping_work("cohort", &pending, &members, &mut slots);
                pending.retain(|partition| !helped.iter().any(|(taken, _)| taken == partition));
                given.extend(helped);
                for (partition, worker) in given {
                    stayed += usize::from(own[partition] == worker);
                    total += 1;
                    running.push((now + 900 + (partition * 37 + pass * 11) as u64 % 200, worker));
                }
                now += 10;
            }
            // Eight tasks a slot of about a second each; the tail may add one and the wait.
            assert!(now <= 8 * 1100 + 1100 + 220, "pass {pass} took {now} ms");
        }
        assert_eq!(total, 20 * PARTITIONS);
        assert!(stayed * 10 >= total * 7, "{stayed} of {total}");
    }
}
