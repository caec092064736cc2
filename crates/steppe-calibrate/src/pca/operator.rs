//! Standardised genotypes as an operator made of passes, and its square on the smaller of the two sides.

use std::cell::Cell;

use nalgebra::DMatrix;
use steppe_fit::{GenotypeMatrix, ResidualPrecision};

use super::{fit::Pca, krylov::SymmetricOperator};
use crate::error::CalibrateError;

/// X: (code − centre) / scale, missing calls 0, rows of people that are no members 0 in products over people. The centre
/// is the matrix' own mean, which is what its passes put for a missing call.
pub(super) struct Standardised<'a> {
    matrix: &'a dyn GenotypeMatrix,
    pub(super) centre: Vec<f64>,
    pub(super) scale: Vec<f64>,
    members: Vec<bool>,
    forward: Cell<u32>,
    adjoint: Cell<u32>,
}

impl<'a> Standardised<'a> {
    pub(super) fn new(matrix: &'a dyn GenotypeMatrix, scale: Vec<f64>, members: Vec<bool>) -> Self {
        let centre = (0..matrix.variants()).map(|variant| matrix.mean(variant)).collect();
        Self { matrix, centre, scale, members, forward: Cell::new(0), adjoint: Cell::new(0) }
    }

    pub(super) fn members(&self) -> usize {
        self.members.iter().filter(|member| **member).count()
    }

    pub(super) fn variants(&self) -> usize {
        self.scale.iter().filter(|scale| **scale > 0.0).count()
    }

    /// Forward and adjoint passes made so far.
    pub(super) fn passes(&self) -> [u32; 2] {
        [self.forward.get(), self.adjoint.get()]
    }

    /// X · columns, for all people, members or not. Columns have a row for each variant that takes part.
    pub(super) fn forward(&self, columns: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
        let mut weights = Vec::with_capacity(columns.ncols());
        let mut constants = Vec::with_capacity(columns.ncols());
        for column in columns.column_iter() {
            let used = (0..).zip(&self.scale).filter(|(_, scale)| **scale > 0.0);
            let weights_here: Vec<(u32, f64)> =
                used.zip(column.iter()).map(|((variant, scale), value)| (variant, value / scale)).collect();
            let centres =
                weights_here.iter().map(|(variant, weight)| weight * self.centre[*variant as usize]);
            constants.push(centres.sum::<f64>());
            weights.push(weights_here);
        }
        self.forward.set(self.forward.get() + 1);
        let sums = self.matrix.forward(&weights)?;
        Ok(DMatrix::from_fn(self.matrix.samples(), columns.ncols(), |sample, column| {
            sums[column][sample] - constants[column]
        }))
    }

    /// Xᵀ · columns over the members. Columns have a row for each person.
    pub(super) fn adjoint(
        &self,
        columns: &DMatrix<f64>,
        precision: ResidualPrecision,
    ) -> Result<DMatrix<f64>, CalibrateError> {
        let mut residuals = columns.clone();
        for mut column in residuals.column_iter_mut() {
            column
                .iter_mut()
                .zip(&self.members)
                .filter(|(_, member)| !**member)
                .for_each(|(value, _)| *value = 0.0);
        }
        let totals: Vec<f64> = residuals.column_iter().map(|column| column.iter().sum()).collect();
        let slices: Vec<&[f64]> = residuals.as_slice().chunks_exact(residuals.nrows().max(1)).collect();
        self.adjoint.set(self.adjoint.get() + 1);
        let products = self.matrix.adjoint(&slices, precision)?;
        let mut result = DMatrix::zeros(self.variants(), columns.ncols());
        let used = (0..self.scale.len()).filter(|variant| self.scale[*variant] > 0.0);
        for (row, variant) in used.enumerate() {
            for (column, (product, total)) in products.of(variant).iter().zip(&totals).enumerate() {
                result[(row, column)] = (product - self.centre[variant] * total) / self.scale[variant];
            }
        }
        Ok(result)
    }

    /// The rows of members, or back.
    fn of_members(&self, all: &DMatrix<f64>) -> DMatrix<f64> {
        let rows: Vec<usize> = (0..self.members.len()).filter(|row| self.members[*row]).collect();
        all.select_rows(&rows)
    }

    pub(super) fn for_all(&self, members: &DMatrix<f64>) -> DMatrix<f64> {
        let mut all = DMatrix::zeros(self.members.len(), members.ncols());
        let rows = (0..self.members.len()).filter(|row| self.members[*row]);
        for (from, to) in rows.enumerate() {
            all.row_mut(to).copy_from(&members.row(from));
        }
        all
    }
}

/// XᵀX or XXᵀ, whichever is smaller. What rounding residuals to 24 bits does to a product is a ten-millionth of its
/// size: too little to turn an eigenvector that is asked for to one part in ten thousand.
pub(super) struct Square<'a, 'm> {
    pub(super) genotypes: &'a Standardised<'m>,
    pub(super) over_variants: bool,
}

impl Square<'_, '_> {
    /// The first eigenvectors that components of these variants and people among others give, of any length.
    pub(super) fn vectors_of(&self, of: &Pca, most: usize) -> DMatrix<f64> {
        let components = of.scores.ncols().min(most);
        if !self.over_variants {
            return self.genotypes.of_members(&of.scores.columns(0, components).into_owned());
        }
        let used = || (0..self.genotypes.scale.len()).filter(|variant| self.genotypes.scale[*variant] > 0.0);
        let loadings = of.model.loadings.iter().take(components);
        let values = loadings.flat_map(|loadings| used().map(|variant| loadings[variant]));
        DMatrix::from_iterator(self.genotypes.variants(), components, values)
    }
}

impl SymmetricOperator for Square<'_, '_> {
    fn size(&self) -> usize {
        if self.over_variants { self.genotypes.variants() } else { self.genotypes.members() }
    }

    fn apply(&self, block: &DMatrix<f64>) -> Result<DMatrix<f64>, CalibrateError> {
        let screening = ResidualPrecision::Screening;
        if self.over_variants {
            self.genotypes.adjoint(&self.genotypes.forward(block)?, screening)
        } else {
            let people = self.genotypes.for_all(block);
            let variants = self.genotypes.adjoint(&people, screening)?;
            Ok(self.genotypes.of_members(&self.genotypes.forward(&variants)?))
        }
    }
}
