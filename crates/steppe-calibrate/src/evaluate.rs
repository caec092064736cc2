//! How good predictions are in each population and at each genetic distance: discrimination, association, explained
//! variance, calibration and reclassification, with intervals, tests, and what there were too few people for.
//!
//! Every prediction of a group is evaluated in the same people and on the same resamples, so that differences between two
//! predictions have intervals of their own. Groups do not see each other: a population's rows are the same whatever else is
//! evaluated with it.

mod analytic;
mod cohort;
mod deciles;
mod estimator;
mod fits;
mod gates;
mod groups;
mod input;
mod metric;
mod options;
mod permutation;
mod reliability;
mod resamples;
mod result;
mod rows;
mod statistic;
mod sums;
mod survival;

pub use input::{Covariate, EvaluationInput, Outcome, Prediction, PredictionKind};
pub use metric::Metric;
pub use options::{EvaluationOptions, MinimalCounts};
pub use result::{
    DecileRow, Evaluation, GroupSummary, Grouping, IntervalMethod, LeftOut, LeftOutReason, MetricRow,
    PMethod, Reason, ReliabilityRow, Status, Warning,
};

use crate::CalibrateError;
use cohort::Cohort;
use rows::GroupRows;

/// Evaluates predictions. The result depends on nothing but input and options; threads change its time only.
///
/// # Errors
/// When lengths differ, names repeat, or an option is out of its range. What can not be said of the data (one class only, a
/// constant score, few people) is no error but a row's status.
pub fn evaluate(
    input: &EvaluationInput<'_>,
    options: &EvaluationOptions,
) -> Result<Evaluation, CalibrateError> {
    input.check()?;
    options.check(input)?;
    let mut evaluation = Evaluation::default();
    for group in groups::groups(input, options) {
        let cohort = Cohort::new(input, &group, &mut evaluation.warnings);
        evaluation.groups.push(cohort.summary(&group));
        GroupRows::new(&cohort, &group, options).add_to(&mut evaluation);
    }
    groups::warn_of_unused_prevalences(&evaluation.groups, options, &mut evaluation.warnings);
    Ok(evaluation)
}
