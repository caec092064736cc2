use super::{
    Ambiguous, MatchFlags, MatchOptions, MatchType, Reason, RowDecision, RowStatus, ScoringRowTable,
    search::{Best, Search},
};
use crate::VariantTable;

impl RowDecision {
    /// A row that nothing was found for, or too much.
    fn without_variant((status, reason): (RowStatus, Reason)) -> Self {
        let flags = MatchFlags::default();
        Self { status, reason, variant: None, match_type: None, effect_is_counted: false, flags }
    }

    /// A row with its best match, before the rules.
    fn matched(best: Best, ambiguous: bool, multiallelic: bool) -> Self {
        let mut decision = Self {
            status: RowStatus::Matched,
            reason: Reason::Matched,
            variant: Some(best.variant),
            match_type: Some(best.match_type),
            effect_is_counted: false,
            flags: MatchFlags {
                ambiguous,
                multiallelic,
                duplicate_best_match: best.is_tie,
                ..MatchFlags::default()
            },
        };
        decision.set_match_type(best.match_type);
        decision
    }

    fn set_match_type(&mut self, match_type: MatchType) {
        self.match_type = Some(match_type);
        self.effect_is_counted = match_type.effect_is_counted();
        self.flags.flipped = match_type.is_flip();
    }

    fn exclude(&mut self, reason: Reason) {
        self.status = RowStatus::Excluded;
        self.reason = reason;
    }
}

/// The best match of every row, before the rules.
pub(super) fn best_matches<R, V>(rows: &R, variants: &V, search: &mut Search<'_, V>) -> Vec<RowDecision>
where
    R: ScoringRowTable + ?Sized,
    V: VariantTable + ?Sized,
{
    (0..rows.len())
        .map(|index| match search.best(&rows.row(index)) {
            Ok(best) => RowDecision::matched(
                best,
                search.is_ambiguous(best.variant),
                variants.is_multiallelic(best.variant as usize),
            ),
            Err(failure) => RowDecision::without_variant(failure),
        })
        .collect()
}

/// A set of variants, one bit each.
struct VariantSet(Vec<u64>);

impl VariantSet {
    fn of_none(variants: usize) -> Self {
        Self(vec![0; variants.div_ceil(64)])
    }

    /// Returns whether the variant was not in the set before.
    fn insert(&mut self, variant: u32) -> bool {
        let (word, bit) = (variant as usize / 64, 1 << (variant % 64));
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    fn contains(&self, variant: u32) -> bool {
        self.0[variant as usize / 64] & (1 << (variant % 64)) != 0
    }
}

/// Flags and excludes rows whose best match is the same variant, all or all but the first.
pub(super) fn exclude_duplicates(decisions: &mut [RowDecision], variants: usize, keep_first: bool) {
    let mut once = VariantSet::of_none(variants);
    let mut again = VariantSet::of_none(variants);
    let mut any = false;
    for variant in decisions.iter().filter_map(|decision| decision.variant) {
        if !once.insert(variant) {
            again.insert(variant);
            any = true;
        }
    }
    if !any {
        return;
    }
    let mut kept = VariantSet::of_none(variants);
    for decision in decisions {
        let Some(variant) = decision.variant.filter(|&variant| again.contains(variant)) else { continue };
        decision.flags.duplicate_id = true;
        if !(keep_first && kept.insert(variant)) {
            decision.exclude(Reason::DuplicateVariant);
        }
    }
}

/// Applies the rules that look at one row alone. A row that is excluded already keeps its reason.
pub(super) fn exclude_by_rules(
    decision: &mut RowDecision,
    effect_frequency: impl FnOnce() -> Option<f64>,
    counted_frequency: &dyn Fn(u32) -> Option<f64>,
    options: &MatchOptions,
) {
    let (RowStatus::Matched, Some(variant), Some(match_type)) =
        (decision.status, decision.variant, decision.match_type)
    else {
        return;
    };
    if decision.flags.ambiguous {
        match options.ambiguous {
            Ambiguous::Keep => {}
            Ambiguous::Drop => decision.exclude(Reason::Ambiguous),
            Ambiguous::ByFrequency { margin } => {
                let counted = counted_frequency(variant);
                let cohort = counted.map(|f| if match_type.effect_is_counted() { f } else { 1.0 - f });
                match same_side(effect_frequency(), cohort, margin) {
                    None => decision.exclude(Reason::Ambiguous),
                    Some(same) => {
                        decision.flags.rescued_by_frequency = true;
                        if !same {
                            decision.set_match_type(match_type.on_other_strand());
                        }
                    }
                }
            }
        }
    }
    if decision.status == RowStatus::Matched && decision.flags.multiallelic && !options.keep_multiallelic {
        decision.exclude(Reason::Multiallelic);
    }
    if decision.status == RowStatus::Matched && decision.flags.flipped && options.ignore_strand_flips {
        decision.exclude(Reason::StrandFlip);
    }
}

/// Whether two frequencies lie on the same side of 0.5; `None` where either is missing, no frequency, or within
/// `margin` of it.
fn same_side(file: Option<f64>, cohort: Option<f64>, margin: f64) -> Option<bool> {
    let side = |frequency: Option<f64>| {
        let from_half = frequency.filter(|f| (0.0..=1.0).contains(f))? - 0.5;
        (from_half.abs() > margin.max(0.0)).then_some(from_half > 0.0)
    };
    Some(side(file)? == side(cohort)?)
}

#[cfg(test)]
mod tests {
    use super::same_side;

    #[test]
    fn frequencies_near_a_half_decide_nothing() {
        assert_eq!(same_side(Some(0.2), Some(0.3), 0.1), Some(true));
        assert_eq!(same_side(Some(0.2), Some(0.7), 0.1), Some(false));
        assert_eq!(same_side(Some(0.2), Some(0.55), 0.1), None);
        assert_eq!(same_side(Some(0.45), Some(0.1), 0.1), None);
        assert_eq!(same_side(None, Some(0.1), 0.1), None);
        assert_eq!(same_side(Some(0.1), None, 0.1), None);
        assert_eq!(same_side(Some(f64::NAN), Some(0.1), 0.1), None);
        assert_eq!(same_side(Some(1.2), Some(0.9), 0.1), None);
    }
}
