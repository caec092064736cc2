//! Which variants take part, and how each is penalised.

use std::{collections::BTreeMap, path::Path};
use steppe_engine::EngineError;

use steppe_fit::GenotypeMatrix;
use steppe_formats::variant_list::{PenaltyFactors, VariantList, read_penalty_factors, read_variant_list};
use steppe_genome::{Chromosome, VariantTable};

use super::{inputs::Inputs, record::VariantCounts};

/// The files of variants that a job names.
#[derive(Debug, Clone, Copy)]
pub(super) struct VariantFiles<'a> {
    pub(super) extract: Option<&'a Path>,
    pub(super) exclude: Option<&'a Path>,
    pub(super) factors: Option<&'a Path>,
}

/// Which variants are left out by their counts over the reference samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct VariantFilter {
    /// Least frequency of the rarer allele.
    pub(super) min_frequency: f64,
    /// Largest share of missing calls.
    pub(super) max_missing: f64,
    /// Whether variants that do not vary, or have no call, take part all the same.
    pub(super) constant: bool,
}

/// Lists of variants, read before any pass.
#[derive(Debug)]
pub(super) struct VariantLists {
    extract: Option<VariantList>,
    exclude: Option<VariantList>,
    factors: Option<PenaltyFactors>,
}

impl VariantLists {
    /// Reads the lists.
    pub(super) fn read(files: &VariantFiles<'_>, inputs: &mut Inputs) -> Result<Self, EngineError> {
        let mut list = |role: &str, path: &Path| {
            inputs.add(role, path)?;
            let list = read_variant_list(path)?;
            inputs.note(&list.notes);
            Ok::<_, EngineError>(list)
        };
        let extract = files.extract.map(|path| list("extract", path)).transpose()?;
        let exclude = files.exclude.map(|path| list("exclude", path)).transpose()?;
        inputs.add_if("penalty_factors", files.factors)?;
        let factors = files.factors.map(read_penalty_factors).transpose()?;
        if let Some(factors) = &factors {
            inputs.note(&factors.notes);
        }
        Ok(Self { extract, exclude, factors })
    }

    /// Whether the lists leave a variant of this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.extract.as_ref().is_none_or(|list| list.contains(id))
            && !self.exclude.as_ref().is_some_and(|list| list.contains(id))
    }

    /// Why a variant is left out whatever its genotypes are.
    pub(super) fn reason_before_counts(
        &self,
        table: &dyn VariantTable,
        variant: usize,
    ) -> Option<&'static str> {
        let id = table.id(variant);
        if !matches!(table.chromosome(variant), Chromosome::Autosome(_)) {
            return Some("not_on_an_autosome");
        }
        if self.extract.as_ref().is_some_and(|list| !list.contains(id)) {
            return Some("not_on_extract_list");
        }
        if self.exclude.as_ref().is_some_and(|list| list.contains(id)) {
            return Some("excluded");
        }
        (table.position(variant) == 0 && matches!(id, "" | ".")).then_some("no_id_and_no_position")
    }

    /// Why a variant is left out; none if it takes part. Counts are of codes 0, 1, 2 and missing.
    fn reason(
        &self,
        filter: VariantFilter,
        table: &dyn VariantTable,
        variant: usize,
        counts: [u64; 4],
    ) -> Option<&'static str> {
        if let Some(reason) = self.reason_before_counts(table, variant) {
            return Some(reason);
        }
        let [n0, n1, n2, missing] = counts;
        let called = n0 + n1 + n2;
        let silent = called == 0 && !filter.constant;
        if silent || missing as f64 > filter.max_missing * (called + missing) as f64 {
            return Some("too_many_missing_calls");
        }
        if !filter.constant && [n0, n1, n2].iter().filter(|count| **count > 0).count() == 1 {
            return Some("monomorphic");
        }
        let frequency = (n1 + 2 * n2) as f64 / (2 * called.max(1)) as f64;
        (frequency.min(1.0 - frequency) < filter.min_frequency).then_some("rare")
    }
}

/// The variants of a fit.
#[derive(Debug, Clone)]
pub struct VariantPlan {
    /// Penalty factor of each variant of the matrix; infinite where it is left out.
    pub penalty_factors: Vec<f64>,
    /// How many take part, and why others do not.
    pub counts: VariantCounts,
}

impl VariantPlan {
    /// Goes through the variants of the matrix, which are those of the table in its order.
    pub(super) fn new(
        filter: VariantFilter,
        lists: &VariantLists,
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
    ) -> Result<Self, EngineError> {
        if matrix.variants() != table.len() {
            return Err(EngineError::Internal("the matrix has other variants than the table"));
        }
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        let mut counts = VariantCounts::default();
        let mut penalty_factors = Vec::with_capacity(table.len());
        for (variant, codes) in matrix.counts().iter().enumerate() {
            if let Some(reason) = lists.reason(filter, table, variant, *codes) {
                *left_out.entry(reason.to_owned()).or_default() += 1;
                penalty_factors.push(f64::INFINITY);
                continue;
            }
            let factor = lists.factors.as_ref().and_then(|factors| factors.get(table.id(variant)));
            counts.used += 1;
            counts.with_penalty_factor += u64::from(factor.is_some());
            penalty_factors.push(factor.unwrap_or(1.0));
        }
        counts.left_out = left_out;
        if counts.used == 0 {
            return Err(EngineError::refused(
                format!("none of the {} variants takes part: {}", table.len(), reasons(&counts.left_out)),
                "check the lists' ids, or allow rarer variants or more missing calls",
            ));
        }
        if penalty_factors.iter().all(|factor| *factor == 0.0 || factor.is_infinite()) {
            return Err(EngineError::refused(
                "all variants that take part have penalty factor 0: nothing is penalised",
                "give some a factor above 0",
            ));
        }
        Ok(Self { penalty_factors, counts })
    }
}

impl VariantPlan {
    /// The variants that take part, ascending.
    pub(super) fn used(&self) -> Vec<u32> {
        (0..).zip(&self.penalty_factors).filter(|(_, factor)| factor.is_finite()).map(|(at, _)| at).collect()
    }
}

/// Reasons and how often each applies, for messages.
pub(super) fn reasons(left_out: &BTreeMap<String, u64>) -> String {
    let texts: Vec<String> =
        left_out.iter().map(|(reason, count)| format!("{count} {}", reason.replace('_', " "))).collect();
    texts.join(", ")
}
