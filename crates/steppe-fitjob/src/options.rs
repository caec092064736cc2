//! What a fit is asked for.

use std::{path::PathBuf, str::FromStr};
use steppe_engine::EngineError;

use steppe_formats::phenotype::BinaryCoding;

use super::{
    InputOptions,
    sources::SourceOptions,
    variant_plan::{VariantFiles, VariantFilter},
};

/// A fit of penalised regressions.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Traits, covariates, and who and what takes part: frequencies and missing calls are over the training samples.
    pub input: InputOptions,
    /// Who trains, who validates, who tests.
    pub split: SplitOption,
    /// A column of weights of the training samples, 0 or more.
    pub weights: Option<SampleColumn>,
    /// Populations: each gets its intercept and metrics.
    pub population: Option<PopulationOptions>,
    /// Penalty factors by variant id; variants that the file lacks have 1.
    pub penalty_factors: Option<PathBuf>,
    /// The path.
    pub path: PathOptions,
    /// Fits the chosen lambda again on the training and validation samples together. Cross-validation does so anyway.
    pub refit: bool,
    /// Seed of random splits.
    pub seed: u64,
}

impl FitOptions {
    /// All columns of a phenotype file with everything else at its default: a fifth of the samples validates.
    pub fn new(phenotypes: impl Into<PathBuf>) -> Self {
        Self {
            input: InputOptions { min_frequency: 0.001, max_missing: 0.1, ..InputOptions::new(phenotypes) },
            split: SplitOption::Fraction(0.2),
            weights: None,
            population: None,
            penalty_factors: None,
            path: PathOptions::default(),
            refit: false,
            seed: 1,
        }
    }

    /// The files of samples.
    pub(super) fn sources(&self) -> SourceOptions<'_> {
        SourceOptions {
            population: self.population.as_ref().map(|population| &population.column),
            weights: self.weights.as_ref(),
            split: match &self.split {
                SplitOption::Column(column) => Some(column),
                SplitOption::Fraction(_) | SplitOption::Folds(_) => None,
            },
            ..self.input.sources()
        }
    }

    /// The files of variants.
    pub(super) fn variant_files(&self) -> VariantFiles<'_> {
        VariantFiles { factors: self.penalty_factors.as_deref(), ..self.input.variant_files() }
    }

    /// Which variants are left out by their counts.
    pub(super) fn filter(&self) -> VariantFilter {
        let InputOptions { min_frequency, max_missing, .. } = self.input;
        VariantFilter { min_frequency, max_missing, constant: false }
    }
}

/// Where traits come from.
#[derive(Debug, Clone, PartialEq)]
pub struct PhenotypeSource {
    /// A phenotype file as plink2's --pheno takes it.
    pub file: PathBuf,
    /// Its columns to fit, in this order; empty for all that no other option names. Empty for Cox.
    pub traits: Vec<String>,
    /// What kind of traits they are.
    pub family: Family,
    /// The codes of binary traits.
    pub coding: BinaryCoding,
    /// The number that means missing.
    pub missing_code: f64,
}

impl PhenotypeSource {
    /// All columns of a file, of the kinds that their values say.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            traits: Vec::new(),
            family: Family::Auto,
            coding: BinaryCoding::OneTwo,
            missing_code: -9.0,
        }
    }
}

/// The kind of traits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Family {
    /// Told from each column: binary where it has only the two codes, else quantitative.
    #[default]
    Auto,
    /// Quantitative.
    Gaussian,
    /// Binary.
    Binomial,
    /// Time to an event, one trait, named as the column of events.
    Cox {
        /// The column of times.
        time: String,
        /// The column that says whether the event happened (by the coding; 0 and 1 as a rule).
        event: String,
    },
}

impl FromStr for Family {
    type Err = EngineError;

