mod findings;
mod page;
mod plots;
mod tables;

use std::fmt;
use std::time::Duration;

use crate::plot::{Format, Plot};

/// What a fit of one trait was and what came out, as plain data. Anything that is not known is left empty, and the part of
/// the page that would show it is left out.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FitReport {
    /// The trait's name, as in the phenotype file.
    pub trait_name: String,
    /// The kind of trait.
    pub family: Family,
    /// Share of the penalty on absolute effects: 1 is the lasso, 0 ridge regression, between them the elastic net.
    pub alpha: f64,
    /// What [`LambdaRow::training`] and [`LambdaRow::validation`] are.
    pub metric: Metric,
    /// What the validation metric comes from, as it stands after "in" and "from": `the validation samples`, `5-fold
    /// cross-validation`.
    pub validated_on: String,
    /// Samples by split and population; at most one entry for each pair.
    pub samples: Vec<SampleCount>,
    /// Samples of the cohort that take no part.
    pub samples_left_out: Vec<LeftOut>,
    /// Variants that the fit could give an effect.
    pub variants_used: u64,
    /// Variants of the cohort that it could not.
    pub variants_left_out: Vec<LeftOut>,
    /// The path by falling lambda, the lambdas that were fitted.
    pub lambdas: Vec<LambdaRow>,
    /// Index in `lambdas` of the model whose weights are given out.
    pub chosen: Option<usize>,
    /// The KKT violation that the fit was asked to stay below, relative to lambda.
    pub kkt_tolerance: f64,
    /// Effects along the path. Give all variants that ever have an effect, or the more important ones and the number of
    /// the rest.
    pub paths: Vec<VariantPath>,
    /// Variants with an effect somewhere on the path that are not among `paths`.
    pub paths_left_out: u64,
    /// Metrics of the chosen model.
    pub population_metrics: Vec<PopulationMetric>,
    /// What their intervals are: `95% CI`.
    pub interval: String,
    /// Variants of the chosen model, by falling absolute weight: the first 20 or so.
    pub top_variants: Vec<TopVariant>,
    /// How long the stages took, in their order.
    pub timings: Vec<Timing>,
    /// What the reader should know: dropped covariates, a small validation set. What follows from the other fields (a
    /// violated tolerance, a choice at the end of the path) is found without being told.
    pub warnings: Vec<String>,
    /// What was run on what.
    pub provenance: Provenance,
}

/// The kind of trait and its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Family {
    /// Quantitative trait, linear model.
    #[default]
    Gaussian,
    /// Case or control, logistic model.
    Binomial,
    /// Time to an event, proportional hazards.
    Cox,
}

impl Family {
    /// The unit of an effect weight.
    fn effect_unit(self) -> &'static str {
        match self {
            Self::Gaussian => "trait units per allele",
            Self::Binomial => "log odds per allele",
            Self::Cox => "log hazard per allele",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gaussian => "gaussian family (linear model)",
            Self::Binomial => "binomial family (logistic model)",
            Self::Cox => "Cox family (proportional hazards)",
        })
    }
}

/// A metric of prediction; all are shares without a unit, larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Metric {
    /// Variance explained.
    #[default]
    R2,
    /// Variance explained beyond that of the covariates.
    IncrementalR2,
    /// Area under the receiver operating characteristic.
    Auc,
    /// Harrell's index of concordance.
    CIndex,
}

impl Metric {
    /// What a prediction gets that knows nothing.
    fn of_no_prediction(self) -> f64 {
        match self {
            Self::R2 | Self::IncrementalR2 => 0.0,
            Self::Auc | Self::CIndex => 0.5,
        }
    }

    /// The name as it begins a column or an axis title.
    fn title(self) -> &'static str {
        match self {
            Self::IncrementalR2 => "Incremental R²",
            Self::R2 => "R²",
            Self::Auc => "AUC",
            Self::CIndex => "C-index",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::IncrementalR2 { "incremental R²" } else { self.title() })
    }
}

/// Samples of one split and population.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SampleCount {
    /// `training`, `validation`, `test`.
    pub split: String,
    /// The population; empty where the cohort is not divided.
    pub population: String,
    /// Samples.
    pub samples: u64,
    /// Cases, or events, among them; for binomial and Cox.
    pub cases: Option<u64>,
}

/// Samples or variants that were left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// The reason: `one allele only`.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// One model of the path.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LambdaRow {
    /// The penalty's strength, in the unit of the objective, which is a mean over samples.
    pub lambda: f64,
    /// Variants whose effect is not 0.
    pub active_variants: u64,
    /// The metric over the training samples.
    pub training: Option<f64>,
    /// The metric over what `validated_on` says.
    pub validation: Option<f64>,
    /// Lower and upper end of an interval around it.
    pub validation_interval: Option<(f64, f64)>,
    /// The largest violation of the optimality conditions over all variants, relative to lambda; not negative.
    pub kkt_violation: f64,
    /// Duality gap, relative to the loss of the null model; not negative.
    pub duality_gap: f64,
}

/// The effects of one variant along the path.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct VariantPath {
    /// The variant's name.
    pub name: String,
    /// The effect at each lambda, as many as `lambdas`, in the unit of the weights.
    pub effects: Vec<f64>,
}

/// A metric of the chosen model in one population and split.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PopulationMetric {
    /// The population; `all` for everyone together.
    pub population: String,
    /// `validation`, `test`.
    pub split: String,
    /// Samples that it was computed over.
    pub samples: u64,
    /// Which metric.
    pub metric: Metric,
    /// The estimate; nothing where it does not exist, as without cases.
    pub estimate: Option<f64>,
    /// Lower and upper end of its interval.
    pub interval: Option<(f64, f64)>,
}

/// A variant of the chosen model.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TopVariant {
    /// Its name.
    pub name: String,
    /// Its chromosome.
    pub chromosome: String,
    /// Base pair, from 1.
    pub position: u64,
    /// The allele whose copies the weight multiplies.
    pub effect_allele: String,
    /// The other allele.
    pub other_allele: String,
    /// Frequency of the effect allele in the training samples, 0 to 1.
    pub frequency: Option<f64>,
    /// The weight of one copy.
    pub weight: f64,
}

/// How long a stage took.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Timing {
    /// The stage.
    pub stage: String,
    /// Wall-clock time.
    pub duration: Duration,
}

/// What was run on what.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Provenance {
    /// The command line.
    pub command: String,
    /// The program's version.
    pub version: String,
    /// When the fit ended, as it is to be shown.
    pub finished: String,
    /// Digests of inputs and outputs: what, and algorithm with digest.
    pub digests: Vec<(String, String)>,
}

impl FitReport {
    /// The report as one HTML document that loads nothing.
    pub fn html(&self) -> String {
        self.page().html()
    }

    /// The plots that the data allow, each with a name for its file: `validation`, `coefficients`, `populations`,
    /// `certificate`.
    pub fn plots(&self) -> Vec<(&'static str, Plot)> {
        let plots = [
            ("validation", self.validation_plot()),
            ("coefficients", self.coefficient_plot()),
            ("populations", self.population_plot()),
            ("certificate", self.certificate_plot()),
        ];
        plots.into_iter().filter_map(|(name, plot)| Some((name, plot?))).collect()
    }

    /// The plots as SVG files: name without ending, and content.
    pub fn svgs(&self) -> Vec<(&'static str, String)> {
        self.plots().into_iter().map(|(name, plot)| (name, plot.svg(Format::Wide))).collect()
    }

    /// The chosen model.
    fn chosen_row(&self) -> Option<&LambdaRow> {
        self.lambdas.get(self.chosen?)
    }
}
