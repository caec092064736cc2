//! Small data with everything that goes wrong in real data, and a store of blocks in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use steppe_fit::{GenotypeMatrix, MemoryMatrix, PackedColumns};
use steppe_fit::{
    StorageError,
    ridge::{FittedBlock, RidgeCheckpoint, RidgeFamily, RidgeTrait},
};

/// Numbers that look random, the same on every machine.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    /// Between 0 and 1.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal: mean 0, variance 1.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Genotypes with two covariates and three traits: two quantitative, one of them with missing values, and a binary one.
pub(super) struct Small {
    pub(super) matrix: MemoryMatrix,
    pub(super) chromosomes: Vec<u32>,
    pub(super) covariates: Vec<Vec<f64>>,
    pub(super) traits: Vec<RidgeTrait>,
}

/// The variant of [`small`] that does not vary.
pub(super) const MONOMORPHIC: u32 = 4;

/// The variant of [`small`] that nobody has a call of.
pub(super) const NO_CALLS: u32 = 17;

/// The variant of [`small`] that the first covariate is a copy of.
pub(super) const COVARIATE: u32 = 30;

/// Variants on three chromosomes in linkage disequilibrium with neighbours; 3 of 100 calls are missing.
pub(super) fn small(samples: usize, variants: usize, seed: u64) -> Small {
    let mut numbers = Numbers(seed);
    let mut packed = PackedColumns::new(samples);
    let mut last: Vec<u8> = vec![0; samples];
    let mut genetic = vec![0.0; samples];
    let mut covariates = vec![vec![0.0; samples], vec![0.0; samples]];
    for variant in 0..variants as u32 {
        let frequency = 0.1 + 0.4 * numbers.uniform();
        let effect = if variant % 7 == 0 { 0.5 } else { 0.0 };
        for sample in 0..samples {
            if numbers.uniform() > 0.6 {
                last[sample] = (0..2).map(|_| u8::from(numbers.uniform() < frequency)).sum();
            }
            genetic[sample] += effect * f64::from(last[sample]);
        }
        let missing: Vec<bool> = last.iter().map(|_| numbers.uniform() < 0.03).collect();
        packed.push_codes((0..samples).map(|sample| match variant {
            NO_CALLS => 3,
            MONOMORPHIC if missing[sample] => 3,
            MONOMORPHIC => 1,
            COVARIATE => last[sample],
            _ if missing[sample] => 3,
            _ => last[sample],
        }));
        if variant == COVARIATE {
            covariates[0] = last.iter().map(|code| f64::from(*code)).collect();
        }
    }
    covariates[1] = (0..samples).map(|_| 40.0 + 10.0 * numbers.normal()).collect();
    let liability = |numbers: &mut Numbers| -> Vec<f64> {
        let both = genetic.iter().zip(&covariates[1]);
        both.map(|(genetic, age)| genetic + 0.05 * age + 1.5 * numbers.normal()).collect()
    };
    let (first, mut second, third) =
        (liability(&mut numbers), liability(&mut numbers), liability(&mut numbers));
    for value in second.iter_mut().step_by(11) {
        *value = f64::NAN;
    }
    let mean = third.iter().sum::<f64>() / samples as f64;
    let mut binary: Vec<f64> = third.iter().map(|value| f64::from(u8::from(*value > mean))).collect();
    for value in binary.iter_mut().skip(3).step_by(17) {
        *value = f64::NAN;
    }
    let traits = vec![
        RidgeTrait { values: first, family: RidgeFamily::Gaussian },
        RidgeTrait { values: second, family: RidgeFamily::Gaussian },
        RidgeTrait { values: binary, family: RidgeFamily::Binomial },
    ];
    let matrix = MemoryMatrix::new(packed, &vec![true; samples]);
    let chromosomes = (0..variants).map(|variant| [7, 8, 22][variant * 3 / variants]).collect();
    Small { matrix, chromosomes, covariates, traits }
}

impl Small {
    pub(super) fn samples(&self) -> usize {
        self.matrix.samples()
    }
}

/// Keeps blocks in memory, as bytes.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) blocks: Mutex<BTreeMap<usize, Vec<u8>>>,
    /// Refuses to save more blocks than this.
    pub(super) limit: Option<usize>,
}

impl Kept {
    pub(super) fn block(&self, number: usize) -> FittedBlock {
        self.load(number).expect("read").expect("kept")
    }
}

impl RidgeCheckpoint for Kept {
    fn load(&self, block: usize) -> Result<Option<FittedBlock>, StorageError> {
        let blocks = self.blocks.lock().expect("not poisoned");
        Ok(blocks.get(&block).map(|bytes| ciborium::from_reader(bytes.as_slice())).transpose()?)
    }

    fn save(&self, block: usize, fitted: &FittedBlock) -> Result<(), StorageError> {
        let mut blocks = self.blocks.lock().expect("not poisoned");
        if self.limit.is_some_and(|limit| blocks.len() >= limit) {
            return Err("disk full".into());
        }
        let mut bytes = Vec::new();
        ciborium::into_writer(fitted, &mut bytes)?;
        blocks.insert(block, bytes);
        Ok(())
    }
}
