//! The files of a block ridge.

use std::path::{Path, PathBuf};

use steppe_engine::{
    EngineError,
    output::{OutputRecord, hash_file},
};
use steppe_fit::ridge::{DropReason, RidgeFit, RidgeTraitFit};
use steppe_formats::regenie::{PredictionFile, PredictionWriter, write_prediction_list};
use steppe_genome::{GenomeBuild, VariantTable};
use steppe_store::{Location, SampleTable};

use super::{
    super::{
        names,
        outputs::{ScoreToWrite, write_score},
        table::{Cells, Table},
    },
    RidgePlan, RidgeTraitRecord,
};

/// regenie's list of the files with predictions.
const LIST: &str = "pred.list";

/// regenie's number of the last chromosome that it tests, X.
const LAST_CHROMOSOME: u8 = 23;

/// What files are written from.
pub(super) struct Results<'a> {
    pub(super) plan: &'a RidgePlan,
    pub(super) samples: &'a SampleTable,
    pub(super) variants: &'a dyn VariantTable,
    pub(super) build: Option<GenomeBuild>,
    pub(super) fit: &'a RidgeFit,
    /// The place in the table of each variant of the fit.
    pub(super) places: &'a [u32],
    /// Where the result will lie.
    pub(super) out: &'a Location,
}

/// How regenie's list names a file: by its full path, or by its name alone where the result is fetched to another place.
fn listed(out: &Location, fetched: bool, name: &str) -> PathBuf {
    match out.absolute().local_path() {
        Some(folder) if !fetched => folder.join(name),
        _ => PathBuf::from(name),
    }
}

/// Refuses a folder that regenie's list can not name files in.
pub(super) fn check_out(out: &Location, fetched: bool) -> Result<(), EngineError> {
    let path = listed(out, fetched, LIST).display().to_string();
    if path.bytes().all(|byte| byte > b' ') {
        return Ok(());
    }
    Err(EngineError::refused(
        format!(
            "{path}: regenie's list of predictions can not name files in a folder with blanks in its name"
        ),
        "choose another --out",
    ))
}

