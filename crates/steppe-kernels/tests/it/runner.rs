//! What all tests share: the levels of this CPU, random rows, the naive reference.

use steppe_kernels::{CountEntry, CountTable, FinishedSums, ForwardSums, Level, Rows, Tables, WeightTable};

/// The levels to test; those that this CPU lacks are named on stderr.
pub(crate) fn levels() -> Vec<Level> {
    let (available, absent): (Vec<Level>, Vec<Level>) =
        Level::all().iter().partition(|level| level.is_available());
    for level in absent {
        eprintln!("skipped: level {level}, which this CPU lacks");
    }
    available
}

/// A small generator (splitmix64), so that a case is a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

pub(crate) fn code(row: &[u8], sample: usize) -> usize {
    usize::from(row[sample / 4] >> (2 * (sample % 4)) & 3)
}

pub(crate) fn pack(codes: impl Iterator<Item = usize>) -> Vec<u8> {
    let codes: Vec<usize> = codes.collect();
    codes.chunks(4).map(|four| four.iter().rev().fold(0, |byte, &code| byte << 2 | code as u8)).collect()
}

/// Lengths at which the passes change their way: none, a byte, a vector, a block, a chunk, each one more or less.
pub(crate) const SAMPLES: [usize; 22] =
    [0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 511, 513, 1023, 1025, 4095, 4097];

/// Packed rows and no tables; what lies past the samples is garbage.
pub(crate) struct Genotypes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) samples: usize,
}

impl Genotypes {
    /// Of each row, `missing` of 8 genotypes are missing; with none, there is none outside the padding.
    pub(crate) fn new(seed: u64, samples: usize, rows: usize, padding: usize, missing: u64) -> Self {
        let mut random = Random(seed);
        let stride = samples.div_ceil(4) + padding;
        let end = if rows == 0 { 0 } else { (rows - 1) * stride + samples.div_ceil(4) };
        let mut bytes = random.bytes(end);
        for row in 0..rows {
            for sample in 0..samples {
                let code = if random.below(8) < missing { 3 } else { random.below(3) as u8 };
                let byte = &mut bytes[row * stride + sample / 4];
                *byte = *byte & !(3 << (2 * (sample % 4))) | code << (2 * (sample % 4));
            }
        }
        Self { bytes, stride, rows, samples }
    }

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { bytes: &self.bytes, stride: self.stride, rows: self.rows, samples: self.samples }
    }

    pub(crate) fn row(&self, row: usize) -> &[u8] {
        &self.bytes[row * self.stride..][..self.samples.div_ceil(4)]
    }

    pub(crate) fn code(&self, row: usize, sample: usize) -> usize {
        code(self.row(row), sample)
    }
}

pub(crate) const LARGEST: i64 = (1 << 43) - 1;

/// What weights look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weighing {
    Random,
    Largest,
    Smallest,
    Extremes,
}

/// One call's rows and tables.
pub(crate) struct Case {
    pub(crate) bytes: Vec<u8>,
    pub(crate) stride: usize,
    pub(crate) rows: usize,
    pub(crate) samples: usize,
    pub(crate) weight_lanes: usize,
    pub(crate) count_lanes: usize,
    pub(crate) weights: Vec<WeightTable>,
    pub(crate) counts: Vec<CountTable>,
}

impl Case {
    /// `missing` of 8 genotypes are missing, and the others anything; padding is garbage.
    pub(crate) fn new(
        seed: u64,
        [samples, rows, weight_lanes, count_lanes]: [usize; 4],
        padding: usize,
        missing: u64,
        weighing: Weighing,
    ) -> Self {
        let mut random = Random(seed);
        let stride = samples.div_ceil(4) + padding;
        let end = if rows == 0 { 0 } else { (rows - 1) * stride + samples.div_ceil(4) };
        let mut bytes = random.bytes(end);
        for byte in &mut bytes {
            for field in 0..4 {
                if random.below(8) < missing {
                    *byte |= 3 << (2 * field);
                }
            }
        }
        let mut weights = vec![[0; 4]; weight_lanes * rows];
        for table in &mut weights {
            if random.below(4) > 0 || weighing != Weighing::Random {
                *table = std::array::from_fn(|_| weight(&mut random, weighing));
            }
        }
        let mut counts = vec![CountTable::default(); count_lanes * rows];
        for table in &mut counts {
            *table = count_table(&mut random, weighing);
        }
        Self { bytes, stride, rows, samples, weight_lanes, count_lanes, weights, counts }
    }

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { bytes: &self.bytes, stride: self.stride, rows: self.rows, samples: self.samples }
    }

    pub(crate) fn tables(&self) -> Tables<'_> {
        Tables {
            weights: &self.weights,
            weight_lanes: self.weight_lanes,
            counts: &self.counts,
            count_lanes: self.count_lanes,
        }
    }

    /// Adds the case `times` times on a level.
    pub(crate) fn run(&self, level: Level, times: usize) -> FinishedSums {
        let mut sums = ForwardSums::new(level, self.samples, self.weight_lanes, self.count_lanes);
        for _ in 0..times {
            sums.add(self.rows(), &self.tables()).expect("the case is well formed");
        }
        sums.finish()
    }

    /// The same by definition.
    pub(crate) fn naive(&self, times: usize) -> FinishedSums {
        let cells =
            |lanes: usize| (0..lanes).flat_map(|lane| (0..self.samples).map(move |sample| (lane, sample)));
        let code = |row: usize, sample| code(&self.bytes[row * self.stride..], sample);
        let weight = |lane: usize, sample, row| self.weights[lane * self.rows + row][code(row, sample)];
        let count = |lane: usize, sample, row| self.counts[lane * self.rows + row][code(row, sample)];
        let all = 0..self.rows;
        let times_u32 = times as u32;
        FinishedSums {
            weights: cells(self.weight_lanes)
                .map(|(l, s)| times as i64 * all.clone().map(|r| weight(l, s, r)).sum::<i64>())
                .collect(),
            alleles: cells(self.count_lanes)
                .map(|(l, s)| times_u32 * all.clone().map(|r| u32::from(count(l, s, r).alleles)).sum::<u32>())
                .collect(),
            dosage: cells(self.count_lanes)
                .map(|(l, s)| times_u32 * all.clone().map(|r| u32::from(count(l, s, r).dosage)).sum::<u32>())
                .collect(),
        }
    }
}

fn weight(random: &mut Random, weighing: Weighing) -> i64 {
    match weighing {
        Weighing::Random => (random.below(1 << 44) as i64 - (1 << 43)).max(-LARGEST) >> random.below(44),
        Weighing::Largest => LARGEST,
        Weighing::Smallest => -LARGEST,
        Weighing::Extremes => [-LARGEST, 0, LARGEST][random.below(3) as usize],
    }
}

fn count_table(random: &mut Random, weighing: Weighing) -> CountTable {
    let entry = |alleles, dosage| CountEntry { alleles, dosage };
    match (weighing, random.below(5)) {
        (Weighing::Largest, _) => [entry(2, 2); 4],
        (_, 0) => [entry(2, 0), entry(2, 1), entry(2, 2), entry(0, 0)],
        (_, 1) => [entry(2, 2), entry(2, 1), entry(2, 0), entry(0, 0)],
        (_, 2) => CountTable::default(),
        _ => std::array::from_fn(|_| entry(random.below(3) as u8, random.below(3) as u8)),
    }
}
