//! The largest eigenpairs of a symmetric operator that is only applied to blocks: block Krylov spaces with full
//! orthogonalisation, Rayleigh-Ritz, and thick restarts (Wu and Simon 2000; Musco and Musco 2015 for the block start).

use nalgebra::{DMatrix, DVector};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use steppe_stats::linear_algebra::{gram, multiply, symmetric_eigen, transposed_multiply};

use crate::error::CalibrateError;

/// Squared length, beside the largest, below which a direction of a block is none.
const NOTHING: f64 = 1e-12;

/// Share of the expected way after which is looked again.
const CAUTION: f64 = 0.8;

/// A symmetric, positive semidefinite operator.
pub(super) trait SymmetricOperator {
    /// Rows and columns.
    fn size(&self) -> usize;

    /// The operator times some columns.
    fn apply(&self, block: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError>;
}

/// What is looked for, and how well.
#[derive(Clone, Copy, Debug)]
pub(super) struct EigenOptions {
    /// Eigenvectors that must be found to the angle.
    pub(super) wanted: usize,
    /// Eigenvectors that are given; those beyond the wanted ones need a small residual only.
    pub(super) kept: usize,
    /// Columns of a block.
    pub(super) block: usize,
    /// Largest angle (its sine) between a wanted eigenvector and what is found.
    pub(super) angle: f64,
    /// Largest residual of the other ones, as a share of the eigenvalue.
    pub(super) residual: f64,
    /// Most applications of the operator.
    pub(super) applications: u32,
    /// Most vectors held at a time.
    pub(super) basis: usize,
    pub(super) seed: u64,
}

/// Eigenpairs, largest first.
#[derive(Clone, Debug)]
pub(super) struct Eigenpairs {
    pub(super) values: Vec<f64>,
    pub(super) vectors: DMatrix<f64>,
    /// |A·v − value·v|.
    pub(super) residuals: Vec<f64>,
    /// Bound of the sine of the angle to the exact vector: residual over the gap to the next value.
    pub(super) angles: Vec<f64>,
}

/// Ritz values and what is known of their vectors, which are given by coordinates on the basis.
struct Ritz {
    values: Vec<f64>,
    coordinates: DMatrix<f64>,
    residuals: Vec<f64>,
    angles: Vec<f64>,
}

/// An orthonormal basis Q with its projection H = QᵀAQ; A·Q = Q·H but for the last block, from which `coupling` leads to
/// the block that comes next.
struct Space {
    basis: DMatrix<f64>,
    projection: DMatrix<f64>,
    next: DMatrix<f64>,
    coupling: DMatrix<f64>,
}

/// Finds the largest eigenpairs, from vectors that are near to them where there are some, and else from a random block. An
/// operator no larger than a block is taken whole, which makes them exact.
pub(super) fn largest_eigenpairs(
    operator: &impl SymmetricOperator,
    options: &EigenOptions,
    start: Option<DMatrix<f64>>,
) -> Result<Eigenpairs, CalibrateError> {
    let mut space = Space::new(operator.size(), options, start)?;
    let mut schedule = Schedule::default();
    let mut applications = 0;
    loop {
        space.extend(operator)?;
        applications += 1;
        let exhausted = space.next.ncols() == 0 || applications >= options.applications;
        if exhausted || (applications >= schedule.next && space.dimension() >= options.kept) {
            let ritz = space.ritz(options.kept)?;
            let far = ritz.far(options);
            if exhausted || far <= 1.0 {
                let vectors = multiply(&space.basis, &ritz.coordinates);
                let Ritz { values, residuals, angles, .. } = ritz;
                return Ok(Eigenpairs { values, vectors, residuals, angles });
            }
            schedule.looked(applications, far);
        }
        if space.dimension() + space.next.ncols() > options.basis {
            space.restart(options.kept + options.block)?;
        }
    }
}

/// When to look at the Ritz vectors: they take as long as an application where the basis is large.
#[derive(Default)]
struct Schedule {
    next: u32,
    /// The last look, and the logarithm of what was found.
    last: Option<(u32, f64)>,
}

impl Schedule {
    /// Residuals fall geometrically: from two looks follows when the third is worth it.
    fn looked(&mut self, applications: u32, far: f64) {
        let left = far.ln();
        let rate = self.last.map(|(before, then)| (then - left) / f64::from(applications - before));
        let expected = rate.filter(|rate| *rate > 0.0).map_or(0.0, |rate| (CAUTION * left / rate).floor());
        let most = f64::from((applications / 4).max(1));
        self.next = applications + expected.clamp(1.0, most) as u32;
        self.last = Some((applications, left));
    }
}

impl Ritz {
    /// How many times too large the largest angle or residual is; 1 or less where all is found.
    fn far(&self, options: &EigenOptions) -> f64 {
        let wanted = options.wanted.min(options.kept);
        let angles = self.angles.iter().take(wanted).map(|angle| angle / options.angle);
        let others = self.residuals.iter().zip(&self.values).skip(wanted);
        // A value of nothing, or less by rounding, is as good as its residual.
        let rough =
            others.map(|(residual, value)| residual / (options.residual * value.max(f64::MIN_POSITIVE)));
        let few = if self.values.len() < options.kept { f64::INFINITY } else { 0.0 };
        angles.chain(rough.map(|share| if share.is_nan() { 0.0 } else { share })).fold(few, f64::max)
    }
}

impl Space {
    fn new(size: usize, options: &EigenOptions, start: Option<DMatrix<f64>>) -> Result<Self, CalibrateError> {
        let mut numbers = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        let next = if options.block >= size {
            DMatrix::identity(size, size)
        } else {
            let mut random = || (numbers.next_u64() >> 11) as f64 - 2f64.powi(52);
            let mut next = start.unwrap_or_else(|| DMatrix::zeros(size, 0));
            let (given, columns) = (next.ncols(), next.ncols().max(options.block));
            next = next.resize_horizontally(columns, 0.0);
            next.columns_mut(given, columns - given).iter_mut().for_each(|value| *value = random());
            orthonormal(&next)?
        };
        let basis = DMatrix::zeros(size, 0);
        Ok(Self { basis, projection: DMatrix::zeros(0, 0), next, coupling: DMatrix::zeros(0, 0) })
    }

