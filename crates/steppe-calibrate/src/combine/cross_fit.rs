//! Cross-validation of the candidates.

use nalgebra::DVector;

use super::{
    solve::Problem,
    stack::{Candidate, Family, StackOptions, Standardised},
};
use crate::{CalibrateError, portable::softplus};

/// Folds for a repeat: people in the order of a hash of their index, dealt out in turn; cases and controls apart.
pub(super) fn folds(outcome: &[f64], options: StackOptions, repeat: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..outcome.len()).collect();
    order.sort_by_key(|row| mixed(((repeat as u64) << 40) + *row as u64));
    let mut fold = vec![0; outcome.len()];
    let mut next = [0_usize; 2];
    for row in order {
        let class = usize::from(options.family == Family::Binary && outcome[row] == 1.0);
        fold[row] = next[class] % options.folds;
        next[class] += 1;
    }
    fold
}

/// The finaliser of SplitMix64 (Steele et al. 2014).
fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A candidate's mean loss over people, each predicted without her fold, over all repeats.
pub(super) fn losses(
    data: &Standardised,
    candidate: Candidate,
    options: StackOptions,
) -> Result<f64, CalibrateError> {
    let people = data.outcome.len();
    let mut total = 0.0;
    for repeat in 0..options.repeats {
        let fold = folds(data.outcome.as_slice(), options, repeat);
        for left_out in 0..options.folds {
            let rest: Vec<usize> = (0..people).filter(|row| fold[*row] != left_out).collect();
            let coefficients = data.fit(&rest, candidate, options)?;
            for row in (0..people).filter(|row| fold[*row] == left_out) {
                let eta: f64 = (0..coefficients.len()).map(|k| data.design[(row, k)] * coefficients[k]).sum();
                let y = data.outcome[row];
                total += match options.family {
                    Family::Quantitative => (y - eta) * (y - eta),
                    Family::Binary => softplus(eta) - y * eta,
                };
            }
        }
    }
    Ok(total / (people * options.repeats) as f64)
}

impl Standardised {
    /// A candidate's coefficients of all columns, from some rows.
    pub(super) fn fit(
        &self,
        rows: &[usize],
        candidate: Candidate,
        options: StackOptions,
    ) -> Result<DVector<f64>, CalibrateError> {
        let first = self.first_score();
        let mut design = self.design.select_rows(rows);
        let response = self.outcome.select_rows(rows);
        // Where only the size of a fixed direction is fitted, that direction is the one column.
        let fixed = match candidate {
            Candidate::Shrunk(_) => None,
            Candidate::Prior => Some(self.direction.clone()),
            Candidate::Single(score) => Some(DVector::from_fn(self.varying.len(), |column, _| {
                f64::from(u8::from(self.varying[column] == score))
            })),
        };
        let one = DVector::from_element(1, 1.0);
        if let Some(direction) = &fixed {
            let along = design.columns(first, self.varying.len()) * direction;
            design = design.columns(0, first).into_owned().insert_column(first, 0.0);
            design.set_column(first, &along);
        }
        let problem = Problem {
            design: &design,
            response: &response,
            family: options.family,
            first_score: first,
            direction: if fixed.is_some() { &one } else { &self.direction },
            non_negative: options.non_negative,
        };
        let lambda = if let Candidate::Shrunk(penalty) = candidate { penalty } else { 0.0 };
        let found = problem.solve(lambda)?;
        let Some(direction) = fixed else { return Ok(found) };
        let mut coefficients = DVector::zeros(self.design.ncols());
        coefficients.rows_mut(0, first).copy_from(&found.rows(0, first));
        coefficients.rows_mut(first, direction.len()).copy_from(&(direction * found[first]));
        Ok(coefficients)
    }
}
