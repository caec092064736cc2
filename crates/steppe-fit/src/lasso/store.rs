//! Packed columns of features in memory, shared by all traits of a fit.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    features::{Features, mask_column},
    input::LassoProblem,
};
use crate::{error::MatrixError, solver::strong_set::StrongSet};

/// Columns by feature.
#[derive(Debug, Default)]
pub(crate) struct ColumnStore {
    columns: BTreeMap<u32, Arc<[u8]>>,
}

impl ColumnStore {
    /// Holds exactly `wanted` (ascending): selects those that are new in one pass, and lets go of all others.
    pub(crate) fn hold(
        &mut self,
        problem: &LassoProblem<'_>,
        parts: u32,
        wanted: &[u32],
    ) -> Result<(), MatrixError> {
        self.columns.retain(|feature, _| wanted.binary_search(feature).is_ok());
        let new: Vec<u32> =
            wanted.iter().copied().filter(|feature| !self.columns.contains_key(feature)).collect();
        let mut variants: Vec<u32> = new.iter().map(|feature| feature / parts).collect();
        variants.dedup();
        if variants.is_empty() {
            return Ok(());
        }
        let selected = problem.matrix.select(&variants)?;
        for feature in new {
            let Ok(at) = variants.binary_search(&(feature / parts)) else { continue };
            let mut column = selected.column(at).to_vec();
            if let (Some(population), Some(populations)) =
                ((feature % parts).checked_sub(1), problem.populations)
            {
                mask_column(&mut column, populations.of, population);
            }
            self.columns.insert(feature, column.into());
        }
        Ok(())
    }

    /// The strong set of some features (ascending) that are held.
    pub(crate) fn strong_set(
        &self,
        problem: &LassoProblem<'_>,
        features: &Features,
        wanted: &[u32],
    ) -> StrongSet {
        let held: Vec<(u32, &Arc<[u8]>)> =
            wanted.iter().filter_map(|feature| Some((*feature, self.columns.get(feature)?))).collect();
        StrongSet {
            samples: problem.matrix.samples(),
            features: held.iter().map(|(feature, _)| *feature).collect(),
            columns: held.iter().map(|(_, column)| Arc::clone(column)).collect(),
            mean: held
                .iter()
                .map(|(feature, _)| problem.matrix.mean(features.variant(*feature) as usize))
                .collect(),
            scale: held.iter().map(|(feature, _)| features.scale(*feature)).collect(),
            factor: held.iter().map(|(feature, _)| features.factor(*feature)).collect(),
        }
    }
}
