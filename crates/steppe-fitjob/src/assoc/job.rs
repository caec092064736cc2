//! An association from its plan to its committed tables.

use std::{cell::RefCell, collections::BTreeMap, ops::ControlFlow, path::Path, time::Instant};

use serde_json::json;
use steppe_engine::{EngineError, output::OutputRecord};
use steppe_fit::{FitError, GenotypeMatrix, VariantSubset, assoc::AssocCheckpoint};
use steppe_genome::VariantTable;
use steppe_kernels::Level;

use super::{
    super::{
        StepObserver, VariantPlan, checkpoint_file::CheckpointFolder, job::FitRequest, record::Beginning,
    },
    AssociationPlan, AssociationRecord, AssociationTraitRecord,
    run::Kept,
    tables::Tables,
};

/// Changes when the same inputs may give other bits.
pub const ASSOCIATION_SEMANTICS: u32 = 1;

/// An association with its identity.
#[derive(Debug)]
pub struct AssociationJob<'a> {
    request: &'a FitRequest,
    plan: &'a AssociationPlan,
    record: AssociationRecord,
}

/// What an association did.
#[derive(Debug, Clone)]
pub struct AssociationReport {
    /// The result was there already.
    pub reused: bool,
    /// The content of its `run.json`.
    pub record: AssociationRecord,
}

impl<'a> AssociationJob<'a> {
    /// Gives a plan its identity: the cohort, the parameters, and the content of every input file.
    pub fn describe(request: &'a FitRequest, plan: &'a AssociationPlan, cohort_samples: u64) -> Self {
        let joined = &plan.joined;
        let record = AssociationRecord::begin(Beginning {
            kind: "assoc",
            identity: json!(joined.names()),
            semantics: ASSOCIATION_SEMANTICS,
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
    /// Something else lies where the result shall go.
    pub fn existing(&self) -> Result<Option<AssociationReport>, EngineError> {
        let earlier = self.record.earlier(self.request)?;
        if let (Some(_), Some(checkpoints)) = (&earlier, self.checkpoints()) {
            checkpoints.remove()?;
        }
        Ok(earlier.map(|record| AssociationReport { reused: true, record }))
    }

    /// Where finished runs of variants are kept: nowhere without a place for them, since on this machine keeping them is
    /// as much work as writing the tables.
    fn checkpoints(&self) -> Option<CheckpointFolder> {
        let place = self.request.checkpoints.as_ref()?;
        Some(CheckpointFolder::of(&self.request.out, &self.record.job, Some(place)))
    }

    /// Tests every variant, writes the tables and makes them visible in one step. Where the request has a place for
    /// checkpoints, a run that was stopped is gone on with, from the last run of variants, to the same files.
    ///
    /// The matrix has the plan's samples in order and the variants of the table; its counts are over the plan's reference
    /// samples.
    ///
    /// # Errors
    /// A pass failed, the caller cancelled, no variant takes part, or the result could not be written.
    pub fn run(
        mut self,
        matrix: &dyn GenotypeMatrix,
        table: &dyn VariantTable,
        level: Level,
        observer: &mut dyn StepObserver,
    ) -> Result<AssociationReport, EngineError> {
        let started = Instant::now();
        let (request, plan) = (self.request, self.plan);
        if matrix.samples() != plan.joined.samples.len() {
            return Err(EngineError::Internal("the matrix is not that of the plan"));
        }
        plan.notices.iter().for_each(|notice| observer.notice(notice));
        let variants = VariantPlan::new(plan.filter(), &plan.joined.lists, matrix, table)?;
        let subset = VariantSubset::new(matrix, variants.used(), level)?;
        let folder = self.record.stage(request)?;
        let checkpoints = self.checkpoints();
        (self.record.traits, self.record.outputs) =
            self.test(&subset, table, checkpoints.as_ref(), folder.path(), observer)?;
        self.record.cohort.variants = table.len() as u64;
        self.record.variants = variants.counts;
        self.record.timing("total", started);
        let (record, reused) = self.record.commit(folder, request)?;
        if let Some(checkpoints) = checkpoints {
            checkpoints.remove()?;
        }
        Ok(AssociationReport { reused, record })
    }

    /// Runs the passes; what comes out of them goes to the tables at once.
    fn test(
        &self,
        matrix: &VariantSubset<'_>,
        table: &dyn VariantTable,
        checkpoints: Option<&CheckpointFolder>,
        folder: &Path,
        observer: &mut dyn StepObserver,
    ) -> Result<(Vec<AssociationTraitRecord>, Vec<OutputRecord>), EngineError> {
        let mut tables = Tables {
            plan: self.plan,
            variants: table,
            places: matrix.places(),
            folder,
            traits: self.plan.records(),
            outputs: Vec::new(),
            open: BTreeMap::new(),
        };
        let tested = self.plan.problems.iter().filter(|problem| problem.is_none()).count();
        observer.stage("testing variants", tested as u64 * matrix.variants() as u64);
        let mut failure = None;
        let observer = RefCell::new(observer);
        let kept = checkpoints.map(|folder| Kept::new(folder, &observer));
        let kept = kept.as_ref().map(|kept| kept as &dyn AssocCheckpoint);
        let ended = self.plan.association.resume(matrix, kept, &mut |chunk| {
            let mut observer = observer.borrow_mut();
            observer.done(chunk.done);
            failure = tables.write(&chunk).err();
            if failure.is_none() && !observer.cancelled() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        match failure {
            Some(failure) => Err(failure),
            None if ended.is_break() => Err(FitError::Cancelled.into()),
            None => {
                tables.outputs.sort_by(|one, next| one.name.cmp(&next.name));
                Ok((tables.traits, tables.outputs))
            }
        }
    }
}
