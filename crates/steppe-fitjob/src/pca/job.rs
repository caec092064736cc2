//! Principal components of a stored cohort, from files to the committed folder.

use std::{path::PathBuf, sync::Arc, time::Instant};

use nalgebra::DMatrix;
use serde_json::json;
use steppe_calibrate::{
    ancestry::{FrequencyAdmixture, HeldOutOptions, Populations, held_out_distances},
    pca::{Pca, principal_components},
    projection::{FEW_SHARED, LEAST_SHARED},
};
use steppe_engine::{
    Engine, EngineError, EngineMatrix, PassProgress,
    output::{HashingFile, sibling},
};
use steppe_fit::{FitError, GenotypeMatrix};
use steppe_genome::VariantTable;
use steppe_store::{Cohort, SampleTable};

use super::{
    super::{
        CohortJob, StepObserver,
        calibrated::failed,
        cohort_job::Opened,
        columns::TextBySample,
        inputs::Inputs,
        record::{Beginning, SampleCounts},
        selection::Selection,
        variant_plan::VariantLists,
    },
    PcaJobOptions, PcaRecord, Reference,
    extract::Extract,
    reference::{self, OfPopulations, ReferenceVariants},
    tables, variants,
};

/// Changes when the same inputs may give other bits.
const PCA_SEMANTICS: u32 = 1;

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

