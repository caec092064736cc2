//! Which variants are fit for principal components, from their counts and places.

use serde::{Deserialize, Serialize};

use super::hardy_weinberg::{hardy_weinberg_chi_square, hardy_weinberg_exact};
use super::long_range_ld::LongRangeLd;
use crate::error::CalibrateError;

/// Where a variant lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantPlace {
    /// Number of the autosome; 0 for everything that is none.
    pub chromosome: u32,
    /// Position, 1-based.
    pub position: u32,
    /// Whether it is a biallelic SNP that reads differently on the two strands.
    pub plain_snp: bool,
}

/// Which test of Hardy-Weinberg proportions is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HardyWeinbergTest {
    /// The exact test, as plink2's `--hwe`.
    Exact,
    /// Chi-square with one degree of freedom.
    ChiSquare,
}

/// The filters. The defaults are those of the PGS Catalog Calculator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelectionOptions {
    /// Least minor allele frequency.
    pub least_maf: f64,
    /// Largest share of missing calls.
    pub most_missing: f64,
    /// Least P of the test of Hardy-Weinberg proportions; 0 tests nothing.
    pub least_hardy_weinberg_p: f64,
    /// The test.
    pub hardy_weinberg: HardyWeinbergTest,
    /// Regions of long-range linkage disequilibrium that are left out.
    pub long_range_ld: LongRangeLd,
}

impl Default for SelectionOptions {
    fn default() -> Self {
        Self {
            least_maf: 0.05,
            most_missing: 0.1,
            least_hardy_weinberg_p: 1e-4,
            hardy_weinberg: HardyWeinbergTest::Exact,
            long_range_ld: LongRangeLd::None,
        }
    }
}

/// How many variants were left out and why: each is counted once, under the first reason that applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionCounts {
    /// Variants that were judged.
    pub judged: u64,
    /// Not on an autosome.
    pub not_autosomal: u64,
    /// Not a biallelic SNP that reads differently on the two strands.
    pub not_plain_snp: u64,
    /// In a region of long-range linkage disequilibrium.
    pub long_range_ld: u64,
    /// Too many calls are missing, or all.
    pub missing: u64,
    /// The minor allele is too rare.
    pub rare: u64,
    /// Far from Hardy-Weinberg proportions.
    pub hardy_weinberg: u64,
    /// Variants that are kept.
    pub kept: u64,
}

/// The variants that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantSelection {
    /// Their places in the matrix, ascending.
    pub variants: Vec<u32>,
    /// What happened to the others.
    pub counts: SelectionCounts,
}

/// Judges variants by the counts of codes 0, 1, 2 and missing over the reference (see
/// [`steppe_fit::GenotypeMatrix::counts`]) and by where they lie; one place for each row of counts.
///
/// # Errors
/// Another number of places than of counts; a filter outside its range.
pub fn select(
    counts: &[[u64; 4]],
    places: &[VariantPlace],
    options: &SelectionOptions,
) -> Result<VariantSelection, CalibrateError> {
    if places.len() != counts.len() {
        let (what, expected, found) = ("places of variants", counts.len(), places.len());
        return Err(CalibrateError::Length { what, expected, found });
    }
    in_range("the least minor allele frequency", options.least_maf, 0.5)?;
    in_range("the largest share of missing calls", options.most_missing, 1.0)?;
    in_range("the least P of Hardy-Weinberg", options.least_hardy_weinberg_p, 1.0)?;
    let mut selection = VariantSelection {
        variants: Vec::new(),
        counts: SelectionCounts { judged: counts.len() as u64, ..SelectionCounts::default() },
    };
    for (variant, (of_variant, place)) in (0..).zip(counts.iter().zip(places)) {
        let kept_before = selection.counts.kept;
        *reason(*of_variant, *place, options, &mut selection.counts) += 1;
        if selection.counts.kept > kept_before {
            selection.variants.push(variant);
        }
    }
    Ok(selection)
}

fn in_range(option: &'static str, value: f64, most: f64) -> Result<(), CalibrateError> {
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    let range = if most < 1.0 { "a number from 0 to 0.5" } else { "a number from 0 to 1" };
    Err(CalibrateError::range(option, value, range))
}

/// The counter under which a variant falls.
fn reason<'a>(
    of_variant: [u64; 4],
    place: VariantPlace,
    options: &SelectionOptions,
    counts: &'a mut SelectionCounts,
) -> &'a mut u64 {
    let [n0, n1, n2, missing] = of_variant;
    let called = n0 + n1 + n2;
    let frequency = (n1 + 2 * n2) as f64 / (2 * called) as f64;
    let in_region = |place: VariantPlace| {
        options.long_range_ld.regions().any(|region| {
            region.chromosome == place.chromosome && (region.start..=region.end).contains(&place.position)
        })
    };
    let hardy_weinberg = || match options.hardy_weinberg {
        HardyWeinbergTest::Exact => hardy_weinberg_exact([n0, n2], n1),
        HardyWeinbergTest::ChiSquare => hardy_weinberg_chi_square([n0, n2], n1),
    };
    if place.chromosome == 0 || place.chromosome > 22 {
        &mut counts.not_autosomal
    } else if !place.plain_snp {
        &mut counts.not_plain_snp
    } else if in_region(place) {
        &mut counts.long_range_ld
    } else if called == 0 || missing as f64 > options.most_missing * (called + missing) as f64 {
        &mut counts.missing
    } else if frequency.min(1.0 - frequency) < options.least_maf || frequency == 0.0 || frequency == 1.0 {
        &mut counts.rare
    } else if options.least_hardy_weinberg_p > 0.0 && hardy_weinberg() < options.least_hardy_weinberg_p {
        &mut counts.hardy_weinberg
    } else {
        &mut counts.kept
    }
}
