//! Fitting jobs: phenotypes, covariates and lists joined to a cohort; a path of penalised regressions for each trait
//! ([`FitJob`]), a stacked block ridge ([`RidgeJob`]) or a test of every variant ([`AssociationJob`]); and a folder of
//! scoring files, tables and `run.json`. [`fit_cohort`], [`ridge_cohort`] and [`associate_cohort`] do all of it for a
//! stored cohort. Jobs of ancestry and calibration lie beside them: [`pca_cohort`] and [`ancestry_cohort`] make passes,
//! [`calibrate_scores`] and [`evaluate_scores`] read results and phenotypes alone, [`measure_leakage`] scoring files and
//! allele frequencies.
//!
//! A job sees the cohort through three views: its samples ([`steppe_store::SampleTable`]), its variants
//! ([`steppe_genome::VariantTable`]) and the four passes over its genotypes ([`steppe_fit::GenotypeMatrix`]). In order:
//!
//! 1. [`SamplePlan::read`] joins every file to the samples and refuses what can not be fitted.
//! 2. [`FitJob::describe`] gives the job its identity; [`FitJob::existing`] finds the result of an earlier run.
//! 3. The caller makes the matrix of [`SamplePlan::samples`], whose counts are over [`SamplePlan::reference`].
//! 4. [`SamplePlan::variants`] says which variants take part.
//! 5. [`FitJob::run`] fits, with checkpoints beside the result, and commits the result.

mod ancestry;
mod assoc;
mod calibrate;
mod calibrated;
mod checkpoint_file;
mod cohort_job;
mod columns;
mod covariates;
mod cross_validation;
mod evaluate;
mod evaluation;
mod explain;
mod groups;
mod input_options;
mod inputs;
mod job;
mod joined;
mod leakage;
mod metrics_table;
mod names;
mod observer;
mod options;
mod output_file;
mod outputs;
mod pages;
mod parameters;
mod path_tables;
mod pca;
mod phenotypes;
mod record;
mod result_table;
mod ridge;
mod sample_plan;
mod score_table;
mod selection;
mod solve;
mod sources;
mod split;
mod table;
mod variant_plan;

pub use ancestry::{
    ANCESTRY_SEMANTICS, AncestryJobOptions, AncestryMethod, AncestryRecord, AncestryReport, CohortAncestry,
    PopulationRecord, SimilarityMethod, ancestry_cohort,
};
pub use assoc::{
    ASSOCIATION_SEMANTICS, AssociationJob, AssociationOptions, AssociationPlan, AssociationRecord,
    AssociationReport, AssociationTraitRecord, DroppedCovariateRecord,
};
pub use calibrate::{
    APPLICATION_SEMANTICS, ApplyOptions, CALIBRATION_FILE, CALIBRATION_SEMANTICS, CalibrateOptions,
    CalibrationRecord, CalibrationReport, PopulationCalibration, ScoreModelRecord, SourceOptions,
    calibrate_scores, score_calibrated,
};
pub use cohort_job::{
    CohortAssociation, CohortFit, CohortJob, CohortRidge, associate_cohort, fit_cohort, ridge_cohort,
};
pub use evaluate::{
    EvaluateOptions, EvaluationRecord, EvaluationReport, EvaluationTraitRecord, evaluate_scores,
};
pub use evaluation::{MIN_CLASS, MIN_SAMPLES, MetricRow, Model, metric_title};
pub use explain::{ExplainOptions, ExplainedPerson, ExplainedVariant, MissingPart, explain_person};
pub use input_options::InputOptions;
pub use job::{FIT_SEMANTICS, FitJob, FitReport, FitRequest};
pub use leakage::{LeakageOptions, LeakageRecord, LeakageReport, LeakageRow, Verdict, measure_leakage};
pub use observer::{FitObserver, FitProgress, Stage, StepObserver};
pub use options::{
    CovariateOptions, Family, FitOptions, PathOptions, PhenotypeSource, PopulationOptions, PopulationWeights,
    SampleColumn, SplitOption,
};
pub use pca::{
    CohortPca, ComponentRecord, PCA_SEMANTICS, PcaJobOptions, PcaRecord, PcaReport, REFERENCE_FILE,
    pca_cohort,
};
pub use record::{FitRecord, JobRecord, SampleCounts, ScoreFileRecord, TraitRecord, VariantCounts};
pub use ridge::{
    RIDGE_SEMANTICS, RidgeJob, RidgeJobOptions, RidgePlan, RidgeRecord, RidgeReport, RidgeTraitRecord,
    RidgeValidation,
};
pub use sample_plan::{SamplePlan, TraitPlan};
pub use score_table::ScoreSource;
pub use split::Part;
pub use steppe_fit::{
    FitError,
    assoc::{Firth, TestedAllele},
};
pub use steppe_report::Language;
pub use variant_plan::VariantPlan;
