//! `run.json`: what went in, what came out, what was left out and why.

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use steppe_engine::{
    EngineError,
    output::{CohortRecord, Existing, InputRecord, OutputRecord, ResultFolder, ResultRecord, existing},
};
use steppe_fit::lasso::MetricKind;

use super::job::FitRequest;

/// The content of `run.json` of a job that says `T` of each trait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord<T> {
    /// `fit`, `fit ridge` or `assoc`.
    pub kind: String,
    /// The job's identity: a hash of the cohort, parameters and inputs.
    pub job: String,
    /// The version of steppe.
    pub steppe_version: String,
    /// Changes when the same inputs may give other bits.
    pub kernel_semantics: u32,
    /// When the job finished, seconds since 1970.
    pub finished_unix: u64,
    /// The cohort.
    pub cohort: CohortRecord,
    /// Parameters by name.
    pub parameters: Map<String, Value>,
    /// Every input file with its hash and its oddities.
    pub inputs: Vec<InputRecord>,
    /// Entries of keep and remove lists that name nobody in the cohort.
    pub unknown_selected: u64,
    /// Samples of the cohort.
    pub samples: SampleCounts,
    /// Variants of the cohort.
    pub variants: VariantCounts,
    /// Every trait that was asked for.
    pub traits: Vec<T>,
    /// What the user should know.
    pub notices: Vec<String>,
    /// Every output file with its hash.
    pub outputs: Vec<OutputRecord>,
    /// Seconds by stage.
    pub timings: Map<String, Value>,
}

/// The record of a path of penalised regressions.
pub type FitRecord = JobRecord<TraitRecord>;

impl<T: Serialize + DeserializeOwned> ResultRecord for JobRecord<T> {
    fn job(&self) -> &str {
        &self.job
    }

    fn outputs(&self) -> &[OutputRecord] {
        &self.outputs
    }
}

/// What is known of a job before it runs.
pub(super) struct Beginning<'a> {
    pub(super) kind: &'a str,
    /// What tells the job from others, beside the cohort.
    pub(super) identity: Value,
    /// Changes when the same inputs may give other bits.
    pub(super) semantics: u32,
    pub(super) request: &'a FitRequest,
    /// Samples of the cohort.
    pub(super) cohort_samples: u64,
    pub(super) parameters: Map<String, Value>,
    pub(super) inputs: &'a [InputRecord],
    pub(super) unknown_selected: u64,
    pub(super) samples: &'a SampleCounts,
    pub(super) notices: &'a [String],
}

impl<T: Serialize + DeserializeOwned> JobRecord<T> {
    /// A job with its identity: the cohort, the parameters, the content of every input file, and what else there is.
    pub(super) fn begin(of: Beginning<'_>) -> Self {
        let hashes: Vec<(&str, &str)> =
            of.inputs.iter().map(|input| (input.role.as_str(), input.blake3.as_str())).collect();
        let identity = json!([of.kind, of.semantics, of.request.digest, of.parameters, hashes, of.identity]);
        Self {
            kind: of.kind.to_owned(),
            job: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
            steppe_version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel_semantics: of.semantics,
            finished_unix: 0,
            cohort: CohortRecord {
                location: of.request.cohort.clone(),
                digest: of.request.digest.clone(),
                genome_build: of.request.genome_build.map_or_else(String::new, |build| build.to_string()),
                samples: of.cohort_samples,
                samples_kept: of.samples.used,
                variants: 0,
            },
            parameters: of.parameters,
            inputs: of.inputs.to_vec(),
            unknown_selected: of.unknown_selected,
            samples: of.samples.clone(),
            variants: VariantCounts::default(),
            traits: Vec::new(),
            notices: of.notices.to_vec(),
            outputs: Vec::new(),
            timings: Map::new(),
        }
    }

    /// The record of an earlier run of the same job; `None` where nothing is in the way.
    pub(super) fn earlier(&self, request: &FitRequest) -> Result<Option<Self>, EngineError> {
        Ok(match existing(&request.out, &self.job, request.overwrite)? {
            Existing::Same(record) => Some(*record),
            Existing::Absent => None,
        })
    }

