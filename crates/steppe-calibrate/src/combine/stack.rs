//! The stacked score: how it is chosen, fitted and applied.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::cross_fit::{folds, losses};
use crate::{
    CalibrateError,
    gaussian::{all_finite, mean_and_sd, normalised, same_length, varies},
    portable::dot,
};

/// The kind of outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// Least squares.
    Quantitative,
    /// Logistic; the outcome is 0 or 1.
    Binary,
}

/// Phenotyped people of the target population, who did not train any of the scores.
#[derive(Clone, Copy, Debug)]
pub struct StackData<'a> {
    /// People x scores.
    pub scores: &'a DMatrix<f64>,
    /// People x covariates; no columns for none.
    pub covariates: &'a DMatrix<f64>,
    /// The outcome.
    pub outcome: &'a [f64],
    /// People that each score was trained on.
    pub trained_on: &'a [f64],
}

/// How scores are stacked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StackOptions {
    /// The kind of outcome.
    pub family: Family,
    /// No score may have a weight below zero.
    pub non_negative: bool,
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Times that the cross-validation is repeated with other folds.
    pub repeats: usize,
}

impl StackOptions {
    /// Non-negative weights, ten times five folds.
    pub fn new(family: Family) -> Self {
        Self { family, non_negative: true, folds: 5, repeats: 10 }
    }
}

/// What weights are averaged over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Candidate {
    /// Weights in the proportions of the numbers trained on; only their common size is fitted.
    Prior,
    /// Weights shrunk to those proportions with this penalty.
    Shrunk(f64),
    /// One score alone.
    Single(usize),
}

/// A candidate and its part in the average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The candidate.
    pub candidate: Candidate,
    /// Its cross-validated loss: mean squared error, or mean log loss.
    pub loss: f64,
    /// Its share in the weights, by the likelihood of the people left out.
    pub share: f64,
}

/// A stacked score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combination {
    /// How it was made.
    pub options: StackOptions,
    /// The intercept.
    pub intercept: f64,
    /// Weights of the covariates as given.
    pub covariates: Vec<f64>,
    /// Weights of the scores as given; 0 for a score that does not vary.
    pub scores: Vec<f64>,
    /// What was averaged.
    pub candidates: Vec<Tried>,
    /// Scores that do not vary among these people, and take no part.
    pub constant_scores: Vec<usize>,
    /// People who took part.
    pub people: usize,
    /// For each of them the prediction of a stack that was fitted without her fold.
    pub cross_fitted: Vec<f64>,
}

/// Penalties, relative to the variance of a standardised score.
const PENALTIES: [f64; 6] = [3.0, 1.0, 0.3, 0.1, 0.03, 0.0];
/// How likely it is beforehand that one score alone is best.
const SINGLES: f64 = 0.1;

impl Combination {
    /// Fits every candidate and averages them.
    ///
    /// # Errors
    /// Vectors of different lengths, values that are not finite, fewer than two people a fold, a constant outcome, a
    /// binary outcome that is not 0 or 1, no score that varies.
    pub fn fit(data: &StackData, options: StackOptions) -> Result<Self, CalibrateError> {
        check(data, options)?;
        let people = data.outcome.len();
        let all: Vec<usize> = (0..people).collect();
        let (mut model, constant_scores) = Self::on(data, &all, options)?;
        let mut cross_fitted = vec![0.0; people];
        let fold = folds(data.outcome, options, 0);
        for left_out in 0..options.folds {
            let rest: Vec<usize> = all.iter().copied().filter(|row| fold[*row] != left_out).collect();
            let (part, _) = Self::on(data, &rest, options)?;
            for row in all.iter().filter(|row| fold[**row] == left_out) {
                let scores: Vec<f64> = data.scores.row(*row).iter().copied().collect();
                let covariates: Vec<f64> = data.covariates.row(*row).iter().copied().collect();
                cross_fitted[*row] = part.apply(&scores, &covariates)?;
            }
        }
        (model.cross_fitted, model.constant_scores) = (cross_fitted, constant_scores);
        Ok(model)
    }

