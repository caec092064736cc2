use steppe_kernels::{Level, count_codes, count_codes_masked, recode_bed, reorder_samples};

use super::{plan::Plan, sample_order::SampleOrder};
use crate::{Codec, SampleBlock, SampleTable, SexCounts, StoreError, hash::row_checksum};
use steppe_genome::Sex;

/// Zstandard's level 1: level 3 is slower and no smaller on genotypes.
const ZSTD_LEVEL: i32 = 1;

/// Genotype counts of one variant: 0, 1, 2 copies, missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct VariantCounts {
    pub(super) all: [u32; 4],
    pub(super) founders: [u32; 4],
    pub(super) by_sex: SexCounts,
}

/// Who is counted, as masks over the rows of one block.
pub(super) struct BlockMasks {
    /// `None` where everybody is a founder.
    founders: Option<Vec<u8>>,
    male_founders: Vec<u8>,
    female_founders: Vec<u8>,
}

impl BlockMasks {
    pub(super) fn of(blocks: &[SampleBlock], samples: &SampleTable, all_founders: bool) -> Vec<Self> {
        blocks
            .iter()
            .map(|block| {
                let mask = |wanted: &dyn Fn(usize) -> bool| mask(block, wanted);
                let founder_of =
                    |sex: Sex| move |sample: usize| samples.founder[sample] && samples.sex[sample] == sex;
                Self {
                    founders: (!all_founders).then(|| mask(&|sample| samples.founder[sample])),
                    male_founders: mask(&founder_of(Sex::Male)),
                    female_founders: mask(&founder_of(Sex::Female)),
                }
            })
            .collect()
    }
}

/// 0b11 for each wanted sample of a block.
fn mask(block: &SampleBlock, wanted: &dyn Fn(usize) -> bool) -> Vec<u8> {
    let mut mask = vec![0; block.stride];
    for place in 0..block.samples as usize {
        if wanted(block.first_sample as usize + place) {
            mask[place / 4] |= 0b11 << (2 * (place % 4));
        }
    }
    mask
}

/// What all stripes of a part share.
pub(super) struct StripeShape<'a> {
    pub(super) plan: &'a Plan,
    pub(super) masks: &'a [BlockMasks],
    pub(super) order: Option<&'a SampleOrder>,
    pub(super) by_sex: bool,
    pub(super) level: Level,
}

/// A run of variants on its way from a .bed to one page of every block; one a thread, used again and again.
#[derive(Default)]
pub(super) struct Stripe {
    /// Rows of the .bed, as they stand.
    pub(super) bed: Vec<u8>,
    /// One page a block.
    pub(super) pages: Vec<StripePage>,
    pub(super) counts: Vec<VariantCounts>,
    recoded: Vec<u8>,
    reordered: Vec<u8>,
}

/// One block's page of a stripe.
#[derive(Default)]
pub(super) struct StripePage {
    rows: Vec<u8>,
    compressed: Option<Vec<u8>>,
    pub(super) checksums: Vec<u64>,
}

impl StripePage {
    /// What goes to the file.
    pub(super) fn payload(&self) -> &[u8] {
        self.compressed.as_deref().unwrap_or(&self.rows)
    }
}

impl Stripe {
    /// Recodes, counts, cuts, hashes and compresses the rows in `self.bed`.
    pub(super) fn make(
        &mut self,
        shape: &StripeShape<'_>,
        first_variant: u32,
        rows: usize,
    ) -> Result<(), StoreError> {
        let plan = shape.plan;
        self.counts.clear();
        self.counts.resize(rows, VariantCounts::default());
        self.pages.resize_with(plan.blocks.len(), StripePage::default);
        for (page, block) in self.pages.iter_mut().zip(&plan.blocks) {
            page.rows.resize(rows * block.stride, 0);
            page.checksums.clear();
        }
        let row_bytes = (plan.samples as usize).div_ceil(4);
        for row in 0..rows {
            self.cut(shape, row, row_bytes);
            for ((page, block), masks) in self.pages.iter_mut().zip(&plan.blocks).zip(shape.masks) {
                let codes = &page.rows[row * block.stride..][..block.stride];
                self.counts[row].add(shape, block, masks, codes);
                page.checksums.push(row_checksum(block.index, first_variant + row as u32, codes));
            }
        }
        if plan.layout.codec == Codec::Zstd {
            self.compress()?;
        }
        Ok(())
    }

    /// Writes one variant's row of every block. Blocks start at whole bytes of the .bed.
    fn cut(&mut self, shape: &StripeShape<'_>, row: usize, row_bytes: usize) {
        let bed = &self.bed[row * row_bytes..][..row_bytes];
        if let Some(order) = shape.order {
            self.recoded.resize(row_bytes, 0);
            self.reordered.resize(row_bytes, 0);
            recode_bed(shape.level, bed, &mut self.recoded, shape.plan.samples as usize);
            reorder_samples(&self.recoded, &order.sources, &mut self.reordered);
        }
        for (page, block) in self.pages.iter_mut().zip(&shape.plan.blocks) {
            let into = &mut page.rows[row * block.stride..][..block.stride];
            let bytes = (block.samples as usize).div_ceil(4);
            let place = block.first_sample as usize / 4;
            if shape.order.is_some() {
                into[..bytes].copy_from_slice(&self.reordered[place..place + bytes]);
                into[bytes..].fill(0);
            } else {
                recode_bed(shape.level, &bed[place..place + bytes], into, block.samples as usize);
            }
        }
    }

    fn compress(&mut self) -> Result<(), StoreError> {
        let failed = |_| StoreError::Internal("zstd could not compress a page");
        let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(failed)?;
        for page in &mut self.pages {
            page.compressed = Some(compressor.compress(&page.rows).map_err(failed)?);
        }
        Ok(())
    }

    /// The bytes that a stripe takes, for the memory limit.
    pub(super) fn bytes(plan: &Plan) -> u64 {
        let rows = u64::from(plan.layout.page_rows);
        let bed = rows * u64::from(plan.samples.div_ceil(4));
        let pages = rows * (plan.layout.stride * plan.blocks.len()) as u64;
        bed + pages * if plan.layout.codec == Codec::Zstd { 2 } else { 1 }
    }
}

impl VariantCounts {
    fn add(&mut self, shape: &StripeShape<'_>, block: &SampleBlock, masks: &BlockMasks, codes: &[u8]) {
        let all = count_codes(shape.level, codes, block.samples as usize);
        add(&mut self.all, all);
        let founders = match &masks.founders {
            Some(mask) => count_codes_masked(shape.level, codes, mask),
            None => all,
        };
        add(&mut self.founders, founders);
        if shape.by_sex {
            add(&mut self.by_sex.male, count_codes_masked(shape.level, codes, &masks.male_founders));
            add(&mut self.by_sex.female, count_codes_masked(shape.level, codes, &masks.female_founders));
        }
    }
}

/// Counts of a block, and so their sums over a cohort of at most 2³² samples, fit into 32 bits.
fn add(sums: &mut [u32; 4], counts: [u64; 4]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count as u32;
    }
}
