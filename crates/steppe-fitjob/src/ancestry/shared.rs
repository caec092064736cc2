//! Which variants of a reference a cohort has.

use steppe_calibrate::{
    ancestry::FrequencyAdmixture,
    pca::PcaModel,
    projection::{FEW_SHARED, SharedVariant},
};
use steppe_engine::EngineError;
use steppe_genome::{
    VariantTable,
    matching::{MatchOptions, RowStatus, VariantLookup, match_rows},
};
use steppe_store::Cohort;

use super::super::{pca::Reference, record::VariantCounts};

/// A reference as a cohort has it.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The model, its variants in the order of the cohort.
    pub(crate) model: PcaModel,
    /// Frequencies of the populations, in that order too.
    pub(crate) admixture: Option<FrequencyAdmixture>,
    /// The variants that both have.
    pub(crate) variants: Vec<SharedVariant>,
    /// How many there are, and why others are not.
    pub(crate) counts: VariantCounts,
}

impl Shared {
    /// Matches a reference's variants to a cohort.
    pub(crate) fn new(
        reference: &Reference,
        cohort: &Cohort,
        table: &(impl VariantTable + ?Sized),
    ) -> Result<Self, EngineError> {
        let build = cohort.manifest().genome_build()?.to_string();
        if build != reference.genome_build {
            return Err(EngineError::refused(
                format!("the reference is on {} and the cohort on {build}", reference.genome_build),
                "use a reference of the cohort's build",
            ));
        }
        let rows = reference.variants.rows();
        let decisions =
            match_rows(&rows, table, &VariantLookup::build(table), &|_| None, &MatchOptions::default());
        let mut counts = VariantCounts::default();
        let mut matched: Vec<(u32, u32, bool)> = Vec::new();
        for (row, decision) in (0..).zip(&decisions) {
            match (decision.status, decision.variant) {
                (RowStatus::Matched, Some(variant)) => {
                    matched.push((variant, row, !decision.effect_is_counted));
                }
                _ => *counts.left_out.entry(decision.reason.as_str().to_owned()).or_default() += 1,
            }
        }
        counts.used = matched.len() as u64;
        matched.sort_unstable();
        let order: Vec<u32> = matched.iter().map(|(_, row, _)| *row).collect();
        let place = |(at, (variant, _, flipped)): (u32, &(u32, u32, bool))| SharedVariant {
            model: at,
            matrix: *variant,
            flipped: *flipped,
        };
        let order = completed(&order, reference.pca.scale.len());
        Ok(Self {
            model: in_order(&reference.pca, &order),
            admixture: reference.admixture.as_ref().map(|of| of.reordered(&order)),
            variants: (0..).zip(&matched).map(place).collect(),
            counts,
        })
    }

    /// What the user should know.
    pub(crate) fn notices(&self) -> Vec<String> {
        let (shared, of) = (self.variants.len(), self.model.scale.len());
        if shared < FEW_SHARED {
            return vec![format!(
                "{shared} of the reference's {of} variants are in the cohort: below {FEW_SHARED} places on components \
                 are rough"
            )];
        }
        Vec::new()
    }
}

/// Some variants in an order, and all others behind them.
fn completed(first: &[u32], all: usize) -> Vec<usize> {
    let mut taken = vec![false; all];
    first.iter().for_each(|row| taken[*row as usize] = true);
    let others = (0..all).filter(|row| !taken[*row]);
    first.iter().map(|row| *row as usize).chain(others).collect()
}

/// A model with its variants in an order.
fn in_order(model: &PcaModel, order: &[usize]) -> PcaModel {
    let of = |values: &[f64]| order.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    PcaModel {
        centre: of(&model.centre),
        scale: of(&model.scale),
        loadings: model.loadings.iter().map(|loading| of(loading)).collect(),
        ..model.clone()
    }
}
