//! The windows of a chromosome, one after another.

use super::LdWindow;

/// Variants from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Window {
    /// The first window of ascending positions.
    pub(super) fn first(positions: &[u32], size: LdWindow) -> Self {
        Self { start: 0, end: end(positions, 0, size) }
    }

    /// The next one; `None` where this one reaches the end. A window of base pairs starts at the first variant whose
    /// window reaches farther than this one.
    pub(super) fn next(self, positions: &[u32], size: LdWindow) -> Option<Self> {
        let beyond = *positions.get(self.end)?;
        let start = match size {
            LdWindow::Variants { step, .. } => self.start + step,
            LdWindow::BasePairs(reach) => {
                let far = |position: &u32| u64::from(*position) + u64::from(reach) < u64::from(beyond);
                positions.partition_point(far).max(self.start + 1)
            }
        };
        Some(Self { start, end: end(positions, start, size) })
    }
}

fn end(positions: &[u32], start: usize, size: LdWindow) -> usize {
    match size {
        LdWindow::Variants { size, .. } => positions.len().min(start + size),
        LdWindow::BasePairs(reach) => {
            let last = positions.get(start).map_or(0, |position| u64::from(*position) + u64::from(reach));
            positions.partition_point(|position| u64::from(*position) <= last)
        }
    }
}
