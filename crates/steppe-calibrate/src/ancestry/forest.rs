//! A random forest (Breiman 2001) with the defaults of scikit-learn: populations from principal components.

use nalgebra::DMatrix;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::populations::Populations;
use super::similarity::{FOREST_LOW_CONFIDENCE, Similarity};
use super::tree::{Training, Tree, below};
use crate::error::CalibrateError;

/// How a forest is grown. Each tree sees a bootstrap sample of the people, and at each node √components of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForestOptions {
    /// Components that are used: the first ones.
    pub components: usize,
    /// Trees.
    pub trees: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for ForestOptions {
    /// Five components and 100 trees: those of pgscatalog-utils.
    fn default() -> Self {
        Self { components: 5, trees: 100, seed: 32 }
    }
}

/// A forest that tells populations apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RandomForest {
    /// The populations.
    pub names: Vec<String>,
    /// Components that are used.
    pub components: usize,
    /// People it was grown from.
    pub people: u64,
    trees: Vec<Tree>,
}

impl RandomForest {
    /// Grows a forest from the scores of the reference (people x components).
    ///
    /// # Errors
    /// Fewer components than asked for, fewer than two populations, no trees.
    pub fn fit(
        scores: &DMatrix<f64>,
        populations: &Populations,
        options: &ForestOptions,
    ) -> Result<Self, CalibrateError> {
        populations.check(scores.nrows(), scores.ncols(), options.components)?;
        if populations.names.len() < 2 {
            return Err(CalibrateError::Populations { populations: populations.names.len(), needed: 2 });
        }
        if options.trees == 0 {
            let (option, range) = ("the number of trees", "at least 1");
            return Err(CalibrateError::range(option, 0.0, range));
        }
        let labelled: Vec<usize> =
            (0..scores.nrows()).filter(|person| populations.of_person[*person].is_some()).collect();
        let points = scores.select_rows(&labelled).columns(0, options.components).into_owned();
        let classes: Vec<u32> = populations.of_person.iter().flatten().copied().collect();
        let tried = ((options.components as f64).sqrt() as usize).max(1);
        let class_count = populations.names.len();
        let training = Training { points: &points, classes: &classes, class_count, tried };
        let grow = |tree: u64| {
            let mut numbers =
                Xoshiro256PlusPlus::seed_from_u64(options.seed.wrapping_mul(1 << 20).wrapping_add(tree));
            let draws = (0..classes.len()).map(|_| below(&mut numbers, classes.len()) as u32).collect();
            Tree::grow(&training, draws, &mut numbers)
        };
        let trees = (0..options.trees as u64).into_par_iter().map(grow).collect();
        let (names, people) = (populations.names.clone(), classes.len() as u64);
        Ok(Self { names, components: options.components, people, trees })
    }

    /// Probabilities of the populations: the mean of the trees' leaves.
    ///
    /// # Errors
    /// Fewer components than the forest uses.
    pub fn similarity(&self, scores: &DMatrix<f64>) -> Result<Similarity, CalibrateError> {
        if scores.ncols() < self.components {
            return Err(CalibrateError::Components { wanted: self.components, there: scores.ncols() });
        }
        let mut probabilities = DMatrix::zeros(scores.nrows(), self.names.len());
        for person in 0..scores.nrows() {
            for tree in &self.trees {
                let shares = tree.shares(|component| scores[(person, component)]);
                for (population, share) in shares.iter().enumerate() {
                    probabilities[(person, population)] += share;
                }
            }
        }
        probabilities /= self.trees.len() as f64;
        let ranked = probabilities.clone();
        Ok(Similarity::new(&self.names, probabilities, &ranked, FOREST_LOW_CONFIDENCE))
    }
}
