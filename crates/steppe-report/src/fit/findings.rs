use super::{FitReport, LambdaRow};
use crate::number;

impl FitReport {
    /// The caller's warnings, and those that the data themselves give.
    pub(super) fn all_warnings(&self) -> Vec<String> {
        let found = [self.violated(), self.at_the_end(), self.empty_model()];
        self.warnings.iter().cloned().chain(found.into_iter().flatten()).collect()
    }

    /// Models whose violation is above the tolerance, or unknown.
    pub(super) fn violating(&self) -> Vec<&LambdaRow> {
        let misses = |row: &&LambdaRow| row.kkt_violation.is_nan() || row.kkt_violation > self.kkt_tolerance;
        self.lambdas.iter().filter(misses).collect()
    }

    fn violated(&self) -> Option<String> {
        let violating = self.violating();
        let largest = violating.iter().map(|row| row.kkt_violation).fold(f64::NEG_INFINITY, f64::max);
        (!violating.is_empty()).then(|| {
            format!(
                "{} of {} violate the optimality conditions by more than {} of λ, the worst by {}: these are not the optimum.",
                number::count(violating.len() as u64),
                number::things(self.lambdas.len() as u64, "model"),
                number::significant(self.kkt_tolerance, 1),
                number::significant(largest, 2),
            )
        })
    }

    fn at_the_end(&self) -> Option<String> {
        let last = self.lambdas.len().checked_sub(1).filter(|&last| last > 0)?;
        self.chosen_row()?.validation?;
        (self.chosen? == last).then(|| {
            "The smallest λ that was fitted is the best one: a smaller one may predict better. Fit a longer path with a \
             smaller --lambda-min-ratio."
                .to_owned()
        })
    }

    fn empty_model(&self) -> Option<String> {
        (self.chosen_row()?.active_variants == 0).then(|| {
            "No variant has an effect in the chosen model: its scores are the same for everyone.".to_owned()
        })
    }
}
