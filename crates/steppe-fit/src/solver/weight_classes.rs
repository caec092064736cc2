//! Sample weights as a few classes of one weight each, so that products over pairs of columns are counts of bits.
//!
//! Weights of many values are averaged within classes of neighbours. A Gram matrix under such weights is the curvature of
//! a model, which need not be exact: gradients always are, and samples of a class differ in weight but hardly in what
//! their genotypes correlate with.

use std::sync::Arc;

use steppe_kernels::{GramPanel, GramSums, Level, Rows, SampleGather, gram};

/// Fewest classes of weights that have more values.
const MIN_CLASSES: usize = 4;

/// Most classes.
const MAX_CLASSES: usize = 16;

/// Samples for which a class of its own pays: the products of a class cost at least those of a block of samples.
const CLASS_SAMPLES: usize = 2048;

/// The samples of one class.
#[derive(Debug)]
struct Class {
    weight: f64,
    /// Ascending.
    samples: Vec<u32>,
    gather: SampleGather,
}

impl Class {
    fn new(all: usize, weight: f64, mut samples: Vec<u32>) -> Option<Self> {
        samples.sort_unstable();
        let gather = SampleGather::new(Level::best(), all, &samples).ok()?;
        Some(Self { weight, samples, gather })
    }

    /// Bytes of a gathered column.
    fn bytes(&self) -> usize {
        self.samples.len().div_ceil(4)
    }
}

/// Samples by weight; those of weight 0 are in no class.
#[derive(Debug)]
pub(crate) struct WeightClasses {
    samples: usize,
    classes: Vec<Class>,
    /// Whether every sample has its class's weight.
    exact: bool,
}

/// Cuts samples in the order of their weights into groups of about the same sum of weights: where weights are large,
/// and matter, those of a group are then alike.
fn by_share<'o>(order: &'o [u32], weights: &[f64], groups: usize) -> Vec<&'o [u32]> {
    let total: f64 = order.iter().map(|sample| weights[*sample as usize]).sum();
    let mut sum = 0.0;
    let shares: Vec<usize> = order
        .iter()
        .map(|sample| {
            sum += weights[*sample as usize];
            ((sum / total * groups as f64) as usize).min(groups - 1)
        })
        .collect();
    let mut rest = order;
    let mut cut = Vec::with_capacity(groups);
    for group in shares.chunk_by(|a, b| a == b) {
        let (own, next) = rest.split_at(group.len());
        cut.push(own);
        rest = next;
    }
    cut
}

impl WeightClasses {
    /// The classes of some weights, which are 0 or more.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let most = (weights.len() / CLASS_SAMPLES).clamp(MIN_CLASSES, MAX_CLASSES);
        let mut order: Vec<u32> = (0..weights.len() as u32).filter(|s| weights[*s as usize] > 0.0).collect();
        let weight = |sample: &u32| weights[*sample as usize];
        order.sort_unstable_by(|a, b| weight(a).total_cmp(&weight(b)).then(a.cmp(b)));
        let mut groups: Vec<&[u32]> = order.chunk_by(|a, b| weight(a) == weight(b)).collect();
        let exact = groups.len() <= most;
        if !exact {
            groups = by_share(&order, weights, most);
        }
        let class = |group: &[u32]| {
            let sum: f64 = group.iter().map(weight).sum();
            let weight = if exact { weight(&group[0]) } else { sum / group.len() as f64 };
            Class::new(weights.len(), weight, group.to_vec())
        };
        Self { samples: weights.len(), classes: groups.into_iter().filter_map(class).collect(), exact }
    }

    pub(crate) fn exact(&self) -> bool {
        self.exact
    }

    /// Each sample's weight.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.samples];
        for class in &self.classes {
            class.samples.iter().for_each(|sample| weights[*sample as usize] = class.weight);
        }
        weights
    }

    /// A packed column's codes, class by class.
    pub(crate) fn gather(&self, column: &Arc<[u8]>) -> Arc<[u8]> {
        if self.classes.first().is_some_and(|class| class.samples.len() == self.samples) {
            return Arc::clone(column);
        }
        let mut gathered = vec![0; self.classes.iter().map(Class::bytes).sum()];
        let rows = Rows { bytes: column, stride: column.len(), rows: 1, samples: self.samples };
        let mut rest = gathered.as_mut_slice();
        for class in &self.classes {
            let (own, next) = rest.split_at_mut(class.bytes());
            // Selection and column are of the same samples, which is all that can fail.
            let _ = class.gather.gather(rows, own, class.bytes());
            rest = next;
        }
        gathered.into()
    }

    /// The bytes of some gathered columns, as panels of each class have them.
    pub(crate) fn lay_out(&self, columns: &[&[u8]]) -> PanelBytes {
        let mut first = 0;
        let mut classes = Vec::with_capacity(self.classes.len());
        for class in &self.classes {
            let end = first + class.bytes();
            let mut bytes = Vec::with_capacity(columns.len() * class.bytes());
            columns.iter().for_each(|column| bytes.extend_from_slice(&column[first..end]));
            classes.push(bytes);
            first = end;
        }
        PanelBytes { classes, columns: columns.len() }
    }

    /// Panels of laid out columns.
    pub(crate) fn panels<'b>(&self, bytes: &'b PanelBytes) -> Vec<GramPanel<'b>> {
        let panel = |(class, own): (&Class, &'b Vec<u8>)| {
            let samples = class.samples.len();
            GramPanel::new(
                Level::best(),
                Rows { bytes: own, stride: class.bytes(), rows: bytes.columns, samples },
            )
            .ok()
        };
        self.classes.iter().zip(&bytes.classes).filter_map(panel).collect()
    }

    /// The sums over pairs of a column of `left` and one of `right`.
    pub(crate) fn products(&self, left: &[GramPanel<'_>], right: &[GramPanel<'_>]) -> PairSums {
        let mut sums = PairSums::default();
        for ((class, left), right) in self.classes.iter().zip(left).zip(right) {
            // Panels of one class have the same samples, which is all that can fail.
            let Ok(counts) = gram(left, right) else { continue };
            sums.add(class.weight, &counts);
        }
        sums
    }
}

