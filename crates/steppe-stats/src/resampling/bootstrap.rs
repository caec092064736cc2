//! The bootstrap (Efron 1979): whole families are drawn with replacement within strata.

use std::collections::HashMap;

use super::Stream;

/// What is drawn. A resample is how often each sample occurs in it, so that statistics of many scores, sorted once, need
/// no copies.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    samples: usize,
    /// Samples, family by family, stratum by stratum.
    members: Vec<u32>,
    /// Where each family begins in `members`, and the end.
    starts: Vec<u32>,
    /// Families of each stratum.
    strata: Vec<std::ops::Range<usize>>,
}

impl Bootstrap {
    /// Draws of `samples` samples. With `family` (one per sample, `None` for one alone) families are drawn as a whole; with
    /// `case` those with a case and those without are drawn apart, each as often as there are, which for samples alone
    /// keeps the numbers of cases and controls.
    pub fn new(samples: usize, case: Option<&[bool]>, family: Option<&[Option<u32>]>) -> Self {
        let families = families(samples, family);
        let has_case =
            |members: &[u32]| case.is_some_and(|case| members.iter().any(|member| case[*member as usize]));
        let (with, without): (Vec<_>, Vec<_>) = families.into_iter().partition(|members| has_case(members));
        let mut this =
            Self { samples, members: Vec::with_capacity(samples), starts: vec![0], strata: Vec::new() };
        for stratum in [with, without] {
            let first = this.starts.len() - 1;
            for members in stratum {
                this.members.extend_from_slice(&members);
                this.starts.push(this.members.len() as u32);
            }
            this.strata.push(first..this.starts.len() - 1);
        }
        this
    }

    /// Sets how often each sample occurs in a resample.
    pub fn draw(&self, stream: &mut Stream, counts: &mut Vec<f64>) {
        counts.clear();
        counts.resize(self.samples, 0.0);
        let alone = self.starts.len() == self.members.len() + 1;
        for stratum in &self.strata {
            for _ in stratum.clone() {
                let family = stratum.start + stream.below(stratum.len());
                if alone {
                    counts[self.members[family] as usize] += 1.0;
                    continue;
                }
                let members = self.starts[family] as usize..self.starts[family + 1] as usize;
                self.members[members].iter().for_each(|member| counts[*member as usize] += 1.0);
            }
        }
    }
}

/// Samples of each family, in the order of their first members.
pub(super) fn families(samples: usize, family: Option<&[Option<u32>]>) -> Vec<Vec<u32>> {
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut families: Vec<Vec<u32>> = Vec::new();
    for sample in 0..samples {
        let known = family.and_then(|family| family[sample]);
        let next = families.len();
        let index = known.map_or(next, |id| *place.entry(id).or_insert(next));
        if index == next {
            families.push(Vec::new());
        }
        families[index].push(sample as u32);
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stay_whole_and_strata_keep_their_sizes() {
        let case = [true, false, false, true, false, false, false];
        let family = [Some(4), Some(4), None, None, Some(9), Some(9), None];
        let plan = Bootstrap::new(7, Some(&case), Some(&family));
        let mut counts = Vec::new();
        let mut seen = [0.0; 7];
        for index in 0..400 {
            plan.draw(&mut Stream::new(1, 1, index), &mut counts);
            assert_eq!(counts[0], counts[1]);
            assert_eq!(counts[4], counts[5]);
            // Two families with a case, three without.
            assert_eq!(counts[0] + counts[3], 2.0);
            assert_eq!(counts[2] + counts[4] + counts[6], 3.0);
            seen.iter_mut().zip(&counts).for_each(|(seen, count)| *seen += count);
        }
        assert!(seen.iter().all(|seen| (seen / 400.0 - 1.0).abs() < 0.15), "{seen:?}");
    }

    #[test]
    fn a_draw_depends_on_seed_and_index_alone() {
        let plan = Bootstrap::new(50, None, None);
        let draw = |seed, index| {
            let mut counts = vec![7.0; 3];
            plan.draw(&mut Stream::new(seed, 2, index), &mut counts);
            counts
        };
        assert_eq!(draw(3, 5), draw(3, 5));
        assert_ne!(draw(3, 5), draw(3, 6));
        assert_ne!(draw(3, 5), draw(4, 5));
        assert_eq!(draw(3, 5).iter().sum::<f64>(), 50.0);
    }
}
