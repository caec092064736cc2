//! Where a model may be used: near the people that it was fitted on.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use steppe_stats::linear_algebra::gram;

use super::{ComponentScale, linear::largest, linear::with_one};
use crate::{
    CalibrateError,
    gaussian::{inverse, same_length},
    portable::quadratic,
};

/// A population's own covariance is used from so many people for each of its parameters in one direction.
const PEOPLE_PER_COMPONENT: usize = 3;

/// The people that a model was fitted on, as clouds in the space of components.
///
/// Two ways of being outside: a leverage (distance from the common centre, as least squares sees it) above the largest
/// one in the reference; and a Mahalanobis distance to the nearest population above that of all but a given share of the
/// reference, each measured to its own population without itself. The second also sees the gap between populations,
/// where a regression interpolates but nobody was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AncestryHull {
    /// How components are scaled.
    pub scale: ComponentScale,
    /// (XᵀX)⁻¹ of the reference.
    pub leverage: DMatrix<f64>,
    /// The largest leverage among the reference.
    pub largest_leverage: f64,
    /// Reference people.
    pub people: usize,
    /// A cloud for each population; `None` for populations without people.
    pub clouds: Vec<Option<Cloud>>,
    /// The squared distance to the nearest cloud above which a person is outside.
    pub limit: f64,
}

/// One population's cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// People.
    pub people: usize,
    /// Mean of the scaled components.
    pub centre: Vec<f64>,
    /// Inverse covariance of the scaled components: the population's own, or that pooled within populations where it has
    /// too few people.
    pub precision: DMatrix<f64>,
}

/// One person's place in relation to the reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Leverage: what share of a person's fitted value would be her own.
    pub leverage: f64,
    /// The population whose cloud is nearest.
    pub nearest: usize,
    /// Mahalanobis distance to it.
    pub distance: f64,
    /// Outside in either way.
    pub outside: bool,
}

impl AncestryHull {
    /// The hull of the reference's first `components` columns (people x components), with populations `0..populations`.
    /// `false_flags` is the share of the reference that may be outside its own clouds.
    ///
    /// # Errors
    /// As [`ComponentScale::new`]; an unknown population; collinear components.
    pub fn fit(
        pcs: &DMatrix<f64>,
        components: usize,
        population: &[usize],
        populations: usize,
        false_flags: f64,
    ) -> Result<Self, CalibrateError> {
        if !(0.0..1.0).contains(&false_flags) {
            let needed = "0 or more and below 1";
            return Err(CalibrateError::range("the share of false flags", false_flags, needed));
        }
        same_length(population.len(), pcs.nrows(), "populations of the reference")?;
        if let Some(found) = population.iter().find(|index| **index >= populations) {
            return Err(CalibrateError::Unknown { what: "population", found: *found, known: populations });
        }
        let scale = ComponentScale::new(pcs, components)?;
        let design = scale.design(pcs);
        let (leverage, _) = inverse(gram(&design), "the cross product of the components")?;
        let largest_leverage = largest(&design, &leverage);
        let scaled = design.columns(1, components).into_owned();
        let clouds = clouds(&scaled, population, populations)?;
        let mut hull = Self { scale, leverage, largest_leverage, people: pcs.nrows(), clouds, limit: 0.0 };
        let mut distances: Vec<f64> = (0..scaled.nrows())
            .map(|row| {
                hull.left_out_square(&scaled.row(row).iter().copied().collect::<Vec<_>>(), population[row])
            })
            .collect();
        distances.sort_by(f64::total_cmp);
        let kept = ((1.0 - false_flags) * distances.len() as f64).ceil() as usize;
        hull.limit = distances[kept.clamp(1, distances.len()) - 1];
        Ok(hull)
    }

    /// One person's place.
    ///
    /// # Errors
    /// As [`ComponentScale::apply`].
    pub fn place(&self, pcs: &[f64]) -> Result<Place, CalibrateError> {
        let scaled = self.scale.apply(pcs)?;
        let (nearest, square) = self.nearest(&scaled);
        let leverage = quadratic(&self.leverage, &with_one(scaled));
        let outside = square > self.limit || leverage > self.largest_leverage;
        Ok(Place { leverage, nearest, distance: square.sqrt(), outside })
    }

    /// Scaled components, drawn back to the largest leverage of the reference: a line may not be followed beyond.
    pub(super) fn within(&self, scaled: Vec<f64>) -> Vec<f64> {
        let least = 1.0 / self.people as f64;
        let leverage = quadratic(&self.leverage, &with_one(scaled.clone()));
        if leverage <= self.largest_leverage {
            return scaled;
        }
        let shrink = ((self.largest_leverage - least).max(0.0) / (leverage - least)).sqrt();
        scaled.into_iter().map(|value| value * shrink).collect()
    }

    fn nearest(&self, scaled: &[f64]) -> (usize, f64) {
        let known = self.clouds.iter().enumerate();
        let squares = known.filter_map(|(index, cloud)| cloud.as_ref().map(|c| (index, c.square(scaled))));
        squares.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::INFINITY))
    }

    /// The smaller of the squared distances to the own cloud without oneself, and to the nearest other.
    fn left_out_square(&self, scaled: &[f64], own: usize) -> f64 {
        let (nearest, square) = self.nearest(scaled);
        if nearest != own {
            return square;
        }
        let n = self.clouds[own].as_ref().map_or(0.0, |cloud| cloud.people as f64);
        if n < 4.0 {
            return square;
        }
        // Sherman and Morrison's formula for the covariance and the mean without the person.
        let share = square / (n - 1.0);
        let ratio = n / (n - 1.0);
        (n - 2.0) * ratio * ratio * share / (1.0 - ratio * share).max(f64::EPSILON)
    }
}

impl Cloud {
    fn square(&self, scaled: &[f64]) -> f64 {
        let away: Vec<f64> = scaled.iter().zip(&self.centre).map(|(value, centre)| value - centre).collect();
        quadratic(&self.precision, &away)
    }
}

fn clouds(
    scaled: &DMatrix<f64>,
    population: &[usize],
    populations: usize,
) -> Result<Vec<Option<Cloud>>, CalibrateError> {
    let size = scaled.ncols();
    let mut centres = vec![DVector::<f64>::zeros(size); populations];
    let mut people = vec![0_usize; populations];
    for (row, own) in scaled.row_iter().zip(population) {
        centres[*own] += row.transpose();
        people[*own] += 1;
    }
    for (centre, n) in centres.iter_mut().zip(&people) {
        *centre /= (*n).max(1) as f64;
    }
    let mut scatters = vec![DMatrix::zeros(size, size); populations];
    for (row, own) in scaled.row_iter().zip(population) {
        let away = row.transpose() - &centres[*own];
        scatters[*own] += &away * away.transpose();
    }
    let occupied = people.iter().filter(|n| **n > 0).count();
    let freedom = scaled.nrows().saturating_sub(occupied).max(1) as f64;
    let pooled = scatters.iter().fold(DMatrix::zeros(size, size), |sum, scatter| sum + scatter) / freedom;
    let what = "the covariance of the components within populations";
    let mut found = Vec::new();
    for ((centre, n), scatter) in centres.iter().zip(&people).zip(&scatters) {
        if *n == 0 {
            found.push(None);
            continue;
        }
        let enough = *n >= PEOPLE_PER_COMPONENT * (size + 1);
        let covariance = if enough { scatter / (*n as f64 - 1.0) } else { pooled.clone() };
        let (precision, _) = inverse(covariance, what)?;
        found.push(Some(Cloud { people: *n, centre: centre.as_slice().to_vec(), precision }));
    }
    Ok(found)
}
