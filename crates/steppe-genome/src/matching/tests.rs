//! One test per rule.

use super::{
    test_support::{TestRows, TestVariants},
    *,
};

fn decide(rows: &TestRows, variants: &TestVariants, options: &MatchOptions) -> Vec<RowDecision> {
    match_rows(rows, variants, &VariantLookup::build(variants), &|_| Some(0.2), options)
}

/// Status, reason, variant and match type of every row.
type Outcome = (RowStatus, Reason, Option<u32>, Option<MatchType>);

fn outcomes(decisions: &[RowDecision]) -> Vec<Outcome> {
    decisions.iter().map(|d| (d.status, d.reason, d.variant, d.match_type)).collect()
}

fn matched(variant: u32, match_type: MatchType) -> Outcome {
    (RowStatus::Matched, Reason::Matched, Some(variant), Some(match_type))
}

fn excluded(reason: Reason, variant: u32, match_type: MatchType) -> Outcome {
    (RowStatus::Excluded, reason, Some(variant), Some(match_type))
}

fn unmatched(reason: Reason) -> Outcome {
    (RowStatus::Unmatched, reason, None, None)
}

fn five_variants() -> TestVariants {
    let mut variants = TestVariants::default();
    variants.push("1", 10, "rs1", "A", "C");
    variants.push("1", 20, "rs2", "A", "T");
    variants.push("1", 30, "rs3", "AT", "A");
    variants.push("MT", 5, "rs4", "G", "A");
    variants.push("chrUn", 5, "rs5", "G", "A");
    variants
}

#[test]
fn rows_match_by_position_and_alleles() {
    let mut rows = TestRows::default();
    rows.at("1:10", "C", "A").at("1:30", "AT", "A").at("26:5", "T", "C");
    let decisions = decide(&rows, &five_variants(), &MatchOptions::default());
    assert_eq!(
        outcomes(&decisions),
        [matched(0, MatchType::AltRef), matched(2, MatchType::RefAlt), matched(3, MatchType::AltRefFlip)]
    );
    let counted: Vec<bool> = decisions.iter().map(|d| d.effect_is_counted).collect();
    assert_eq!(counted, [true, false, true]);
    assert!(decisions[2].flags.flipped);
}

#[test]
fn unmatched_rows_say_why() {
    let mut rows = TestRows::default();
    rows.at("1:11", "C", "A")
        .at("1:10", "G", "A")
        .at("1:10", "HLA-A*01", "")
        .at("chrUn:5", "A", "G")
        .push(Some("1"), 0, "", "A", "C")
        .named("rs9", "A", "")
        .named("rs1", "G", "")
        .named(".", "A", "");
    assert_eq!(
        outcomes(&decide(&rows, &five_variants(), &MatchOptions::default())),
        [
            Reason::NoSuchPosition,
            Reason::AllelesDiffer,
            Reason::UnmatchableAllele,
            Reason::NoPositionNorId,
            Reason::NoPositionNorId,
            Reason::NoSuchId,
            Reason::AllelesDiffer,
            Reason::NoPositionNorId,
        ]
        .map(unmatched)
    );
}

#[test]
fn the_place_is_chosen_by_option() {
    let mut rows = TestRows::default();
    rows.push(Some("1"), 10, "rs4", "A", "");
    let with = |by| {
        let options = MatchOptions { by, ..MatchOptions::default() };
        outcomes(&decide(&rows, &five_variants(), &options))
    };
    assert_eq!(with(MatchBy::Auto), [matched(0, MatchType::NoOaRef)]);
    assert_eq!(with(MatchBy::Position), [matched(0, MatchType::NoOaRef)]);
    assert_eq!(with(MatchBy::Id), [matched(3, MatchType::NoOaAlt)]);
}

