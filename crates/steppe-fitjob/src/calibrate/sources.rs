//! The score that admixture leads to expect: allele frequencies at the scores' variants, counted in the reference's
//! populations.

use std::{collections::HashMap, sync::Arc};

use steppe_calibrate::{
    CalibrateError,
    adjust::{CohortExpectation, SourceMoments},
};
use steppe_engine::{
    Engine, EngineError, PassProgress,
    output::InputRecord,
    score::{Gate, MatchSettings, RowEffect, ScoreJob, ScoreOptions},
};
use steppe_fit::{FitError, GenotypeMatrix};
use steppe_genome::{EffectType, Ploidy, Sex, VariantTable};
use steppe_kernels::Level;
use steppe_store::{Cohort, Location};

use super::{
    super::{calibrated::refused, cohort_job::Passes, columns::ids},
    known::same_weights,
    people::Everybody,
};

/// Variants that are read at once.
const RUN: usize = 256;

/// Where the reference's allele frequencies are counted.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// The cohort store that has the reference's people.
    pub cohort: Location,
    /// The scoring files of the scores, and how they were matched.
    pub matching: MatchSettings,
    /// The kernel level.
    pub level: Level,
    /// Threads.
    pub threads: usize,
}

/// A prepared count.
pub(super) struct Sources {
    job: ScoreJob,
    /// Indices of the reference's people in the cohort, ascending, and the population of each.
    taking: Vec<u32>,
    population: Vec<usize>,
    /// The scores' places in the job, by their places in the calibration.
    columns: Vec<Option<usize>>,
    pub(super) inputs: Vec<InputRecord>,
    pub(super) notices: Vec<String>,
}

/// What a score's frequencies give; why not where they do not.
pub(super) type Moments = Result<SourceMoments, String>;

impl Sources {
    /// Reads the scoring files and finds the reference's people, before any genotype is read.
    pub(super) fn prepare(
        options: &SourceOptions,
        copied_inputs: bool,
        everybody: &Everybody,
        progress: &dyn PassProgress,
    ) -> Result<Self, EngineError> {
        let cohort = Cohort::open(&options.cohort)?;
        let (build, of) =
            (cohort.manifest().genome_build()?.to_string(), &everybody.ground.reference.genome_build);
        if build != *of {
            return Err(EngineError::refused(
                format!("the reference is on {of}, and the cohort of its people on {build}"),
                "give the cohort that steppe pca was run on",
            ));
        }
        // Frequencies are counted on calls: what a missing one counts says nothing.
        let scoring = ScoreOptions {
            copied_inputs,
            ..ScoreOptions::for_matching(options.matching.clone(), options.level, options.threads)
        };
        let job = ScoreJob::prepare(cohort, scoring, progress)?;
        let (taking, population, absent) = people(&job, everybody)?;
        let mut notices = Vec::new();
        if absent > 0 {
            notices.push(format!(
                "{absent} people of the reference are not in the cohort that frequencies are counted in"
            ));
        }
        let mut columns = Vec::new();
        for name in &everybody.names {
            let at = job.columns.iter().position(|column| column.name == *name);
            // What a missing call counts changes no frequency.
            if let Some(at) = at
                && let Some((_, differs)) = same_weights(&everybody.ground.origins, &job, &job.columns[at])?
            {
                notices.extend(differs);
            }
            columns.push(at);
        }
        if columns.iter().all(Option::is_none) {
            return Err(EngineError::refused(
                "the scoring files have none of the scores",
                format!("give the scoring files of {}", everybody.names.join(", ")),
            ));
        }
        let inputs = inputs(&job);
        Ok(Self { job, taking, population, columns, inputs, notices })
    }

    /// The hash of the cohort's manifest.
    pub(super) fn digest(&self) -> &str {
        self.job.cohort.digest()
    }

    /// Counts, and adds up by score.
    pub(super) fn moments(
        &self,
        everybody: &Everybody,
        engine: &dyn Engine,
        progress: &Arc<dyn PassProgress>,
    ) -> Result<Vec<Moments>, EngineError> {
        let options = &self.job.options;
        let passes = Passes { engine, progress, level: options.level, threads: options.threads };
        let nobody = vec![false; self.taking.len()];
        progress.stage("counting alleles by population", 0);
        passes.over(&self.job.cohort, (&self.taking, &nobody), |matrix| {
            let of = |(score, column): (usize, &Option<usize>)| match column {
                Some(column) => self.of_score(everybody, matrix, score, *column),
                None => Ok(Err("no scoring file has the score".to_owned())),
            };
            self.columns.iter().enumerate().map(of).collect()
        })
    }

