//! What would tell of few people, or of few variants, and is not shown.

use std::collections::BTreeSet;

use datafusion::{
    arrow::datatypes::DataType,
    logical_expr::{Expr, cast, lit},
    prelude::ident,
};
use steppe_privacy::policy::{Access, CohortRules, Precision, SMALL_SCORE};

use super::catalog::CohortCatalog;

/// The smallest minimum cell with which scores of few variants are seen in groups. Who is told mean and standard deviation of
/// such a score in a group can know how often each genotype is there, and with the most frequent ones guesses 8.7 points
/// more of a group of 5 people than without, 4.5 of 10 and 2.3 of 21.
const FEWEST_OF_SMALL_SCORES: u64 = 20;

/// The scores that are seen. Of those of few variants rows are seen if it was measured that they give away as little as the
/// policy allows, and in small groups they are not seen. A score of which no run tells how many variants it has may be one
/// of few. `None` is all scores.
pub(super) fn seen_scores(
    cohort: &CohortCatalog,
    access: &Access,
    rules: &CohortRules,
) -> Option<BTreeSet<String>> {
    let in_small_groups =
        access.precision == Precision::Aggregates && rules.minimum_cell < FEWEST_OF_SMALL_SCORES;
    let is_seen = |variants: usize, leakage: Option<f64>| {
        let is_small = variants <= SMALL_SCORE;
        access.precision_of_score(variants, leakage) >= access.precision && !(is_small && in_small_groups)
    };
    let leakage = |score: &str| cohort.measured.excess(score, access.precision, rules.percentile_grid);
    let seen = cohort.variants.iter().filter(|(score, variants)| is_seen(**variants, leakage(score)));
    (!is_seen(0, None)).then(|| seen.map(|(score, _)| score.clone()).collect())
}

/// The condition that counts of people in columns `n` and `cases` are of nobody or of enough.
pub(super) fn has_no_few(minimum: u64) -> Expr {
    let is_enough = |count: Expr| {
        let count = cast(count, DataType::Int64);
        count.clone().is_null().or(count.clone().eq(lit(0))).or(count.gt_eq(lit(minimum as i64)))
    };
    let controls = cast(ident("n"), DataType::Int64) - cast(ident("cases"), DataType::Int64);
    is_enough(ident("n")).and(is_enough(ident("cases"))).and(is_enough(controls))
}
