//! From a cohort and a scoring file to one person's score, taken apart.

use std::{collections::HashSet, sync::Arc};

use steppe_calibrate::model::PersonCalibration;
use steppe_engine::{
    Engine, EngineError, PassProgress,
    output::{InputRecord, hash_file},
    score::{Gate, RowEffect, ScoreJob},
};
use steppe_fit::{FitError, GenotypeMatrix};
use steppe_formats::FormatError;
use steppe_genome::{Ploidy, VariantTable};
use steppe_store::Cohort;

use super::{
    super::{calibrate::OnePerson, cohort_job::Passes, inputs::Inputs},
    ExplainOptions, ExplainedPerson, ExplainedVariant,
    missing::{not_called, not_in_the_cohort},
    population::Population,
};

/// Takes one person's score apart.
///
/// # Errors
/// As [`steppe_engine::output::score`] before it reads genotypes; a person whom the cohort lacks, several scores and no name,
/// a score that is skipped, whatever a calibration refuses. No error names a sample.
pub fn explain_person(
    options: &ExplainOptions,
    engine: &dyn Engine,
    progress: &Arc<dyn PassProgress>,
) -> Result<ExplainedPerson, EngineError> {
    let cohort = Cohort::open(&options.cohort)?;
    let job = ScoreJob::prepare(cohort, options.scoring.clone(), progress.as_ref())?;
    let score = score_of(options, &job)?;
    let sample = sample_of(options, &job)?;
    let mut inputs = Inputs::default();
    let population = Population::of(options, &job, sample, &mut inputs)?;
    let name = job.columns[score].name.clone();
    let place = |of| OnePerson::place(of, &job, (sample, &job.columns[score]), engine, progress);
    let placed = options.calibration.as_ref().map(place).transpose()?;
    let read = read(options, &job, (score, sample), &population, (engine, progress))?;
    let calibrated = |raw: f64| -> Result<Option<PersonCalibration>, EngineError> {
        placed.as_ref().map(|of| of.with_score(raw)).transpose()
    };
    let found = calibrated(read.raw)?;
    let missing =
        [not_called(read.raw, &read.variants, &calibrated)?, not_in_the_cohort(read.raw, &job, score)];
    let mut notices = population.notices();
    let mut files = scoring_inputs(options, &job, score)?;
    files.extend(inputs.into_records(false));
    let mut admixture = Vec::new();
    if let Some(placed) = &placed {
        notices.extend(placed.notices.iter().cloned());
        files.extend(placed.inputs.clone().into_records(false));
        admixture.extend(placed.admixture().map(|(name, share, error)| (name.to_owned(), share, error)));
    }
    let own = match (&options.population, &placed) {
        (None, Some(placed)) => placed.population().to_owned(),
        _ => population.name.clone(),
    };
    // A file may serve the comparison and the calibration.
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert((file.role.clone(), file.blake3.clone())));
    let ids = (job.samples.family_id.get(sample).to_owned(), job.samples.sample_id.get(sample).to_owned());
    Ok(ExplainedPerson {
        sample: ids,
        score: name,
        raw: read.raw,
        population: own,
        frequencies_of: population.told(options),
        expected: read.variants.iter().map(|of| of.expected).sum(),
        calibrated: found.zip(placed.as_ref().map(OnePerson::outside)),
        admixture,
        absolute_change: read.variants.iter().map(|of| of.change().abs()).sum(),
        variants: read.variants,
        missing: missing.into_iter().flatten().collect(),
        unsupported: job.columns[score].overlap.unsupported.iter().map(|of| of.rows).sum(),
        scores: read.scores,
        inputs: files,
        notices,
    })
}

/// What the genotypes say.
struct Read {
    raw: f64,
    /// By falling absolute change; of equal ones in the cohort's order.
    variants: Vec<ExplainedVariant>,
    scores: Vec<f64>,
}

