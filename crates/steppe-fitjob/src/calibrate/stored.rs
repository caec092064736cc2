//! The file of a calibration: the model, and everything that applying it to other people takes.

use std::path::Path;

use serde::{Deserialize, Serialize};
use steppe_calibrate::model::{CalibrationModel, FORMAT};
use steppe_engine::{EngineError, output::OutputRecord};
use steppe_store::Location;

use super::super::{
    ancestry::AncestryMethod, inputs::Inputs, output_file::write_cbor, pca::Reference,
    result_table::read_output, score_table::ScoreOrigin,
};

/// The file of a calibration in its folder.
pub const FILE: &str = "model.cbor";

/// Changes when older files can not be read.
const VERSION: u32 = 2;

/// A calibration. There are no sample ids in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredModel {
    version: u32,
    pub(crate) model: CalibrationModel,
    /// The own cohort's place among the populations.
    pub(crate) target: usize,
    /// How many of the populations, the first ones, are the reference's.
    pub(crate) of_reference: usize,
    /// Whether a column told the cohort's populations.
    pub(crate) labelled: bool,
    /// Covariates of risks and intervals.
    pub(crate) covariates: Vec<String>,
    /// Principal components that the model takes.
    pub(crate) components: usize,
    /// What the scores were computed from, those of the reference's people and those of the cohort's; nothing of scores
    /// that came as a table.
    pub(crate) origins: Vec<ScoreOrigin>,
    /// How people were placed against the reference.
    pub(crate) ancestry: AncestryMethod,
    /// The reference.
    pub(crate) reference: Reference,
}

/// The parts of a [`StoredModel`] that are known before anything is fitted.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) origins: Vec<ScoreOrigin>,
    pub(super) ancestry: AncestryMethod,
    pub(super) reference: Reference,
}

/// What of everybody's the model needs when it is applied.
pub(super) struct Terms {
    pub(super) target: usize,
    pub(super) of_reference: usize,
    pub(super) labelled: bool,
    pub(super) covariates: Vec<String>,
    pub(super) components: usize,
}

/// The file as it is written, with borrowed parts: the fields of a [`StoredModel`] in their order.
#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    model: &'a CalibrationModel,
    target: usize,
    of_reference: usize,
    labelled: bool,
    covariates: Vec<String>,
    components: usize,
    origins: &'a [ScoreOrigin],
    ancestry: AncestryMethod,
    reference: &'a Reference,
}

/// Writes the file.
pub(super) fn write(
    folder: &Path,
    model: &CalibrationModel,
    terms: Terms,
    ground: &Ground,
) -> Result<OutputRecord, EngineError> {
    let Terms { target, of_reference, labelled, covariates, components } = terms;
    let Ground { origins, ancestry, reference } = ground;
    let ancestry = *ancestry;
    write_cbor(
        folder,
        FILE,
        &Written {
            version: VERSION,
            model,
            target,
            of_reference,
            labelled,
            covariates,
            components,
            origins,
            ancestry,
            reference,
        },
    )
}

impl StoredModel {
    /// Reads a calibration: the folder that `steppe calibrate` wrote, checked against its record, or its file alone.
    pub(crate) fn read(place: &str, inputs: &mut Inputs) -> Result<Self, EngineError> {
        let location = Location::parse(place)?;
        let bytes = match location.local_path().filter(|path| path.is_file()) {
            Some(path) => {
                inputs.add(&format!("calibrate:{FILE}"), path)?;
                std::fs::read(path)
                    .map_err(|source| steppe_formats::FormatError::io(path, "can not open", source))?
                    .into()
            }
            None => read_output(&location, "calibrate", FILE, inputs)?,
        };
        let refuse = |problem: String| {
            EngineError::refused(
                format!("{place}: {problem}"),
                "give the folder or the model.cbor that this version's steppe calibrate wrote",
            )
        };
        let stored: Self = ciborium::from_reader(bytes.as_ref())
            .map_err(|_| refuse("it is no calibration that this program reads".to_owned()))?;
        if stored.version != VERSION || stored.model.format != FORMAT {
            return Err(refuse(format!(
                "it is of version {}, and this program reads {VERSION}",
                stored.version
            )));
        }
        Ok(stored)
    }

    /// The names of the scores that were calibrated, without the stacked one.
    pub(crate) fn score_names(&self) -> impl Iterator<Item = &str> {
        let stacked = usize::from(self.model.combination.is_some());
        let scores = &self.model.scores;
        scores.iter().take(scores.len() - stacked.min(scores.len())).map(|of| of.name.as_str())
    }
}
