//! The tables of an association, each open from its first row to its last.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use steppe_engine::{
    EngineError,
    output::{OutputRecord, hash_file},
};
use steppe_fit::assoc::{AssocChunk, AssocCode, AssocEstimate, AssocResult};
use steppe_formats::association::{
    AssociationColumns, AssociationRow, AssociationWriter, Effect, ErrorCode, Estimate,
};
use steppe_genome::VariantTable;

use super::{AssociationPlan, record::AssociationTraitRecord};

/// Frequencies, and effects on one scale for all traits.
const COLUMNS: AssociationColumns = AssociationColumns { a1_frequency: true, effect: Effect::Beta };

/// Writes chunks of results to the tables of their traits.
pub(super) struct Tables<'a> {
    pub(super) plan: &'a AssociationPlan,
    pub(super) variants: &'a dyn VariantTable,
    /// The place in the table of each variant that is tested.
    pub(super) places: &'a [u32],
    pub(super) folder: &'a Path,
    pub(super) traits: Vec<AssociationTraitRecord>,
    pub(super) outputs: Vec<OutputRecord>,
    /// Tables that are not whole yet, by trait.
    pub(super) open: BTreeMap<usize, AssociationWriter>,
}

impl Tables<'_> {
    /// Appends a chunk; a table is finished with its last.
    pub(super) fn write(&mut self, chunk: &AssocChunk<'_>) -> Result<(), EngineError> {
        let at = chunk.trait_index;
        let file = self.plan.file(at);
        let path = self.folder.join(&file);
        let mut writer = match self.open.remove(&at) {
            Some(writer) => writer,
            None => AssociationWriter::create(&path, self.plan.model(at), COLUMNS)?,
        };
        let places = &self.places[chunk.first_variant..];
        for (place, result) in places.iter().zip(chunk.results) {
            writer.write(&row(self.variants, *place as usize, result, &label(self.variants, *place)))?;
            count(&mut self.traits[at], result);
        }
        if chunk.first_variant + chunk.results.len() < self.places.len() {
            self.open.insert(at, writer);
            return Ok(());
        }
        writer.finish()?;
        let (bytes, blake3) = hash_file(&path).map_err(EngineError::write(path.display().to_string()))?;
        self.outputs.push(OutputRecord { name: file.clone(), bytes, blake3 });
        self.traits[at].file = Some(file);
        Ok(())
    }
}

fn label(variants: &dyn VariantTable, place: u32) -> Cow<'_, str> {
    variants.chromosome(place as usize).label()
}

fn row<'a>(
    variants: &'a dyn VariantTable,
    at: usize,
    result: &AssocResult,
    chromosome: &'a str,
) -> AssociationRow<'a> {
    let (counted, other) = (variants.counted_allele(at), variants.other_allele(at));
    let estimate = result.outcome.ok();
    AssociationRow {
        chromosome,
        position: variants.position(at),
        id: Some(variants.id(at)).filter(|id| !id.is_empty()).unwrap_or("."),
        reference: other,
        alternate: counted,
        a1: if result.tests_counted { counted } else { other },
        a1_frequency: Some(result.frequency),
        firth: result.firth,
        samples: result.samples,
        estimate: estimate.map(|of: AssocEstimate| Estimate {
            beta: of.beta,
            standard_error: of.standard_error,
            statistic: of.statistic,
            ln_p: of.ln_p,
        }),
        error: match result.outcome {
            Err(code) => Some(error(code)),
            Ok(of) => of.unfinished.then_some(ErrorCode::Unfinished),
        },
    }
}

/// The table's word for why there is no estimate.
fn error(code: AssocCode) -> ErrorCode {
    match code {
        AssocCode::TooFewSamples => ErrorCode::TooFewSamples,
        AssocCode::ConstantGenotype => ErrorCode::ConstantOmittedAllele,
        AssocCode::CorrelationTooHigh => ErrorCode::CorrelationTooHigh,
        AssocCode::VifInfinite => ErrorCode::VarianceInflationInfinite,
        AssocCode::VifTooHigh => ErrorCode::VarianceInflationTooHigh,
        AssocCode::SeparationOther => ErrorCode::SeparationByReference,
        AssocCode::SeparationCounted => ErrorCode::SeparationByAlternate,
        AssocCode::RankDeficient => ErrorCode::RankDeficient,
        AssocCode::LogisticFailed => ErrorCode::LogisticConvergeFail,
        AssocCode::FirthFailed => ErrorCode::FirthConvergeFail,
        _ => ErrorCode::InvalidResult,
    }
}

fn count(of: &mut AssociationTraitRecord, result: &AssocResult) {
    of.variants += 1;
    of.firth += u64::from(result.firth);
    match result.outcome {
        Ok(estimate) => {
            of.estimates += 1;
            of.unfinished += u64::from(estimate.unfinished);
        }
        Err(code) => *of.without_estimate.entry(code.as_str().to_owned()).or_default() += 1,
    }
}
