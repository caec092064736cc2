use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use indicatif::ProgressBar;
use steppe_store::ImportProgress;

use super::{Unit, bar};
use crate::{console::Console, render};

/// The bar of an import: samples, variants done, bytes of .bed a second, time left.
pub(crate) struct ImportBar {
    console: Console,
    stop: Arc<AtomicBool>,
    samples: AtomicU64,
    total: AtomicU64,
    done: AtomicU64,
    current: Mutex<Option<ProgressBar>>,
}

impl ImportBar {
    /// A bar that appears when the import starts; the import stops when `stop` becomes true.
    pub(crate) fn new(console: Console, stop: Arc<AtomicBool>) -> Self {
        let zero = || AtomicU64::new(0);
        Self { console, stop, samples: zero(), total: zero(), done: zero(), current: Mutex::new(None) }
    }

    /// Takes the bar off the screen.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.current.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn message(&self) -> String {
        let count = |value: &AtomicU64| render::count(value.load(Ordering::Relaxed));
        format!("{} samples, {} of {} variants", count(&self.samples), count(&self.done), count(&self.total))
    }
}

impl ImportProgress for ImportBar {
    fn start(&self, samples: u64, variants: u64, bytes: u64) {
        self.samples.store(samples, Ordering::Relaxed);
        self.total.store(variants, Ordering::Relaxed);
        let started = bar(self.console, bytes, Unit::Bytes, self.message());
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
    }

    fn advance(&self, variants: u64, bytes: u64) {
        self.done.fetch_add(variants, Ordering::Relaxed);
        if let Some(bar) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.set_message(self.message());
            bar.inc(bytes);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_counts_variants() {
        let bar = ImportBar::new(Console::new(true), Arc::new(AtomicBool::new(false)));
        bar.start(1000, 50_000, 12_500_000);
        bar.advance(2000, 500_000);
        bar.advance(1000, 250_000);
        assert_eq!(bar.message(), "1,000 samples, 3,000 of 50,000 variants");
        assert!(!bar.is_cancelled());
    }
}
