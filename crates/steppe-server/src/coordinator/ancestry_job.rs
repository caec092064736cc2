//! The ancestry of a cohort's people: the same one as `steppe ancestry`, its passes over the cluster.

use std::sync::Arc;

use steppe_calibrate::{
    ancestry::{DegreesOfFreedom, ForestOptions},
    projection::ProjectionMethod,
};
use steppe_engine::output::RUN_FILE;
use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{
    ANCESTRY_SEMANTICS, AncestryJobOptions, AncestryMethod, CohortJob, REFERENCE_FILE, SimilarityMethod,
    ancestry_cohort,
};
use steppe_store::Location;

use super::{
    cohort_job::{CohortSpec, Holds, OtherPlace, Place, Solved, Told},
    score_job::unknown,
    submission::refuse,
    trait_inputs::{Stager, optional},
};
use crate::{
    ServerError,
    wire::job::{AncestryJob, InputFile},
};

impl CohortSpec for AncestryJob {
    type Options = AncestryJobOptions;

    const SEMANTICS: u32 = ANCESTRY_SEMANTICS;

    const PASSING_SUMS: bool = true;

    fn place(&mut self) -> Place<'_> {
        Place { cohort: &mut self.cohort, out: &mut self.out, overwrite: self.overwrite }
    }

    fn files(&mut self) -> Vec<&mut InputFile> {
        let files = [&mut self.reference, &mut self.reference_record, &mut self.keep, &mut self.remove];
        files.into_iter().flatten().collect()
    }

    fn others(&mut self) -> Vec<OtherPlace<'_>> {
        let holds = Holds::Result(REFERENCE_FILE);
        vec![OtherPlace { field: "reference_url", url: &mut self.reference_url, holds }]
    }

    fn options(&self, stage: &Stager<'_>) -> Result<AncestryJobOptions, ServerError> {
        let method = method(self)?;
        method.check()?;
        Ok(AncestryJobOptions {
            keep: optional(stage, "keep", self.keep.as_ref())?,
            remove: optional(stage, "remove", self.remove.as_ref())?,
            method,
            copied_inputs: true,
            reference: reference(self, stage)?,
        })
    }

    fn solve(
        job: &CohortJob<AncestryJobOptions>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError> {
        ancestry_cohort(job, engine, passes, told).map(|report| Solved::of(report.record))
    }
}

fn method(job: &AncestryJob) -> Result<AncestryMethod, ServerError> {
    let default = AncestryMethod::default();
    let count = |given: Option<u32>, usual: usize| given.map_or(usual, |given| given as usize);
    Ok(AncestryMethod {
        projection: match job.projection.as_str() {
            "" | "oadp" => ProjectionMethod::Oadp,
            "simple" => ProjectionMethod::Simple,
            word => return Err(unknown("projection", word, "give oadp or simple")),
        },
        similarity: match job.similarity.as_str() {
            "" | "forest" => SimilarityMethod::Forest,
            "mahalanobis" => SimilarityMethod::Mahalanobis,
            word => return Err(unknown("similarity", word, "give forest or mahalanobis")),
        },
        forest: ForestOptions {
            components: count(job.forest_components, default.forest.components),
            trees: count(job.trees, default.forest.trees),
            seed: job.seed.unwrap_or(default.forest.seed),
        },
        degrees: match job.degrees_of_freedom.as_str() {
            "" | "components" => DegreesOfFreedom::Components,
            "one-less" => DegreesOfFreedom::OneLess,
            word => return Err(unknown("degrees_of_freedom", word, "give components or one-less")),
        },
        false_flags: job.false_flags.unwrap_or(default.false_flags),
    })
}

/// The folder of the reference.
fn reference(job: &AncestryJob, stage: &Stager<'_>) -> Result<Location, ServerError> {
    match (&job.reference, &job.reference_record, job.reference_url.as_str()) {
        (Some(file), Some(record), "") => {
            for (file, name) in [(file, REFERENCE_FILE), (record, RUN_FILE)] {
                if file.name != name {
                    let problem = format!("{:?} is not {name} of the result of a PCA", file.name);
                    return Err(refuse("reference", problem, "give both files that steppe pca wrote"));
                }
            }
            // One folder, as the result was.
            let file = stage("reference", file)?;
            stage("reference", record)?;
            Ok(Location::local(file.parent().unwrap_or(&file)))
        }
        (None, None, url) if !url.is_empty() => Ok(Location::parse(url)?),
        _ => {
            let problem = "there is not one reference";
            let remedy = "give reference with reference_record, or reference_url";
            Err(refuse("reference", problem, remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::cohort_job::check, *};

    fn file(name: &str) -> Option<InputFile> {
        Some(InputFile { name: name.to_owned(), source: None })
    }

    fn job() -> AncestryJob {
        AncestryJob {
            cohort: "s3://bucket/cohort".to_owned(),
            reference: file(REFERENCE_FILE),
            reference_record: file(RUN_FILE),
            ..AncestryJob::default()
        }
    }

    #[test]
    fn what_is_not_said_is_what_the_command_line_takes() {
        let stage = |used_as: &str, file: &InputFile| Ok(Path::new("/job").join(used_as).join(&file.name));
        let found = job().options(&stage).expect("options");
        assert_eq!(found.reference.to_string(), "/job/reference");
        assert_eq!(found.method, AncestryMethod::default());
        assert!(found.copied_inputs);
        let named = AncestryJob {
            reference: None,
            reference_record: None,
            reference_url: "s3://bucket/panel".to_owned(),
            ..job()
        };
        assert_eq!(named.options(&stage).expect("options").reference.to_string(), "s3://bucket/panel");
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let refused = |change: &dyn Fn(&mut AncestryJob)| {
            let mut job = job();
            change(&mut job);
            check(&job).expect_err("it is refused").to_string()
        };
        assert!(refused(&|job| job.reference = None).contains("there is not one reference"));
        assert!(refused(&|job| job.reference_url = "s3://b/p".to_owned()).contains("not one reference"));
        assert!(refused(&|job| job.reference_record = None).contains("not one reference"));
        assert!(refused(&|job| job.reference = file("pcs.tsv")).contains("is not reference.cbor"));
        assert!(refused(&|job| job.projection = "x".to_owned()).contains("give oadp or simple"));
        assert!(refused(&|job| job.similarity = "x".to_owned()).contains("give forest or mahalanobis"));
        assert!(refused(&|job| job.false_flags = Some(2.0)).contains("false flags"));
        check(&job()).expect("a sound job");
    }
}
