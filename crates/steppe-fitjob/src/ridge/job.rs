//! A block ridge from its plan to its committed result.

use std::time::Instant;

use serde_json::json;
use steppe_engine::EngineError;
use steppe_fit::{
    GenotypeMatrix, VariantSubset,
    ridge::{RidgeControl, RidgeFit, RidgeTraitFit, fit_ridge},
};
use steppe_genome::{Chromosome, VariantTable};
use steppe_kernels::Level;
use steppe_store::SampleTable;

use super::{
    super::{
        StepObserver, VariantPlan, checkpoint_file::CheckpointFolder, job::FitRequest, record::Beginning,
        sample_plan::problems_of,
    },
    RidgePlan, RidgeRecord, RidgeTraitRecord,
    outputs::{Results, check_out, word},
    plan::text_of,
    run::Bridge,
};

/// Changes when the same inputs may give other bits.
pub const RIDGE_SEMANTICS: u32 = 1;

/// A block ridge with its identity.
#[derive(Debug)]
pub struct RidgeJob<'a> {
    request: &'a FitRequest,
    plan: &'a RidgePlan,
    record: RidgeRecord,
}

/// What a block ridge did.
#[derive(Debug, Clone)]
pub struct RidgeReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: RidgeRecord,
}

impl<'a> RidgeJob<'a> {
    /// Gives a plan its identity: the cohort, the parameters, and the content of every input file.
    pub fn describe(request: &'a FitRequest, plan: &'a RidgePlan, cohort_samples: u64) -> Self {
        let joined = &plan.joined;
        let record = RidgeRecord::begin(Beginning {
            kind: "fit ridge",
            identity: json!(joined.names()),
            semantics: RIDGE_SEMANTICS,
            request,
            cohort_samples,
            parameters: plan.options.parameters(),
            inputs: &joined.inputs,
            unknown_selected: joined.unknown_selected,
            samples: &joined.counts,
            notices: &plan.notices,
        });
        Self { request, plan, record }
    }

    /// The result of an earlier run of the same job; `None` where nothing is in the way.
    ///
    /// # Errors
    /// Something else lies where the result shall go, or regenie could not be told where it is.
    pub fn existing(&self) -> Result<Option<RidgeReport>, EngineError> {
        check_out(&self.request.out, self.plan.options.input.copied_inputs)?;
        let earlier = self.record.earlier(self.request)?;
        if earlier.is_some() {
            // A run that was killed right after its result was there left them.
            self.checkpoints().remove()?;
        }
        Ok(earlier.map(|record| RidgeReport { reused: true, record }))
    }

    /// Fits, writes the result and makes it visible in one step. A run that was stopped is gone on with, from the last
    /// block, to the same files.
    ///
    /// The matrix has the plan's samples in order, over which its counts are, and the variants of the table.
    ///
    /// # Errors
    /// A pass failed, the caller cancelled, no variant takes part, no trait could be fitted, or the result could not be
    /// written.
    pub fn run(
        mut self,
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
        samples: &SampleTable,
        level: Level,
        observer: &mut dyn StepObserver,
    ) -> Result<RidgeReport, EngineError> {
        let started = Instant::now();
        let (request, plan) = (self.request, self.plan);
        if matrix.samples() != plan.joined.samples.len() {
            return Err(EngineError::Internal("the matrix is not that of the plan"));
        }
        plan.notices.iter().for_each(|notice| observer.notice(notice));
        let variants = VariantPlan::new(plan.filter(), &plan.joined.lists, matrix, table)?;
        let subset = VariantSubset::new(matrix, variants.used(), level)?;
        self.record.cohort.variants = table.len() as u64;
        self.record.variants = variants.counts;
        let checkpoints = self.checkpoints();
        let fit = self.fit(&subset, table, &checkpoints, observer)?;
        self.record.timing("fit", started);
        for notice in self.note(&fit)? {
            observer.notice(&notice);
            self.record.notices.push(notice);
        }
        let folder = self.record.stage(request)?;
        let results = Results {
            plan,
            samples,
            variants: table,
            build: request.genome_build,
            fit: &fit,
            places: subset.places(),
            out: &request.out,
        };
        self.record.outputs = results.write(folder.path(), &mut self.record.traits)?;
        self.record.timing("total", started);
        let (record, reused) = self.record.commit(folder, request)?;
        checkpoints.remove()?;
        Ok(RidgeReport { reused, record })
    }

    fn checkpoints(&self) -> CheckpointFolder {
        CheckpointFolder::of(&self.request.out, &self.record.job, self.request.checkpoints.as_ref())
    }

    fn fit(
        &self,
        matrix: &VariantSubset<'_>,
        table: &dyn VariantTable,
        checkpoints: &CheckpointFolder,
        observer: &mut dyn StepObserver,
    ) -> Result<RidgeFit, EngineError> {
        let number = |place: &u32| match table.chromosome(*place as usize) {
            Chromosome::Autosome(number) => u32::from(*number),
            _ => 0,
        };
        let chromosomes: Vec<u32> = matrix.places().iter().map(number).collect();
        let bridge = Bridge::new(observer, checkpoints);
        let control = RidgeControl {
            progress: Some(&|progress| bridge.report(progress)),
            cancelled: Some(&bridge.stop),
            checkpoint: Some(&bridge),
        };
        let options = self.plan.options.solver();
        Ok(fit_ridge(matrix, &self.plan.data(&chromosomes), &options, &control)?)
    }

    /// Notes what became of traits, variants and covariates; gives what the user should know of it.
    fn note(&mut self, fit: &RidgeFit) -> Result<Vec<String>, EngineError> {
        let covariates = &self.plan.joined.covariates;
        let dropped: Vec<String> =
            fit.dropped_covariates.iter().map(|at| covariates[*at].name.clone()).collect();
        let mut notices = Vec::new();
        let mut records = self.plan.records();
        for (record, fit) in records.iter_mut().zip(&fit.traits) {
            match fit {
                Ok(fit) => describe(record, fit, &dropped),
                Err(problem) if record.problem.is_none() => {
                    let problem = text_of(problem);
                    notices.push(format!("trait '{}': {problem}", record.name));
                    record.problem = Some(problem);
                }
                Err(_) => {}
            }
        }
        problems_of(records.iter().map(|of| (of.name.as_str(), of.problem.as_deref())))?;
        self.record.traits = records;
        let of_covariate =
            |name: &String| format!("covariate {name} is a combination of earlier ones and was left out");
        notices.extend(dropped.iter().map(of_covariate));
        let counts = &mut self.record.variants;
        for (_, reason) in &fit.dropped_variants {
            counts.used -= 1;
            *counts.left_out.entry(word(*reason).to_owned()).or_default() += 1;
        }
        Ok(notices)
    }
}

/// What a fit says of its trait.
fn describe(record: &mut RidgeTraitRecord, fit: &RidgeTraitFit, dropped: &[String]) {
    let chosen = &fit.scores[fit.chosen];
    record.dropped_covariates = dropped.to_vec();
    record.share = Some(chosen.share);
    record.r_squared = Some(chosen.r_squared);
    record.mean_log_loss = chosen.mean_log_loss;
    record.residual_deviation = Some(fit.residual_deviation);
    record.intercept = fit.covariate_effects.first().copied();
    record.covariate_effects = fit.covariate_effects.iter().skip(1).copied().collect();
}
