//! Intervals of a quantitative trait or liability whose width depends on ancestry.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::{
    CalibrateError,
    adjust::{AncestryHull, AncestrySpace},
    gaussian::{Coefficients, all_finite, mean_and_sd, same_length, varies},
    heteroscedastic::{Block, Scale, Side, fit},
    portable::{NORMAL_95, exp},
};

/// How [`PredictionInterval`] is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalOptions {
    /// Principal components that are used.
    pub components: usize,
    /// The share of people that may lie outside their own clouds.
    pub false_flags: f64,
}

impl Default for IntervalOptions {
    fn default() -> Self {
        Self { components: 4, false_flags: 0.01 }
    }
}

/// Phenotyped people.
#[derive(Clone, Copy, Debug)]
pub struct IntervalData<'a> {
    /// The trait.
    pub outcome: &'a [f64],
    /// The score.
    pub score: &'a [f64],
    /// Components (people x components).
    pub pcs: &'a DMatrix<f64>,
    /// Covariates (people x covariates; no columns for none).
    pub covariates: &'a DMatrix<f64>,
    /// Population of each person, `0..populations`.
    pub population: &'a [usize],
    /// Populations.
    pub populations: usize,
}

/// Mean and log variance of a trait, each in the score, the covariates, ancestry and the population (CalPred's form, Hou
/// et al. 2024), with effects shrunk by empirical Bayes. The score's effect may change along the components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionInterval {
    /// Functions of ancestry.
    pub space: AncestrySpace,
    /// Populations of the fit.
    pub populations: usize,
    /// Mean and standard deviation of the outcome.
    pub outcome: (f64, f64),
    /// Mean and standard deviation of the score.
    pub score: (f64, f64),
    /// Means and standard deviations of the covariates.
    pub covariates: Vec<(f64, f64)>,
    /// Coefficients of the mean, in standard deviations of the outcome.
    pub mean: Coefficients,
    /// Coefficients of the log variance.
    pub log_variance: Coefficients,
    /// Standard deviations of a population's own shift of mean and log variance: those of a new population.
    pub new_population: (f64, f64),
}

/// One person's interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Expected trait.
    pub mean: f64,
    /// Standard deviation of the trait around it, with the model's own uncertainty.
    pub sd: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The person's components lie outside those that the model was fitted on.
    pub extrapolated: bool,
}

impl PredictionInterval {
    /// Fits phenotyped people of any populations together.
    ///
    /// # Errors
    /// Vectors of different lengths, values that are not finite, a constant outcome or score, and as
    /// [`AncestryHull::fit`].
    pub fn fit(data: &IntervalData, options: IntervalOptions) -> Result<Self, CalibrateError> {
        check(data)?;
        let IntervalData { pcs, population, populations, .. } = *data;
        let hull = AncestryHull::fit(pcs, options.components, population, populations, options.false_flags)?;
        let space = AncestrySpace::new(hull, pcs)?;
        let zero = || Coefficients { mean: DVector::zeros(0), covariance: DMatrix::zeros(0, 0) };
        let of_column =
            |column: usize| mean_and_sd(&data.covariates.column(column).iter().copied().collect::<Vec<_>>());
        let mut model = Self {
            space,
            populations,
            outcome: mean_and_sd(data.outcome),
            score: mean_and_sd(data.score),
            covariates: (0..data.covariates.ncols()).map(of_column).collect(),
            mean: zero(),
            log_variance: zero(),
            new_population: (0.0, 0.0),
        };
        let (centre, unit) = model.outcome;
        let scaled = data.outcome.iter().map(|value| (value - centre) / unit);
        let response = DVector::from_iterator(data.outcome.len(), scaled);
        let (of_mean, of_variance) = model.designs(data)?;
        let (mean_blocks, variance_blocks) = (model.mean_blocks(), model.variance_blocks());
        let fitted = fit(
            &response,
            &Side { design: &of_mean, blocks: &mean_blocks },
            &Side { design: &of_variance, blocks: &variance_blocks },
        )?;
        let last = |scales: &[f64]| scales.last().copied().unwrap_or(0.0);
        model.new_population = (last(&fitted.mean_scales), last(&fitted.variance_scales));
        (model.mean, model.log_variance) = (fitted.mean, fitted.log_variance);
        Ok(model)
    }

