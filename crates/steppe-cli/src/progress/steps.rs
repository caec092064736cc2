use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use steppe_engine::PassProgress;
use steppe_fitjob::StepObserver;

use super::{Unit, bar, slot::Slot};
use crate::console::Console;

/// The bar of a job that goes on in steps, and of the passes between them: whichever reported last is shown.
pub(crate) struct StepBar {
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
    /// What steps are, for their rate.
    unit: &'static str,
    stage: (&'static str, u64),
}

/// What passes draw on too.
struct Shared {
    slot: Slot,
    /// The bar is that of the steps.
    steps: AtomicBool,
}

impl StepBar {
    /// A bar that counts steps as `unit`; the job stops when `stop` becomes true.
    pub(crate) fn new(console: Console, stop: Arc<AtomicBool>, unit: &'static str) -> Self {
        let shared = Shared { slot: Slot::new(console), steps: AtomicBool::new(false) };
        Self { stop, shared: Arc::new(shared), unit, stage: ("", 0) }
    }

    /// What the passes of the job report to.
    pub(crate) fn passes(&self) -> Arc<dyn PassProgress> {
        Arc::clone(&self.shared) as Arc<dyn PassProgress>
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(&self) {
        self.shared.slot.replace(None);
    }
}

impl PassProgress for Shared {
    fn stage(&self, name: &str, total: u64) {
        self.steps.store(false, Ordering::Relaxed);
        self.slot.replace(Some(bar(self.slot.console, total, Unit::Counted("genotypes"), name.to_owned())));
    }

    fn advance(&self, units: u64) {
        if !self.steps.load(Ordering::Relaxed) {
            self.slot.with(|bar| bar.inc(units));
        }
    }
}

impl StepObserver for StepBar {
    fn stage(&mut self, name: &'static str, steps: u64) {
        self.stage = (name, steps);
        // The next step or pass makes the bar.
        self.shared.steps.store(false, Ordering::Relaxed);
    }

    fn done(&mut self, steps: u64) {
        if !self.shared.steps.swap(true, Ordering::Relaxed) {
            let (name, total) = self.stage;
            let unit = Unit::Counted(self.unit);
            self.shared.slot.replace(Some(bar(self.shared.slot.console, total, unit, name.to_owned())));
        }
        self.shared.slot.with(|bar| bar.set_position(steps));
    }

    fn notice(&mut self, text: &str) {
        self.shared.slot.note(text);
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Drop for StepBar {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_passes_take_turns() {
        let mut bar = StepBar::new(Console::new(true), Arc::new(AtomicBool::new(false)), "tests");
        let passes = bar.passes();
        let shown = |bar: &StepBar| {
            let mut shown = (0, None);
            bar.shared.slot.with(|bar| shown = (bar.position(), bar.length()));
            shown
        };
        passes.stage("gradients", 70);
        passes.advance(30);
        assert_eq!(shown(&bar), (30, Some(70)));
        bar.stage("testing variants", 500);
        bar.done(200);
        passes.advance(30);
        assert_eq!(shown(&bar), (200, Some(500)));
        passes.stage("gradients", 70);
        assert_eq!(shown(&bar), (0, Some(70)));
        bar.done(300);
        assert_eq!(shown(&bar), (300, Some(500)));
        assert!(!bar.cancelled());
    }
}
