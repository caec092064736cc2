//! A binary trait's test of one variant: what rules the variant out, Newton's method, and Firth's where it fails.

use serde::{Deserialize, Serialize};
use steppe_stats::{
    distributions::ln_normal_two_sided,
    linear_algebra::dot,
    regression::{FirthFit, LogisticModel},
};

use super::{
    design::Design,
    genotypes::Called,
    input::{AssocOptions, Firth},
    linear::Variant,
    moments::{Moments, Predictors, product_at, sum_at},
    newton::Fit,
    result::{AssocCode, AssocEstimate, AssocResult},
};

/// Variances below this are no estimate (as in plink2).
const LEAST_VARIANCE: f64 = 1e-20;
/// Estimates that correlate more than this are not told apart (as in plink2).
const LARGEST_CORRELATION: f64 = 0.99999;

/// A binary trait, ready to be tested.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LogisticTrait {
    /// The trait's place among all traits.
    pub(super) index: usize,
    pub(super) design: Design,
    /// 1 for a case, 0 for a control.
    pub(super) cases: Vec<f64>,
    /// Xᵀ·(1/2 - y): the gradient where all coefficients are zero.
    start: Vec<f64>,
    /// A covariate separates cases from controls.
    separated: bool,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct LogisticScratch {
    moments: Moments,
    genotype: Vec<f64>,
    weights: Vec<f64>,
    xg: Vec<f64>,
    start: Start,
    newton: Fit,
    firth: FirthFit,
    inverse: Vec<f64>,
}

/// Where Newton's method starts: gradient and cross-products of all predictors, the genotype last.
#[derive(Debug, Default)]
struct Start {
    gradient: Vec<f64>,
    cross: Vec<f64>,
}

impl LogisticTrait {
    pub(super) fn new(index: usize, design: Design, cases: Vec<f64>) -> Self {
        let centred: Vec<f64> = cases.iter().map(|case| 0.5 - case).collect();
        let start = design.columns.iter().map(|column| dot(column, &centred)).collect();
        let separated = design.columns[1..].iter().any(|column| separates(column, &cases));
        Self { index, design, cases, start, separated }
    }

    pub(super) fn is_separated(&self) -> bool {
        self.separated
    }

    /// The variant's result.
    pub(super) fn test(
        &self,
        variant: Variant<'_>,
        options: &AssocOptions,
        scratch: &mut LogisticScratch,
    ) -> AssocResult {
        let counts = self.design.mask.counts(variant.column);
        let called = Called { counts, tests_counted: variant.tests_counted };
        let (firth, outcome) = match self.estimate(variant, &called, options, scratch) {
            Ok((firth, estimate)) => (firth, Ok(estimate)),
            Err(code) => (code == AssocCode::FirthFailed, Err(code)),
        };
        AssocResult::new(&called, firth, outcome)
    }

    fn estimate(
        &self,
        variant: Variant<'_>,
        called: &Called,
        options: &AssocOptions,
        scratch: &mut LogisticScratch,
    ) -> Result<(bool, AssocEstimate), AssocCode> {
        let LogisticScratch { moments, genotype, weights, xg, start, newton, firth, inverse } = scratch;
        let predictors = moments.predictors(&self.design, variant.column, called, options.limits)?;
        self.design.mask.decode(variant.column, called.table(), genotype);
        xg.clear();
        xg.extend(self.design.columns.iter().map(|column| dot(column, genotype)));
        let gg = called.sum_of_squares();
        predictors.admit(xg, gg)?;
        weights.clear();
        weights.resize(self.cases.len(), 1.0);
        predictors.missing.iter().for_each(|&place| weights[place as usize] = 0.0);
        let model = LogisticModel {
            design: &self.design.columns,
            predictor: genotype,
            cases: &self.cases,
            weights,
            offset: None,
        };
        let always = options.firth == Firth::Always || (self.separated && options.firth == Firth::Fallback);
        if !always {
            let separation = self.separation(called, &predictors, genotype);
            let fitted = separation.map_or(Ok(()), Err).and_then(|()| {
                self.start(&predictors, genotype, xg, gg, start);
                newton.newton(&model, &start.gradient, &start.cross).map_err(|_| AssocCode::LogisticFailed)
            });
            match fitted {
                Ok(()) => {
                    newton.factor.inverse(inverse);
                    return Ok((false, wald(&newton.beta, inverse, newton.unfinished)?));
                }
                Err(code) if options.firth == Firth::Never => return Err(code),
                Err(_) => {}
            }
        }
        firth.maximise(&model).map_err(|_| AssocCode::FirthFailed)?;
        Ok((true, wald(&firth.beta, &firth.inverse, firth.unfinished)?))
    }