#[test]
fn ids_match_without_flips_unless_another_allele_confirms_them() {
    let mut rows = TestRows::default();
    rows.named("rs1", "C", "").named("rs3", "T", "").named("rs4", "C", "T").named("rs5", "G", "A");
    let options = MatchOptions { keep_first_match: true, ..MatchOptions::default() };
    assert_eq!(
        outcomes(&decide(&rows, &five_variants(), &options)),
        [
            matched(0, MatchType::NoOaAlt),
            unmatched(Reason::AllelesDiffer),
            matched(3, MatchType::RefAltFlip),
            matched(4, MatchType::RefAlt),
        ]
    );
}

#[test]
fn an_id_of_several_variants_excludes_the_row() {
    let mut variants = five_variants();
    variants.push("2", 7, "rs1", "A", "C");
    let mut rows = TestRows::default();
    rows.named("rs1", "C", "A").at("2:7", "C", "A");
    assert_eq!(
        outcomes(&decide(&rows, &variants, &MatchOptions::default())),
        [(RowStatus::Excluded, Reason::DuplicateId, None, None), matched(5, MatchType::AltRef)]
    );
}

#[test]
fn ambiguous_rows_are_dropped_or_kept() {
    let mut rows = TestRows::default();
    rows.at("1:20", "T", "A");
    let dropped = decide(&rows, &five_variants(), &MatchOptions::default());
    assert_eq!(outcomes(&dropped), [excluded(Reason::Ambiguous, 1, MatchType::AltRef)]);
    assert!(dropped[0].flags.ambiguous);
    let options = MatchOptions { ambiguous: Ambiguous::Keep, ..MatchOptions::default() };
    assert_eq!(outcomes(&decide(&rows, &five_variants(), &options)), [matched(1, MatchType::AltRef)]);
}

#[test]
fn frequencies_rescue_ambiguous_rows() {
    let variants = five_variants();
    let with = |frequency: Option<f64>, other: &str, ignore_strand_flips: bool| {
        let mut rows = TestRows::default();
        rows.at("1:20", "T", other);
        if let Some(frequency) = frequency {
            rows.with_frequency(frequency);
        }
        let ambiguous = Ambiguous::by_frequency();
        let options = MatchOptions { ambiguous, ignore_strand_flips, ..MatchOptions::default() };
        decide(&rows, &variants, &options)[0]
    };
    let kept = with(Some(0.3), "A", false);
    assert_eq!(outcomes(&[kept]), [matched(1, MatchType::AltRef)]);
    assert!(kept.effect_is_counted && kept.flags.rescued_by_frequency && !kept.flags.flipped);
    let flipped = with(Some(0.85), "A", false);
    assert_eq!(outcomes(&[flipped]), [matched(1, MatchType::RefAltFlip)]);
    assert!(!flipped.effect_is_counted && flipped.flags.rescued_by_frequency && flipped.flags.flipped);
    assert_eq!(outcomes(&[with(Some(0.85), "", false)]), [matched(1, MatchType::NoOaRefFlip)]);
    assert_eq!(
        outcomes(&[with(Some(0.85), "A", true)]),
        [excluded(Reason::StrandFlip, 1, MatchType::RefAltFlip)]
    );
    for undecidable in [None, Some(0.55)] {
        let dropped = with(undecidable, "A", false);
        assert_eq!(outcomes(&[dropped]), [excluded(Reason::Ambiguous, 1, MatchType::AltRef)]);
        assert!(!dropped.flags.rescued_by_frequency);
    }
}

#[test]
fn rows_of_one_variant_exclude_each_other() {
    let mut rows = TestRows::default();
    rows.at("1:10", "C", "A").at("1:10", "A", "C").at("1:30", "A", "AT");
    let all = decide(&rows, &five_variants(), &MatchOptions::default());
    assert_eq!(
        outcomes(&all),
        [
            excluded(Reason::DuplicateVariant, 0, MatchType::AltRef),
            excluded(Reason::DuplicateVariant, 0, MatchType::RefAlt),
            matched(2, MatchType::AltRef),
        ]
    );
    assert!(all[0].flags.duplicate_id && all[1].flags.duplicate_id && !all[2].flags.duplicate_id);
    let options = MatchOptions { keep_first_match: true, ..MatchOptions::default() };
    let first = decide(&rows, &five_variants(), &options);
    assert_eq!(outcomes(&first)[0], matched(0, MatchType::AltRef));
    assert_eq!(first[1].reason, Reason::DuplicateVariant);
    assert!(first[0].flags.duplicate_id);
}

