//! Pruning of variants in linkage disequilibrium, in the terms of plink2's `--indep-pairwise`: within a window, of two
//! variants whose squared correlation exceeds the limit, the one with the rarer minor allele goes.

mod correlation;
mod links;
mod window;

use serde::{Deserialize, Serialize};
use steppe_fit::{GenotypeMatrix, PackedColumns};

use super::selection::VariantPlace;
use crate::error::CalibrateError;
use links::Links;
use window::Window;

/// Relative difference below which plink2 takes two numbers for equal.
const EPSILON: f64 = 0.000_000_000_007_275_957_614_183_426;

/// Variants whose correlations with all live ones before them are computed at once.
const CHUNK: usize = 128;

/// What a window is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LdWindow {
    /// So many variants, moved on by `step` variants.
    Variants {
        /// Variants in a window.
        size: usize,
        /// Variants from one window to the next.
        step: usize,
    },
    /// So many base pairs (a kilobase is 1,000), moved on by the next variant.
    BasePairs(u32),
}

/// How variants are pruned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PruneOptions {
    /// The window.
    pub window: LdWindow,
    /// Largest squared correlation of two variants that are both kept.
    pub most_r2: f64,
}

impl Default for PruneOptions {
    /// Windows of 1,000 variants by steps of 50, r² 0.05: those of the PGS Catalog Calculator.
    fn default() -> Self {
        Self { window: LdWindow::Variants { size: 1000, step: 50 }, most_r2: 0.05 }
    }
}

/// What pruning left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruning {
    /// The variants that are kept, ascending places in the matrix.
    pub kept: Vec<u32>,
    /// Variants that went because of another one.
    pub correlated: u64,
    /// Variants that do not vary among the members.
    pub constant: u64,
    /// Pairs whose correlation exceeded the limit.
    pub linked_pairs: u64,
}

/// Prunes some variants (ascending places in the matrix) by their unphased correlation over the members, all samples where
/// none are named; each pair over the members where both have a call. `places` are those of all of the matrix' variants.
/// Which of two alleles is rarer is judged by the matrix' own counts.
///
/// The genotypes are selected once; in memory are the packed columns of a window.
///
/// # Errors
/// A pass that fails, options out of range, variants that are not in the order of the genome.
pub fn prune(
    matrix: &dyn GenotypeMatrix,
    members: Option<&[bool]>,
    variants: &[u32],
    places: &[VariantPlace],
    options: &PruneOptions,
) -> Result<Pruning, CalibrateError> {
    check(matrix, members, variants, places, options)?;
    let groups: Vec<u32> = match members {
        Some(members) => members.iter().map(|member| if *member { 0 } else { u32::MAX }).collect(),
        None => vec![0; matrix.samples()],
    };
    let mut pruning = Pruning { kept: Vec::new(), correlated: 0, constant: 0, linked_pairs: 0 };
    let mut rest = variants;
    while let Some(first) = rest.first() {
        let chromosome = places[*first as usize].chromosome;
        let end = rest.partition_point(|variant| places[*variant as usize].chromosome == chromosome);
        let (here, after) = rest.split_at(end);
        let mut pruner = Chromosome::new(matrix, &groups, here, options);
        pruner.run(places, options.window)?;
        pruner.add_to(&mut pruning);
        rest = after;
    }
    Ok(pruning)
}

