//! Around the tests: finished runs of variants kept and found again.

use std::cell::RefCell;

use steppe_fit::{
    StorageError,
    assoc::{AssocCheckpoint, AssocResult},
};

use super::super::{
    StepObserver,
    checkpoint_file::{CheckpointFolder, Resuming},
};

/// The job's storage as the tests see it.
pub(super) struct Kept<'a, 'b> {
    folder: &'a CheckpointFolder,
    /// Shared with the tables, which report between runs.
    observer: &'a RefCell<&'b mut dyn StepObserver>,
    resuming: RefCell<Resuming>,
}

impl<'a, 'b> Kept<'a, 'b> {
    pub(super) fn new(folder: &'a CheckpointFolder, observer: &'a RefCell<&'b mut dyn StepObserver>) -> Self {
        Self { folder, observer, resuming: RefCell::default() }
    }

    fn file(batch: usize, first_variant: usize) -> String {
        format!("batch.{batch}.variants.{first_variant}.cbor")
    }
}

impl AssocCheckpoint for Kept<'_, '_> {
    fn load(
        &self,
        batch: usize,
        first_variant: usize,
    ) -> Result<Option<Vec<Vec<AssocResult>>>, StorageError> {
        let name = Self::file(batch, first_variant);
        let found = self.folder.read_part(&name)?;
        Ok(self.resuming.borrow_mut().take(&name, found, &mut **self.observer.borrow_mut()))
    }

    fn save(
        &self,
        batch: usize,
        first_variant: usize,
        rows: &[Vec<AssocResult>],
    ) -> Result<(), StorageError> {
        self.folder.write_part(&Self::file(batch, first_variant), rows)
    }
}
