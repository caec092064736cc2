//! Which variants make the components.

use std::collections::BTreeMap;

use steppe_calibrate::pca::{LongRangeLd, Pruning, SelectionCounts, VariantPlace, prune, select};
use steppe_engine::EngineError;
use steppe_fit::GenotypeMatrix;
use steppe_genome::{
    Chromosome, GenomeBuild, VariantTable, is_acgt, is_palindromic,
    matching::{MatchOptions, RowStatus, VariantLookup, match_rows},
};
use steppe_store::Cohort;

use super::{
    super::{
        calibrated::{failed, refused},
        record::VariantCounts,
        variant_plan::VariantLists,
    },
    PcaJobOptions,
    reference::ReferenceVariants,
};

/// The places of a table's variants.
pub(super) fn places(table: &dyn VariantTable) -> Vec<VariantPlace> {
    let place = |variant| VariantPlace {
        chromosome: match table.chromosome(variant) {
            Chromosome::Autosome(number) => u32::from(*number),
            _ => 0,
        },
        position: table.position(variant),
        plain_snp: is_plain_snp(table, variant),
    };
    (0..table.len()).map(place).collect()
}

/// A biallelic SNP whose alleles are not each other's complement.
fn is_plain_snp(table: &dyn VariantTable, variant: usize) -> bool {
    let (counted, other) = (table.counted_allele(variant), table.other_allele(variant));
    let base = |allele: &str| allele.len() == 1 && is_acgt(allele);
    base(counted) && base(other) && !is_palindromic(counted, other) && !table.is_multiallelic(variant)
}

/// What beside its counts and place decides on a variant.
pub(super) struct Candidates<'a> {
    pub(super) lists: &'a VariantLists,
    pub(super) build: GenomeBuild,
    /// A cohort that must have the variant too.
    pub(super) shared_with: Option<&'a Cohort>,
}

/// The variants that are left, ascending, and why others are not.
pub(super) fn choose(
    options: &PcaJobOptions,
    of: &Candidates<'_>,
    matrix: &dyn GenotypeMatrix,
    members: &[bool],
    table: &dyn VariantTable,
) -> Result<(Vec<u32>, VariantCounts), EngineError> {
    let places = places(table);
    let mut selection = options.selection;
    selection.long_range_ld = match (options.keep_long_range_ld, of.build) {
        (true, _) | (false, GenomeBuild::Ncbi36) => LongRangeLd::None,
        (false, GenomeBuild::Grch37) => LongRangeLd::Grch37,
        (false, GenomeBuild::Grch38) => LongRangeLd::Grch38,
    };
    let selected = select(matrix.counts(), &places, &selection).map_err(|error| refused(&error))?;
    let mut left_out = reasons(&selected.counts);
    let mut count = |reason: &str, variants: u64| {
        if variants > 0 {
            *left_out.entry(reason.to_owned()).or_default() += variants;
        }
    };
    let listed: Vec<u32> =
        selected.variants.iter().copied().filter(|at| of.lists.has(table.id(*at as usize))).collect();
    count("not_on_the_lists", (selected.variants.len() - listed.len()) as u64);
    let shared = match of.shared_with {
        Some(other) => shared(other, table, &listed)?,
        None => listed.clone(),
    };
    count("not_in_the_other_cohort", (listed.len() - shared.len()) as u64);
    let kept = match &options.prune {
        Some(pruning) => {
            let Pruning { kept, correlated, constant, .. } =
                prune(matrix, Some(members), &shared, &places, pruning).map_err(failed)?;
            count("correlated", correlated);
            count("constant", constant);
            kept
        }
        None => shared,
    };
    let counts = VariantCounts { used: kept.len() as u64, left_out, with_penalty_factor: 0 };
    Ok((kept, counts))
}

fn reasons(counts: &SelectionCounts) -> BTreeMap<String, u64> {
    let all = [
        ("not_on_an_autosome", counts.not_autosomal),
        ("no_biallelic_snp_or_ambiguous", counts.not_plain_snp),
        ("long_range_ld", counts.long_range_ld),
        ("too_many_missing_calls", counts.missing),
        ("rare", counts.rare),
        ("hardy_weinberg", counts.hardy_weinberg),
    ];
    all.into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| (reason.to_owned(), count))
        .collect()
}

/// Those of some variants that another cohort has too.
fn shared(other: &Cohort, table: &dyn VariantTable, variants: &[u32]) -> Result<Vec<u32>, EngineError> {
    let there = other.variants()?;
    let reference = ReferenceVariants::of(table, variants);
    let decisions = match_rows(
        &reference.rows(),
        &there,
        &VariantLookup::build(&there),
        &|_| None,
        &MatchOptions::default(),
    );
    let matched = |(variant, decision): (&u32, &steppe_genome::matching::RowDecision)| {
        (decision.status == RowStatus::Matched).then_some(*variant)
    };
    Ok(variants.iter().zip(&decisions).filter_map(matched).collect())
}
