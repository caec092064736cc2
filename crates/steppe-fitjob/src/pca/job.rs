//! Principal components of a stored cohort, from files to the committed folder.

use std::{path::PathBuf, sync::Arc, time::Instant};

use serde_json::json;
use steppe_calibrate::{
    ancestry::{FrequencyAdmixture, HeldOutOptions, Populations, held_out_distances},
    pca::{Pca, principal_components},
    projection::{FEW_SHARED, LEAST_SHARED},
};
use steppe_engine::{Engine, EngineError, EngineMatrix, PassProgress, output::sibling};
use steppe_fit::{FitError, GenotypeMatrix};
use steppe_genome::{GenomeBuild, VariantTable};
use steppe_store::Cohort;

use super::{
    super::{
        CohortJob, StepObserver, VariantCounts, calibrated::failed, cohort_job::Opened, inputs::Inputs,
        output_file::write_cbor, record::Beginning, variant_plan::VariantLists,
    },
    PcaJobOptions, PcaRecord, Reference,
    extract::Extract,
    people::People,
    reference::{self, OfPopulations, ReferenceVariants},
    tables,
    variants::{self, Candidates},
};

/// Changes when the same inputs may give other bits.
pub const PCA_SEMANTICS: u32 = 2;

/// Principal components of a stored cohort.
pub type CohortPca = CohortJob<PcaJobOptions>;

/// What became of principal components.
#[derive(Debug, Clone)]
pub struct PcaReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: PcaRecord,
}

/// Finds the components and commits the folder; a result of the same job that is there already is given back as it is.
///
/// # Errors
/// Input that can not be used, a pass that fails, the observer asks to stop, a result of other inputs in the way.
pub fn pca_cohort(
    job: &CohortPca,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
    observer: &mut dyn StepObserver,
) -> Result<PcaReport, EngineError> {
    let started = Instant::now();
    let Opened { cohort, samples, variants: table, request } = job.open(progress.as_ref())?;
    let options = &job.options;
    options.check()?;
    let mut inputs = Inputs::default();
    let people = People::read(options, &samples, &mut inputs)?;
    let lists = VariantLists::read(&options.variant_files(), &mut inputs)?;
    let shared_with = options.shared_with.as_ref().map(Cohort::open).transpose()?;
    let mut parameters = options.parameters();
    parameters.insert("shared_with".to_owned(), json!(shared_with.as_ref().map(Cohort::digest)));
    let mut record = PcaRecord::begin(Beginning {
        kind: "pca",
        identity: json!([]),
        semantics: PCA_SEMANTICS,
        request: &request,
        cohort_samples: samples.len() as u64,
        parameters,
        inputs: &inputs.into_records(options.copied_inputs),
        unknown_selected: people.unknown,
        samples: &people.counts,
        notices: &people.notices(options),
    });
    if let Some(record) = record.earlier(&request)? {
        return Ok(PcaReport { reused: true, record });
    }
    record.notices.iter().for_each(|notice| observer.notice(notice));
    let build = cohort.manifest().genome_build()?;
    if build == GenomeBuild::Ncbi36 && !options.keep_long_range_ld {
        let notice = "no regions of long-range linkage disequilibrium are known on NCBI36: they are kept";
        observer.notice(notice);
        record.notices.push(notice.to_owned());
    }
    let candidates = Candidates { lists: &lists, build, shared_with: shared_with.as_ref() };
    let found = job.solve(&cohort, (&people.samples, &people.members), engine, progress, |matrix| {
        observer.stage("choosing variants", 0);
        let chosen = variants::choose(options, &candidates, matrix, &people.members, &table)?;
        enough(chosen.0.len())?;
        let place = scratch(job, &record.job);
        // Where others make the passes too, it lies where all of them reach it.
        let store = job.checkpoints.as_ref().map(|folder| folder.child("variants"));
        let extract =
            Extract::new((place, store), matrix, &table, &chosen.0, (build, job.level, job.threads))?;
        stopped(observer)?;
        let all: Vec<u32> = (0..people.samples.len() as u32).collect();
        let progress = Arc::clone(progress);
        let matrix = EngineMatrix::new(engine, &extract.cohort, &all, &people.members, job.level, progress)?;
        find(options, &people, chosen, &matrix, observer)
    })?;
    let (kept, counts) = found.chosen;
    record.cohort.variants = table.len() as u64;
    record.variants = counts;
    record.traits = tables::components(&found.pca);
    record.notices.extend(found_notices(&found.pca, kept.len(), observer));
    let folder = record.stage(&request)?;
    let written =
        tables::Written { people: &people, samples: &samples, table: &table, kept: &kept, pca: &found.pca };
    record.outputs = written.write(folder.path())?;
    let members: Vec<usize> = people.of_members(&(0..people.samples.len()).collect::<Vec<_>>());
    let reference = Reference::new(
        build.to_string(),
        ReferenceVariants::of(&table, &kept),
        found.pca.model,
        found.pca.scores.select_rows(&members),
        found.of_populations,
    );
    record.outputs.push(write_cbor(folder.path(), reference::FILE, &reference)?);
    record.timing("total", started);
    let (record, reused) = record.commit(folder, &request)?;
    Ok(PcaReport { reused, record })
}