    /// One person's 90 % interval; `population` is `None` for one that the fit did not have.
    ///
    /// # Errors
    /// An unknown population, other numbers of components or covariates, values that are not finite.
    pub fn apply(
        &self,
        score: f64,
        pcs: &[f64],
        covariates: &[f64],
        population: Option<usize>,
    ) -> Result<Interval, CalibrateError> {
        let (of_mean, of_variance) = self.columns(score, pcs, covariates, population)?;
        let (centre, unit) = self.outcome;
        let new = if population.is_some() { (0.0, 0.0) } else { self.new_population };
        let log_variance = self.log_variance.at(&of_variance);
        let log_error = self.log_variance.variance_at(&of_variance) + new.1 * new.1;
        // E[exp(l)] for a normal l.
        let residual = exp(log_variance + 0.5 * log_error);
        let sd = unit * (residual + self.mean.variance_at(&of_mean) + new.0 * new.0).sqrt();
        let mean = centre + unit * self.mean.at(&of_mean);
        let extrapolated = self.space.hull.place(pcs)?.outside;
        Ok(Interval { mean, sd, low: mean - NORMAL_95 * sd, high: mean + NORMAL_95 * sd, extrapolated })
    }

    fn designs(&self, data: &IntervalData) -> Result<(DMatrix<f64>, DMatrix<f64>), CalibrateError> {
        let (mut means, mut variances) = (Vec::new(), Vec::new());
        for row in 0..data.outcome.len() {
            let pcs: Vec<f64> = data.pcs.row(row).iter().copied().collect();
            let covariates: Vec<f64> = data.covariates.row(row).iter().copied().collect();
            let columns = self.columns(data.score[row], &pcs, &covariates, Some(data.population[row]))?;
            means.extend(columns.0);
            variances.extend(columns.1);
        }
        let people = data.outcome.len();
        let rows = |values: &[f64]| DMatrix::from_row_slice(people, values.len() / people, values);
        Ok((rows(&means), rows(&variances)))
    }

    /// A person's columns of the mean and of the log variance, in the order of the blocks.
    fn columns(
        &self,
        score: f64,
        pcs: &[f64],
        covariates: &[f64],
        population: Option<usize>,
    ) -> Result<(Vec<f64>, Vec<f64>), CalibrateError> {
        all_finite([&score], "scores")?;
        all_finite(covariates, "covariates")?;
        same_length(covariates.len(), self.covariates.len(), "covariates of a person")?;
        if let Some(found) = population.filter(|index| *index >= self.populations) {
            return Err(CalibrateError::Unknown { what: "population", found, known: self.populations });
        }
        let ancestry = self.space.columns(pcs)?.values;
        let plane = &ancestry[1..=self.space.plane()];
        let score = (score - self.score.0) / self.score.1;
        // A constant covariate has nothing to say.
        let covariates = covariates.iter().zip(&self.covariates);
        let covariates = covariates.map(|(x, (mean, sd))| if *sd > 0.0 { (x - mean) / sd } else { 0.0 });
        let mut common = vec![1.0, score];
        common.extend(covariates);
        let mut own = vec![0.0; self.populations];
        if let Some(index) = population {
            own[index] = 1.0;
        }
        let mut of_mean = common.clone();
        of_mean.extend(plane.iter().map(|x| x * score));
        for side in [&mut of_mean, &mut common] {
            side.extend(&ancestry[1..]);
            side.extend(&own);
        }
        Ok((of_mean, common))
    }

    fn mean_blocks(&self) -> Vec<Block> {
        let about = |columns, typical| Block { columns, scale: Scale::About { typical, weight: 2.0 } };
        let fixed = |columns| Block { columns, scale: Scale::Fixed(10.0) };
        vec![
            fixed(2 + self.covariates.len()),
            about(self.space.plane(), 0.05),
            about(self.space.plane(), 0.2),
            about(self.space.bumps(), 0.1),
            about(self.populations, 0.1),
        ]
    }

    fn variance_blocks(&self) -> Vec<Block> {
        let about = |columns, typical| Block { columns, scale: Scale::About { typical, weight: 2.0 } };
        vec![
            Block { columns: 1, scale: Scale::Fixed(10.0) },
            about(1 + self.covariates.len(), 0.1),
            about(self.space.plane(), 0.1),
            about(self.space.bumps(), 0.05),
            about(self.populations, 0.1),
        ]
    }
}

fn check(data: &IntervalData) -> Result<(), CalibrateError> {
    let n = data.outcome.len();
    same_length(data.score.len(), n, "scores")?;
    same_length(data.pcs.nrows(), n, "rows of principal components")?;
    same_length(data.covariates.nrows(), n, "rows of covariates")?;
    same_length(data.population.len(), n, "populations")?;
    all_finite(data.outcome, "outcomes")?;
    all_finite(data.score, "scores")?;
    all_finite(data.covariates.iter(), "covariates")?;
    for (values, what) in [(data.outcome, "the outcome"), (data.score, "the score")] {
        let (mean, sd) = mean_and_sd(values);
        if !varies(mean, sd) {
            return Err(CalibrateError::Constant { what, people: n });
        }
    }
    Ok(())
}
