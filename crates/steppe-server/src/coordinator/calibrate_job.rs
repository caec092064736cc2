//! A calibration: the same one as `steppe calibrate`. It reads results of other jobs, and genotypes only to count allele
//! frequencies.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use steppe_calibrate::risk::KnownPrevalence;
use steppe_engine::{Engine, PassProgress, output::RUN_FILE};
use steppe_fitjob::{
    CalibrateOptions, CovariateOptions, FitRequest, PhenotypeSource, SampleColumn, ScoreSource,
    SourceOptions, calibrate_scores,
};
use steppe_kernels::Level;
use steppe_store::Location;
use tokio_util::sync::CancellationToken;

use super::{
    Core,
    cohort_job::Told,
    progress::JobProgress,
    results::score_digest,
    run::Made,
    score_job::settings,
    staged::Staged,
    submission::refuse,
    trait_inputs::{self, Stager, optional, sample_column},
};
use crate::{
    ServerError,
    jobs::JobId,
    wire::job::{CalibrateJob, InputFile, ResultFiles},
};

/// The own cohort's name, and the components, where a job does not say.
const TARGET: &str = "cohort";
const COMPONENTS: usize = 4;

/// Every file that comes with a job.
pub(super) fn files(job: &mut CalibrateJob) -> Vec<&mut InputFile> {
    let results = job.reference.iter_mut().chain(&mut job.reference_scores);
    let results = results.chain(&mut job.ancestry).chain(&mut job.scores);
    let mut files: Vec<&mut InputFile> = results.flat_map(|result| &mut result.files).collect();
    let columns = [&mut job.population, &mut job.age].into_iter().flatten();
    files.extend(columns.filter_map(|column| column.file.as_mut()));
    files.extend([&mut job.learn, &mut job.rates].into_iter().flatten());
    files.extend(job.traits.iter_mut().flat_map(trait_inputs::tables));
    files.extend(&mut job.scoring_files);
    files
}

/// The URLs of results that a job reads, each with its field.
pub(super) fn places(job: &mut CalibrateJob) -> impl Iterator<Item = (&'static str, &mut String)> {
    let one = [("reference", &mut job.reference), ("ancestry", &mut job.ancestry)];
    let many = [("reference_scores", &mut job.reference_scores), ("scores", &mut job.scores)];
    let one = one.into_iter().flat_map(|(field, result)| result.iter_mut().map(move |of| (field, of)));
    let many = many.into_iter().flat_map(|(field, results)| results.iter_mut().map(move |of| (field, of)));
    one.chain(many).map(|(field, result)| (field, &mut result.url)).filter(|(_, url)| !url.is_empty())
}

/// Checks what can be without files.
pub(super) fn check(job: &CalibrateJob) -> Result<(), ServerError> {
    options(job, &|_, file| Ok(Path::new("checked").join(&file.name))).map(drop)
}

/// Runs a job. Blocks.
pub(super) fn run(
    core: &Core,
    id: &JobId,
    job: &CalibrateJob,
    progress: &Arc<JobProgress>,
    cancel: CancellationToken,
) -> Result<Made, ServerError> {
    progress.stage("fetching inputs", 0);
    let staged = Staged::new(core, id);
    let options = options(job, &|used_as, file| staged.file(used_as, file))?;
    let out = core.place_of_result(id, &job.out)?;
    let request = FitRequest::without_cohort(&out, job.overwrite, Some(core.job_scratch(id)));
    let engine = core.engine(id, cancel.clone());
    let passes: Arc<dyn PassProgress> = Arc::<JobProgress>::clone(progress);
    let mut told = Told::new(progress, cancel);
    let report = calibrate_scores(&options, &request, (&engine as &dyn Engine, &passes), &mut told)?;
    Ok(Made { location: out.to_string(), digest: score_digest(&out, &report.record.job)? })
}

