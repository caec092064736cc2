//! What holds for any variants and any rows.

use proptest::{prelude::*, sample::Index};
use steppe_genome::{
    Chromosome, VariantTable, complement,
    matching::{
        Ambiguous, MatchBy, MatchOptions, MatchType, Mentioned, RowDecision, VariantLookup, match_rows,
    },
};

use super::tables::{Rows, Variants};

/// A place and two alleles.
type Site = (u8, u32, String, String);

fn allele() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[ACGT]", 2 => "[ACGT]{2,3}", 1 => "[ID0.]"]
}

fn sites(chromosomes: u8, positions: u32) -> impl Strategy<Value = Vec<Site>> {
    prop::collection::vec((1..=chromosomes, 1..=positions, allele(), allele()), 1..60)
}

fn variants_of(sites: &[Site]) -> Variants {
    let mut variants = Variants::default();
    for (index, (chromosome, position, counted, other)) in sites.iter().enumerate() {
        variants.push((Chromosome::Autosome(*chromosome), *position), &format!("v{index}"), counted, other);
    }
    variants
}

fn rows_of(sites: &[Site]) -> Rows {
    let mut rows = Rows::default();
    for (chromosome, position, effect, other) in sites {
        rows.push(Some((Chromosome::Autosome(*chromosome), *position)), "", effect, other);
    }
    rows
}

fn decide(rows: &Rows, variants: &Variants, options: &MatchOptions) -> Vec<RowDecision> {
    match_rows(rows, variants, &VariantLookup::build(variants), &|_| None, options)
}

/// Every option that keeps rows, so that a decision is about alleles alone.
fn keep_all() -> MatchOptions {
    MatchOptions { ambiguous: Ambiguous::Keep, keep_multiallelic: true, ..MatchOptions::default() }
}