fn check(
    matrix: &dyn GenotypeMatrix,
    members: Option<&[bool]>,
    variants: &[u32],
    places: &[VariantPlace],
    options: &PruneOptions,
) -> Result<(), CalibrateError> {
    let lengths = [
        ("places of variants", places.len(), matrix.variants()),
        ("members", members.map_or(matrix.samples(), <[bool]>::len), matrix.samples()),
    ];
    for (what, found, expected) in lengths {
        if found != expected {
            return Err(CalibrateError::Length { what, expected, found });
        }
    }
    if !(0.0..1.0).contains(&options.most_r2) {
        let (option, range) = ("the largest r²", "a number from 0 to below 1");
        return Err(CalibrateError::range(option, options.most_r2, range));
    }
    if let LdWindow::Variants { size, step } = options.window
        && (size < 2 || step == 0 || step > size)
    {
        let range = "a window of at least 2 variants and a step from 1 to its size";
        return Err(CalibrateError::range("the window's step", step as f64, range));
    }
    let inside = |variant: &u32| (*variant as usize) < places.len();
    let key = |variant: &u32| {
        let place = &places[*variant as usize];
        (place.chromosome, place.position, *variant)
    };
    match variants.windows(2).find(|pair| !pair.iter().all(inside) || key(&pair[0]) >= key(&pair[1])) {
        Some(pair) => Err(CalibrateError::VariantOrder { index: pair[1] as usize }),
        None => Ok(()),
    }
}

/// The variants of one chromosome while they are pruned.
struct Chromosome<'a> {
    links: Links<'a>,
    variants: &'a [u32],
    /// Frequency of the major allele.
    major: Vec<f64>,
    removed: Vec<bool>,
    /// Per variant the first one after it that it was not compared with yet.
    unchecked: Vec<usize>,
    constant: u64,
}

impl<'a> Chromosome<'a> {
    fn new(
        matrix: &'a dyn GenotypeMatrix,
        groups: &'a [u32],
        variants: &'a [u32],
        options: &PruneOptions,
    ) -> Self {
        let major = |variant: &u32| {
            let frequency = matrix.mean(*variant as usize) / 2.0;
            frequency.max(1.0 - frequency)
        };
        Self {
            links: Links::new(matrix, groups, variants, options.most_r2),
            variants,
            major: variants.iter().map(major).collect(),
            removed: vec![false; variants.len()],
            unchecked: (1..=variants.len()).collect(),
            constant: 0,
        }
    }

    /// Moves the window over the chromosome.
    fn run(&mut self, places: &[VariantPlace], size: LdWindow) -> Result<(), CalibrateError> {
        let positions: Vec<u32> =
            self.variants.iter().map(|variant| places[*variant as usize].position).collect();
        let mut window = Some(Window::first(&positions, size));
        while let Some(here) = window {
            while self.links.loaded() < here.end {
                self.constant += self.links.load(here.start, &mut self.removed)?;
            }
            self.thin(here);
            window = here.next(&positions, size);
        }
        Ok(())
    }

    /// Goes over the window until nothing is removed any more.
    fn thin(&mut self, window: Window) {
        loop {
            let mut any = false;
            for first in window.start..window.end {
                if self.removed[first] {
                    continue;
                }
                let removed = &self.removed;
                let unchecked = self.unchecked[first];
                let live = |other: &&u32| {
                    let other = **other as usize;
                    other >= unchecked && other < window.end && !removed[other]
                };
                match self.links.of(first).iter().find(live) {
                    None => self.unchecked[first] = window.end,
                    Some(second) => {
                        let second = *second as usize;
                        any = true;
                        if self.major[first] > self.major[second] * (1.0 + EPSILON) {
                            self.removed[first] = true;
                        } else {
                            self.removed[second] = true;
                            self.unchecked[first] = second + 1;
                        }
                    }
                }
            }
            if !any {
                return;
            }
        }
    }

    fn add_to(&self, pruning: &mut Pruning) {
        let gone = self.removed.iter().filter(|removed| **removed).count() as u64;
        pruning.constant += self.constant;
        pruning.correlated += gone - self.constant;
        pruning.linked_pairs += self.links.pairs();
        let kept = self.variants.iter().zip(&self.removed).filter(|(_, removed)| !**removed);
        pruning.kept.extend(kept.map(|(variant, _)| *variant));
    }
}

/// Copies some columns.
fn copy_columns(from: &PackedColumns, columns: impl Iterator<Item = usize>, to: &mut PackedColumns) {
    for column in columns {
        to.push_zeroed().copy_from_slice(from.column(column));
    }
}
