//! Random permutations.

use super::{Stream, bootstrap::families};

/// What changes places: families of one size, as a whole, so that what makes relatives alike stays in place. Samples
/// without relatives are families of one.
#[derive(Clone, Debug)]
pub struct Permutation {
    samples: usize,
    /// Families of each size.
    classes: Vec<Vec<Vec<u32>>>,
}

impl Permutation {
    /// Permutations of `samples` samples; `family` has one value per sample, `None` for one alone.
    pub fn new(samples: usize, family: Option<&[Option<u32>]>) -> Self {
        let mut by_size = std::collections::BTreeMap::<usize, Vec<Vec<u32>>>::new();
        for members in families(samples, family) {
            by_size.entry(members.len()).or_default().push(members);
        }
        Self { samples, classes: by_size.into_values().collect() }
    }

    /// Sets, for each sample, the sample whose value it takes.
    pub fn draw(&self, stream: &mut Stream, source: &mut Vec<u32>) {
        source.clear();
        source.resize(self.samples, 0);
        for class in &self.classes {
            let mut order: Vec<u32> = (0..class.len() as u32).collect();
            for last in (1..order.len()).rev() {
                order.swap(last, stream.below(last + 1));
            }
            for (to, from) in class.iter().zip(order) {
                for (to, from) in to.iter().zip(&class[from as usize]) {
                    source[*to as usize] = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_gives_once_and_relatives_stay_together() {
        let family = [Some(1), None, Some(1), Some(2), None, Some(2)];
        let plan = Permutation::new(6, Some(&family));
        let mut source = Vec::new();
        let mut swapped = 0;
        for index in 0..200 {
            plan.draw(&mut Stream::new(0, 0, index), &mut source);
            let mut sorted = source.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
            let pair = (source[0], source[2]);
            assert!(pair == (0, 2) || pair == (3, 5), "{source:?}");
            swapped += u32::from(pair == (3, 5));
        }
        assert!((70..130).contains(&swapped), "{swapped}");
    }
}
