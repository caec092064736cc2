use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use steppe_engine::PassProgress;
use steppe_fitjob::{FitObserver, FitProgress, Stage};

use super::{Unit, bar, slot::Slot};
use crate::console::Console;

/// How often a log is told.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The bar of a fit: first of the pass that counts genotypes, then of the lambdas of all paths of a stage.
pub(crate) struct FitBar {
    console: Console,
    stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
    /// Lambdas accepted and planned, by path.
    paths: BTreeMap<String, (usize, usize)>,
    expected: usize,
    /// When a line was last written.
    told: Instant,
}

/// What passes draw on too.
struct Shared {
    slot: Slot,
    /// Lambdas are shown; passes are part of them then.
    fitting: AtomicBool,
}

impl FitBar {
    /// A bar; the fit stops when `stop` becomes true.
    pub(crate) fn new(console: Console, stop: Arc<AtomicBool>) -> Self {
        let shared = Shared { slot: Slot::new(console), fitting: AtomicBool::new(false) };
        Self {
            console,
            stop,
            shared: Arc::new(shared),
            paths: BTreeMap::new(),
            expected: 0,
            told: Instant::now(),
        }
    }

    /// What the passes of the fit report to.
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
        if !self.fitting.load(Ordering::Relaxed) {
            self.slot.replace(Some(bar(
                self.slot.console,
                total,
                Unit::Counted("genotypes"),
                name.to_owned(),
            )));
        }
    }

    fn advance(&self, units: u64) {
        if !self.fitting.load(Ordering::Relaxed) {
            self.slot.with(|bar| bar.inc(units));
        }
    }
}

impl FitObserver for FitBar {
    fn stage(&mut self, stage: Stage, paths: usize) {
        self.shared.fitting.store(true, Ordering::Relaxed);
        self.paths.clear();
        self.expected = paths.max(1);
        // The number of lambdas is known with the first one.
        self.shared.slot.replace(Some(bar(
            self.console,
            1,
            Unit::Counted("lambdas"),
            name_of(stage).to_owned(),
        )));
    }

    fn progress(&mut self, progress: &FitProgress<'_>) {
        self.paths.insert(progress.name.to_owned(), (progress.accepted, progress.planned));
        let accepted: usize = self.paths.values().map(|(accepted, _)| accepted).sum();
        let planned: usize = self.paths.values().map(|(_, planned)| planned).sum();
        // Paths that have not begun are expected to be as long as the others.
        let planned = planned * self.expected.max(self.paths.len()) / self.paths.len();
        self.shared.slot.with(|bar| {
            bar.set_message(line(progress));
            bar.set_length(planned as u64);
            bar.set_position(accepted as u64);
        });
        // Where no person watches, a line now and then tells the log that it goes on.
        if !self.console.is_terminal() && self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            self.console.note(&line(progress));
        }
    }

    fn notice(&mut self, text: &str) {
        self.shared.slot.note(text);
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn name_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Path => "fitting the path",
        Stage::Scale => "finding the largest lambda",
        Stage::Folds => "fitting the folds",
        Stage::Refit => "fitting the chosen model again",
    }
}

/// `height: lambda 12 of 100 (3.21e-2), 153 variants, 2 violations, validation R² 0.2113`.
fn line(progress: &FitProgress<'_>) -> String {
    let mut line = format!(
        "{}: lambda {} of {} ({:.3e}), {} variants",
        progress.name, progress.accepted, progress.planned, progress.lambda, progress.active
    );
    if progress.violations > 0 {
        line += &format!(", {} violations", progress.violations);
    }
    if let Some((metric, value)) = progress.validation {
        line += &format!(", validation {} {value:.4}", steppe_fitjob::metric_title(metric));
    }
    line
}

impl Drop for FitBar {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use steppe_fitjob::Stage;

    use super::*;

    #[test]
    fn lambdas_of_paths_that_have_not_begun_are_expected() {
        let mut bar = FitBar::new(Console::new(true), Arc::new(AtomicBool::new(false)));
        bar.stage(Stage::Path, 2);
        let progress = FitProgress {
            stage: Stage::Path,
            name: "height",
            accepted: 12,
            planned: 100,
            lambda: 0.0321,
            active: 153,
            violations: 2,
            validation: None,
        };
        bar.progress(&progress);
        bar.shared.slot.with(|bar| assert_eq!((bar.position(), bar.length()), (12, Some(200))));
        let text = "height: lambda 12 of 100 (3.210e-2), 153 variants, 2 violations";
        assert_eq!(line(&progress), text);
    }
}