    /// One person's stacked score: the expected trait, or log odds.
    ///
    /// # Errors
    /// Other numbers of scores or covariates, values that are not finite.
    pub fn apply(&self, scores: &[f64], covariates: &[f64]) -> Result<f64, CalibrateError> {
        same_length(scores.len(), self.scores.len(), "scores of a person")?;
        same_length(covariates.len(), self.covariates.len(), "covariates of a person")?;
        all_finite(scores, "scores")?;
        all_finite(covariates, "covariates")?;
        Ok(self.intercept + dot(&self.covariates, covariates) + dot(&self.scores, scores))
    }

    /// The part of [`Combination::apply`] that scores give: a score to be adjusted and calibrated like any other.
    ///
    /// # Errors
    /// Another number of scores.
    pub fn score(&self, scores: &[f64]) -> Result<f64, CalibrateError> {
        same_length(scores.len(), self.scores.len(), "scores of a person")?;
        Ok(dot(&self.scores, scores))
    }

    /// Fits on some people; the model, and which scores are constant among them.
    fn on(
        data: &StackData,
        rows: &[usize],
        options: StackOptions,
    ) -> Result<(Self, Vec<usize>), CalibrateError> {
        let standard = Standardised::of(data, rows)?;
        let candidates = standard.candidates();
        let of_one = |candidate: &(Candidate, f64)| losses(&standard, candidate.0, options);
        let losses: Vec<f64> = candidates.iter().map(of_one).collect::<Result<_, _>>()?;
        let people = rows.len() as f64;
        let log_likelihood = |loss: f64| match options.family {
            Family::Quantitative => -0.5 * people * loss.ln(),
            Family::Binary => -people * loss,
        };
        let before = candidates.iter().zip(&losses);
        let shares = normalised(before.map(|((_, likely), loss)| likely.ln() + log_likelihood(*loss)));
        let every: Vec<usize> = (0..rows.len()).collect();
        let mut coefficients = DVector::zeros(standard.design.ncols());
        let mut tried = Vec::new();
        for (((candidate, _), loss), share) in candidates.into_iter().zip(losses).zip(shares) {
            coefficients += standard.fit(&every, candidate, options)? * share;
            tried.push(Tried { candidate, loss, share });
        }
        let mut model = standard.as_given(&coefficients, data, options);
        model.candidates = tried;
        Ok((model, standard.constant))
    }
}

/// Some people's columns in standard deviations.
pub(super) struct Standardised {
    /// One, covariates, scores that vary.
    pub(super) design: DMatrix<f64>,
    pub(super) outcome: DVector<f64>,
    /// Scores that vary, by their index.
    pub(super) varying: Vec<usize>,
    constant: Vec<usize>,
    /// Mean and standard deviation of covariates and varying scores.
    scales: Vec<(f64, f64)>,
    /// The prior's direction over the varying scores.
    pub(super) direction: DVector<f64>,
}

impl Standardised {
    fn of(data: &StackData, rows: &[usize]) -> Result<Self, CalibrateError> {
        let of_column = |matrix: &DMatrix<f64>, column: usize| {
            mean_and_sd(&rows.iter().map(|row| matrix[(*row, column)]).collect::<Vec<_>>())
        };
        let varies = |score: &usize| {
            let (mean, sd) = of_column(data.scores, *score);
            varies(mean, sd)
        };
        let (varying, constant): (Vec<usize>, Vec<usize>) = (0..data.scores.ncols()).partition(varies);
        let mut scales: Vec<_> =
            (0..data.covariates.ncols()).map(|column| of_column(data.covariates, column)).collect();
        scales.extend(varying.iter().map(|score| of_column(data.scores, *score)));
        let covariates = data.covariates.ncols();
        let design = DMatrix::from_fn(rows.len(), 1 + scales.len(), |row, column| {
            if column == 0 {
                return 1.0;
            }
            let (mean, sd) = scales[column - 1];
            let value = match column - 1 {
                own if own < covariates => data.covariates[(rows[row], own)],
                own => data.scores[(rows[row], varying[own - covariates])],
            };
            if sd > 0.0 { (value - mean) / sd } else { 0.0 }
        });
        let trained = DVector::from_iterator(varying.len(), varying.iter().map(|s| data.trained_on[*s]));
        let length = trained.norm();
        if varying.is_empty() {
            return Err(CalibrateError::TooFew { what: "scores that vary", found: 0, needed: 1 });
        }
        let outcome = DVector::from_iterator(rows.len(), rows.iter().map(|row| data.outcome[*row]));
        Ok(Self { design, outcome, varying, constant, scales, direction: trained / length })
    }