    /// Reads `auto`, `gaussian`, `binomial`, and `cox:TIME,EVENT`.
    fn from_str(text: &str) -> Result<Self, EngineError> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "gaussian" => Ok(Self::Gaussian),
            None if text == "binomial" => Ok(Self::Binomial),
            Some(("cox", columns)) if columns.split(',').filter(|name| !name.is_empty()).count() == 2 => {
                let (time, event) = columns.split_once(',').unwrap_or_default();
                Ok(Self::Cox { time: time.to_owned(), event: event.to_owned() })
            }
            _ if text == "cox" || text.starts_with("cox:") => Err(EngineError::refused(
                format!("family {text:?}: Cox needs a column of times and one of events"),
                "write cox:TIME,EVENT with the names of the two columns",
            )),
            _ => Err(EngineError::refused(
                format!("family {text:?} is not known"),
                "give auto, gaussian, binomial or cox:TIME,EVENT",
            )),
        }
    }
}

/// Covariates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CovariateOptions {
    /// A covariate file as plink2's --covar takes it.
    pub file: PathBuf,
    /// Its columns, in this order; empty for all that no other option names.
    pub names: Vec<String>,
    /// Those of its columns that are categories although they are numbers.
    pub categorical: Vec<String>,
}

/// A column of a file by sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleColumn {
    /// The file, laid out as phenotype files are.
    pub file: PathBuf,
    /// The column's name.
    pub column: String,
}

/// Populations.
#[derive(Debug, Clone, PartialEq)]
pub struct PopulationOptions {
    /// The column of their names.
    pub column: SampleColumn,
    /// What their training samples weigh.
    pub weights: PopulationWeights,
    /// Gives each effect a shared part and a part of the population's own, whose penalty factor relative to the shared
    /// part's is this.
    pub specific: Option<f64>,
}

/// What training samples weigh by population; sample weights multiply it.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PopulationWeights {
    /// All alike.
    #[default]
    Unchanged,
    /// The total weight of each population is the same.
    Equal,
    /// Each sample of a population weighs this much; 1 in populations that are not named.
    Named(Vec<(String, f64)>),
}

impl FromStr for PopulationWeights {
    type Err = EngineError;

    /// Reads `equal` and `NAME=WEIGHT,...`; nothing is [`Self::Unchanged`].
    fn from_str(text: &str) -> Result<Self, EngineError> {
        let one = |part: &str| {
            let (name, weight) = part.rsplit_once('=')?;
            let weight = weight.trim().parse().ok().filter(|w: &f64| w.is_finite() && *w >= 0.0)?;
            (!name.is_empty()).then(|| (name.to_owned(), weight))
        };
        match text {
            "" => Ok(Self::Unchanged),
            "equal" => Ok(Self::Equal),
            _ => text.split(',').map(one).collect::<Option<_>>().map(Self::Named).ok_or_else(|| {
                EngineError::refused(
                    format!("population weights {text:?} are neither equal nor NAME=WEIGHT,..."),
                    "give weights of 0 or more, such as KAZ=8,EUR=1",
                )
            }),
        }
    }
}

/// Who trains, who validates, who tests.
#[derive(Debug, Clone, PartialEq)]
pub enum SplitOption {
    /// By a column of `train`, `valid` and `test` (also `training`, `val`, `validation`, in any case); a sample without a
    /// value is left out.
    Column(SampleColumn),
    /// This share of the samples validates, drawn by a hash of sample id and seed within each population and, for binary
    /// traits, among cases and controls each; the rest trains.
    Fraction(f64),
    /// So many folds, drawn in the same way: each validates the path that the others train.
    Folds(usize),
}

/// The path of lambdas.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOptions {
    /// 1 is the lasso, 0 is ridge, between them the elastic net.
    pub alpha: f64,
    /// Lambdas.
    pub lambdas: usize,
    /// Last lambda over the first; by default 0.01 where there are fewer training samples than variants, 0.0001
    /// otherwise.
    pub ratio: Option<f64>,
    /// Penalises coefficients on the scale of standardised genotypes.
    pub standardize: bool,
    /// Largest violation of the optimality conditions, relative to lambda.
    pub tolerance: f64,
    /// Ends the path once the validation metric declines.
    pub early_stopping: bool,
}

impl Default for PathOptions {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            lambdas: 100,
            ratio: None,
            standardize: false,
            tolerance: 1e-3,
            early_stopping: true,
        }
    }
}
