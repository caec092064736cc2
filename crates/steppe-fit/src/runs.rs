//! Work on runs of variants, each of which is done by itself: level 0 of a block ridge, tests of single variants.
//!
//! Such work needs all samples of few variants. Where the genotypes lie in other processes, it goes to them
//! ([`GenotypeMatrix::each_run`](crate::GenotypeMatrix::each_run)), as bytes, and its results come back as bytes.

use std::ops::Range;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use steppe_kernels::Level;

use crate::{
    assoc::{AssocRuns, AssocWritten},
    error::FitError,
    matrix::{GenotypeMatrix, PackedColumns},
    ridge::{RidgeRuns, RidgeWritten},
};

/// Work on runs of variants, which have numbers.
pub trait RunTask: Send + Sync {
    /// The work on some of the runs as bytes; there, they are numbered from 0.
    ///
    /// # Errors
    /// [`FitError::Runs`] if it can not be written.
    fn encode(&self, runs: Range<usize>) -> Result<Vec<u8>, FitError>;

    /// Does the work on one run, whose codes are given for all samples. The result has the same bits wherever it is made.
    ///
    /// # Errors
    /// A run that there is not, or what the method itself finds wrong.
    fn run(&self, run: usize, codes: &PackedColumns, level: Level) -> Result<Vec<u8>, FitError>;
}

/// All work of this crate, as it is written.
#[derive(Serialize)]
pub(crate) enum Written<'a> {
    Ridge(RidgeWritten<'a>),
    Assoc(AssocWritten<'a>),
}

/// The same, as it is read.
#[derive(Deserialize)]
enum Read {
    Ridge(RidgeRuns<'static>),
    Assoc(AssocRuns<'static>),
}

/// Reads what [`RunTask::encode`] wrote.
///
/// # Errors
/// [`FitError::Runs`] for anything else.
pub fn decode_runs(bytes: &[u8]) -> Result<Box<dyn RunTask>, FitError> {
    Ok(match from_bytes(bytes)? {
        Read::Ridge(runs) => Box::new(runs),
        Read::Assoc(runs) => Box::new(runs),
    })
}

/// Does a task where the matrix is asked, one run after the other.
pub(crate) fn each_here<M: GenotypeMatrix + ?Sized>(
    matrix: &M,
    runs: &[Vec<u32>],
    task: &dyn RunTask,
    each: &mut dyn FnMut(usize, Vec<u8>) -> Result<(), FitError>,
) -> Result<(), FitError> {
    for (number, variants) in runs.iter().enumerate() {
        let codes = matrix.select(variants)?;
        each(number, task.run(number, &codes, Level::best())?)?;
    }
    Ok(())
}

/// Something as bytes, every bit of a float kept.
pub(crate) fn to_bytes<T: Serialize + ?Sized>(of: &T) -> Result<Vec<u8>, FitError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(of, &mut bytes).map_err(|error| FitError::Runs { problem: error.to_string() })?;
    Ok(bytes)
}

/// What [`to_bytes`] wrote.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FitError> {
    ciborium::from_reader(bytes).map_err(|error| FitError::Runs { problem: error.to_string() })
}

/// The part of a task that belongs to a run.
pub(crate) fn of_run<T>(all: &[T], run: usize) -> Result<&T, FitError> {
    all.get(run).ok_or_else(|| FitError::Runs { problem: format!("{} runs, and no run {run}", all.len()) })
}