/// The options, with files where `stage` brings them.
fn options(job: &CalibrateJob, stage: &Stager<'_>) -> Result<CalibrateOptions, ServerError> {
    let scores = |field: &'static str, results: &[ResultFiles]| {
        let place = |(at, of): (usize, &ResultFiles)| place(field, &format!("{field}-{at}"), of, stage);
        let places = results.iter().enumerate().map(place).collect::<Result<Vec<_>, _>>()?;
        match places.is_empty() {
            true => Err(refuse(field, "it is empty", "give results of steppe score, or tables")),
            false => Ok(ScoreSource { places, names: job.score_names.clone() }),
        }
    };
    let folder = |field: &'static str, result: Option<&ResultFiles>| {
        let needed = || refuse(field, "it is empty", "give the files of the result, or its URL");
        Ok::<_, ServerError>(Location::parse(&place(field, field, result.ok_or_else(needed)?, stage)?)?)
    };
    let (phenotypes, covariates) = traits(job, stage)?;
    let options = CalibrateOptions {
        reference: folder("reference", job.reference.as_ref())?,
        reference_scores: scores("reference_scores", &job.reference_scores)?,
        ancestry: folder("ancestry", job.ancestry.as_ref())?,
        scores: scores("scores", &job.scores)?,
        population: column("population", job.population.as_ref(), stage)?,
        target: if job.target.is_empty() { TARGET.to_owned() } else { job.target.clone() },
        learn: optional(stage, "learn", job.learn.as_ref())?,
        own_cohort: !job.reference_only,
        phenotypes,
        covariates,
        prevalence: job
            .prevalence
            .map(|prevalence| KnownPrevalence { prevalence, standard_error: job.prevalence_error }),
        rates: optional(stage, "rates", job.rates.as_ref())?,
        age: column("age", job.age.as_ref(), stage)?,
        years: job.years,
        trained_in: Some(job.trained_in.clone()).filter(|name| !name.is_empty()),
        combine: job.combine,
        trained_on: job.trained_on.clone(),
        components: job.components.map_or(COMPONENTS, |count| count as usize),
        sources: sources(job, stage)?,
        copied_inputs: true,
    };
    options.check()?;
    Ok(options)
}

/// Where a result or a table of scores is.
fn place(
    field: &'static str,
    used_as: &str,
    result: &ResultFiles,
    stage: &Stager<'_>,
) -> Result<String, ServerError> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    if let Some(twice) = result.files.iter().find(|file| !names.insert(&file.name)) {
        let problem = format!("two files are named {:?}", twice.name);
        return Err(refuse(field, problem, "give each file of a result once"));
    }
    let is_table = result.files.len() == 1 && !names.contains(RUN_FILE);
    match (&result.files[..], result.url.as_str()) {
        ([], url) if !url.is_empty() => Ok(url.to_owned()),
        ([table], "") if is_table => Ok(stage(used_as, table)?.display().to_string()),
        ([first, others @ ..], "") if names.contains(RUN_FILE) => {
            // One folder, as the result was.
            let first = stage(used_as, first)?;
            others.iter().try_for_each(|file| stage(used_as, file).map(drop))?;
            Ok(first.parent().unwrap_or(&first).display().to_string())
        }
        _ => {
            let problem = "there is not one result";
            Err(refuse(field, problem, "give files with run.json, a table of scores alone, or a URL"))
        }
    }
}

fn column(
    field: &'static str,
    column: Option<&crate::wire::job::SampleColumn>,
    stage: &Stager<'_>,
) -> Result<Option<SampleColumn>, ServerError> {
    column.map(|column| sample_column(field, column, stage)).transpose()
}

fn traits(
    job: &CalibrateJob,
    stage: &Stager<'_>,
) -> Result<(Option<PhenotypeSource>, Option<CovariateOptions>), ServerError> {
    let Some(traits) = &job.traits else { return Ok((None, None)) };
    let phenotypes = trait_inputs::phenotypes(Some(traits), stage)?;
    Ok((Some(phenotypes), trait_inputs::covariates(traits, stage)?))
}