proptest! {
    /// Rows that have one best match find the same variant wherever it stands in the table. (Of equal ones the
    /// first is taken, and the duplicate rule follows the variant taken.)
    #[test]
    fn the_order_of_variants_does_not_matter(
        sites in sites(3, 12),
        rows in sites(3, 12),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..80),
    ) {
        let mut shuffled: Vec<usize> = (0..sites.len()).collect();
        for (a, b) in swaps {
            shuffled.swap(a.index(sites.len()), b.index(sites.len()));
        }
        let moved: Vec<Site> = shuffled.iter().map(|&index| sites[index].clone()).collect();
        let rows = rows_of(&rows);
        let (before, after) = (variants_of(&sites), variants_of(&moved));
        let (first, second) = (decide(&rows, &before, &keep_all()), decide(&rows, &after, &keep_all()));
        let any_tie = first.iter().any(|decision| decision.flags.duplicate_best_match);
        for (a, b) in first.iter().zip(&second) {
            prop_assert_eq!(a.match_type, b.match_type);
            prop_assert_eq!(a.flags.duplicate_best_match, b.flags.duplicate_best_match);
            if !a.flags.duplicate_best_match {
                prop_assert_eq!(a.variant, b.variant.map(|variant| shuffled[variant as usize] as u32));
            }
            if !any_tie {
                prop_assert_eq!((a.status, a.reason, a.flags), (b.status, b.reason, b.flags));
            }
        }
    }

    /// Variants that no row mentions can be left out, whatever rows are looked up by.
    #[test]
    fn only_mentioned_variants_count(
        sites in sites(3, 12),
        rows in sites(3, 12),
        ids in prop::collection::vec(prop::option::of((0..40_u8, any::<bool>())), 60),
        by in prop::sample::select(vec![MatchBy::Auto, MatchBy::Id, MatchBy::Position]),
    ) {
        // Ids occur several times.
        let name = |number: usize| format!("v{}", number % 30);
        let (mut all, mut some, mut places) = (Variants::default(), Variants::default(), Vec::new());
        let mut table = Rows::default();
        for ((chromosome, position, effect, other), id) in rows.iter().zip(&ids) {
            let place = Some((Chromosome::Autosome(*chromosome), *position));
            match id {
                None => table.push(place, "", effect, other),
                Some((id, placed)) => {
                    table.push(place.filter(|_| *placed), &name(usize::from(*id)), effect, other);
                }
            }
        }
        let mentioned = Mentioned::of([&table, &rows_of(&rows[..1])], by);
        for (index, (chromosome, position, counted, other)) in sites.iter().enumerate() {
            let (chromosome, id) = (Chromosome::Autosome(*chromosome), name(index));
            if mentioned.has(&chromosome, *position, &id) {
                some.push((chromosome.clone(), *position), &id, counted, other);
                places.push(index as u32);
            }
            all.push((chromosome, *position), &id, counted, other);
        }
        let options = MatchOptions { by, ..keep_all() };
        let mut of_some = decide(&table, &some, &options);
        for decision in &mut of_some {
            decision.variant = decision.variant.map(|at| places[at as usize]);
        }
        prop_assert_eq!(decide(&table, &all, &options), of_some);
        prop_assert!(some.len() <= all.len());
    }

    /// Rows do not depend on each other but for duplicates, and sorted rows are found as unsorted ones are.
    #[test]
    fn the_order_of_rows_does_not_matter(sites in sites(3, 12), rows in sites(3, 12)) {
        let variants = variants_of(&sites);
        let backwards: Vec<Site> = rows.iter().rev().cloned().collect();
        let first = decide(&rows_of(&rows), &variants, &MatchOptions::default());
        let mut second = decide(&rows_of(&backwards), &variants, &MatchOptions::default());
        second.reverse();
        prop_assert_eq!(first, second);
    }

    /// A row on the other strand matches the same variant by the flipped type.
    #[test]
    fn the_other_strand_flips(effect in "[ACGT]{1,3}", other in "[ACGT]{1,3}", counted: bool) {
        prop_assume!(effect != other && complement(&effect).as_ref() != Some(&other));
        let (a1, a2) = if counted { (&effect, &other) } else { (&other, &effect) };
        let variants = variants_of(&[(1, 5, a1.clone(), a2.clone())]);
        let flipped = (complement(&effect).unwrap(), complement(&other).unwrap());
        let rows = rows_of(&[(1, 5, flipped.0, flipped.1)]);
        let decision = decide(&rows, &variants, &keep_all())[0];
        let expected = if counted { MatchType::AltRefFlip } else { MatchType::RefAltFlip };
        prop_assert_eq!(decision.match_type, Some(expected));
        prop_assert_eq!(decision.effect_is_counted, counted);
        prop_assert!(decision.flags.flipped);
    }

    /// Exchanging a row's alleles exchanges the roles, and nothing else. Also where the variant is ambiguous.
    #[test]
    fn exchanged_alleles_exchange_roles(effect in "[ACGT]{1,3}", other in "[ACGT]{1,3}") {
        prop_assume!(effect != other);
        let variants = variants_of(&[(1, 5, effect.clone(), other.clone())]);
        let one = decide(&rows_of(&[(1, 5, effect.clone(), other.clone())]), &variants, &keep_all())[0];
        let two = decide(&rows_of(&[(1, 5, other, effect)]), &variants, &keep_all())[0];
        prop_assert_eq!(one.match_type, Some(MatchType::AltRef));
        prop_assert_eq!(two.match_type, Some(MatchType::RefAlt));
        prop_assert!(one.effect_is_counted && !two.effect_is_counted);
        prop_assert_eq!(one.flags, two.flags);
    }

    /// What is matched has the row's place, and the effect allele on one strand or the other.
    #[test]
    fn a_match_has_the_place_and_the_allele(sites in sites(2, 8), rows in sites(2, 8)) {
        let variants = variants_of(&sites);
        for (decision, row) in decide(&rows_of(&rows), &variants, &keep_all()).iter().zip(&rows) {
            let Some(variant) = decision.variant.map(|variant| variant as usize) else { continue };
            prop_assert_eq!(variants.chromosome(variant), &Chromosome::Autosome(row.0));
            prop_assert_eq!(variants.position(variant), row.1);
            let allele = if decision.effect_is_counted {
                variants.counted_allele(variant)
            } else {
                variants.other_allele(variant)
            };
            let effect = if decision.flags.flipped { complement(&row.2) } else { Some(row.2.clone()) };
            prop_assert_eq!(Some(allele), effect.as_deref());
        }
    }
}
