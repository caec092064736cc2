//! From integer sums to the numbers that are written.

use crate::{
    EngineError,
    pass::{PartialSums, PassContext, SexClass},
    score::{CountLanes, FixedPoint, MissingPolicy, ScoreColumn, ScoreJob, Scores},
};

/// One sample's numbers of one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Value {
    /// Σ of contributions.
    pub sum: f64,
    /// Alleles of non-missing calls.
    pub alleles: u64,
    /// What the average divides by.
    pub denominator: u64,
    /// Σ of the effect allele's (transformed) dosages over non-missing calls.
    pub dosage: f64,
}

impl Value {
    /// `sum / denominator`; NaN where the denominator is 0, as plink2 prints it.
    pub(super) fn average(&self) -> f64 {
        self.sum / self.denominator as f64
    }
}

/// A sample that is written out.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptSample {
    /// Its place within its block.
    pub in_block: usize,
    /// Its index in the cohort.
    pub index: usize,
    /// Its sex, as sums are kept.
    pub class: SexClass,
}

/// The kept samples of one block.
pub(super) struct KeptBlock {
    /// The block's index.
    pub block: u32,
    /// Its kept samples, in order.
    pub samples: Vec<KeptSample>,
}

/// The kept samples of a job, by block.
pub(super) struct KeptSamples {
    /// The blocks that have any.
    pub blocks: Vec<KeptBlock>,
}

impl KeptSamples {
    pub(super) fn of(job: &ScoreJob) -> Self {
        let masks = PassContext::masks_of(job.cohort.blocks(), &job.samples);
        let blocks = job
            .cohort
            .blocks()
            .iter()
            .zip(&masks)
            .map(|(block, masks)| {
                let first = block.first_sample as usize;
                let samples = (0..block.samples as usize)
                    .filter(|&in_block| job.kept()[first + in_block])
                    .map(|in_block| KeptSample {
                        in_block,
                        index: first + in_block,
                        class: masks.classes()[in_block],
                    })
                    .collect();
                KeptBlock { block: block.index, samples }
            })
            .filter(|block| !block.samples.is_empty())
            .collect();
        Self { blocks }
    }

    /// The kept samples' indices in the cohort.
    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        self.blocks.iter().flat_map(|block| block.samples.iter().map(|sample| sample.index))
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.samples.len()).sum()
    }
}

/// Reads one score's values out of a pass.
pub(super) struct ScoreValues<'a> {
    column: &'a ScoreColumn,
    scale: FixedPoint,
    counts: CountLanes,
    lane: usize,
    pass: &'a Scores,
    missing: MissingPolicy,
}

impl<'a> ScoreValues<'a> {
    /// The values of the pass's `lane`-th score.
    pub(super) fn new(job: &'a ScoreJob, pass: &'a Scores, lane: usize) -> Result<Self, EngineError> {
        let column = &job.columns[pass.scores[lane]];
        match (column.scale, column.counts) {
            (Some(scale), Some(counts)) => {
                Ok(Self { column, scale, counts, lane, pass, missing: job.options.missing })
            }
            _ => Err(EngineError::Lost("a score's preparation")),
        }
    }

    /// The score.
    pub(super) fn column(&self) -> &'a ScoreColumn {
        self.column
    }

    /// Its count lanes.
    pub(super) fn counts(&self) -> CountLanes {
        self.counts
    }

    /// Calls `each` with the value of every given sample of a block, in order.
    pub(super) fn of_block(
        &self,
        block: u32,
        samples: &[KeptSample],
        each: &mut dyn FnMut(Value),
    ) -> Result<(), EngineError> {
        let sums = self
            .pass
            .blocks
            .binary_search_by_key(&block, |sums| sums.key)
            .map(|at| &self.pass.blocks[at])
            .map_err(|_| EngineError::Lost("a sample block's sums"))?;
        let lanes = BlockLanes::new(sums, self.pass);
        for sample in samples {
            each(self.value(&lanes, sample.in_block, sample.class));
        }
        Ok(())
    }

    fn value(&self, lanes: &BlockLanes<'_>, sample: usize, class: SexClass) -> Value {
        let fixed = lanes.weight(self.lane, sample) + self.column.missing_constants[class.index()];
        let (mut alleles, mut halves) = (0u64, 0u64);
        let (counted, dosage) = lanes.counts(self.counts.diploid, sample);
        alleles += u64::from(counted);
        halves += 2 * u64::from(dosage);
        if let Some(haploid) = self.counts.haploid {
            let (counted, half_dosage) = lanes.counts(haploid, sample);
            alleles += u64::from(counted);
            halves += u64::from(half_dosage);
        }
        let denominator = match self.missing {
            MissingPolicy::Mean | MissingPolicy::Fail => self.column.full_alleles[class.index()],
            MissingPolicy::Zero => alleles,
        };
        Value { sum: self.scale.value(fixed), alleles, denominator, dosage: halves as f64 / 2.0 }
    }
}

/// One block's sums, addressed by lane and sample.
struct BlockLanes<'a> {
    sums: &'a PartialSums,
    samples: usize,
}

impl<'a> BlockLanes<'a> {
    fn new(sums: &'a PartialSums, pass: &Scores) -> Self {
        Self { sums, samples: sums.sums.len() / pass.scores.len().max(1) }
    }

    fn weight(&self, lane: usize, sample: usize) -> i64 {
        self.sums.sums[lane * self.samples + sample]
    }

    fn counts(&self, lane: usize, sample: usize) -> (u32, u32) {
        let at = lane * self.samples + sample;
        (self.sums.alleles[at], self.sums.dosage[at])
    }
}