    fn dimension(&self) -> usize {
        self.basis.ncols()
    }

    /// Takes the next block into the basis, applies the operator to it and finds the block after it.
    fn extend(&mut self, operator: &impl SymmetricOperator) -> Result<(), CalibrateError> {
        let before = self.dimension();
        let (size, width) = self.next.shape();
        let block = std::mem::replace(&mut self.next, DMatrix::zeros(size, 0));
        let mut image = operator.apply(&block)?;
        let basis = std::mem::replace(&mut self.basis, DMatrix::zeros(0, 0));
        self.basis = basis.resize_horizontally(before + width, 0.0);
        self.basis.columns_mut(before, width).copy_from(&block);
        let length = image.norm();
        let mut along = DMatrix::zeros(before + width, width);
        for _ in 0..2 {
            let part = transposed_multiply(&self.basis, &image);
            image -= multiply(&self.basis, &part);
            along += part;
        }
        self.project(&along);
        let room = size - self.dimension();
        self.coupling = DMatrix::zeros(0, width);
        if room > 0 && image.norm() > 1e-13 * length {
            // Orthogonalised once more after they have unit length: what is left of a column may be mostly rounding.
            let mut next = orthonormal(&image)?;
            next -= multiply(&self.basis, &transposed_multiply(&self.basis, &next));
            next = orthonormal(&next)?;
            self.next = next.columns(0, next.ncols().min(room)).into_owned();
            self.coupling = transposed_multiply(&self.next, &image);
        }
        Ok(())
    }

    /// Adds the last block's rows and columns to the projection, from the coordinates of its image.
    fn project(&mut self, along: &DMatrix<f64>) {
        let (dimension, width) = along.shape();
        let before = dimension - width;
        let projection = std::mem::replace(&mut self.projection, DMatrix::zeros(0, 0));
        self.projection = projection.resize(dimension, dimension, 0.0);
        for column in 0..width {
            for row in 0..dimension {
                // Within the block both triangles were computed; their mean is symmetric.
                let mirrored = row.checked_sub(before).map(|row| along[(before + column, row)]);
                let value = along[(row, column)];
                let value = mirrored.map_or(value, |mirrored| 0.5 * (value + mirrored));
                self.projection[(row, before + column)] = value;
                self.projection[(before + column, row)] = value;
            }
        }
    }

    /// The largest Ritz pairs of the basis, with residuals and angles.
    fn ritz(&self, kept: usize) -> Result<Ritz, CalibrateError> {
        let eigen = symmetric_eigen(&self.projection)?;
        let dimension = self.dimension();
        let kept = kept.min(dimension);
        let width = self.coupling.ncols();
        let value = |rank: usize| eigen.values[dimension - 1 - rank];
        let mut coordinates = DMatrix::zeros(dimension, kept);
        let (mut residuals, mut angles) = (Vec::new(), Vec::new());
        for rank in 0..kept {
            let vector: DVector<f64> = eigen.vectors.column(dimension - 1 - rank).into_owned();
            let residual = (&self.coupling * vector.rows(dimension - width, width)).norm();
            let neighbours = [rank.wrapping_sub(1), rank + 1].into_iter().filter(|other| *other < dimension);
            let gap =
                neighbours.map(|other| (value(rank) - value(other)).abs()).fold(f64::INFINITY, f64::min);
            angles.push(if residual == 0.0 { 0.0 } else { (residual / gap).min(1.0) });
            residuals.push(residual);
            coordinates.set_column(rank, &vector);
        }
        Ok(Ritz { values: (0..kept).map(value).collect(), coordinates, residuals, angles })
    }

    /// Keeps only the Ritz vectors of the largest values, and the block that comes next.
    fn restart(&mut self, keep: usize) -> Result<(), CalibrateError> {
        let eigen = symmetric_eigen(&self.projection)?;
        let dimension = self.dimension();
        let keep = keep.min(dimension);
        let chosen = eigen.vectors.columns(dimension - keep, keep).into_owned();
        self.basis = multiply(&self.basis, &chosen);
        self.projection = DMatrix::from_diagonal(&eigen.values.rows(dimension - keep, keep).into_owned());
        Ok(())
    }
}

/// An orthonormal basis of some columns, without directions that are next to nothing (Stathopoulos and Wu 2002): by the
/// eigenvectors of the columns' products, so in two wide products, and a second time for what was rounded.
fn orthonormal(columns: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
    let mut columns = columns.clone();
    for mut column in columns.column_iter_mut() {
        let length = column.norm();
        if length > 0.0 {
            column /= length;
        }
    }
    for _ in 0..2 {
        let eigen = symmetric_eigen(&gram(&columns))?;
        let largest = eigen.values.iter().copied().fold(0.0, f64::max);
        let there: Vec<usize> =
            (0..eigen.values.len()).rev().filter(|at| eigen.values[*at] > NOTHING * largest).collect();
        let mut turn = eigen.vectors.select_columns(&there);
        for (mut column, at) in turn.column_iter_mut().zip(&there) {
            column /= eigen.values[*at].sqrt();
        }
        columns = multiply(&columns, &turn);
    }
    Ok(columns)
}
