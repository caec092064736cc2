//! The ancestry of a stored cohort's people, from files to the committed folder.

use std::{sync::Arc, time::Instant};

use serde_json::json;
use steppe_calibrate::ancestry::Populations;
use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fit::FitError;
use steppe_store::SampleTable;

use super::{
    super::{
        CohortJob, StepObserver,
        calibrated::failed,
        cohort_job::Opened,
        inputs::Inputs,
        pca::Reference,
        record::{Beginning, SampleCounts},
        selection::Selection,
    },
    AncestryJobOptions, AncestryRecord,
    people::Found,
    shared::Shared,
    tables,
};

/// Changes when the same inputs may give other bits.
pub const ANCESTRY_SEMANTICS: u32 = 2;

/// Said where proportions are by components instead.
const MIXED: &str = "allele frequencies of some populations of the reference are mixtures of the others': proportions of descent are by components, and rough";

/// The ancestry of a stored cohort's people.
pub type CohortAncestry = CohortJob<AncestryJobOptions>;

/// What was found.
#[derive(Debug, Clone)]
pub struct AncestryReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: AncestryRecord,
}

/// Projects a cohort on a reference, compares its people to the reference's populations, and commits the tables; a result
/// of the same job that is there already is given back as it is. A cohort of one person works.
///
/// # Errors
/// Input that can not be used, a pass that fails, the observer asks to stop, a result of other inputs in the way.
pub fn ancestry_cohort(
    job: &CohortAncestry,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut dyn StepObserver,
) -> Result<AncestryReport, EngineError> {
    let started = Instant::now();
    let options = &job.options;
    options.method.check()?;
    let mut inputs = Inputs::default();
    let reference = Reference::read(&options.reference, &mut inputs)?;
    let populations = populations_of(&reference, options)?;
    let Opened { cohort, samples, variants: table, request } = job.open(progress.as_ref())?;
    let (taking, counts, unknown) = people(options, &samples, &mut inputs)?;
    let shared = Shared::new(&reference, &cohort, &table)?;
    let mut notices = shared.notices();
    if reference.held_out.is_empty() {
        notices.push("the reference held nobody out: nobody can be flagged as outside of it".to_owned());
    }
    let mut record = AncestryRecord::begin(Beginning {
        kind: "ancestry",
        identity: json!([]),
        semantics: ANCESTRY_SEMANTICS,
        request: &request,
        cohort_samples: samples.len() as u64,
        parameters: options.method.parameters(),
        inputs: &inputs.into_records(options.copied_inputs),
        unknown_selected: unknown,
        samples: &counts,
        notices: &notices,
    });
    if let Some(record) = record.earlier(&request)? {
        return Ok(AncestryReport { reused: true, record });
    }
    record.notices.iter().for_each(|notice| observer.notice(notice));
    observer.stage("projecting people", 0);
    // Projection uses the reference's means: nobody here counts.
    let nobody = vec![false; taking.len()];
    let found = job.solve(&cohort, (&taking, &nobody), engine, progress, |matrix| {
        Found::of(matrix, &shared, (&reference, populations), &options.method).map_err(failed)
    })?;
    if observer.cancelled() {
        return Err(FitError::Cancelled.into());
    }
    if found.mixed_sources {
        record.notices.push(MIXED.to_owned());
        observer.notice(MIXED);
    }
    record.cohort.variants = steppe_genome::VariantTable::len(&table) as u64;
    record.variants = shared.counts;
    record.traits = found.populations(populations);
    let folder = record.stage(&request)?;
    record.outputs = tables::write(folder.path(), &samples, &taking, &found, &record.traits)?;
    record.timing("total", started);
    let (record, reused) = record.commit(folder, &request)?;
    Ok(AncestryReport { reused, record })
}

fn populations_of<'a>(
    reference: &'a Reference,
    options: &AncestryJobOptions,
) -> Result<&'a Populations, EngineError> {
    reference.populations.as_ref().ok_or_else(|| {
        EngineError::refused(
            format!("{}: the reference has no populations", options.reference),
            "run steppe pca with --population, the column of the reference people's labels",
        )
    })
}

/// The samples that the lists leave, ascending.
fn people(
    options: &AncestryJobOptions,
    samples: &SampleTable,
    inputs: &mut Inputs,
) -> Result<(Vec<u32>, SampleCounts, u64), EngineError> {
    let lists = Selection::read(samples, options.keep.as_deref(), options.remove.as_deref(), inputs)?;
    let (taking, counts) = lists.taking();
    if taking.is_empty() {
        return Err(EngineError::refused(
            "nobody is left",
            "check the lists of samples to keep and to remove",
        ));
    }
    Ok((taking, counts, lists.unknown))
}