fn read(
    options: &ExplainOptions,
    job: &ScoreJob,
    (score, sample): (usize, usize),
    population: &Population,
    (engine, progress): (&dyn Engine, &Arc<dyn PassProgress>),
) -> Result<Read, EngineError> {
    let (effects, scale) = job.effects(score, job.samples.sex[sample]);
    let passes = Passes { engine, progress, level: job.options.level, threads: job.options.threads };
    let distribution = options.distribution && !depends_on_sex(job, &effects);
    let (frequencies, scores) = population.read(&passes, &job.cohort, &effects, distribution)?;
    let variants: Vec<u32> = effects.iter().map(|effect| effect.variant).collect();
    let person = (&[sample as u32][..], &[false][..]);
    let codes = passes.over(&job.cohort, person, |matrix| {
        let columns = matrix.select(&variants).map_err(FitError::from)?;
        Ok((0..variants.len()).map(|place| columns.code(place, 0)).collect::<Vec<u8>>())
    })?;
    let row = |(place, effect): (usize, &RowEffect)| {
        ExplainedVariant::new(job, score, effect, frequencies[place], codes[place])
    };
    let mut variants: Vec<ExplainedVariant> = effects.iter().enumerate().map(row).collect();
    let sum: i64 = variants.iter().map(|of| scale.quantise(of.adds)).sum();
    variants.sort_by(|one, other| other.change().abs().total_cmp(&one.change().abs()));
    Ok(Read { raw: scale.value(sum), variants, scores })
}

/// Whether a variant adds other numbers in people of another sex: there is no one distribution then.
fn depends_on_sex(job: &ScoreJob, effects: &[RowEffect]) -> bool {
    let variants = job.variants.as_ref();
    effects.iter().any(|effect| variants.chromosome(effect.at).ploidy() == Ploidy::Y)
}

/// The score that is meant.
fn score_of(options: &ExplainOptions, job: &ScoreJob) -> Result<usize, EngineError> {
    let names: Vec<&str> = job.columns.iter().map(|column| column.name.as_str()).collect();
    let at = match &options.score {
        Some(name) => names.iter().position(|there| there == name),
        None if names.len() == 1 => Some(0),
        None => None,
    };
    let Some(at) = at else {
        let problem = match &options.score {
            Some(name) => format!("score '{name}' is not in the scoring files"),
            None => format!("the scoring files have {} scores, and one is explained", names.len()),
        };
        const MOST: usize = 10;
        let more = if names.len() > MOST { ", …" } else { "" };
        let first: Vec<&str> = names.into_iter().take(MOST).collect();
        return Err(EngineError::refused(
            problem,
            format!("choose with --score-name among {}{more}", first.join(", ")),
        ));
    };
    match &job.columns[at].gate {
        Gate::Pass => Ok(at),
        Gate::Skip(reason) => Err(EngineError::refused(
            format!("score {}: {reason}", job.columns[at].name),
            "lower --min-overlap to explain it all the same",
        )),
    }
}

/// The sample that is meant. What is refused here does not say who was asked for.
fn sample_of(options: &ExplainOptions, job: &ScoreJob) -> Result<usize, EngineError> {
    let (listed, _) = job.samples.listed(std::slice::from_ref(&options.sample));
    let found: Vec<usize> = (0..listed.len()).filter(|sample| listed[*sample]).collect();
    match found[..] {
        [sample] => Ok(sample),
        [] => Err(EngineError::refused(
            "the cohort has no such sample",
            "give its IID, or FID and IID, as in the .fam file",
        )),
        _ => Err(EngineError::refused(
            format!("{} samples of the cohort have this id", found.len()),
            "give FID and IID",
        )),
    }
}

/// The files of the score, as a record has them.
fn scoring_inputs(
    options: &ExplainOptions,
    job: &ScoreJob,
    score: usize,
) -> Result<Vec<InputRecord>, EngineError> {
    let source = &job.files[job.columns[score].file].source;
    let mut files = vec![InputRecord {
        path: source.file.path.display().to_string(),
        role: "scoring_file".to_owned(),
        blake3: source.blake3.clone(),
        bytes: source.file.bytes,
        notes: source.file.notes.iter().map(Into::into).collect(),
    }];
    if let Some(path) = &options.scoring.frequency_file {
        let (bytes, blake3) =
            hash_file(path).map_err(|source| FormatError::io(path, "can not open", source))?;
        let path = path.display().to_string();
        files.push(InputRecord { path, role: "frequencies".to_owned(), blake3, bytes, notes: Vec::new() });
    }
    Ok(files)
}