/// Where allele frequencies are counted.
fn sources(job: &CalibrateJob, stage: &Stager<'_>) -> Result<Option<SourceOptions>, ServerError> {
    match (job.reference_cohort.as_str(), &job.scoring_files[..]) {
        ("", []) => return Ok(None),
        ("", _) | (_, []) => {
            let problem = "a cohort to count frequencies in and scoring files go together";
            return Err(refuse("reference_cohort", problem, "give both, or leave both out"));
        }
        _ => {}
    }
    let files = job.scoring_files.iter().map(|file| Ok(stage("weights", file)?.display().to_string()));
    Ok(Some(SourceOptions {
        cohort: Location::parse(&job.reference_cohort)?,
        matching: settings(job.matching.as_ref(), files.collect::<Result<_, ServerError>>()?)?,
        level: Level::best(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::job::{SampleColumn as WireColumn, TraitFiles};

    fn file(name: &str) -> InputFile {
        InputFile { name: name.to_owned(), source: None }
    }

    fn result(names: &[&str]) -> ResultFiles {
        ResultFiles { files: names.iter().map(|name| file(name)).collect(), url: String::new() }
    }

    fn at(url: &str) -> ResultFiles {
        ResultFiles { files: Vec::new(), url: url.to_owned() }
    }

    fn job() -> CalibrateJob {
        CalibrateJob {
            reference: Some(result(&["pcs.parquet", "reference.cbor", RUN_FILE])),
            reference_scores: vec![result(&["panel.sscore"])],
            ancestry: Some(at("s3://bucket/ancestry")),
            scores: vec![at("s3://bucket/scores"), result(&["scores.parquet", RUN_FILE])],
            ..CalibrateJob::default()
        }
    }

    fn staged(job: &CalibrateJob) -> Result<CalibrateOptions, ServerError> {
        options(job, &|used_as, file| Ok(Path::new("/job").join(used_as).join(&file.name)))
    }

    #[test]
    fn what_is_not_said_is_what_the_command_line_takes() {
        let found = staged(&job()).expect("options");
        assert_eq!(found.reference.to_string(), "/job/reference");
        assert_eq!(found.ancestry.to_string(), "s3://bucket/ancestry");
        assert_eq!(found.reference_scores.places, ["/job/reference_scores-0/panel.sscore"]);
        assert_eq!(found.scores.places, ["s3://bucket/scores", "/job/scores-1"]);
        assert_eq!((found.target.as_str(), found.components), ("cohort", 4));
        assert!(found.own_cohort && !found.combine && found.copied_inputs);
        assert!(found.phenotypes.is_none() && found.sources.is_none() && found.trained_in.is_none());
        let mut job = job();
        let urls: Vec<_> = places(&mut job).map(|(field, url)| (field, url.clone())).collect();
        let expected = [("ancestry", "s3://bucket/ancestry"), ("scores", "s3://bucket/scores")];
        assert_eq!(urls, expected.map(|(field, url)| (field, url.to_owned())));
    }

    #[test]
    fn every_file_travels() {
        let column = |name: &str| Some(WireColumn { file: Some(file(name)), column: "c".to_owned() });
        let mut job = CalibrateJob {
            population: column("populations"),
            age: column("ages"),
            learn: Some(file("learn")),
            rates: Some(file("rates")),
            traits: Some(TraitFiles {
                phenotypes: Some(file("traits")),
                covariates: Some(file("covariates")),
                ..TraitFiles::default()
            }),
            reference_cohort: "s3://bucket/panel".to_owned(),
            scoring_files: vec![file("weights")],
            ..job()
        };
        let names: BTreeSet<String> = files(&mut job).iter().map(|file| file.name.clone()).collect();
        let all = [
            "ages",
            "covariates",
            "learn",
            "panel.sscore",
            "pcs.parquet",
            "populations",
            "rates",
            "reference.cbor",
            RUN_FILE,
            "scores.parquet",
            "traits",
            "weights",
        ];
        assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), all);
        let found = staged(&job).expect("options");
        assert_eq!(found.sources.expect("sources").matching.scores, ["/job/weights/weights"]);
        assert_eq!(found.age.expect("ages").file, Path::new("/job/age/ages"));
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let refused = |change: &dyn Fn(&mut CalibrateJob)| {
            let mut job = job();
            change(&mut job);
            check(&job).expect_err("it is refused").to_string()
        };
        assert!(refused(&|job| job.reference = None).contains("reference"));
        assert!(refused(&|job| job.scores.clear()).contains("scores"));
        assert!(refused(&|job| job.reference = Some(result(&[]))).contains("there is not one result"));
        let both = |job: &mut CalibrateJob| job.scores[1].url = "s3://bucket/scores".to_owned();
        assert!(refused(&both).contains("there is not one result"));
        let twice = result(&[RUN_FILE, RUN_FILE]);
        assert!(refused(&|job| job.reference = Some(twice.clone())).contains("two files are named"));
        assert!(refused(&|job| job.components = Some(0)).contains("the number of components"));
        assert!(refused(&|job| job.combine = true).contains("stacking needs phenotypes"));
        assert!(refused(&|job| job.reference_cohort = "s3://b/c".to_owned()).contains("go together"));
        let column = WireColumn { file: None, column: "Pop".to_owned() };
        assert!(refused(&|job| job.population = Some(column.clone())).contains("there is no file"));
        check(&job()).expect("a sound job");
    }
}
