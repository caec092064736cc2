//! An association: the same one as `steppe assoc`. Its tests are made by the workers, runs of variants at a time, and kept.

use std::sync::Arc;

use steppe_engine::{Engine, EngineError, PassProgress};
use steppe_fitjob::{
    ASSOCIATION_SEMANTICS, AssociationOptions, CohortJob, Firth, TestedAllele, associate_cohort,
};

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

    const SEMANTICS: u32 = ASSOCIATION_SEMANTICS;

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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::cohort_job::check, *};
    use crate::wire::job::{Selection, TraitFiles};

    fn job() -> AssocJob {
        let phenotypes = Some(InputFile { name: "traits.tsv".to_owned(), source: None });
        let traits = TraitFiles { phenotypes, ..TraitFiles::default() };
        AssocJob { cohort: "s3://bucket/cohort".to_owned(), traits: Some(traits), ..AssocJob::default() }
    }

    fn options(job: &AssocJob) -> AssociationOptions {
        job.options(&|used_as, file| Ok(Path::new(used_as).join(&file.name))).expect("options")
    }

    #[test]
    fn what_is_not_said_is_what_the_command_line_takes() {
        let found = options(&job());
        assert_eq!((found.firth, found.tested), (Firth::Fallback, TestedAllele::Minor));
        assert_eq!(found.prefix, "assoc");
        assert_eq!((found.input.min_frequency, found.input.max_missing), (0.0, 1.0));
        assert!(found.input.copied_inputs);
    }

    #[test]
    fn every_field_counts() {
        let selection = Selection { min_frequency: Some(0.05), ..Selection::default() };
        let job = AssocJob {
            firth: "always".to_owned(),
            tested_allele: "counted".to_owned(),
            prefix: "gwas".to_owned(),
            selection: Some(selection),
            ..job()
        };
        let found = options(&job);
        assert_eq!((found.firth, found.tested), (Firth::Always, TestedAllele::Counted));
        assert_eq!((found.prefix.as_str(), found.input.min_frequency), ("gwas", 0.05));
        let never = AssocJob { firth: "never".to_owned(), ..job };
        assert_eq!(options(&never).firth, Firth::Never);
    }

    #[test]
    fn what_can_not_be_is_refused_without_files() {
        let refused = |change: &dyn Fn(&mut AssocJob)| {
            let mut job = job();
            change(&mut job);
            check(&job).expect_err("it is refused").to_string()
        };
        assert!(refused(&|job| job.traits = None).contains("there are no phenotypes"));
        assert!(refused(&|job| job.firth = "often".to_owned()).contains("give fallback, never or always"));
        assert!(refused(&|job| job.tested_allele = "A2".to_owned()).contains("give minor or counted"));
        assert!(refused(&|job| job.prefix = "../x".to_owned()).contains("tables can not be named"));
        let rare = Selection { min_frequency: Some(0.5), ..Selection::default() };
        let message = refused(&|job| job.selection = Some(rare.clone()));
        assert!(message.contains("the least allele frequency is out of range"), "{message}");
        check(&job()).expect("a sound job");
    }
}
