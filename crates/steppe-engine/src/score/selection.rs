use std::path::Path;

use steppe_formats::sample_list::read_sample_list;
use steppe_store::SampleTable;

use crate::EngineError;

/// Which samples of the cohort are written out.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// One flag a sample.
    pub kept: Vec<bool>,
    /// Entries of the lists that name nobody in the cohort.
    pub unknown: u64,
}

impl Selection {
    /// Applies a keep list and a remove list.
    pub(super) fn new(
        samples: &SampleTable,
        keep: Option<&Path>,
        remove: Option<&Path>,
    ) -> Result<Self, EngineError> {
        let mut selection = Self { kept: vec![keep.is_none(); samples.len()], unknown: 0 };
        if let Some(path) = keep {
            selection.set(samples, path, true)?;
        }
        if let Some(path) = remove {
            selection.set(samples, path, false)?;
        }
        if !selection.kept.contains(&true) {
            return Err(EngineError::refused(
                "no sample is left after --keep and --remove",
                "check that the lists' ids are the cohort's (steppe sql --cohort … \"SELECT family_id, sample_id FROM samples\")",
            ));
        }
        Ok(selection)
    }

    fn set(&mut self, samples: &SampleTable, path: &Path, value: bool) -> Result<(), EngineError> {
        let (listed, unknown) = samples.listed(&read_sample_list(path)?.selectors);
        self.kept.iter_mut().zip(listed).filter(|(_, listed)| *listed).for_each(|(kept, _)| *kept = value);
        self.unknown += unknown;
        Ok(())
    }

    /// How many samples are kept.
    pub(super) fn count(&self) -> usize {
        self.kept.iter().filter(|&&kept| kept).count()
    }
}