#[test]
fn variants_of_one_id_do_not_exclude_each_other() {
    let mut variants = TestVariants::default();
    variants.push("1", 10, ".", "A", "C");
    variants.push("1", 10, ".", "A", "G");
    let mut rows = TestRows::default();
    rows.at("1:10", "C", "A").at("1:10", "G", "A");
    assert_eq!(
        outcomes(&decide(&rows, &variants, &MatchOptions::default())),
        [matched(0, MatchType::AltRef), matched(1, MatchType::AltRef)]
    );
}

#[test]
fn of_equal_variants_the_first_is_taken_and_flagged() {
    let mut variants = TestVariants::default();
    variants.push("3", 9, "a", "A", "G");
    variants.push("3", 9, "b", "T", "G");
    variants.push("3", 9, "c", "G", "C");
    let mut rows = TestRows::default();
    rows.at("3:9", "G", "");
    let decisions = decide(&rows, &variants, &MatchOptions::default());
    // `no_oa_ref` of the third is preferred to `no_oa_alt` of the first two, and it is ambiguous.
    assert_eq!(outcomes(&decisions), [excluded(Reason::Ambiguous, 2, MatchType::NoOaRef)]);
    assert!(!decisions[0].flags.duplicate_best_match);
    variants = TestVariants::default();
    variants.push("3", 9, "a", "A", "G");
    variants.push("3", 9, "b", "T", "G");
    let decisions = decide(&rows, &variants, &MatchOptions::default());
    assert_eq!(outcomes(&decisions), [matched(0, MatchType::NoOaAlt)]);
    assert!(decisions[0].flags.duplicate_best_match);
}

#[test]
fn multiallelic_variants_and_flips_are_options() {
    let mut variants = five_variants();
    variants.multiallelic.push(0);
    let mut rows = TestRows::default();
    rows.at("1:10", "C", "A").at("26:5", "T", "C");
    let strict = MatchOptions { ignore_strand_flips: true, ..MatchOptions::default() };
    assert_eq!(
        outcomes(&decide(&rows, &variants, &strict)),
        [
            excluded(Reason::Multiallelic, 0, MatchType::AltRef),
            excluded(Reason::StrandFlip, 3, MatchType::AltRefFlip),
        ]
    );
    let lax = MatchOptions { keep_multiallelic: true, ..MatchOptions::default() };
    let decisions = decide(&rows, &variants, &lax);
    assert!(decisions.iter().all(|d| d.status == RowStatus::Matched));
    assert!(decisions[0].flags.multiallelic);
}

#[test]
fn candidates_come_best_first() {
    let variants = five_variants();
    let mut rows = TestRows::default();
    rows.at("1:20", "T", "A").at("1:11", "T", "A");
    let lookup = VariantLookup::build(&variants);
    let found = candidates(&rows.row(0), &variants, &lookup, &MatchOptions::default());
    let listed: Vec<_> = found.iter().map(|c| (c.variant, c.match_type, c.ambiguous, c.best)).collect();
    assert_eq!(listed, [(1, MatchType::AltRef, true, true), (1, MatchType::RefAltFlip, true, false)]);
    assert!(candidates(&rows.row(1), &variants, &lookup, &MatchOptions::default()).is_empty());
}

#[test]
fn names_are_unique_and_explained() {
    let mut names: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Reason::ALL.len());
    assert!(Reason::ALL.iter().all(|reason| !reason.explanation().is_empty()));
    assert_eq!(MatchType::NoOaAltFlip.to_string(), "no_oa_alt_flip");
}