    /// The folder where the result is written meanwhile.
    pub(super) fn stage(&self, request: &FitRequest) -> Result<ResultFolder, EngineError> {
        ResultFolder::stage(&request.out, &self.job, request.overwrite, request.scratch.as_deref())
    }

    /// Notes how long a stage took.
    pub(super) fn timing(&mut self, stage: &str, since: Instant) {
        let seconds = (since.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        self.timings.insert(stage.to_owned(), json!(seconds));
    }

    /// Makes the result visible. The flag says that another run of the same job was faster, whose record this is then.
    pub(super) fn commit(
        mut self,
        folder: ResultFolder,
        request: &FitRequest,
    ) -> Result<(Self, bool), EngineError> {
        self.finished_unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        match folder.commit(&self) {
            Ok(()) => Ok((self, false)),
            Err(error @ EngineError::Occupied { .. }) => match existing(&request.out, &self.job, false)? {
                Existing::Same(record) => Ok((*record, true)),
                Existing::Absent => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// Samples of the cohort that take part, and why others do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleCounts {
    /// Samples that take part in some trait.
    pub used: u64,
    /// Samples that do not, by the first reason that applies.
    pub left_out: BTreeMap<String, u64>,
    /// Rows of the phenotype file that mean no sample of the cohort.
    pub rows_without_sample: u64,
    /// Populations in order, with their samples that take part.
    pub populations: Vec<(String, u64)>,
}

/// Variants of the cohort that take part, and why others do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantCounts {
    /// Variants that take part.
    pub used: u64,
    /// Variants that do not, by the first reason that applies.
    pub left_out: BTreeMap<String, u64>,
    /// Variants that take part with a penalty factor from the file.
    pub with_penalty_factor: u64,
}

/// What became of a trait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraitRecord {
    /// Its name in the phenotype file.
    pub name: String,
    /// Its name in the names of files and scores.
    pub file_name: String,
    /// `gaussian`, `binomial` or `cox`.
    pub family: String,
    /// Why it was not fitted; `null` where it was.
    pub problem: Option<String>,
    /// Samples that train.
    pub training: u64,
    /// Samples that validate.
    pub validation: u64,
    /// Samples that test.
    pub test: u64,
    /// Samples that take part in other traits and have no value of this one.
    pub missing: u64,
    /// Training samples of weight 0, which are ignored.
    pub weight_zero: u64,
    /// Covariates, those left out as combinations of others included.
    pub covariates: Vec<String>,
    /// Covariates that are combinations of earlier ones, which were left out.
    pub dropped_covariates: Vec<String>,
    /// Lambdas planned and fitted.
    pub lambdas: (u64, u64),
    /// Whether the validation metric ended the path.
    pub stopped_early: bool,
    /// The chosen lambda.
    pub lambda: Option<f64>,
    /// The largest lambda whose metric is within one standard error of the best; cross-validation only.
    pub lambda_1se: Option<f64>,
    /// What metrics are.
    pub metric: Option<MetricKind>,
    /// The metric by which lambda was chosen, there.
    pub validation_metric: Option<f64>,
    /// Intercept of the final model.
    pub intercept: Option<f64>,
    /// Effects of the covariates in the final model, in their order.
    pub covariate_effects: Vec<f64>,
    /// Largest violation of the optimality conditions over all variants, relative to lambda, in the final model.
    pub violation: Option<f64>,
    /// Duality gap of the final model, relative to the null model's deviance.
    pub relative_gap: Option<f64>,
    /// Its scoring files.
    pub scores: Vec<ScoreFileRecord>,
}

/// A scoring file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreFileRecord {
    /// The population that it is for; `null` for the effects that all share.
    pub population: Option<String>,
    /// The file; `null` where no variant has an effect.
    pub file: Option<String>,
    /// Variants in it.
    pub variants: u64,
}
