//! An association: the same one as `steppe assoc`. Its tests are made by the coordinator; runs of variants are kept.

use std::sync::Arc;

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{AssociationOptions, CohortJob, Firth, TestedAllele, associate_cohort};

use super::{
    cohort_job::{CohortSpec, Place, Solved, Told},
    score_job::unknown,
    trait_inputs::{self, Limits, Stager},
};
use crate::{
    ServerError,
    wire::job::{AssocJob, InputFile},
};

/// Every variant is tested where a job does not say, as plink2 does it.
const LIMITS: Limits = (0.0, 1.0);

impl CohortSpec for AssocJob {
    type Options = AssociationOptions;

    const PASSING_SUMS: bool = false;

    fn place(&mut self) -> Place<'_> {
        Place { cohort: &mut self.cohort, out: &mut self.out, overwrite: self.overwrite }
    }

    fn files(&mut self) -> Vec<&mut InputFile> {
        trait_inputs::files(&mut self.traits, &mut self.selection)
    }

    fn options(&self, stage: &Stager<'_>) -> Result<AssociationOptions, ServerError> {
        let input = trait_inputs::input(self.traits.as_ref(), self.selection.as_ref(), LIMITS, stage)?;
        let default = AssociationOptions::new(input);
        let options = AssociationOptions {
            firth: match self.firth.as_str() {
                "" | "fallback" => Firth::Fallback,
                "never" => Firth::Never,
                "always" => Firth::Always,
                word => return Err(unknown("firth", word, "give fallback, never or always")),
            },
            tested: match self.tested_allele.as_str() {
                "" | "minor" => TestedAllele::Minor,
                "counted" => TestedAllele::Counted,
                word => return Err(unknown("tested_allele", word, "give minor or counted")),
            },
            prefix: if self.prefix.is_empty() { default.prefix } else { self.prefix.clone() },
            input: default.input,
        };
        options.check()?;
        Ok(options)
    }

    fn solve(
        job: &CohortJob<AssociationOptions>,
        engine: &dyn Engine,
        passes: &Arc<dyn PassProgress>,
        told: &mut Told,
    ) -> Result<Solved, EngineError> {
        associate_cohort(job, engine, passes, told).map(|report| Solved::of(report.record))
    }
}