    pub(super) fn first_score(&self) -> usize {
        self.design.ncols() - self.varying.len()
    }

    /// Candidates, and how likely each is beforehand: the prior direction as likely as all that leave it together.
    fn candidates(&self) -> Vec<(Candidate, f64)> {
        let scores = self.varying.len() as f64;
        let singles = self.varying.iter().map(|score| (Candidate::Single(*score), SINGLES / scores));
        if self.varying.len() == 1 {
            return singles.collect();
        }
        let each = (0.5 - SINGLES) / PENALTIES.len() as f64;
        let shrunk = PENALTIES.iter().map(|penalty| (Candidate::Shrunk(*penalty), each));
        std::iter::once((Candidate::Prior, 0.5)).chain(shrunk).chain(singles).collect()
    }

    /// Coefficients in the units of the data as given.
    fn as_given(&self, coefficients: &DVector<f64>, data: &StackData, options: StackOptions) -> Combination {
        let covariate_count = data.covariates.ncols();
        let (mut intercept, mut covariates) = (coefficients[0], vec![0.0; covariate_count]);
        let mut scores = vec![0.0; data.scores.ncols()];
        for (column, (mean, sd)) in self.scales.iter().enumerate() {
            let weight = if *sd > 0.0 { coefficients[column + 1] / sd } else { 0.0 };
            intercept -= weight * mean;
            if column < covariate_count {
                covariates[column] = weight;
            } else {
                scores[self.varying[column - covariate_count]] = weight;
            }
        }
        Combination {
            options,
            intercept,
            covariates,
            scores,
            candidates: Vec::new(),
            constant_scores: Vec::new(),
            people: self.outcome.len(),
            cross_fitted: Vec::new(),
        }
    }
}

fn check(data: &StackData, options: StackOptions) -> Result<(), CalibrateError> {
    let n = data.outcome.len();
    same_length(data.scores.nrows(), n, "rows of scores")?;
    same_length(data.covariates.nrows(), n, "rows of covariates")?;
    same_length(data.trained_on.len(), data.scores.ncols(), "numbers of people trained on")?;
    all_finite(data.scores.iter(), "scores")?;
    all_finite(data.covariates.iter(), "covariates")?;
    all_finite(data.outcome, "outcomes")?;
    if let Some(found) = data.trained_on.iter().find(|count| !(**count > 0.0 && count.is_finite())) {
        let what = "a number of people trained on";
        return Err(CalibrateError::range(what, *found, "above 0"));
    }
    if options.folds < 2 || options.repeats < 1 {
        let found = options.folds.min(options.repeats);
        return Err(CalibrateError::TooFew { what: "folds or repeats", found, needed: 2 });
    }
    let needed = options.folds * 2 + data.covariates.ncols() + data.scores.ncols();
    if n < needed {
        return Err(CalibrateError::TooFew { what: "people of the target population", found: n, needed });
    }
    let (mean, sd) = mean_and_sd(data.outcome);
    if !varies(mean, sd) {
        return Err(CalibrateError::Constant { what: "the outcome", people: n });
    }
    let strange = data.outcome.iter().find(|y| options.family == Family::Binary && **y != 0.0 && **y != 1.0);
    match strange {
        Some(found) => Err(CalibrateError::range("a binary outcome", *found, "0 or 1")),
        None => Ok(()),
    }
}
