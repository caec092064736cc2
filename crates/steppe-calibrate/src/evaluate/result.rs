//! What an evaluation gives: tables of plain rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Metric;

/// By what people are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Everyone.
    All,
    /// A population.
    Population,
    /// A bin of genetic distance.
    Distance,
}

/// Whether a row has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has.
    Ok,
    /// There are too few people for one.
    Insufficient,
    /// It is not defined for these data.
    Undefined,
}

/// How the interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// DeLong's variance, normal; within 0 and 1.
    Delong,
    /// Standard error of maximum likelihood, least squares or a known variance, normal; of ratios on the logarithm.
    Wald,
    /// As Wald, of Firth's penalised likelihood.
    Firth,
    /// Wilson's, for shares.
    Wilson,
    /// Percentiles of bootstrap resamples of people (or families).
    Bootstrap,
    /// Percentiles of resamples that keep the numbers of cases and controls.
    BootstrapStratified,
}

/// How a P was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PMethod {
    /// From estimate and standard error.
    Wald,
    /// The paired test of DeLong et al.
    Delong,
    /// Share of permutations of the outcome that are as far from chance.
    Permutation,
}

/// Why a row has no number, or no interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    /// Fewer cases than are asked for.
    TooFewCases {
        /// Cases.
        found: usize,
        /// Asked for.
        needed: usize,
    },
    /// Fewer controls than are asked for.
    TooFewControls {
        /// Controls.
        found: usize,
        /// Asked for.
        needed: usize,
    },
    /// Fewer people than are asked for.
    TooFewPeople {
        /// People.
        found: usize,
        /// Asked for.
        needed: usize,
    },
    /// Cases only, or controls only.
    OneClass,
    /// The outcome has one value.
    ConstantOutcome,
    /// The prediction has one value.
    ConstantPrediction,
    /// Nobody of the group has a value of the prediction.
    NoValues,
    /// Values of a risk below 0 or above 1.
    NotARisk {
        /// People with such values.
        people: usize,
    },
    /// Risks of exactly 0 or 1, whose logits are infinite.
    CertainRisk {
        /// People with such risks.
        people: usize,
    },
    /// No prevalence was given.
    NoPrevalence,
    /// The decile or its reference is empty: too many ties.
    EmptyGroup,
    /// A regression has no maximum: classes are separated, or predictors collinear.
    NoMaximum,
    /// The metric is not defined in too many resamples for an interval.
    UndefinedResamples {
        /// Resamples in which it is not.
        undefined: usize,
        /// Resamples.
        of: usize,
    },
    /// The arithmetic gives no number.
    NotANumber,
}

impl Reason {
    /// What a row without a number is for this reason.
    pub fn status(&self) -> Status {
        match self {
            Self::TooFewCases { .. } | Self::TooFewControls { .. } | Self::TooFewPeople { .. } => {
                Status::Insufficient
            }
            _ => Status::Undefined,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewCases { found, needed } => write!(f, "{found} cases, at least {needed} needed"),
            Self::TooFewControls { found, needed } => write!(f, "{found} controls, at least {needed} needed"),
            Self::TooFewPeople { found, needed } => write!(f, "{found} people, at least {needed} needed"),
            Self::OneClass => f.write_str("cases or controls only"),
            Self::ConstantOutcome => f.write_str("the outcome has one value only"),
            Self::ConstantPrediction => f.write_str("the prediction has one value only"),
            Self::NoValues => f.write_str("nobody has a value of the prediction"),
            Self::NotARisk { people } => write!(f, "risks below 0 or above 1 in {people} people"),
            Self::CertainRisk { people } => write!(f, "risks of exactly 0 or 1 in {people} people"),
            Self::NoPrevalence => f.write_str("no prevalence given"),
            Self::EmptyGroup => f.write_str("the decile or its reference is empty, because scores tie"),
            Self::NoMaximum => {
                f.write_str("the regression has no maximum: separated classes or collinear predictors")
            }
            Self::UndefinedResamples { undefined, of } => {
                write!(f, "no interval: not defined in {undefined} of {of} resamples")
            }
            Self::NotANumber => f.write_str("not defined for these data"),
        }
    }
}

/// One number, or why there is none. A metric with intervals of two methods has two rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// By what the people were put together.
    pub grouping: Grouping,
    /// The population's label, or the bin's.
    pub group: String,
    /// The prediction; `None` for the covariates alone.
    pub model: Option<String>,
    /// The prediction that it is compared to.
    pub versus: Option<String>,
    /// The metric.
    pub metric: Metric,
    /// The threshold that it is at.
    pub threshold: Option<f64>,
    /// Its value; `None` unless the status is ok.
    pub estimate: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// Standard error, for ratios that of the natural logarithm.
    pub standard_error: Option<f64>,
    /// Two-sided P of no association, no effect or no difference.
    pub p: Option<f64>,
    /// How the P was made.
    pub p_method: Option<PMethod>,
    /// People.
    pub n: usize,
    /// Cases among them.
    pub cases: Option<usize>,
    /// People of an equally informative sample with as many cases as controls: 4 / (1/cases + 1/controls). For a
    /// quantitative outcome, people.
    pub effective_n: f64,
    /// Whether there is a number.
    pub status: Status,
    /// Why there is none, or no interval.
    pub reason: Option<Reason>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
}

