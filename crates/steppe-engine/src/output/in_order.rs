use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::EngineError;

/// Results that a thread may be ahead of the one that takes them.
const AHEAD: usize = 2;

/// Makes `count` results on `threads` threads, and hands them to `take` in order while the next ones are made.
pub(super) fn in_order<T: Send>(
    threads: usize,
    count: usize,
    make: &(dyn Fn(usize) -> Result<T, EngineError> + Sync),
    take: &mut dyn FnMut(T) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let threads = threads.clamp(1, count.max(1));
    std::thread::scope(|scope| {
        let workers: Vec<Receiver<_>> = (0..threads)
            .map(|first| {
                let (sender, receiver): (SyncSender<_>, _) = sync_channel(AHEAD);
                scope.spawn(move || {
                    // Nobody listens any more when an earlier result was an error.
                    (first..count).step_by(threads).all(|index| sender.send(make(index)).is_ok())
                });
                receiver
            })
            .collect();
        (0..count).try_for_each(|index| {
            take(workers[index % threads].recv().map_err(|_| EngineError::Lost("a writing thread"))??)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_from_any_number_of_threads() {
        for threads in [1, 2, 7] {
            let mut taken = Vec::new();
            let done = in_order(threads, 50, &|index| Ok(3 * index), &mut |value| {
                taken.push(value);
                Ok(())
            });
            assert!(done.is_ok());
            assert_eq!(taken, (0..150).step_by(3).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let make = |index| if index == 5 { Err(EngineError::Lost("the fifth")) } else { Ok(index) };
        let mut taken = 0;
        let failed = in_order(3, 1_000_000, &make, &mut |_| {
            taken += 1;
            Ok(())
        });
        assert!(matches!(failed, Err(EngineError::Lost("the fifth"))));
        assert_eq!(taken, 5);
        let refused = in_order(2, 9, &|_| Ok(()), &mut |()| Err(EngineError::Lost("the disk")));
        assert!(matches!(refused, Err(EngineError::Lost("the disk"))));
    }
}
