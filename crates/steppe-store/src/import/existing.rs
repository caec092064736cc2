use super::{
    ImportOptions,
    inputs::{Inputs, file_blake3},
    plan::Plan,
};
use crate::{Cohort, SourceFile, StoreError};

/// What is at the output before an import.
pub(super) enum Existing {
    /// No cohort.
    Absent,
    /// The cohort that the import would make.
    Same(Cohort),
}

/// Looks for a cohort at the output.
///
/// # Errors
/// There is one of other inputs or options, or one that can not be read.
pub(super) fn look(options: &ImportOptions, inputs: &Inputs, plan: &Plan) -> Result<Existing, StoreError> {
    let cohort = match Cohort::open(&options.out) {
        Ok(cohort) => cohort,
        Err(StoreError::NoCohort { .. }) => return Ok(Existing::Absent),
        Err(error) => return Err(error),
    };
    let manifest = cohort.manifest();
    let same_plan = manifest.genome_build == options.build.as_str()
        && manifest.layout == plan.layout
        && manifest.sample_ids_blake3 == plan.sample_ids_blake3
        && manifest.variants == plan.variants;
    if same_plan && same_sources(inputs, &manifest.sources)? {
        return Ok(Existing::Same(cohort));
    }
    Err(StoreError::refused(
        format!("{}: a cohort of other files or with other options is here", options.out),
        "choose another --out, or remove the cohort yourself if nothing needs it",
    ))
}

/// Compares sizes and small files first: hashing .bed files takes a while.
fn same_sources(inputs: &Inputs, sources: &[SourceFile]) -> Result<bool, StoreError> {
    if sources.len() != inputs.filesets.len() * 3 {
        return Ok(false);
    }
    for (input, stored) in inputs.filesets.iter().zip(sources.chunks(3)) {
        let [bed, bim, fam] = stored else { return Ok(false) };
        if bed.bytes != input.bed_bytes() || bim.blake3 != input.bim_blake3 || fam.blake3 != input.fam_blake3
        {
            return Ok(false);
        }
    }
    for (input, stored) in inputs.filesets.iter().zip(sources.chunks(3)) {
        if stored[0].blake3 != file_blake3(&input.fileset.paths.bed)? {
            return Ok(false);
        }
    }
    Ok(true)
}
