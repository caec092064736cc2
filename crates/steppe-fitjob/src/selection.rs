//! Lists of samples to keep and to remove.

use std::{collections::HashMap, path::Path};
use steppe_engine::EngineError;

use steppe_formats::{FileNote, sample_list::read_sample_list};
use steppe_store::SampleTable;

use super::inputs::Inputs;

/// What the lists say of each sample of the cohort.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    /// Whether a keep list has it; true without a list.
    pub(super) kept: Vec<bool>,
    /// Whether a remove list has it.
    pub(super) removed: Vec<bool>,
    /// Entries of the lists that name nobody in the cohort.
    pub(super) unknown: u64,
}

impl Selection {
    /// Reads the lists.
    pub(super) fn read(
        samples: &SampleTable,
        keep: Option<&Path>,
        remove: Option<&Path>,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let mut unknown = 0;
        let mut listed = |role: &str, path: &Path| {
            inputs.add(role, path)?;
            mark(samples, path, inputs, &mut unknown)
        };
        let kept = keep.map(|path| listed("keep", path)).transpose()?;
        let removed = remove.map(|path| listed("remove", path)).transpose()?;
        let all = |value| vec![value; samples.len()];
        Ok(Self {
            kept: kept.unwrap_or_else(|| all(true)),
            removed: removed.unwrap_or_else(|| all(false)),
            unknown,
        })
    }
}

/// Marks the samples that a list has, and counts entries that name nobody.
fn mark(
    samples: &SampleTable,
    path: &Path,
    inputs: &mut Inputs,
    unknown: &mut u64,
) -> Result<Vec<bool>, EngineError> {
    let list = read_sample_list(path)?;
    // A note's example is a sample id, which is nobody's business here.
    let without_ids = |note: &FileNote| FileNote { detail: String::new(), ..note.clone() };
    inputs.note(&list.notes.iter().map(without_ids).collect::<Vec<_>>());
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::with_capacity(samples.len());
    for index in 0..samples.len() {
        by_id.entry(samples.sample_id.get(index)).or_default().push(index);
    }
    let mut marked = vec![false; samples.len()];
    for selector in &list.selectors {
        let same_id = by_id.get(selector.sample_id.as_str()).into_iter().flatten();
        let mut found = false;
        for &index in
            same_id.filter(|index| selector.matches(samples.family_id.get(**index), &selector.sample_id))
        {
            marked[index] = true;
            found = true;
        }
        *unknown += u64::from(!found);
    }
    Ok(marked)
}
