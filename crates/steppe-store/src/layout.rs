//! How samples are cut into blocks, and variants into pages, row groups and parts.

use serde::{Deserialize, Serialize};

use crate::StoreError;

/// Most samples of a block: 4,032 bytes a row, an odd number of cache lines.
const BLOCK_SAMPLES: u32 = 16_128;
/// Most samples of a block of a very large cohort, so that it has hundreds of blocks and not thousands.
const LARGE_BLOCK_SAMPLES: u32 = 32_512;
/// From so many blocks on, the larger ones are used.
const MANY_BLOCKS: u32 = 128;
/// Rows are padded to whole cache lines.
const CACHE_LINE: usize = 64;
/// Pages are whole multiples of so many rows.
const PAGE_ROW_MULTIPLE: usize = 32;
/// Pages are at most so many bytes, unless 32 rows are more.
const PAGE_BYTES: usize = 256 << 10;
/// Row groups are about so many bytes.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Parts are at most so many bytes a block...
const PART_BYTES: usize = 1 << 30;
/// ...and so many variants, so that the counts of one part fit into little memory.
const PART_VARIANTS: u32 = 1 << 20;

/// How genotype pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Not at all: pages are the packed matrix itself.
    #[default]
    Uncompressed,
    /// Zstandard, level 1: for cold or remote storage.
    Zstd,
}

/// A run of samples whose genotypes are stored together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleBlock {
    /// The number of the block.
    pub index: u32,
    /// Its first sample, in matrix order.
    pub first_sample: u32,
    /// How many samples it has.
    pub samples: u32,
    /// Bytes of a row: at least `samples` / 4, padded with zeros.
    pub stride: usize,
}

/// The sizes that a cohort is cut into; the same in every block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileLayout {
    /// Samples of every block but the last; a multiple of 4.
    pub block_samples: u32,
    /// Bytes of a row.
    pub stride: usize,
    /// Rows of a page; the last one of a row group may have fewer.
    pub page_rows: u32,
    /// Rows of a row group; the last one of a part may have fewer.
    pub row_group_rows: u32,
    /// Most variants of a part.
    pub part_rows: u32,
    /// How pages are compressed.
    pub codec: Codec,
}

impl TileLayout {
    /// The layout of a cohort: blocks of at most `block_samples` (default 16,128, or 32,512 for more than two
    /// million samples) that divide the cohort evenly.
    ///
    /// # Errors
    /// A block size of zero.
    pub fn new(samples: u32, block_samples: Option<u32>, codec: Codec) -> Result<Self, StoreError> {
        let most = match block_samples {
            Some(0) => {
                return Err(StoreError::refused(
                    "the block size is 0 samples",
                    format!("leave --block-samples out, or give it at least 4 (default {BLOCK_SAMPLES})"),
                ));
            }
            Some(most) => most.next_multiple_of(4),
            None if samples.div_ceil(BLOCK_SAMPLES) > MANY_BLOCKS => LARGE_BLOCK_SAMPLES,
            None => BLOCK_SAMPLES,
        };
        let blocks = samples.div_ceil(most).max(1);
        let block_samples = samples.div_ceil(blocks).next_multiple_of(4).max(4);
        let stride = stride_of(block_samples);
        let multiple = PAGE_ROW_MULTIPLE;
        let page_rows = ((PAGE_BYTES / stride) / multiple * multiple).max(multiple);
        let row_group_rows = ((ROW_GROUP_BYTES / stride) / page_rows).max(1) * page_rows;
        let part_rows =
            ((PART_BYTES / stride).min(PART_VARIANTS as usize) / row_group_rows).max(1) * row_group_rows;
        let count =
            |rows: usize| u32::try_from(rows).map_err(|_| StoreError::Internal("a layout out of range"));
        Ok(Self {
            block_samples,
            stride,
            page_rows: count(page_rows)?,
            row_group_rows: count(row_group_rows)?,
            part_rows: count(part_rows)?,
            codec,
        })
    }

    /// The blocks of so many samples.
    pub fn blocks(&self, samples: u32) -> Vec<SampleBlock> {
        let count = samples.div_ceil(self.block_samples).max(1);
        (0..count)
            .map(|index| {
                let first_sample = index * self.block_samples;
                let samples = self.block_samples.min(samples - first_sample);
                SampleBlock { index, first_sample, samples, stride: self.stride }
            })
            .collect()
    }
}

/// Whole cache lines, and never a power of two from 4,096 on: such strides fall into few cache sets and halve the
/// kernels' speed.
fn stride_of(samples: u32) -> usize {
    let stride = (samples as usize).div_ceil(4).next_multiple_of(CACHE_LINE);
    if stride >= 4096 && stride.is_power_of_two() { stride + CACHE_LINE } else { stride }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(samples: u32, most: Option<u32>) -> TileLayout {
        TileLayout::new(samples, most, Codec::Uncompressed).unwrap()
    }

    #[test]
    fn blocks_cover_the_cohort_evenly() {
        for samples in [1, 3, 4, 270, 16_128, 16_129, 100_000, 500_000, 487_409] {
            for most in [None, Some(1), Some(64), Some(5000), Some(1_000_000)] {
                let layout = layout(samples, most);
                let blocks = layout.blocks(samples);
                assert_eq!(blocks.iter().map(|block| block.samples).sum::<u32>(), samples);
                for block in &blocks {
                    assert_eq!(block.first_sample % 4, 0);
                    assert!(block.samples > 0);
                    assert!(block.stride * 4 >= block.samples as usize);
                }
            }
        }
    }

    #[test]
    fn sizes_are_as_measured_best() {
        let biobank = layout(500_000, None);
        assert_eq!(biobank.blocks(500_000).len(), 32);
        assert!(biobank.stride <= 4032 && biobank.stride.is_multiple_of(64));
        assert_eq!(biobank.page_rows % 32, 0);
        assert!(biobank.page_rows as usize * biobank.stride <= PAGE_BYTES);
        assert!(!layout(16_384, Some(16_384)).stride.is_power_of_two());
        assert!(!layout(32_768, Some(32_768)).stride.is_power_of_two());
        assert_eq!(layout(10, None).stride, 64);
    }
}
