//! Which variant of the cohort each row of a scoring file means, and whether it counts.
//!
//! The rules are those of pgscatalog-match 0.4 (pgsc_calc v2). A variant's *other* allele is called REF here and
//! its *counted* allele ALT.
//!
//! | Step | Rule |
//! |---|---|
//! | place | A row with chromosome and position is looked up there ([`MatchBy::Auto`]), else by its id. XY counts as X. Unplaced variants and contigs are reached by id only. |
//! | alleles | Compared as the files have them; sequences of A, C, G and T without regard to case, every other name (`I`, `D`, `*`, `<DEL>`) literally. `0` and `.` are no alleles. |
//! | match type | `refalt` (effect = REF, other = ALT) before `altref`, before the same two after complementing the row's alleles (`_flip`: base by base, not reversed, sequences only). Without other allele, or with several (`A/T`): `no_oa_ref`, `no_oa_alt`, and their flips. |
//! | best match | The first match type of that order. Of several variants that match in the same way the first in matrix order is taken, and the row is flagged `duplicate_best_match`. |
//! | duplicates | Rows of one file whose best match is one variant are all excluded; with [`MatchOptions::keep_first_match`] all but the first. This comes before the other rules, so rows that those exclude count too. |
//! | ambiguous | REF is the complement of ALT: kept, excluded (the default) or decided by frequency, see [`Ambiguous`]. |
//! | multi-allelic | [`VariantTable::is_multiallelic`]: excluded unless [`MatchOptions::keep_multiallelic`]. |
//! | flips | Kept unless [`MatchOptions::ignore_strand_flips`]. |
//! | by id | An id of several variants excludes the row. With another allele the rules are as above. Without it the effect allele must be one of the variant's two: there are no flips, since nothing confirms the place. |
//!
//! # Where this differs from pgscatalog-match 0.4
//!
//! 1. It reads the first allele of a .bim as REF; here A2 is REF, as in plink2. For .bim input `refalt` and
//!    `altref` change names (and so do the flips, and `no_oa_ref` with `no_oa_alt`); no decision depends on it
//!    unless a position holds several variants of which one matches by REF and another by ALT.
//! 2. It groups duplicates by the id's text. Here they are grouped by variant, so that different variants of one
//!    id (`.`, or the alternates of a multi-allelic site) do not exclude each other. It drops variants with id
//!    `.`; here they match by position.
//! 3. It joins candidates with the target once more by id. At a multi-allelic site it so reports candidates whose
//!    alleles do not match the row, and flags `duplicate_best_match` without a second match. Not so here; the
//!    matched variant and its status are the same.
//! 4. It does not count a row among the duplicates of another where only one of them is flagged
//!    `duplicate_best_match`. Here every best match counts.
//! 5. It matches chromosomes 1–22, X and Y; here MT and XY match too.
//! 6. It leaves an allele that is no sequence as it is when it complements, so that `A`/`D` "flips" to `T`/`D`.
//!    Here both alleles must be sequences. It compares with regard to case.
//! 7. It knows neither ids without position nor frequencies.
//!
//! # Where this differs from plink2 `--score`
//!
//! 1. plink2 looks at the effect allele only, also where the file has another allele, and knows no flips.
//! 2. plink2 scores ambiguous and multi-allelic variants: [`Ambiguous::Keep`] and
//!    [`MatchOptions::keep_multiallelic`] do the same.
//! 3. plink2 stops at an id that several variants have, and at one effect allele of one variant in several rows;
//!    rows for both alleles of a variant it adds up. Here all such rows are excluded with their reason.
//! 4. plink2 compares alleles with regard to case.

mod alleles;
mod decision;
mod id_index;
mod lookup;
mod mentioned;
mod options;
mod position_index;
mod row;
mod rules;
mod search;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;

pub use decision::{Candidate, MatchFlags, MatchType, Reason, RowDecision, RowStatus};
pub use lookup::VariantLookup;
pub use mentioned::Mentioned;
pub use options::{Ambiguous, MatchBy, MatchOptions};
pub use row::{ScoringRow, ScoringRowTable};

use search::Search;

use crate::VariantTable;

/// Decides every row of one scoring file; the answer has one entry per row, in row order. `lookup` was built from
/// `variants`. `frequency` gives the frequency of a variant's *counted* allele; it is asked only under
/// [`Ambiguous::ByFrequency`].
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
    let mut search = Search::new(variants, lookup, options.by);
    let mut decisions = rules::best_matches(rows, variants, &mut search);
    rules::exclude_duplicates(&mut decisions, variants.len(), options.keep_first_match);
    for (index, decision) in decisions.iter_mut().enumerate() {
        rules::exclude_by_rules(decision, || rows.row(index).effect_frequency, frequency, options);
    }
    decisions
}

/// All ways to match one row, most preferred first; none where it is unmatched. The first is the best match, the
/// others are pgscatalog-match's `not_best`.
pub fn candidates<V: VariantTable + ?Sized>(
    row: &ScoringRow<'_>,
    variants: &V,
    lookup: &VariantLookup,
    options: &MatchOptions,
) -> Vec<Candidate> {
    Search::new(variants, lookup, options.by).all(row)
}
