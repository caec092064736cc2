use std::{collections::HashMap, path::Path};

use steppe_formats::sample_list::{SampleSelector, read_sample_list};
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
        let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
        for index in 0..samples.len() {
            by_id.entry(samples.sample_id.get(index)).or_default().push(index);
        }
        for SampleSelector { family_id, sample_id } in read_sample_list(path)?.selectors {
            let mut found = false;
            for &index in by_id.get(sample_id.as_str()).into_iter().flatten() {
                if family_id.as_deref().is_none_or(|family| family == samples.family_id.get(index)) {
                    self.kept[index] = value;
                    found = true;
                }
            }
            self.unknown += u64::from(!found);
        }
        Ok(())
    }

    /// How many samples are kept.
    pub(super) fn count(&self) -> usize {
        self.kept.iter().filter(|&&kept| kept).count()
    }
}
