//! What a caller sees of a running job, and how it stops one.

use steppe_fit::lasso::MetricKind;

/// The parts of a job that fit a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The path on the training samples.
    Path,
    /// Cross-validation: the largest lambda of each trait.
    Scale,
    /// Cross-validation: the paths of all folds, which are told apart by the names `TRAIT fold K`.
    Folds,
    /// The path to the chosen lambda on training and validation samples.
    Refit,
}

impl Stage {
    /// The name in file names and timings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Scale => "scale",
            Self::Folds => "folds",
            Self::Refit => "refit",
        }
    }
}

/// One accepted lambda.
#[derive(Debug, Clone, PartialEq)]
pub struct FitProgress<'a> {
    /// The stage.
    pub stage: Stage,
    /// The trait's name.
    pub name: &'a str,
    /// Lambdas accepted so far, this one included.
    pub accepted: usize,
    /// Lambdas of the whole path.
    pub planned: usize,
    /// This lambda.
    pub lambda: f64,
    /// Variants in the model.
    pub active: usize,
    /// Variants outside the strong set that violated the optimality conditions in this batch and made it end early.
    pub violations: usize,
    /// Validation metric.
    pub validation: Option<(MetricKind, f64)>,
}

/// Follows a job. All methods have defaults; `()` follows nothing.
pub trait FitObserver: Sync {
    /// A stage begins, of so many paths.
    fn stage(&mut self, stage: Stage, paths: usize) {
        let _ = (stage, paths);
    }

    /// A lambda was accepted.
    fn progress(&mut self, progress: &FitProgress<'_>) {
        let _ = progress;
    }

    /// Something that the user should know; it is in the record too.
    fn notice(&mut self, text: &str) {
        let _ = text;
    }

    /// Whether to stop; asked between steps.
    fn cancelled(&self) -> bool {
        false
    }
}

impl FitObserver for () {}

/// Follows an association or a block ridge, which go on in equal steps. All methods have defaults; `()` follows nothing.
pub trait StepObserver: Send + Sync {
    /// A stage begins, of so many steps.
    fn stage(&mut self, name: &'static str, steps: u64) {
        let _ = (name, steps);
    }

    /// So many steps of the stage are done.
    fn done(&mut self, steps: u64) {
        let _ = steps;
    }

    /// Something that the user should know; it is in the record too.
    fn notice(&mut self, text: &str) {
        let _ = text;
    }

    /// Whether to stop; asked between steps.
    fn cancelled(&self) -> bool {
        false
    }
}

impl StepObserver for () {}
