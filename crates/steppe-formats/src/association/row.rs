//! One variant's line.

use super::{AssociationColumns, Model};
use crate::number::{six_digits, six_digits_of_exp};

/// One variant's association with the trait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssociationRow<'a> {
    /// The chromosome's label.
    pub chromosome: &'a str,
    /// The 1-based position.
    pub position: u32,
    /// The variant's id.
    pub id: &'a str,
    /// The reference allele.
    pub reference: &'a str,
    /// The alternate allele.
    pub alternate: &'a str,
    /// The allele whose copies are the predictor; plink2 takes the minor one.
    pub a1: &'a str,
    /// A1's frequency among the samples of the regression, in 0..=1; `None` where there are none.
    pub a1_frequency: Option<f64>,
    /// Whether this is Firth's regression, for [`Model::LogisticHybrid`].
    pub firth: bool,
    /// How many samples are in the regression.
    pub samples: u64,
    /// The estimate; `None` where the regression has none.
    pub estimate: Option<Estimate>,
    /// Why there is none, or what is doubtful about it.
    pub error: Option<ErrorCode>,
}

/// What a regression says of one variant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The effect per copy of A1; the logarithm of the odds ratio for a case/control trait.
    pub beta: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The t-statistic of a linear regression, the z-score of another.
    pub statistic: f64,
    /// The natural logarithm of P, which may be below what a double can hold.
    pub ln_p: f64,
}

/// plink2's codes for regressions that are not as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// There are no more samples than predictors.
    TooFewSamples,
    /// Only the allele other than A1 was observed, or only A1.
    ConstantOmittedAllele,
    /// A1's dosage is the same in all samples.
    ConstantAllele,
    /// Two predictors are too correlated.
    CorrelationTooHigh,
    /// The correlation matrix of the predictors can not be inverted.
    VarianceInflationInfinite,
    /// A predictor's variance inflation factor is too high.
    VarianceInflationTooHigh,
    /// The predictors are linearly dependent.
    RankDeficient,
    /// All cases, or all controls, lack the reference allele: the likelihood has no finite maximum.
    SeparationByReference,
    /// The same of the alternate allele.
    SeparationByAlternate,
    /// The logistic regression did not converge.
    LogisticConvergeFail,
    /// Firth's regression did not converge.
    FirthConvergeFail,
    /// The estimate is there, and the iterations ended before they converged.
    Unfinished,
    /// The result is not a number.
    InvalidResult,
}

impl ErrorCode {
    /// The code as plink2 writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooFewSamples => "SAMPLE_CT<=PREDICTOR_CT",
            Self::ConstantOmittedAllele => "CONST_OMITTED_ALLELE",
            Self::ConstantAllele => "CONST_ALLELE",
            Self::CorrelationTooHigh => "CORR_TOO_HIGH",
            Self::VarianceInflationInfinite => "VIF_INFINITE",
            Self::VarianceInflationTooHigh => "VIF_TOO_HIGH",
            Self::RankDeficient => "RANK_DEFICIENT",
            Self::SeparationByReference => "SEPARATION,REF",
            Self::SeparationByAlternate => "SEPARATION,ALT1",
            Self::LogisticConvergeFail => "LOGISTIC_CONVERGE_FAIL",
            Self::FirthConvergeFail => "FIRTH_CONVERGE_FAIL",
            Self::Unfinished => "UNFINISHED",
            Self::InvalidResult => "INVALID_RESULT",
        }
    }
}

impl AssociationRow<'_> {
    /// Appends the line, with its end.
    pub(super) fn push_line(&self, model: Model, columns: AssociationColumns, line: &mut String) {
        line.push_str(self.chromosome);
        for text in [&self.position.to_string(), self.id, self.reference, self.alternate, self.a1] {
            push(line, text);
        }
        if columns.a1_frequency {
            push(line, &self.a1_frequency.map_or("NA".to_owned(), six_digits));
        }
        if model == Model::LogisticHybrid {
            push(line, if self.firth { "Y" } else { "N" });
        }
        push(line, "ADD");
        push(line, &self.samples.to_string());
        match &self.estimate {
            None => (0..4).for_each(|_| push(line, "NA")),
            Some(Estimate { beta, standard_error, statistic, ln_p }) => {
                let odds_ratio = columns.has_odds_ratio(model);
                push(line, &if odds_ratio { six_digits_of_exp(*beta) } else { six_digits(*beta) });
                push(line, &six_digits(*standard_error));
                push(line, &six_digits(*statistic));
                push(line, &six_digits_of_exp(*ln_p));
            }
        }
        push(line, self.error.map_or(".", ErrorCode::as_str));
        line.push('\n');
    }
}

fn push(line: &mut String, text: &str) {
    line.push('\t');
    line.push_str(text);
}
