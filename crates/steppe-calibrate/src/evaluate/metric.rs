//! The metrics' names, and what kind of number each is.

use serde::{Deserialize, Serialize};

/// A metric of prediction. `Adjusted`, `Full`, `Incremental` and `Partial` are given covariates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Area under the curve: probability that a case has the higher prediction.
    Auc,
    /// Area of the covariates' logistic regression.
    AucCovariates,
    /// Area of the logistic regression on covariates and prediction.
    AucFull,
    /// The latter less the former; fitted and judged in the same people, so that it flatters small groups.
    AucGain,
    /// First prediction's area less the second's.
    AucDifference,
    /// Odds ratio for one standard deviation in controls.
    OddsRatioPerSd,
    /// The same given covariates.
    OddsRatioPerSdAdjusted,
    /// Odds ratio of the highest tenth against everyone else.
    OddsRatioTopDecile,
    /// The same given covariates.
    OddsRatioTopDecileAdjusted,
    /// Odds ratio of the highest tenth against the fifth between 40 and 60 %.
    OddsRatioTopDecileMiddle,
    /// The same given covariates.
    OddsRatioTopDecileMiddleAdjusted,
    /// Change of a quantitative outcome for one standard deviation of the prediction, given covariates if there are any.
    EffectPerSd,
    /// Squared correlation of prediction and outcome (1 or 0 if binary).
    R2,
    /// Share of variance that covariates explain.
    R2Covariates,
    /// Share that covariates and prediction explain.
    R2Full,
    /// The latter less the former.
    R2Incremental,
    /// Share that the prediction explains of what covariates leave.
    R2Partial,
    /// Nagelkerke's R² of the prediction.
    R2Nagelkerke,
    /// Nagelkerke's R² of covariates and prediction less that of the covariates.
    R2NagelkerkeIncremental,
    /// R² on the liability scale (Lee et al. 2012).
    R2Liability,
    /// The incremental R² on the liability scale.
    R2LiabilityIncremental,
    /// First prediction's R² less the second's.
    R2Difference,
    /// First prediction's incremental R² less the second's.
    R2IncrementalDifference,
    /// Mean squared error of the risk.
    Brier,
    /// 1 − Brier score over that of the case fraction.
    ScaledBrier,
    /// First risk's Brier score less the second's.
    BrierDifference,
    /// Calibration in the large: intercept at slope 1; above 0 the risks are too low.
    CalibrationIntercept,
    /// Slope on the risk's logit; below 1 the risks are too extreme.
    CalibrationSlope,
    /// Expected over observed cases; above 1 the risks are too high.
    ExpectedOverObserved,
    /// Expected calibration error over bins of equal counts. Above 0 by chance alone, its interval too.
    CalibrationError,
    /// Share of cases at or above a threshold.
    Sensitivity,
    /// Share of controls below it.
    Specificity,
    /// Share of cases among people at or above it.
    PositivePredictiveValue,
    /// Net reclassification over the thresholds' categories.
    NetReclassification,
    /// Its part in cases.
    NetReclassificationCases,
    /// Its part in controls.
    NetReclassificationControls,
    /// Net reclassification by any change of risk.
    ContinuousReclassification,
    /// Its part in cases.
    ContinuousReclassificationCases,
    /// Its part in controls.
    ContinuousReclassificationControls,
    /// Harrell's index: probability that, of two people, the one with the higher prediction has the event first.
    CIndex,
    /// First prediction's concordance less the second's.
    CIndexDifference,
}

impl Metric {
    /// Metrics that there are.
    pub(super) const COUNT: usize = Self::CIndexDifference as usize + 1;

    /// Its name in tables, as serde writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auc => "auc",
            Self::AucCovariates => "auc_covariates",
            Self::AucFull => "auc_full",
            Self::AucGain => "auc_gain",
            Self::AucDifference => "auc_difference",
            Self::OddsRatioPerSd => "odds_ratio_per_sd",
            Self::OddsRatioPerSdAdjusted => "odds_ratio_per_sd_adjusted",
            Self::OddsRatioTopDecile => "odds_ratio_top_decile",
            Self::OddsRatioTopDecileAdjusted => "odds_ratio_top_decile_adjusted",
            Self::OddsRatioTopDecileMiddle => "odds_ratio_top_decile_middle",
            Self::OddsRatioTopDecileMiddleAdjusted => "odds_ratio_top_decile_middle_adjusted",
            Self::EffectPerSd => "effect_per_sd",
            Self::R2 => "r2",
            Self::R2Covariates => "r2_covariates",
            Self::R2Full => "r2_full",
            Self::R2Incremental => "r2_incremental",
            Self::R2Partial => "r2_partial",
            Self::R2Nagelkerke => "r2_nagelkerke",
            Self::R2NagelkerkeIncremental => "r2_nagelkerke_incremental",
            Self::R2Liability => "r2_liability",
            Self::R2LiabilityIncremental => "r2_liability_incremental",
            Self::R2Difference => "r2_difference",
            Self::R2IncrementalDifference => "r2_incremental_difference",
            Self::Brier => "brier",
            Self::ScaledBrier => "scaled_brier",
            Self::BrierDifference => "brier_difference",
            Self::CalibrationIntercept => "calibration_intercept",
            Self::CalibrationSlope => "calibration_slope",
            Self::ExpectedOverObserved => "expected_over_observed",
            Self::CalibrationError => "calibration_error",
            Self::Sensitivity => "sensitivity",
            Self::Specificity => "specificity",
            Self::PositivePredictiveValue => "positive_predictive_value",
            Self::NetReclassification => "net_reclassification",
            Self::NetReclassificationCases => "net_reclassification_cases",
            Self::NetReclassificationControls => "net_reclassification_controls",
            Self::ContinuousReclassification => "continuous_reclassification",
            Self::ContinuousReclassificationCases => "continuous_reclassification_cases",
            Self::ContinuousReclassificationControls => "continuous_reclassification_controls",
            Self::CIndex => "c_index",
            Self::CIndexDifference => "c_index_difference",
        }
    }

    /// Its standard error is that of its logarithm.
    pub fn is_ratio(self) -> bool {
        self.as_str().starts_with("odds_ratio") || self == Self::ExpectedOverObserved
    }

    /// It is looked at at a threshold.
    pub(super) fn has_threshold(self) -> bool {
        matches!(self, Self::Sensitivity | Self::Specificity | Self::PositivePredictiveValue)
    }

    /// It is computed on resamples, too. Adjusted odds ratios of groups are not: their regressions are Firth's, and slow.
    pub(super) fn has_resamples(self) -> bool {
        !matches!(self, Self::OddsRatioTopDecileAdjusted | Self::OddsRatioTopDecileMiddleAdjusted)
    }

    /// It changes with the share of cases. Resamples that keep the numbers of cases and controls would not show how much
    /// chance there is in that share, so that these are drawn without strata.
    pub(super) fn depends_on_case_fraction(self) -> bool {
        matches!(
            self,
            Self::Brier
                | Self::ScaledBrier
                | Self::BrierDifference
                | Self::CalibrationIntercept
                | Self::CalibrationSlope
                | Self::ExpectedOverObserved
                | Self::CalibrationError
                | Self::PositivePredictiveValue
        )
    }
}
