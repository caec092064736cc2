//! Is a population better served by its calibrated risks? Cross-validation answers.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::{hierarchy::posterior, laplace::Grouped};
use crate::{
    CalibrateError,
    portable::{ln, logistic, logistic_of_normal, quadratic},
};

const FOLDS: usize = 10;
const FEWEST_CASES: usize = 2;

/// Mean log loss (negative log likelihood a person) of people whose own fold did not take part in the fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Folds.
    pub folds: usize,
    /// Of the uncalibrated model.
    pub uncalibrated: f64,
    /// Of the calibrated model.
    pub calibrated: f64,
    /// Standard error of their difference.
    pub standard_error: f64,
}

/// Cross-validates one population; `None` with fewer than two cases or two controls.
pub(super) fn validate(
    people: &Grouped,
    alike: &DMatrix<f64>,
    population: usize,
) -> Result<Option<Validation>, CalibrateError> {
    let own: Vec<usize> = (0..people.case.len()).filter(|row| people.group[*row] == population).collect();
    let cases = own.iter().filter(|row| people.case[**row]).count();
    let rarer = cases.min(own.len() - cases);
    if rarer < FEWEST_CASES {
        return Ok(None);
    }
    let folds = FOLDS.min(rarer);
    let fold = assign(people, &own, folds);
    let mut differences = Vec::with_capacity(own.len());
    let (mut uncalibrated, mut calibrated) = (0.0, 0.0);
    for left_out in 0..folds {
        let rest: Vec<usize> = (0..people.case.len()).filter(|row| fold[*row] != Some(left_out)).collect();
        let fitted = posterior(&Rows::of(people, &rest).grouped(people.groups), alike, population)?;
        for row in own.iter().filter(|row| fold[**row] == Some(left_out)) {
            let eta = people.features[(*row, 1)];
            let x = [1.0, eta];
            let risk = logistic_of_normal(fitted.at(&x), quadratic(&fitted.covariance, &x));
            let (before, after) = (loss(logistic(eta), people.case[*row]), loss(risk, people.case[*row]));
            uncalibrated += before;
            calibrated += after;
            differences.push(after - before);
        }
    }
    let n = own.len() as f64;
    let (_, spread) = crate::gaussian::mean_and_sd(&differences);
    Ok(Some(Validation {
        folds,
        uncalibrated: uncalibrated / n,
        calibrated: calibrated / n,
        standard_error: spread / n.sqrt(),
    }))
}

/// Folds of equal shares of cases, in the order that people are given.
fn assign(people: &Grouped, own: &[usize], folds: usize) -> Vec<Option<usize>> {
    let mut fold = vec![None; people.case.len()];
    let mut next = [0_usize; 2];
    for row in own {
        let class = usize::from(people.case[*row]);
        fold[*row] = Some(next[class] % folds);
        next[class] += 1;
    }
    fold
}

fn loss(risk: f64, case: bool) -> f64 {
    let of_truth = if case { risk } else { 1.0 - risk };
    -ln(of_truth.max(f64::MIN_POSITIVE))
}

/// Some people, copied.
struct Rows {
    features: DMatrix<f64>,
    case: Vec<bool>,
    group: Vec<usize>,
}

impl Rows {
    fn of(people: &Grouped, rows: &[usize]) -> Self {
        Self {
            features: people.features.select_rows(rows),
            case: rows.iter().map(|row| people.case[*row]).collect(),
            group: rows.iter().map(|row| people.group[*row]).collect(),
        }
    }

    fn grouped(&self, groups: usize) -> Grouped<'_> {
        Grouped { features: &self.features, case: &self.case, group: &self.group, groups }
    }
}
