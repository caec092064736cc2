//! Principal components of a reference cohort.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use steppe_fit::{GenotypeMatrix, ResidualPrecision};

use super::krylov::{EigenOptions, Eigenpairs, largest_eigenpairs};
use super::model::{PcaModel, VariantScale};
use super::operator::{Square, Standardised};
use crate::error::CalibrateError;

/// Bytes that the vectors of the search may take.
const BASIS_BYTES: usize = 1 << 30;

/// Vectors that are held at a time, where they may take less: keeping them apart takes as long as the passes.
const MOST_BASIS: usize = 640;

/// Up to so many people or variants the search takes the whole matrix of their products at once.
const WHOLE: usize = 192;

/// Columns of a block: what passes take together. Fewer columns make more of each application than more would, whose
/// number they raise, and the vectors to be kept apart with it.
const BLOCK: usize = 16;

/// Largest residual of a component beyond those asked for, as a share of its eigenvalue.
const ROUGH: f64 = 0.02;

/// The same where components of nearly the same people are near.
const NEAR: f64 = 0.05;

/// How components are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PcaOptions {
    /// Components asked for: each is found to the angle.
    pub components: usize,
    /// Components kept in all, at least those asked for. Projecting k of them as FRAPOSA does takes 4k.
    pub kept: usize,
    /// What variants are divided by.
    pub scale: VariantScale,
    /// Largest sine of the angle between a component and the exact one, by the bound residual / gap.
    pub angle: f64,
    /// Most applications of the matrix, of two passes each.
    pub most_applications: u32,
    /// Seed of the start.
    pub seed: u64,
}

impl Default for PcaOptions {
    fn default() -> Self {
        let scale = VariantScale::Observed;
        Self { components: 10, kept: 40, scale, angle: 0.003, most_applications: 60, seed: 1 }
    }
}

/// How well a component was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Eigenvalue of the relationship matrix.
    pub eigenvalue: f64,
    /// |A·v − λ·v| / λ for the eigenvector found.
    pub residual: f64,
    /// Bound of the sine of the angle to the exact eigenvector; 1 where nothing is known. The correlation with the exact
    /// component is at least √(1 − angle²).
    pub angle: f64,
    /// Whether it is as good as asked for.
    pub converged: bool,
}

/// Passes over the genotypes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passes {
    /// Forward passes.
    pub forward: u32,
    /// Adjoint passes.
    pub adjoint: u32,
    /// Columns of the widest pass.
    pub columns: u32,
}

/// Principal components, and everybody's scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pca {
    /// The components.
    pub model: PcaModel,
    /// Scores X·V, people of the matrix x kept components: of members those of the decomposition, of others their simple
    /// projection.
    pub scores: DMatrix<f64>,
    /// How well each was found.
    pub components: Vec<Component>,
    /// Variants that do not vary or have no call, and so take no part.
    pub constant_variants: u64,
    /// Passes made.
    pub passes: Passes,
}

/// Principal components over the members of a matrix (all of its samples where none are named), standardised by the
/// matrix' own counts, so its reference samples should be the members. A missing call counts as the mean.
///
/// The eigenvectors are found on the smaller side of the matrix by block Krylov iteration, two passes a step, until each
/// component asked for is as close to the exact one as `angle` says; in memory are vectors only. A component whose
/// eigenvalue has close neighbours, as in the noise, is found last, and the number of steps is limited: see
/// [`Component::converged`].
///
/// # Errors
/// A pass that fails; fewer people or variants than components; options out of range.
pub fn principal_components(
    matrix: &dyn GenotypeMatrix,
    members: Option<&[bool]>,
    options: &PcaOptions,
) -> Result<Pca, CalibrateError> {
    components_from(matrix, members, options, None)
}

/// As [`principal_components`], from components of nearly the same people over the same variants, which are followed only
/// until every residual is small: members enough for how far from the others people lie, in few passes.
pub(crate) fn near_components(
    matrix: &dyn GenotypeMatrix,
    members: &[bool],
    options: &PcaOptions,
    near: &Pca,
) -> Result<Pca, CalibrateError> {
    components_from(matrix, Some(members), options, Some(near))
}