/// Columns' bytes by class, one column after another.
pub(crate) struct PanelBytes {
    classes: Vec<Vec<u8>>,
    columns: usize,
}

/// Weighted sums over pairs of columns, row-major. Those with missing calls are empty where nothing is missing.
#[derive(Debug, Default)]
pub(crate) struct PairSums {
    /// Σ w × code × code.
    pub(crate) codes: Vec<f64>,
    /// Σ w × code of the left column × missing of the right one.
    pub(crate) code_missing: Vec<f64>,
    /// Σ w × missing × code.
    pub(crate) missing_code: Vec<f64>,
    /// Σ w × missing × missing.
    pub(crate) both_missing: Vec<f64>,
}

impl PairSums {
    fn add(&mut self, weight: f64, counts: &GramSums) {
        let add = |sums: &mut Vec<f64>, counts: &[u32]| {
            if sums.len() < counts.len() {
                sums.resize(counts.len(), 0.0);
            }
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += weight * f64::from(*count));
        };
        add(&mut self.codes, &counts.codes);
        add(&mut self.code_missing, &counts.code_missing);
        add(&mut self.missing_code, &counts.missing_code);
        add(&mut self.both_missing, &counts.both_missing);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::{PairSums, WeightClasses};

    fn pack(codes: &[u8]) -> Arc<[u8]> {
        codes.chunks(4).map(|four| four.iter().rev().fold(0, |byte, code| byte << 2 | code)).collect()
    }

    /// Σ over samples of w × f(code) × g(code).
    fn sum(w: &[f64], a: (&[u8], fn(u8) -> f64), b: (&[u8], fn(u8) -> f64)) -> f64 {
        w.iter().zip(a.0).zip(b.0).map(|((w, x), y)| w * a.1(*x) * b.1(*y)).sum()
    }

    proptest! {
        #[test]
        fn products_are_plain_sums_under_the_classes_weights(
            samples in proptest::collection::vec((0_u8..4, 0_u8..4, 0_u8..4, 0_usize..12), 1..3000),
            values in 1_usize..12,
        ) {
            let w: Vec<f64> = samples.iter().map(|(.., k)| (k % values) as f64 * 0.3).collect();
            let classes = WeightClasses::new(&w);
            let spread = classes.weights();
            if classes.exact() {
                prop_assert_eq!(&spread, &w);
            }
            let total = |w: &[f64]| w.iter().sum::<f64>();
            prop_assert!((total(&spread) - total(&w)).abs() <= 1e-9 * (1.0 + total(&w)));
            prop_assert!(spread.iter().zip(&w).all(|(spread, w)| (*spread == 0.0) == (*w == 0.0)));

            let columns: [Vec<u8>; 3] = [
                samples.iter().map(|sample| sample.0).collect(),
                samples.iter().map(|sample| sample.1).collect(),
                samples.iter().map(|sample| sample.2).collect(),
            ];
            let gathered = columns.each_ref().map(|column| classes.gather(&pack(column)));
            let left = classes.lay_out(&[&gathered[0]]);
            let right = classes.lay_out(&[&gathered[1], &gathered[2]]);
            let sums: PairSums = classes.products(&classes.panels(&left), &classes.panels(&right));
            let code: fn(u8) -> f64 = |code| if code == 3 { 0.0 } else { f64::from(code) };
            let missing: fn(u8) -> f64 = |code| f64::from(u8::from(code == 3));
            let near = |found: Option<&f64>, expected: f64| {
                (found.copied().unwrap_or(0.0) - expected).abs() <= 1e-9 * (1.0 + expected)
            };
            for at in 0..2 {
                let (a, b) = (columns[0].as_slice(), columns[at + 1].as_slice());
                prop_assert!(near(sums.codes.get(at), sum(&spread, (a, code), (b, code))));
                prop_assert!(near(sums.code_missing.get(at), sum(&spread, (a, code), (b, missing))));
                prop_assert!(near(sums.missing_code.get(at), sum(&spread, (a, missing), (b, code))));
                prop_assert!(near(sums.both_missing.get(at), sum(&spread, (a, missing), (b, missing))));
            }
        }
    }
}