/// A point of a reliability curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityRow {
    /// By what the people were put together.
    pub grouping: Grouping,
    /// The population's label, or the bin's.
    pub group: String,
    /// The predicted risk.
    pub model: String,
    /// The bin's place, from 1, in ascending order of risk. Bins that ties leave empty have no row.
    pub bin: usize,
    /// People.
    pub n: usize,
    /// Cases among them.
    pub cases: usize,
    /// Mean predicted risk.
    pub mean_risk: f64,
    /// Share of cases.
    pub observed: f64,
    /// Lower end of its Wilson interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// A tenth of a group's people by a prediction, against the fifth of people in the middle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecileRow {
    /// By what the people were put together.
    pub grouping: Grouping,
    /// The population's label, or the bin's.
    pub group: String,
    /// The prediction.
    pub model: String,
    /// 1 has the lowest predictions, 10 the highest. Predictions that tie are in one tenth.
    pub decile: usize,
    /// People.
    pub n: usize,
    /// Cases among them.
    pub cases: usize,
    /// Odds ratio against the tenths 5 and 6 together, which have 1 and no interval.
    pub odds_ratio: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
    /// Whether there is a number.
    pub status: Status,
    /// Why there is none.
    pub reason: Option<Reason>,
    /// How the interval was made.
    pub method: Option<IntervalMethod>,
}

/// Why people of a group were not evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum LeftOutReason {
    /// The outcome is not known.
    NoOutcome,
    /// This covariate is not known.
    NoCovariate(String),
    /// This prediction has no value. People are evaluated for all predictions or none, so that these can be compared.
    NoPrediction(String),
}

/// People left out for one reason, the first that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The reason.
    pub reason: LeftOutReason,
    /// People.
    pub people: usize,
}

/// A group of people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// By what they were put together.
    pub grouping: Grouping,
    /// The population's label, or the bin's.
    pub group: String,
    /// People evaluated.
    pub n: usize,
    /// Cases among them.
    pub cases: Option<usize>,
    /// Families among them, of one or more.
    pub families: usize,
    /// Smallest, mean and largest genetic distance of those with one.
    pub distance: Option<[f64; 3]>,
    /// People of the group that were not evaluated.
    pub left_out: Vec<LeftOut>,
}

/// What a reader of the numbers should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Warning {
    /// One class is rare: accuracies and predictive values say little without it.
    ClassImbalance {
        /// The group.
        group: String,
        /// Cases.
        cases: usize,
        /// Controls.
        controls: usize,
    },
    /// Cases or controls only.
    OneClass {
        /// The group.
        group: String,
    },
    /// A prediction has one value.
    ConstantPrediction {
        /// The group.
        group: String,
        /// The prediction.
        model: String,
    },
    /// Nobody has a value of a prediction; the others are evaluated without it.
    NoValues {
        /// The group.
        group: String,
        /// The prediction.
        model: String,
    },
    /// A covariate is constant or a sum of others, and was not used.
    UnusedCovariate {
        /// The group.
        group: String,
        /// The covariate.
        covariate: String,
    },
    /// There are relatives: trust the bootstrap's intervals, since the others take people as independent.
    Relatives {
        /// The group.
        group: String,
        /// People with relatives in the group.
        people: usize,
    },
    /// People without a population's label are in no population.
    NoPopulation {
        /// People.
        people: usize,
    },
    /// People without a distance are in no bin.
    NoDistance {
        /// People.
        people: usize,
    },
    /// A prevalence was given for a population that nobody is of.
    UnusedPrevalence {
        /// The population.
        population: String,
    },
}

/// All tables of an evaluation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The groups, in order: everyone, populations by label, bins by distance.
    pub groups: Vec<GroupSummary>,
    /// The metrics, group by group.
    pub metrics: Vec<MetricRow>,
    /// The reliability curves, group by group.
    pub reliability: Vec<ReliabilityRow>,
    /// Odds by tenths of each prediction of a binary outcome, group by group.
    pub deciles: Vec<DecileRow>,
    /// What to know before reading them.
    pub warnings: Vec<Warning>,
}

impl Evaluation {
    /// A metric's rows of a prediction in a group.
    pub fn rows<'a>(
        &'a self,
        group: &'a str,
        model: &'a str,
        metric: Metric,
    ) -> impl Iterator<Item = &'a MetricRow> {
        self.metrics.iter().filter(move |row| {
            row.group == group && row.model.as_deref() == Some(model) && row.metric == metric
        })
    }
}
