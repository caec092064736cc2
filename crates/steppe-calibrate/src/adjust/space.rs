//! Ancestry as columns of a regression: a plane within the hull, and bumps around landmarks.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::AncestryHull;
use crate::{CalibrateError, portable::exp};

const MOST_LANDMARKS: usize = 16;
/// New landmarks are set until everybody has one within this share of the kernel's length.
const COVER: f64 = 1.0 / 3.0;
const JITTER: f64 = 1e-6;

/// Smooth functions of ancestry: linear in the components inside the hull and constant along rays beyond it, plus a
/// Gaussian process with a squared exponential kernel in Nyström's form (Williams and Seeger 2001) on landmarks.
///
/// The kernel's distance is Euclidean in the components as they are given, so they must be scaled by their eigenvalues
/// (scores, not eigenvectors of unit length). Its length is the root mean square distance of the reference from its mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AncestrySpace {
    /// Where the reference lies.
    pub hull: AncestryHull,
    /// Landmarks, in components as given.
    pub landmarks: Vec<Vec<f64>>,
    /// The kernel's length.
    pub length: f64,
    /// Lower Cholesky factor of the landmarks' kernel matrix.
    pub factor: DMatrix<f64>,
}

/// A person's columns.
pub(crate) struct Columns {
    /// One, then scaled components, then the kernel's columns.
    pub(crate) values: Vec<f64>,
    /// The share of the kernel's prior variance that no landmark explains: near 0 at the reference, 1 far away.
    pub(crate) unexplained: f64,
}

impl AncestrySpace {
    /// The space of a reference (people x components as given).
    ///
    /// # Errors
    /// When the kernel's matrix can not be decomposed.
    pub fn new(hull: AncestryHull, pcs: &DMatrix<f64>) -> Result<Self, CalibrateError> {
        let length = hull.scale.sd.iter().map(|sd| sd * sd).sum::<f64>().sqrt();
        let components = hull.scale.components();
        let people: Vec<Vec<f64>> =
            pcs.row_iter().map(|row| row.iter().take(components).copied().collect()).collect();
        let landmarks = farthest_points(&people, &hull.scale.mean, COVER * length);
        let size = landmarks.len();
        let kernel = DMatrix::from_fn(size, size, |i, j| {
            similarity(&landmarks[i], &landmarks[j], length) + if i == j { JITTER } else { 0.0 }
        });
        let what = "the kernel of the landmarks";
        let factor = kernel.cholesky().ok_or(CalibrateError::NotPositiveDefinite { what })?.unpack();
        Ok(Self { hull, landmarks, length, factor })
    }

    /// Columns of the plane, without the intercept.
    pub(crate) fn plane(&self) -> usize {
        self.hull.scale.components()
    }

    /// Columns of the kernel.
    pub(crate) fn bumps(&self) -> usize {
        self.landmarks.len()
    }

    pub(crate) fn columns(&self, pcs: &[f64]) -> Result<Columns, CalibrateError> {
        let scaled = self.hull.within(self.hull.scale.apply(pcs)?);
        let mut values = vec![1.0];
        values.extend(scaled);
        let own = &pcs[..self.plane()];
        let mut bumps: Vec<f64> = Vec::with_capacity(self.bumps());
        for (row, landmark) in self.landmarks.iter().enumerate() {
            let mut rest = similarity(own, landmark, self.length);
            for (column, bump) in bumps.iter().enumerate() {
                rest -= self.factor[(row, column)] * bump;
            }
            bumps.push(rest / self.factor[(row, row)]);
        }
        let explained: f64 = bumps.iter().map(|bump| bump * bump).sum();
        values.extend(bumps);
        Ok(Columns { values, unexplained: (1.0 - explained).max(0.0) })
    }

    /// People x columns.
    pub(crate) fn design(&self, pcs: &DMatrix<f64>) -> Result<(DMatrix<f64>, Vec<f64>), CalibrateError> {
        let mut design = DMatrix::zeros(pcs.nrows(), 1 + self.plane() + self.bumps());
        let mut unexplained = Vec::with_capacity(pcs.nrows());
        for (index, row) in pcs.row_iter().enumerate() {
            let columns = self.columns(&row.iter().copied().collect::<Vec<_>>())?;
            for (column, value) in columns.values.iter().enumerate() {
                design[(index, column)] = *value;
            }
            unexplained.push(columns.unexplained);
        }
        Ok((design, unexplained))
    }
}

fn similarity(a: &[f64], b: &[f64], length: f64) -> f64 {
    exp(-0.5 * square_distance(a, b) / (length * length))
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Landmarks by farthest-point traversal (Gonzalez 1985), which needs no random start: the person nearest the mean, then
/// always the one farthest from all landmarks.
fn farthest_points(people: &[Vec<f64>], mean: &[f64], cover: f64) -> Vec<Vec<f64>> {
    let to_mean: Vec<f64> = people.iter().map(|person| square_distance(person, mean)).collect();
    let first = (0..people.len()).min_by(|a, b| to_mean[*a].total_cmp(&to_mean[*b]));
    let Some(first) = first else { return Vec::new() };
    let mut chosen = vec![people[first].clone()];
    let mut nearest: Vec<f64> = people.iter().map(|person| square_distance(person, &people[first])).collect();
    while chosen.len() < MOST_LANDMARKS {
        let farthest = (0..people.len()).max_by(|a, b| nearest[*a].total_cmp(&nearest[*b]).then(b.cmp(a)));
        let Some(farthest) = farthest.filter(|index| nearest[*index] > cover * cover) else { break };
        for (distance, person) in nearest.iter_mut().zip(people) {
            *distance = distance.min(square_distance(person, &people[farthest]));
        }
        chosen.push(people[farthest].clone());
    }
    chosen
}