fn components_from(
    matrix: &dyn GenotypeMatrix,
    members: Option<&[bool]>,
    options: &PcaOptions,
    near: Option<&Pca>,
) -> Result<Pca, CalibrateError> {
    let all = vec![true; matrix.samples()];
    let members = members.unwrap_or(&all);
    if members.len() != matrix.samples() {
        let (expected, found) = (matrix.samples(), members.len());
        return Err(CalibrateError::Length { what: "members", expected, found });
    }
    let scale: Vec<f64> = matrix.counts().iter().map(|counts| options.scale.of(*counts)).collect();
    let genotypes = Standardised::new(matrix, scale, members.to_vec());
    let (people, variants) = (genotypes.members(), genotypes.variants());
    check(options, people, variants)?;
    let square = Square { genotypes: &genotypes, over_variants: variants <= people };
    let mut search = search(options, people, variants);
    let near = near.filter(|_| search.block < people.min(variants));
    let start = near.map(|near| square.vectors_of(near, search.kept));
    if let Some(start) = &start {
        (search.wanted, search.residual, search.block) = (0, NEAR, start.ncols().max(BLOCK));
    }
    let pairs = largest_eigenpairs(&square, &search, start)?;
    let found = Sides::new(&genotypes, &square, &pairs)?;
    let [forward, adjoint] = genotypes.passes();
    let components = components(&pairs, options, variants);
    Ok(Pca {
        model: found.model(&genotypes, options),
        scores: found.scores,
        components,
        constant_variants: (matrix.variants() - variants) as u64,
        passes: Passes { forward, adjoint, columns: search.block.min(people.min(variants)) as u32 },
    })
}

fn check(options: &PcaOptions, people: usize, variants: usize) -> Result<(), CalibrateError> {
    // Centred people span one dimension less than there are people.
    if options.components == 0 || options.components >= people || options.components > variants {
        let components = options.components;
        return Err(CalibrateError::Rank { components, people, variants });
    }
    if options.kept < options.components {
        return Err(CalibrateError::Components { wanted: options.components, there: options.kept });
    }
    if !(options.angle > 0.0 && options.angle < 1.0) {
        let range = "a number above 0 and below 1";
        return Err(CalibrateError::range("the largest angle", options.angle, range));
    }
    if options.most_applications == 0 {
        let (option, range) = ("the number of applications", "at least 1");
        return Err(CalibrateError::range(option, 0.0, range));
    }
    Ok(())
}

/// The search for options within the rank that the data can have.
fn search(options: &PcaOptions, people: usize, variants: usize) -> EigenOptions {
    let size = people.min(variants);
    let kept = options.kept.min((people - 1).min(variants));
    let block = if size <= WHOLE { size } else { BLOCK.min(size) };
    let basis = (BASIS_BYTES / (8 * size)).min(MOST_BASIS).max(kept + 4 * block);
    EigenOptions {
        wanted: options.components,
        kept,
        block,
        angle: options.angle,
        residual: ROUGH,
        applications: options.most_applications,
        basis,
        seed: options.seed,
    }
}

fn components(pairs: &Eigenpairs, options: &PcaOptions, variants: usize) -> Vec<Component> {
    let found = pairs.values.iter().zip(&pairs.residuals).zip(&pairs.angles).enumerate();
    found
        .map(|(rank, ((value, residual), angle))| {
            let eigenvalue = value / variants as f64;
            let residual = if *value > 0.0 { residual / value } else { 1.0 };
            let converged =
                if rank < options.components { *angle <= options.angle } else { residual <= ROUGH };
            Component { eigenvalue, residual, angle: *angle, converged }
        })
        .collect()
}

/// Both sides of the decomposition, with signs.
struct Sides {
    /// Unit length, variants that take part x components.
    loadings: DMatrix<f64>,
    /// All people x components.
    scores: DMatrix<f64>,
    singular_values: Vec<f64>,
}

impl Sides {
    /// The other side of the eigenvectors, by one or two passes more.
    fn new(
        genotypes: &Standardised<'_>,
        square: &Square<'_, '_>,
        pairs: &Eigenpairs,
    ) -> Result<Self, CalibrateError> {
        let singular_values: Vec<f64> = pairs.values.iter().map(|value| value.max(0.0).sqrt()).collect();
        let mut loadings = if square.over_variants {
            pairs.vectors.clone()
        } else {
            genotypes.adjoint(&genotypes.for_all(&pairs.vectors), ResidualPrecision::Full)?
        };
        for mut loading in loadings.column_iter_mut() {
            let length = loading.norm();
            let largest =
                loading.iter().fold(0f64, |most, value| if value.abs() > most.abs() { *value } else { most });
            if length > 0.0 {
                loading *= largest.signum() / length;
            }
        }
        let scores = genotypes.forward(&loadings)?;
        Ok(Self { loadings, scores, singular_values })
    }

    fn model(&self, genotypes: &Standardised<'_>, options: &PcaOptions) -> PcaModel {
        let spread = |column: usize| {
            let mut values = self.loadings.column(column).iter().copied().collect::<Vec<_>>().into_iter();
            genotypes
                .scale
                .iter()
                .map(|scale| if *scale > 0.0 { values.next().unwrap_or(0.0) } else { 0.0 })
                .collect()
        };
        PcaModel {
            centre: genotypes.centre.clone(),
            scale: genotypes.scale.clone(),
            loadings: (0..self.loadings.ncols()).map(spread).collect(),
            singular_values: self.singular_values.clone(),
            components: options.components,
            people: genotypes.members() as u64,
        }
    }
}
