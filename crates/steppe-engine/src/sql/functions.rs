//! Functions that SQL lacks for scores. All are exact; an approximation would have a name that begins with `approx_`, as
//! DataFusion's own have.
//!
//! | function | kind | result |
//! |---|---|---|
//! | `auc(score, case)` | aggregate | area under the receiver operating characteristic |
//! | `odds_ratio_per_sd(score, case)` | aggregate | odds ratio of logistic regression for one standard deviation of the score |
//! | `liability_r2(score, case, prevalence)` | aggregate | R² on the liability scale (Lee et al. 2012) |
//! | `percentile_in(score) OVER (PARTITION BY population)` | window | 0 to 100, ties counting half |
//! | `top_fraction(score, fraction) OVER (…)` | window | whether the score is among the highest of that share |
//!
//! `case` is a truth value, or 1 and 0; rows in which an argument is missing do not count.

mod of_pairs;
mod ranks;

use datafusion::prelude::SessionContext;

/// Makes the functions known to a session.
pub(super) fn register(context: &SessionContext) {
    for aggregate in of_pairs::aggregates() {
        context.register_udaf(aggregate);
    }
    for window in ranks::windows() {
        context.register_udwf(window);
    }
}
