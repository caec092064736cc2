use crate::random::Stream;

/// Distances in the table; a longer one takes another draw.
const LENGTHS: usize = 256;

/// How many samples an event passes over before it hits one, when each is hit with the same chance.
///
/// That is the geometric distribution. It is inverted by a table of products, since the logarithm that the usual
/// formula takes is not the same to the last bit on every machine; as the distribution has no memory, a table of the
/// short distances is enough.
pub(crate) struct Gaps {
    /// Chance of a distance of at most the index, out of 2^63.
    at_most: [u64; LENGTHS],
}

impl Gaps {
    /// The distances at a chance in 0..=1; nothing when there are no events.
    pub(crate) fn new(chance: f64) -> Option<Self> {
        if chance <= 0.0 {
            return None;
        }
        let mut missed = 1.0;
        let at_most = std::array::from_fn(|_| {
            missed *= 1.0 - chance;
            ((1.0 - missed) * (1u64 << 63) as f64) as u64
        });
        Some(Self { at_most })
    }

    /// The next distance.
    fn next(&self, random: &mut Stream) -> usize {
        let mut passed = 0;
        loop {
            let draw = random.bits() >> 1;
            let length = self.at_most.partition_point(|&limit| limit <= draw);
            if length < LENGTHS {
                return passed + length;
            }
            passed += LENGTHS;
        }
    }

    /// Makes genotype codes of a packed row of `samples` samples missing.
    pub(crate) fn make_missing(&self, row: &mut [u8], samples: usize, random: &mut Stream) {
        let mut sample = self.next(random);
        while sample < samples {
            row[sample / 4] |= 3 << (2 * (sample % 4));
            sample += 1 + self.next(random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn mean_distance_is_the_inverse_of_the_chance() {
        for chance in [0.5, 0.01, 0.001] {
            let gaps = Gaps::new(chance).unwrap();
            let mut random = Stream::new(1, Purpose::Missing, 0, 0);
            let draws = 200_000;
            let mean =
                (0..draws).map(|_| gaps.next(&mut random) + 1).sum::<usize>() as f64 / f64::from(draws);
            assert!((mean * chance - 1.0).abs() < 0.01, "{chance}: {mean}");
        }
    }

    #[test]
    fn never_and_always() {
        assert!(Gaps::new(0.0).is_none());
        let mut row = [0u8; 2];
        Gaps::new(1.0).unwrap().make_missing(&mut row, 7, &mut Stream::new(1, Purpose::Missing, 0, 0));
        assert_eq!(row, [0xff, 0x3f]);
    }
}