impl Results<'_> {
    /// Writes all files, and says in the records what became of each trait.
    pub(super) fn write(
        &self,
        folder: &Path,
        records: &mut [RidgeTraitRecord],
    ) -> Result<Vec<OutputRecord>, EngineError> {
        let (mut outputs, mut list) = (Vec::new(), Vec::new());
        for (at, record) in records.iter_mut().enumerate() {
            let Ok(fit) = &self.fit.traits[at] else { continue };
            let loco = self.write_loco(folder, at, fit, &record.file_name)?;
            let path = listed(self.out, self.plan.options.input.copied_inputs, &loco.name);
            list.push(PredictionFile { trait_name: record.name.clone(), path });
            record.loco = Some(loco.name.clone());
            outputs.push(loco);
            let weights: Vec<(u32, f64)> = self.weights(fit).collect();
            record.variants = weights.len() as u64;
            if !weights.is_empty() {
                let score = self.write_weights(folder, at, &weights)?;
                record.score = Some(score.name.clone());
                outputs.push(score);
            }
        }
        write_prediction_list(&folder.join(LIST), &list)?;
        outputs.push(hashed(folder, LIST)?);
        outputs.extend(self.write_metrics(folder)?);
        outputs.extend(self.write_dropped(folder)?);
        Ok(outputs)
    }

    /// Weights that are not 0, by the variants' places in the table.
    fn weights<'b>(&'b self, fit: &'b RidgeTraitFit) -> impl Iterator<Item = (u32, f64)> + 'b {
        let weights = self.places.iter().copied().zip(fit.weights.iter().copied());
        weights.filter(|(_, weight)| *weight != 0.0)
    }

    fn write_weights(
        &self,
        folder: &Path,
        at: usize,
        weights: &[(u32, f64)],
    ) -> Result<OutputRecord, EngineError> {
        let of = &self.plan.joined.traits[at];
        write_score(
            folder,
            self.variants,
            &ScoreToWrite {
                name: names::score_name(&of.name, None),
                trait_name: &of.name,
                build: self.build,
                weight_type: if of.binary { "log(OR)" } else { "beta" },
                weights,
            },
        )
    }

    /// Writes predictions without each chromosome. Where a chromosome had no variants nothing is left out. A sample
    /// without a binary trait has none, as in regenie.
    fn write_loco(
        &self,
        folder: &Path,
        at: usize,
        fit: &RidgeTraitFit,
        name: &str,
    ) -> Result<OutputRecord, EngineError> {
        let file = format!("{name}_{}.loco", at + 1);
        let id = |sample: &u32| {
            let sample = *sample as usize;
            (self.samples.family_id.get(sample), self.samples.sample_id.get(sample))
        };
        let ids = self.plan.joined.samples.iter().map(id);
        let mut writer = PredictionWriter::create(&folder.join(&file), ids)?;
        let of = &self.plan.joined.traits[at];
        for chromosome in 1..=LAST_CHROMOSOME {
            let place = self.fit.chromosomes.iter().position(|fitted| *fitted == u32::from(chromosome));
            let predictions = place.map_or(&fit.prediction, |place| &fit.loco[place]);
            let rows = predictions.iter().zip(&of.values);
            writer.write(
                chromosome,
                rows.map(|(value, own)| (!of.binary || !own.is_nan()).then_some(*value)),
            )?;
        }
        writer.finish()?;
        hashed(folder, &file)
    }

    /// Writes how well each penalty of level 1 predicts samples that were left out.
    fn write_metrics(&self, folder: &Path) -> Result<Vec<OutputRecord>, EngineError> {
        let mut rows = Vec::new();
        for (of, fit) in self.plan.joined.traits.iter().zip(&self.fit.traits) {
            if let Ok(fit) = fit {
                let count = of.values.iter().filter(|value| !of.binary || !value.is_nan()).count();
                let scores = fit.scores.iter().enumerate();
                rows.extend(scores.map(|(at, score)| (of, count, score, at == fit.chosen)));
            }
        }
        let table = Table(vec![
            ("trait", Cells::Text(rows.iter().map(|row| Some(row.0.name.as_str().into())).collect())),
            ("share", Cells::Number(rows.iter().map(|row| Some(row.2.share)).collect())),
            ("penalty", Cells::Number(rows.iter().map(|row| Some(row.2.penalty)).collect())),
            ("n", Cells::Count(rows.iter().map(|row| Some(row.1 as u32)).collect())),
            ("r_squared", Cells::Number(rows.iter().map(|row| Some(row.2.r_squared)).collect())),
            (
                "mean_squared_error",
                Cells::Number(rows.iter().map(|row| Some(row.2.mean_squared_error)).collect()),
            ),
            (
                "log_likelihood",
                Cells::Number(rows.iter().map(|row| Some(-(row.1 as f64) * row.2.mean_log_loss?)).collect()),
            ),
            ("chosen", Cells::Flag(rows.iter().map(|row| row.3).collect())),
        ]);
        table.write_both(folder, "metrics")
    }

    /// Writes the variants in which covariates leave nothing.
    fn write_dropped(&self, folder: &Path) -> Result<Vec<OutputRecord>, EngineError> {
        let rows: Vec<(usize, DropReason)> = self
            .fit
            .dropped_variants
            .iter()
            .map(|(variant, reason)| (self.places[*variant as usize] as usize, *reason))
            .collect();
        let table = Table(vec![
            (
                "chromosome",
                Cells::Text(rows.iter().map(|(at, _)| Some(self.variants.chromosome(*at).label())).collect()),
            ),
            (
                "position",
                Cells::Count(rows.iter().map(|(at, _)| Some(self.variants.position(*at))).collect()),
            ),
            ("id", Cells::Text(rows.iter().map(|(at, _)| Some(self.variants.id(*at).into())).collect())),
            ("reason", Cells::Text(rows.iter().map(|(_, reason)| Some(word(*reason).into())).collect())),
        ]);
        table.write_both(folder, "dropped_variants")
    }
}

/// The record's word for why a variant takes no part.
pub(super) fn word(reason: DropReason) -> &'static str {
    match reason {
        DropReason::NoCalls => "no_calls",
        DropReason::Monomorphic => "monomorphic",
        DropReason::LowVariance => "explained_by_covariates",
    }
}

fn hashed(folder: &Path, name: &str) -> Result<OutputRecord, EngineError> {
    let path = folder.join(name);
    let (bytes, blake3) = hash_file(&path).map_err(EngineError::write(path.display().to_string()))?;
    Ok(OutputRecord { name: name.to_owned(), bytes, blake3 })
}
