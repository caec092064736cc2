/// A quantity of prediction or of calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Indicator {
    /// Variance explained.
    #[default]
    R2,
    /// Variance explained beyond the covariates.
    IncrementalR2,
    /// Squared partial correlation given the covariates.
    PartialR2,
    /// Variance explained on the liability scale.
    LiabilityR2,
    /// Nagelkerke's R².
    NagelkerkeR2,
    /// Area under the receiver operating characteristic.
    Auc,
    /// Harrell's index of concordance.
    CIndex,
    /// Odds ratio for one standard deviation.
    OddsRatioPerSd,
    /// Hazard ratio for one standard deviation.
    HazardRatioPerSd,
    /// Odds ratio of the top decile against all others.
    TopDecileVsRest,
    /// Odds ratio of the top decile against the middle (40 to 60 %).
    TopDecileVsMiddle,
    /// Brier score: mean squared error of the risk.
    Brier,
    /// Scaled Brier score: 1 − Brier / Brier of the prevalence.
    ScaledBrier,
    /// Calibration in the large: intercept of the logit with slope 1.
    Intercept,
    /// Calibration slope.
    Slope,
    /// Expected to observed cases.
    ExpectedObserved,
    /// Expected calibration error.
    Ece,
    /// Share of people whose interval holds what happened.
    Coverage,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Measure {
    /// The estimate.
    pub value: f64,
    /// Lower and upper end of its interval.
    pub interval: Option<(f64, f64)>,
}

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was estimated.
    Measured(Measure),
    /// The data do not suffice: a number would say more than is known.
    Insufficient(Insufficiency),
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insufficiency {
    /// Fewer cases than it takes.
    Cases {
        /// Cases that there are.
        found: u64,
        /// Cases that it takes.
        needed: u64,
    },
    /// Fewer controls than it takes.
    Controls {
        /// Controls that there are.
        found: u64,
        /// Controls that it takes.
        needed: u64,
    },
    /// Fewer people than it takes.
    People {
        /// People that there are.
        found: u64,
        /// People that it takes.
        needed: u64,
    },
    /// Only cases, or only controls.
    OneClass,
    /// Everybody has the same score.
    ConstantScore,
    /// Anything else, in the caller's words.
    Other(String),
}

/// A metric in one population.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationRow {
    /// The population; empty for all together.
    pub population: String,
    /// The score or model.
    pub score: String,
    /// People that it was computed over.
    pub people: u64,
    /// Cases among them; for binary traits.
    pub cases: Option<u64>,
    /// Which metric.
    pub indicator: Indicator,
    /// What came out.
    pub outcome: Outcome,
}

/// Calibration in one population, before and after.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CalibrationChange {
    /// The population; empty for all together.
    pub population: String,
    /// Calibration in the large (log odds); 0 is ideal.
    pub intercept: Change,
    /// Calibration slope; 1 is ideal.
    pub slope: Change,
    /// Expected to observed cases; 1 is ideal.
    pub expected_observed: Change,
}

/// A quantity before and after calibration.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Change {
    /// Without calibration.
    pub before: Option<Outcome>,
    /// With calibration.
    pub after: Option<Outcome>,
}

impl Outcome {
    /// The estimate, where there is one.
    pub fn measure(&self) -> Option<Measure> {
        match self {
            Self::Measured(measure) => Some(*measure),
            Self::Insufficient(_) => None,
        }
    }
}

impl Indicator {
    /// Decimals that it is shown with.
    pub(super) fn decimals(self) -> usize {
        match self {
            Self::OddsRatioPerSd
            | Self::HazardRatioPerSd
            | Self::TopDecileVsRest
            | Self::TopDecileVsMiddle
            | Self::Intercept
            | Self::Slope
            | Self::ExpectedObserved => 2,
            _ => 3,
        }
    }

    /// What a score gets that knows nothing.
    pub(super) fn of_no_prediction(self) -> f64 {
        match self {
            Self::Auc | Self::CIndex => 0.5,
            Self::OddsRatioPerSd
            | Self::HazardRatioPerSd
            | Self::TopDecileVsRest
            | Self::TopDecileVsMiddle
            | Self::Slope
            | Self::ExpectedObserved => 1.0,
            _ => 0.0,
        }
    }
}