    fn of_score(
        &self,
        everybody: &Everybody,
        matrix: &dyn GenotypeMatrix,
        score: usize,
        column: usize,
    ) -> Result<Moments, EngineError> {
        if let Gate::Skip(reason) = &self.job.columns[column].gate {
            return Ok(Err(reason.clone()));
        }
        let (effects, _) = self.job.effects(column, Sex::Unknown);
        let others = effects.iter().filter(|effect| !self.is_plain(column, effect)).count();
        if others > 0 {
            return Ok(Err(format!(
                "{others} of {} variants are not on an autosome or have no additive effect",
                effects.len()
            )));
        }
        let mut moments = SourceMoments::new(everybody.of_reference);
        for run in effects.chunks(RUN) {
            let variants: Vec<u32> = run.iter().map(|effect| effect.variant).collect();
            let columns = matrix.select(&variants).map_err(FitError::from)?;
            for (at, effect) in run.iter().enumerate() {
                let (counted, alleles) =
                    self.count(everybody.of_reference, &|person| columns.code(at, person));
                if alleles.contains(&0.0) {
                    return Ok(Err(
                        "a population of the reference has no call of one of its variants".to_owned()
                    ));
                }
                let frequency: Vec<f64> = counted
                    .iter()
                    .zip(&alleles)
                    .map(
                        |(counted, all)| {
                            if effect.effect_is_counted { counted / all } else { 1.0 - counted / all }
                        },
                    )
                    .collect();
                let weight = self.weight(column, effect);
                moments.add(weight, &frequency, &alleles).map_err(|error| refused(&error))?;
            }
        }
        Ok(inflated(moments, everybody, score).map_err(|error| error.to_string()))
    }

    /// Copies of the counted allele and of both, by population.
    fn count(&self, populations: usize, code: &dyn Fn(usize) -> u8) -> (Vec<f64>, Vec<f64>) {
        let (mut counted, mut alleles) = (vec![0.0; populations], vec![0.0; populations]);
        for (person, place) in self.population.iter().enumerate() {
            let code = code(person);
            if code < 3 {
                counted[*place] += f64::from(code);
                alleles[*place] += 2.0;
            }
        }
        (counted, alleles)
    }

    fn is_plain(&self, column: usize, effect: &RowEffect) -> bool {
        let rows = &self.job.files[self.job.columns[column].file].source.file.rows;
        let chromosome = self.job.variants.chromosome(effect.at);
        rows.effect_type[effect.row as usize] == EffectType::Additive
            && chromosome.ploidy() == Ploidy::Diploid
    }

    fn weight(&self, column: usize, effect: &RowEffect) -> f64 {
        let of = &self.job.columns[column];
        self.job.files[of.file].source.file.rows.weights[of.column][effect.row as usize]
    }
}

/// The inflation by linkage disequilibrium of every source, from the scores of its people.
fn inflated(
    mut moments: SourceMoments,
    everybody: &Everybody,
    score: usize,
) -> Result<SourceMoments, CalibrateError> {
    let people = &everybody.reference;
    for source in 0..everybody.of_reference {
        let members =
            people.population.iter().zip(&people.scores[score]).filter(|(place, _)| **place == source);
        let values: Vec<f64> = members.map(|(_, value)| *value).collect();
        if values.len() < 2 {
            let what = "people of a population of the reference";
            return Err(CalibrateError::TooFew { what, found: values.len(), needed: 2 });
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        moments.measure_inflation(source, squares / (values.len() - 1) as f64)?;
    }
    Ok(moments)
}

/// What a score of some people of the cohort is expected to be, at their mean proportions of descent.
pub(super) fn expected(
    moments: &SourceMoments,
    everybody: &Everybody,
    people: &[usize],
) -> Result<CohortExpectation, CalibrateError> {
    let proportions = everybody.cohort.proportions.select_rows(people).row_mean();
    let proportions: Vec<f64> = proportions.iter().copied().collect();
    let found = moments.apply(0.0, &proportions, None)?;
    Ok(CohortExpectation { mean: found.expected.value, sd: found.sd })
}

/// Where the reference's people are in the cohort, their populations, and how many are not there.
fn people(job: &ScoreJob, everybody: &Everybody) -> Result<(Vec<u32>, Vec<usize>, usize), EngineError> {
    let of: HashMap<(&str, &str), usize> =
        ids(&everybody.reference.samples).zip(everybody.reference.population.iter().copied()).collect();
    let found = ids(&job.samples).zip(0..).filter_map(|(id, sample)| Some((sample, *of.get(&id)?)));
    let (taking, population): (Vec<u32>, Vec<usize>) = found.unzip();
    for (place, name) in everybody.populations[..everybody.of_reference].iter().enumerate() {
        if !population.contains(&place) {
            return Err(EngineError::refused(
                format!("nobody of the reference's population {name} is in the cohort of its people"),
                "give the cohort that steppe pca was run on",
            ));
        }
    }
    let absent = of.len() - taking.len();
    Ok((taking, population, absent))
}

fn inputs(job: &ScoreJob) -> Vec<InputRecord> {
    let of = |matched: &steppe_engine::score::MatchedFile| InputRecord {
        path: matched.source.file.path.display().to_string(),
        role: "scoring_file".to_owned(),
        blake3: matched.source.blake3.clone(),
        bytes: matched.source.file.bytes,
        notes: matched.source.file.notes.iter().map(Into::into).collect(),
    };
    job.files.iter().map(of).collect()
}
