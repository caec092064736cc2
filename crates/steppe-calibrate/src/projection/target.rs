//! Projection of a cohort on a model's components.

use nalgebra::DMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use steppe_fit::{GenotypeMatrix, matrix::CodeTable};

use super::oadp::Oadp;
use crate::error::CalibrateError;
use crate::pca::PcaModel;

/// Below so many shared variants a projection says nothing and is refused.
pub const LEAST_SHARED: usize = 200;

/// Below so many shared variants a projection is rough, and says so.
pub const FEW_SHARED: usize = 1000;

/// A variant that the model and the target both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedVariant {
    /// Place among the model's variants.
    pub model: u32,
    /// Place in the target's matrix.
    pub matrix: u32,
    /// Whether the target counts the model's other allele.
    pub flipped: bool,
}

impl SharedVariant {
    /// Checks that variants ascend in both places and are within them.
    pub(crate) fn check(shared: &[Self], model: usize, matrix: usize) -> Result<(), CalibrateError> {
        let ascends =
            shared.windows(2).all(|pair| pair[0].model < pair[1].model && pair[0].matrix < pair[1].matrix);
        let inside = |last: &Self| (last.model as usize) < model && (last.matrix as usize) < matrix;
        if ascends && shared.last().is_none_or(inside) {
            return Ok(());
        }
        Err(CalibrateError::SharedOrder { model, matrix })
    }
}

/// How people are projected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectionMethod {
    /// X·V.
    Simple,
    /// Online augmentation, decomposition, Procrustes.
    #[default]
    Oadp,
}

/// People on a model's components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Scores, people x components.
    pub scores: DMatrix<f64>,
    /// Per person the length of the standardised genotypes, squared; a missing call adds nothing.
    pub squared_lengths: Vec<f64>,
    /// Per person the share of that length, squared, that no kept component explains.
    pub unexplained: Vec<f64>,
    /// Variants of the model that take part and that the target has.
    pub shared: usize,
    /// Variants of the model that take part.
    pub of: usize,
    /// Whether they are few ([`FEW_SHARED`]): a warning.
    pub few_shared: bool,
    /// Per component the share of its squared loadings that lies on shared variants; scores are drawn to the origin where
    /// it is below one.
    pub coverage: Vec<f64>,
}

/// Projects everybody of a matrix, in one forward pass. Missing calls and variants that the target does not have count
/// the reference's mean. `shared` ascends in both places; `components` of them are given, those asked for of the model where
/// it is `None`.
///
/// # Errors
/// Too few shared variants ([`LEAST_SHARED`]), places that do not ascend, more components than there are, a pass that
/// fails.
pub fn project(
    model: &PcaModel,
    matrix: &dyn GenotypeMatrix,
    shared: &[SharedVariant],
    method: ProjectionMethod,
    components: Option<usize>,
) -> Result<Projection, CalibrateError> {
    let components = components.unwrap_or(model.components);
    let oadp = Oadp::new(model, components)?;
    let used = usable(model, matrix, shared)?;
    let of = model.variants();
    if used.len() < LEAST_SHARED {
        return Err(CalibrateError::SharedVariants { shared: used.len(), of, needed: LEAST_SHARED });
    }
    let online = if method == ProjectionMethod::Oadp { oadp.online() } else { components };
    let mut tables: Vec<Vec<(u32, CodeTable)>> =
        (0..online).map(|component| lane(model, &used, component)).collect();
    tables.push(used.iter().map(|variant| (variant.matrix, square_table(model, *variant))).collect());
    let mut sums = matrix.forward_tables(&tables)?;
    let squared_lengths = sums.pop().unwrap_or_default();
    let scores = scores(&oadp, &sums, &squared_lengths, components, method)?;
    let explained = |person: usize| sums.iter().map(|lane| lane[person] * lane[person]).sum::<f64>();
    let unexplained = squared_lengths.iter().enumerate().map(|(person, length)| {
        if *length > 0.0 { (1.0 - explained(person) / length).max(0.0) } else { 0.0 }
    });
    Ok(Projection {
        scores,
        unexplained: unexplained.collect(),
        squared_lengths,
        shared: used.len(),
        of,
        few_shared: used.len() < FEW_SHARED,
        coverage: (0..components).map(|component| coverage(model, &used, component)).collect(),
    })
}

/// Per person the squared length of the standardised genotypes, of a matrix that has the model's own variants.
pub(crate) fn squared_lengths(
    model: &PcaModel,
    matrix: &dyn GenotypeMatrix,
) -> Result<Vec<f64>, CalibrateError> {
    let all = 0..model.scale.len() as u32;
    let shared: Vec<SharedVariant> =
        all.map(|at| SharedVariant { model: at, matrix: at, flipped: false }).collect();
    let used = usable(model, matrix, &shared)?;
    let squares = used.iter().map(|variant| (variant.matrix, square_table(model, *variant))).collect();
    Ok(matrix.forward_tables(&[squares])?.pop().unwrap_or_default())
}

/// Shared variants that take part in the model, checked.
fn usable(
    model: &PcaModel,
    matrix: &dyn GenotypeMatrix,
    shared: &[SharedVariant],
) -> Result<Vec<SharedVariant>, CalibrateError> {
    SharedVariant::check(shared, model.scale.len(), matrix.variants())?;
    Ok(shared.iter().filter(|variant| model.scale[variant.model as usize] > 0.0).copied().collect())
}

/// The standardised values of codes 0, 1, 2 and of a missing call.
fn standardised(model: &PcaModel, variant: SharedVariant) -> CodeTable {
    let place = variant.model as usize;
    let value = |copies: f64| (copies - model.centre[place]) / model.scale[place];
    if variant.flipped {
        [value(2.0), value(1.0), value(0.0), 0.0]
    } else {
        [value(0.0), value(1.0), value(2.0), 0.0]
    }
}

fn square_table(model: &PcaModel, variant: SharedVariant) -> CodeTable {
    standardised(model, variant).map(|value| value * value)
}

fn lane(model: &PcaModel, used: &[SharedVariant], component: usize) -> Vec<(u32, CodeTable)> {
    let loadings = &model.loadings[component];
    let table = |variant: &SharedVariant| {
        let loading = loadings[variant.model as usize];
        (variant.matrix, standardised(model, *variant).map(|value| value * loading))
    };
    used.iter().map(table).collect()
}

fn coverage(model: &PcaModel, used: &[SharedVariant], component: usize) -> f64 {
    used.iter().map(|variant| model.loadings[component][variant.model as usize].powi(2)).sum()
}

fn scores(
    oadp: &Oadp,
    sums: &[Vec<f64>],
    squared_lengths: &[f64],
    components: usize,
    method: ProjectionMethod,
) -> Result<DMatrix<f64>, CalibrateError> {
    let people = squared_lengths.len();
    if method == ProjectionMethod::Simple {
        return Ok(DMatrix::from_fn(people, components, |person, component| sums[component][person]));
    }
    let one = |person: usize| {
        let along: Vec<f64> = sums.iter().map(|lane| lane[person]).collect();
        oadp.scores(&along, squared_lengths[person])
    };
    let rows: Result<Vec<Vec<f64>>, CalibrateError> = (0..people).into_par_iter().map(one).collect();
    let rows = rows?;
    Ok(DMatrix::from_fn(people, components, |person, component| rows[person][component]))
}