/// Everything that is found of the chosen variants.
fn find(
    options: &PcaJobOptions,
    people: &People,
    chosen: (Vec<u32>, VariantCounts),
    matrix: &dyn GenotypeMatrix,
    observer: &mut dyn StepObserver,
) -> Result<Found, EngineError> {
    observer.stage("finding components", 0);
    let pca = principal_components(matrix, Some(&people.members), &options.pca).map_err(failed)?;
    stopped(observer)?;
    let of_populations = of_populations(options, people, &pca, matrix, observer)?;
    Ok(Found { chosen, pca, of_populations })
}

struct Found {
    chosen: (Vec<u32>, VariantCounts),
    pca: Pca,
    of_populations: OfPopulations,
}

/// Where the chosen variants lie meanwhile.
fn scratch(job: &CohortPca, id: &str) -> PathBuf {
    let short = id.get(..16).unwrap_or(id);
    match (&job.scratch, job.out.local_path()) {
        (Some(folder), _) => folder.join(format!("pca-{short}")),
        (None, Some(out)) => sibling(out, &format!("pca-{short}")),
        (None, None) => std::env::temp_dir().join(format!("steppe-pca-{short}")),
    }
}

fn stopped(observer: &dyn StepObserver) -> Result<(), EngineError> {
    if observer.cancelled() { Err(FitError::Cancelled.into()) } else { Ok(()) }
}

fn enough(variants: usize) -> Result<(), EngineError> {
    if variants >= LEAST_SHARED {
        return Ok(());
    }
    Err(EngineError::refused(
        format!("{variants} variants are left for components, and at least {LEAST_SHARED} are needed"),
        "loosen --maf, --geno, --hwe or --indep-pairwise, or check the lists of variants",
    ))
}

/// What comparing others to the populations takes.
fn of_populations(
    options: &PcaJobOptions,
    people: &People,
    pca: &Pca,
    matrix: &dyn GenotypeMatrix,
    observer: &mut dyn StepObserver,
) -> Result<OfPopulations, EngineError> {
    let Some(all) = people.all_populations()? else { return Ok(OfPopulations::default()) };
    let populations = Populations { names: all.names.clone(), of_person: people.of_members(&all.of_person) };
    let mut of = OfPopulations { populations: Some(populations), ..OfPopulations::default() };
    if all.names.len() > 1 {
        observer.stage("counting alleles by population", 0);
        of.admixture = Some(FrequencyAdmixture::fit(matrix, &all).map_err(failed)?);
        stopped(observer)?;
    }
    if options.held_out_folds > 0 {
        observer.stage("holding people out", 0);
        let held_out = HeldOutOptions {
            folds: options.held_out_folds,
            components: options.pca.components,
            scale: options.pca.scale,
            seed: options.pca.seed,
            ..HeldOutOptions::default()
        };
        let (distances, _) = held_out_distances(matrix, &all, pca, &held_out).map_err(failed)?;
        of.held_out = distances.into_iter().flatten().collect();
    }
    Ok(of)
}

fn found_notices(pca: &Pca, variants: usize, observer: &mut dyn StepObserver) -> Vec<String> {
    let mut notices = Vec::new();
    if variants < FEW_SHARED {
        notices
            .push(format!("{variants} variants are few for components; below {FEW_SHARED} they are rough"));
    }
    let rough = pca.components.iter().take(pca.model.components).filter(|of| !of.converged).count();
    if rough > 0 {
        notices.push(format!(
            "{rough} components are not as exact as asked for: their eigenvalues have close neighbours, as in the noise"
        ));
    }
    notices.iter().for_each(|notice| observer.notice(notice));
    notices
}