    /// Whether all copies of one allele are in cases, or all in controls; the other allele first, as plink2 asks.
    fn separation(
        &self,
        called: &Called,
        predictors: &Predictors<'_>,
        genotype: &[f64],
    ) -> Option<AssocCode> {
        let cases = self.cases.iter().sum::<f64>() - sum_at(predictors.missing, &self.cases);
        let (tested, all) = (called.sum(), 2.0 * called.samples() as f64);
        let tested_cases = dot(genotype, &self.cases);
        let (other, other_cases) = (all - tested, 2.0 * cases - tested_cases);
        let apart = |copies: f64, in_cases: f64| in_cases == 0.0 || in_cases == copies;
        let codes = if called.tests_counted {
            [AssocCode::SeparationOther, AssocCode::SeparationCounted]
        } else {
            [AssocCode::SeparationCounted, AssocCode::SeparationOther]
        };
        let found = [apart(other, other_cases), apart(tested, tested_cases)];
        let mut found: Vec<AssocCode> =
            codes.into_iter().zip(found).filter(|(_, f)| *f).map(|(c, _)| c).collect();
        found.sort_by_key(|code| *code != AssocCode::SeparationOther);
        found.first().copied()
    }

    /// Gradient and cross-products where all coefficients are zero.
    fn start(&self, predictors: &Predictors<'_>, genotype: &[f64], xg: &[f64], gg: f64, start: &mut Start) {
        let Start { gradient, cross } = start;
        let k = self.design.width();
        gradient.clear();
        gradient.extend(self.design.columns.iter().zip(&self.start).map(|(column, start)| {
            let missing = predictors.missing;
            start - 0.5 * sum_at(missing, column) + product_at(missing, column, &self.cases)
        }));
        gradient.push(0.5 * xg[0] - dot(genotype, &self.cases));
        cross.clear();
        for row in predictors.cross.chunks_exact(k) {
            cross.extend_from_slice(row);
            cross.push(0.0);
        }
        cross.extend_from_slice(xg);
        cross.push(gg);
    }
}

/// Whether a covariate's values in cases and in controls share at most one value at the border.
fn separates(column: &[f64], cases: &[f64]) -> bool {
    let range = |case: f64| {
        let values = column.iter().zip(cases).filter(|(_, c)| **c == case).map(|(value, _)| *value);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        })
    };
    let (cases, controls) = (range(1.0), range(0.0));
    cases.0 >= controls.1 || controls.0 >= cases.1
}

/// Wald's test of the last coefficient.
fn wald(beta: &[f64], inverse: &[f64], unfinished: bool) -> Result<AssocEstimate, AssocCode> {
    let width = beta.len();
    let variance = |index: usize| inverse[index * (width + 1)];
    if (1..width).any(|index| !variance(index).is_finite() || variance(index) < LEAST_VARIANCE) {
        return Err(AssocCode::InvalidResult);
    }
    let alike = |i: usize, j: usize| {
        inverse[i * width + j] > LARGEST_CORRELATION * variance(i).sqrt() * variance(j).sqrt()
    };
    if (1..width).any(|i| (0..i).any(|j| alike(i, j))) {
        return Err(AssocCode::InvalidResult);
    }
    let beta = beta[width - 1];
    let standard_error = variance(width - 1).sqrt();
    let statistic = beta / standard_error;
    let ln_p = ln_normal_two_sided(statistic);
    Ok(AssocEstimate { beta, standard_error, statistic, p: ln_p.exp(), ln_p, unfinished })
}