/// People and what is known of them.
pub(super) struct People {
    /// Ascending indices in the cohort.
    pub(super) samples: Vec<u32>,
    /// Who makes the components.
    pub(super) members: Vec<bool>,
    /// Their populations, where there is a column.
    pub(super) labels: Option<Vec<Option<String>>>,
    counts: SampleCounts,
    unknown: u64,
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
    job.options.check()?;
    let mut inputs = Inputs::default();
    let people = People::read(&job.options, &samples, &mut inputs)?;
    let lists = VariantLists::read(&job.options.variant_files(), &mut inputs)?;
    let mut parameters = job.options.parameters();
    let shared_with = job.options.shared_with.as_ref().map(Cohort::open).transpose()?;
    parameters.insert("shared_with".to_owned(), json!(shared_with.as_ref().map(Cohort::digest)));
    let notices = people.notices(&job.options);
    let mut record = PcaRecord::begin(Beginning {
        kind: "pca",
        identity: json!([]),
        semantics: PCA_SEMANTICS,
        request: &request,
        cohort_samples: samples.len() as u64,
        parameters,
        inputs: &inputs.into_records(false),
        unknown_selected: people.unknown,
        samples: &people.counts,
        notices: &notices,
    });
    if let Some(record) = record.earlier(&request)? {
        return Ok(PcaReport { reused: true, record });
    }
    notices.iter().for_each(|notice| observer.notice(notice));
    let build = cohort.manifest().genome_build()?;
    let found = job.solve(&cohort, (&people.samples, &people.members), engine, progress, |matrix| {
        observer.stage("choosing variants", 0);
        let chosen = variants::choose(&job.options, &lists, build, matrix, &people.members, &table)?;
        enough(chosen.0.len())?;
        let extract = Extract::new(
            scratch(job, &record.job),
            matrix,
            &table,
            &chosen.0,
            (build, job.level, job.threads),
        )?;
        stopped(observer)?;
        observer.stage("finding components", 0);
        let all: Vec<u32> = (0..people.samples.len() as u32).collect();
        let matrix = EngineMatrix::new(
            engine,
            &extract.cohort,
            &all,
            &people.members,
            job.level,
            Arc::clone(progress),
        )?;
        let pca = principal_components(&matrix, Some(&people.members), &job.options.pca).map_err(failed)?;
        stopped(observer)?;
        let of_populations = of_populations(&job.options, &people, &matrix, observer)?;
        Ok(Found { chosen, pca, of_populations })
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
    let reference = Reference::new(
        build.to_string(),
        ReferenceVariants::of(&table, &kept),
        found.pca.model.clone(),
        member_rows(&found.pca.scores, &people.members),
        found.of_populations,
    );
    let mut file = HashingFile::create(folder.path(), reference::FILE)?;
    std::io::Write::write_all(&mut file, &reference.to_bytes()?)
        .map_err(EngineError::write(reference::FILE))?;
    record.outputs.push(file.finish()?);
    record.timing("total", started);
    let (record, reused) = record.commit(folder, &request)?;
    Ok(PcaReport { reused, record })
}

struct Found {
    chosen: (Vec<u32>, super::super::VariantCounts),
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
    matrix: &dyn GenotypeMatrix,
    observer: &mut dyn StepObserver,
) -> Result<OfPopulations, EngineError> {
    let Some(all) = people.all_populations()? else { return Ok(OfPopulations::default()) };
    let mut of = OfPopulations { populations: people.populations()?, ..OfPopulations::default() };
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
        let (distances, _) = held_out_distances(matrix, &all, &held_out).map_err(failed)?;
        of.held_out = distances.into_iter().flatten().collect();
    }
    Ok(of)
}

/// The rows of those who made the components.
fn member_rows(scores: &DMatrix<f64>, members: &[bool]) -> DMatrix<f64> {
    let rows: Vec<usize> = (0..members.len()).filter(|row| members[*row]).collect();
    scores.select_rows(&rows)
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

impl People {
    fn read(
        options: &PcaJobOptions,
        samples: &SampleTable,
        inputs: &mut Inputs,
    ) -> Result<Self, EngineError> {
        let lists = Selection::read(samples, options.keep.as_deref(), options.remove.as_deref(), inputs)?;
        let unrelated = Selection::read(samples, options.unrelated.as_deref(), None, inputs)?;
        let column = options.population.as_ref();
        let column = column.map(|of| TextBySample::read("population", of, samples, inputs)).transpose()?;
        let (taking, counts) = lists.taking();
        let members: Vec<bool> = taking.iter().map(|sample| unrelated.kept[*sample as usize]).collect();
        let label = |column: &TextBySample, sample: &u32| column.get(*sample as usize).map(str::to_owned);
        let labels = column.map(|column| taking.iter().map(|of| label(&column, of)).collect::<Vec<_>>());
        let people =
            Self { samples: taking, members, labels, counts, unknown: lists.unknown + unrelated.unknown };
        people.checked()
    }

    fn checked(mut self) -> Result<Self, EngineError> {
        if !self.members.contains(&true) {
            return Err(EngineError::refused(
                "nobody is left to make components",
                "check the lists of samples to keep, to remove and of unrelated people",
            ));
        }
        if let Some(populations) = self.all_populations()? {
            self.counts.populations = populations
                .names
                .iter()
                .enumerate()
                .map(|(at, name)| (name.clone(), populations.people(at).len() as u64))
                .collect();
        }
        Ok(self)
    }

    /// Populations of all people of the matrix; those who do not make the components have none.
    fn all_populations(&self) -> Result<Option<Populations>, EngineError> {
        let Some(labels) = &self.labels else { return Ok(None) };
        let label = |(label, member): (&'_ Option<String>, &bool)| label.clone().filter(|_| *member);
        let labels: Vec<Option<String>> = labels.iter().zip(&self.members).map(label).collect();
        let labels: Vec<Option<&str>> = labels.iter().map(Option::as_deref).collect();
        Populations::new(&labels).map(Some).map_err(failed)
    }

    /// Populations of those who make the components.
    fn populations(&self) -> Result<Option<Populations>, EngineError> {
        let Some(labels) = &self.labels else { return Ok(None) };
        let of_members = labels.iter().zip(&self.members).filter(|(_, member)| **member);
        let labels: Vec<Option<&str>> = of_members.map(|(label, _)| label.as_deref()).collect();
        Populations::new(&labels).map(Some).map_err(failed)
    }

    fn notices(&self, options: &PcaJobOptions) -> Vec<String> {
        let mut notices = Vec::new();
        let Some(labels) = &self.labels else {
            notices.push(
                "no populations are given: nobody can be compared to these people's populations later"
                    .to_owned(),
            );
            return notices;
        };
        let without = labels.iter().filter(|label| label.is_none()).count();
        if without > 0 {
            notices.push(format!("{without} people have no population and stand for none"));
        }
        for (name, people) in &self.counts.populations {
            if *people < options.pca.components as u64 {
                notices.push(format!(
                    "population {name} has {people} people, fewer than components: its shape is borrowed from the others"
                ));
            }
        }
        notices
    }
}
