//! Lists of samples to keep and to remove.

use std::path::Path;
use steppe_engine::EngineError;

use steppe_formats::{FileNote, sample_list::read_sample_list};
use steppe_store::SampleTable;

use super::{inputs::Inputs, record::SampleCounts};

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
            let (listed, nobody) = listed(role, path, samples, inputs)?;
            unknown += nobody;
            Ok::<_, EngineError>(listed)
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

    /// The samples that the lists leave, ascending, and why others are left out.
    pub(super) fn taking(&self) -> (Vec<u32>, SampleCounts) {
        let mut counts = SampleCounts::default();
        let mut taking = Vec::new();
        for (sample, (kept, removed)) in (0..).zip(self.kept.iter().zip(&self.removed)) {
            let reason = match (kept, removed) {
                (false, _) => "not_on_keep_list",
                (true, true) => "removed",
                (true, false) => {
                    taking.push(sample);
                    continue;
                }
            };
            *counts.left_out.entry(reason.to_owned()).or_default() += 1;
        }
        counts.used = taking.len() as u64;
        (taking, counts)
    }
}

/// Whether each sample is on a list of another role than to keep and to remove, and how many entries name nobody; without a
/// list everybody is.
pub(super) fn on_list(
    role: &str,
    path: Option<&Path>,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<(Vec<bool>, u64), EngineError> {
    path.map_or_else(|| Ok((vec![true; samples.len()], 0)), |path| listed(role, path, samples, inputs))
}

fn listed(
    role: &str,
    path: &Path,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<(Vec<bool>, u64), EngineError> {
    inputs.add(role, path)?;
    let list = read_sample_list(path)?;
    // A note's example is a sample id, which is nobody's business here.
    let without_ids = |note: &FileNote| FileNote { detail: String::new(), ..note.clone() };
    inputs.note(&list.notes.iter().map(without_ids).collect::<Vec<_>>());
    Ok(samples.listed(&list.selectors))
}
