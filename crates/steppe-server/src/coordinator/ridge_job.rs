//! A block ridge: the same one as `steppe fit ridge`. Its blocks are fitted by the workers; each is kept.

use std::sync::Arc;

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{CohortJob, RIDGE_SEMANTICS, RidgeJobOptions, RidgeValidation, ridge_cohort};

use super::{
    cohort_job::{CohortSpec, Place, Solved, Told},
    submission::refuse,
    trait_inputs::{self, LIMITS_OF_FITS, Stager},
};
use crate::{
    ServerError,
    wire::job::{InputFile, RidgeJob},
};

impl CohortSpec for RidgeJob {
    type Options = RidgeJobOptions;

    const SEMANTICS: u32 = RIDGE_SEMANTICS;

    const PASSING_SUMS: bool = false;

    fn place(&mut self) -> Place<'_> {
        Place { cohort: &mut self.cohort, out: &mut self.out, overwrite: self.overwrite }
    }

    fn files(&mut self) -> Vec<&mut InputFile> {
        trait_inputs::files(&mut self.traits, &mut self.selection)
    }

    fn options(&self, stage: &Stager<'_>) -> Result<RidgeJobOptions, ServerError> {
        let input =
            trait_inputs::input(self.traits.as_ref(), self.selection.as_ref(), LIMITS_OF_FITS, stage)?;
        let default = RidgeJobOptions::new(input);
        let validation = match (self.folds, self.leave_one_out) {
            (Some(_), true) => {
                let problem = "samples are left out in folds and alone";
                return Err(refuse("folds", problem, "give one of folds and leave_one_out"));
            }
            (None, true) => RidgeValidation::LeaveOneOut,
            (Some(folds), false) => RidgeValidation::Folds(folds as usize),
            (None, false) => default.validation,
        };
        let shares = |given: &[f64], usual: &[f64]| if given.is_empty() { usual } else { given }.to_vec();
        let options = RidgeJobOptions {
            block_size: self.block_size.map_or(default.block_size, |size| size as usize),
            validation,
            level0_shares: shares(&self.level0_shares, &default.level0_shares),
            level1_shares: shares(&self.level1_shares, &default.level1_shares),
            seed: self.seed.unwrap_or(default.seed),
            input: default.input,
        };
        options.check()?;
        Ok(options)
    }

    fn solve(
        job: &CohortJob<RidgeJobOptions>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError> {
        ridge_cohort(job, engine, passes, told).map(|report| Solved::of(report.record))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use steppe_fitjob::Family;

    use super::{super::cohort_job::check, *};
    use crate::wire::job::{Selection, TraitFiles};

    fn file(name: &str) -> Option<InputFile> {
        Some(InputFile { name: name.to_owned(), source: None })
    }

    fn job() -> RidgeJob {
        let traits = TraitFiles { phenotypes: file("traits.tsv"), ..TraitFiles::default() };
        RidgeJob { cohort: "s3://bucket/cohort".to_owned(), traits: Some(traits), ..RidgeJob::default() }
    }

    fn options(job: &RidgeJob) -> RidgeJobOptions {
        job.options(&|used_as, file| Ok(Path::new(used_as).join(&file.name))).expect("options")
    }

    #[test]
    fn what_is_not_said_is_what_the_command_line_takes() {
        let options = options(&job());
        assert_eq!((options.block_size, options.seed), (1000, 1));
        assert_eq!(options.validation, RidgeValidation::Folds(5));
        assert_eq!(options.level0_shares, [0.01, 0.25, 0.5, 0.75, 0.99]);
        assert_eq!(options.level1_shares, options.level0_shares);
        let input = options.input;
        assert_eq!((input.min_frequency, input.max_missing), (0.001, 0.1));
        assert_eq!(input.phenotypes.file, Path::new("phenotypes/traits.tsv"));
        assert_eq!(input.phenotypes.family, Family::Auto);
        assert!(input.copied_inputs && input.covariates.is_none() && input.keep.is_none());
    }

    #[test]
    fn every_field_counts() {
        let mut job = RidgeJob {
            block_size: Some(20),
            folds: Some(4),
            level0_shares: vec![0.5],
            level1_shares: vec![0.1, 0.9],
            seed: Some(7),
            selection: Some(Selection {
                keep: file("keep"),
                extract: file("extract"),
                min_frequency: Some(0.01),
                max_missing: Some(0.0),
                ..Selection::default()
            }),
            ..job()
        };
        if let Some(traits) = &mut job.traits {
            traits.covariates = file("covar");
            traits.covariate_names = vec!["age".to_owned()];
        }
        let found = options(&job);
        assert_eq!((found.block_size, found.seed), (20, 7));
        assert_eq!(found.validation, RidgeValidation::Folds(4));
        assert_eq!((found.level0_shares, found.level1_shares), (vec![0.5], vec![0.1, 0.9]));
        assert_eq!((found.input.min_frequency, found.input.max_missing), (0.01, 0.0));
        assert_eq!(found.input.extract.as_deref(), Some(Path::new("extract/extract")));
        assert_eq!(found.input.covariates.map(|of| of.names), Some(vec!["age".to_owned()]));
        let names: Vec<String> = job.files().into_iter().map(|file| file.name.clone()).collect();
        assert_eq!(names, ["traits.tsv", "covar", "keep", "extract"]);
        let alone = RidgeJob { folds: None, leave_one_out: true, ..job };
        assert_eq!(options(&alone).validation, RidgeValidation::LeaveOneOut);
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let refused = |change: &dyn Fn(&mut RidgeJob)| {
            let mut job = job();
            change(&mut job);
            check(&job).expect_err("it is refused").to_string()
        };
        assert!(refused(&|job| job.traits = None).contains("there are no phenotypes"));
        assert!(refused(&|job| job.block_size = Some(0)).contains("the block size is out of range"));
        assert!(refused(&|job| job.folds = Some(1)).contains("the number of folds is out of range"));
        assert!(refused(&|job| job.level0_shares = vec![1.0]).contains("of level 0 is out of range"));
        let both = refused(&|job| (job.folds, job.leave_one_out) = (Some(5), true));
        assert!(both.contains("give one of folds and leave_one_out"), "{both}");
        let family = |job: &mut RidgeJob| {
            job.traits.as_mut().expect("traits").family = "cox:time,event".to_owned();
        };
        assert!(refused(&family).contains("fitted by the lasso alone"));
        check(&job()).expect("a sound job");
    }
}
