//! How far from the reference its own people lie when they take no part in it: components and shapes are made without a
//! fold, whose people are then projected like anybody else.

use nalgebra::DMatrix;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use steppe_fit::GenotypeMatrix;

use super::mahalanobis::PopulationShapes;
use super::outside::nearest;
use super::populations::Populations;
use super::tree::below;
use crate::error::CalibrateError;
use crate::pca::{Passes, Pca, PcaOptions, VariantScale, near_components};
use crate::projection::{Oadp, ProjectionMethod, squared_lengths};

/// How people are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOutOptions {
    /// Folds.
    pub folds: usize,
    /// No further fold is held out once so many people were: of a large reference the first folds say enough. The share
    /// of people whose P is below 1 % is then known to a standard error of 1 % x √(99 / people).
    pub enough: usize,
    /// Components that distances are measured on.
    pub components: usize,
    /// How people are projected; as the targets will be.
    pub method: ProjectionMethod,
    /// What variants are divided by; as in the whole reference's components.
    pub scale: VariantScale,
    /// Most applications of the matrix per fold. Distances do not need exact components.
    pub most_applications: u32,
    /// Seed of folds and starts.
    pub seed: u64,
}

impl Default for HeldOutOptions {
    fn default() -> Self {
        let (method, scale) = (ProjectionMethod::Oadp, VariantScale::Observed);
        Self { folds: 5, enough: 3000, components: 10, method, scale, most_applications: 12, seed: 1 }
    }
}

/// Per person of the reference the squared distance to the nearest population when held out; `None` for people without a
/// population and of folds that were not needed. And the passes made.
///
/// `whole` are the components of everybody with a population, and perhaps others, from which those of a fold are found. They
/// know the people who are held out; the steps on the fold's own genotypes that follow forget them.
///
/// Variants are standardised by the whole reference throughout: a mean over all people tells next to nothing of one.
///
/// # Errors
/// As [`principal_components`]; fewer people than folds need.
pub fn held_out_distances(
    matrix: &dyn GenotypeMatrix,
    populations: &Populations,
    whole: &Pca,
    options: &HeldOutOptions,
) -> Result<(Vec<Option<f64>>, Passes), CalibrateError> {
    populations.check(matrix.samples(), options.components, options.components)?;
    let people = matrix.samples() - populations.unlabelled();
    if options.folds < 2 || people < 2 * options.folds {
        return Err(CalibrateError::Folds { people, folds: options.folds });
    }
    let folds = folds(populations, options);
    let mut distances = vec![None; matrix.samples()];
    let mut passes = Passes::default();
    let mut lengths = None;
    for fold in 0..options.folds as u32 {
        if distances.iter().flatten().count() >= options.enough {
            break;
        }
        let members: Vec<bool> =
            folds.iter().map(|of_person| of_person.is_some_and(|of_person| of_person != fold)).collect();
        let pca = near_components(matrix, &members, &pca_options(options, fold), whole)?;
        passes.forward += pca.passes.forward;
        passes.adjoint += pca.passes.adjoint;
        passes.columns = passes.columns.max(pca.passes.columns);
        let lengths = match &lengths {
            Some(lengths) => lengths,
            None => {
                passes.forward += 1;
                lengths.insert(squared_lengths(&pca.model, matrix)?)
            }
        };
        let shapes = PopulationShapes::fit(
            &pca.scores,
            &populations.only(|person| members[person]),
            options.components,
        )?;
        let out: Vec<usize> = (0..folds.len()).filter(|person| folds[*person] == Some(fold)).collect();
        let scores = project_rows(&pca, &out, lengths, options)?;
        for (person, distance) in out.into_iter().zip(nearest(&shapes, &scores)?) {
            distances[person] = Some(distance);
        }
    }
    Ok((distances, passes))
}

fn pca_options(options: &HeldOutOptions, fold: u32) -> PcaOptions {
    PcaOptions {
        components: options.components,
        kept: if options.method == ProjectionMethod::Oadp { 4 } else { 1 } * options.components,
        scale: options.scale,
        most_applications: options.most_applications,
        seed: options.seed.wrapping_add(u64::from(fold)),
        ..PcaOptions::default()
    }
}

/// A fold for each person with a population: those of a population are dealt out one by one, in random order.
fn folds(populations: &Populations, options: &HeldOutOptions) -> Vec<Option<u32>> {
    let mut numbers = Xoshiro256PlusPlus::seed_from_u64(options.seed);
    let mut folds = vec![None; populations.of_person.len()];
    let mut next = 0;
    for population in 0..populations.names.len() {
        let mut people = populations.people(population);
        for at in (1..people.len()).rev() {
            people.swap(at, below(&mut numbers, at + 1));
        }
        for person in people {
            folds[person] = Some((next % options.folds) as u32);
            next += 1;
        }
    }
    folds
}

/// Scores of some people as targets.
fn project_rows(
    pca: &Pca,
    people: &[usize],
    lengths: &[f64],
    options: &HeldOutOptions,
) -> Result<DMatrix<f64>, CalibrateError> {
    let along = pca.scores.select_rows(people);
    if options.method == ProjectionMethod::Simple {
        return Ok(along);
    }
    let oadp = Oadp::new(&pca.model, options.components)?;
    let mut scores = DMatrix::zeros(people.len(), options.components);
    for (row, person) in people.iter().enumerate() {
        let along: Vec<f64> = along.row(row).iter().copied().collect();
        let found = oadp.scores(&along, lengths[*person])?;
        scores.row_mut(row).iter_mut().zip(found).for_each(|(score, found)| *score = found);
    }
    Ok(scores)
}
