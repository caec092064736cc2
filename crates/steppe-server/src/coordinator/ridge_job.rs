//! A block ridge: the same one as `steppe fit ridge`. Its blocks are fitted by the coordinator; each is kept.

use std::sync::Arc;

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{CohortJob, RidgeJobOptions, RidgeValidation, ridge_cohort};

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
