//! A classification tree (Breiman et al. 1984): Gini impurity, a random choice of features at each node, grown until
//! leaves are pure.

use nalgebra::DMatrix;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// A node: a split, or a leaf with the share of each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Node {
    /// Values up to the threshold go to the next node, higher ones to `right`.
    Split { feature: u32, threshold: f64, right: u32 },
    /// Shares of the classes among the training people that came here.
    Leaf { shares: Vec<f64> },
}

/// A tree, its nodes in the order of a walk that goes left first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// What a tree is grown from.
pub(super) struct Training<'a> {
    /// People x features.
    pub(super) points: &'a DMatrix<f64>,
    /// Class of each person.
    pub(super) classes: &'a [u32],
    pub(super) class_count: usize,
    /// Features that are tried at a node.
    pub(super) tried: usize,
}

/// A number below `limit`, each equally likely (Lemire 2019, without the rejection, which 64 bits do not need).
pub(super) fn below(numbers: &mut Xoshiro256PlusPlus, limit: usize) -> usize {
    ((u128::from(numbers.next_u64()) * limit as u128) >> 64) as usize
}

impl Tree {
    /// Grows a tree from people, who may come several times.
    pub(super) fn grow(training: &Training<'_>, people: Vec<u32>, numbers: &mut Xoshiro256PlusPlus) -> Self {
        let mut nodes = Vec::new();
        // Left parts lie on top; a right part knows the node that waits for its place.
        let mut open = vec![(people, None)];
        while let Some((people, waiting)) = open.pop() {
            let here = nodes.len() as u32;
            if let Some(parent) = waiting
                && let Some(Node::Split { right, .. }) = nodes.get_mut(parent as usize)
            {
                *right = here;
            }
            match training.split(&people, numbers) {
                None => nodes.push(Node::Leaf { shares: training.shares(&people) }),
                Some((feature, threshold)) => {
                    let goes_left = |person: &u32| training.points[(*person as usize, feature)] <= threshold;
                    let (left, right): (Vec<u32>, Vec<u32>) =
                        people.iter().partition(|person| goes_left(person));
                    nodes.push(Node::Split { feature: feature as u32, threshold, right: 0 });
                    open.push((right, Some(here)));
                    open.push((left, None));
                }
            }
        }
        Self { nodes }
    }

    /// Shares of the classes in the leaf that a point comes to.
    pub(super) fn shares(&self, point: impl Fn(usize) -> f64) -> &[f64] {
        let mut at = 0;
        loop {
            match self.nodes.get(at) {
                Some(Node::Split { feature, threshold, right }) => {
                    at = if point(*feature as usize) <= *threshold { at + 1 } else { *right as usize };
                }
                Some(Node::Leaf { shares }) => return shares,
                None => return &[],
            }
        }
    }
}

impl Training<'_> {
    fn counts(&self, people: &[u32]) -> Vec<f64> {
        let mut counts = vec![0.0; self.class_count];
        people.iter().for_each(|person| counts[self.classes[*person as usize] as usize] += 1.0);
        counts
    }

    fn shares(&self, people: &[u32]) -> Vec<f64> {
        self.counts(people).iter().map(|count| count / people.len() as f64).collect()
    }

    /// The best split over some features, in random order; more are tried as long as those seen do not vary.
    fn split(&self, people: &[u32], numbers: &mut Xoshiro256PlusPlus) -> Option<(usize, f64)> {
        let totals = self.counts(people);
        if totals.iter().filter(|count| **count > 0.0).count() < 2 {
            return None;
        }
        let mut features: Vec<usize> = (0..self.points.ncols()).collect();
        let mut best: Option<(f64, usize, f64)> = None;
        for tried in 0..features.len() {
            if tried >= self.tried && best.is_some() {
                break;
            }
            let chosen = tried + below(numbers, features.len() - tried);
            features.swap(tried, chosen);
            if let Some((purity, threshold)) = self.best_threshold(people, &totals, features[tried])
                && best.is_none_or(|(most, _, _)| purity > most)
            {
                best = Some((purity, features[tried], threshold));
            }
        }
        best.map(|(_, feature, threshold)| (feature, threshold))
    }

    /// The threshold of one feature at which Σ over both sides of Σ count² / people is largest, which is where the Gini
    /// impurity is smallest; midway between two values.
    fn best_threshold(&self, people: &[u32], totals: &[f64], feature: usize) -> Option<(f64, f64)> {
        let class = |person: u32| self.classes[person as usize] as usize;
        let mut sorted: Vec<(f64, usize)> =
            people.iter().map(|person| (self.points[(*person as usize, feature)], class(*person))).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut left = vec![0.0; self.class_count];
        let mut right = totals.to_vec();
        let squares = |counts: &[f64]| counts.iter().map(|count| count * count).sum::<f64>();
        let mut best: Option<(f64, f64)> = None;
        for (at, pair) in sorted.windows(2).enumerate() {
            left[pair[0].1] += 1.0;
            right[pair[0].1] -= 1.0;
            if pair[1].0 <= pair[0].0 {
                continue;
            }
            let on_left = (at + 1) as f64;
            let purity = squares(&left) / on_left + squares(&right) / (sorted.len() as f64 - on_left);
            if best.is_none_or(|(most, _)| purity > most) {
                // Between neighbouring doubles the middle rounds to the upper one, which must stay on the right.
                let middle = 0.5 * pair[0].0 + 0.5 * pair[1].0;
                best = Some((purity, if middle < pair[1].0 { middle } else { pair[0].0 }));
            }
        }
        best
    }
}
