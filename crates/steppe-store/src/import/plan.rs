use serde_json::json;
use steppe_genome::{Chromosome, Ploidy};

use super::{ImportOptions, inputs::Inputs};
use crate::{
    Part, SampleBlock, StoreError, TileLayout, hash::blake3_hex, manifest::FORMAT_VERSION, tile::PartIdentity,
};

/// With more runs of one chromosome than this, parts do not follow chromosomes: a fileset that jumps between them
/// would make a file of each jump.
const MOST_RUNS: usize = 1024;

/// What will be written where.
pub(super) struct Plan {
    pub(super) layout: TileLayout,
    pub(super) blocks: Vec<SampleBlock>,
    pub(super) parts: Vec<PlannedPart>,
    pub(super) samples: u32,
    pub(super) variants: u32,
    pub(super) all_founders: bool,
    pub(super) sample_ids_blake3: String,
    /// A hash of all inputs but the content of the .bed files, and of the options that change what is stored.
    pub(super) identity: String,
}

/// A run of variants of one fileset.
pub(super) struct PlannedPart {
    pub(super) part: Part,
    pub(super) fileset: usize,
    /// Its first row in the fileset's .bed.
    pub(super) first_row: usize,
    /// Whether founders are counted by sex too.
    pub(super) by_sex: bool,
}

impl Plan {
    pub(super) fn new(options: &ImportOptions, inputs: &Inputs) -> Result<Self, StoreError> {
        let samples = inputs.samples.len() as u32;
        let layout = TileLayout::new(samples, options.block_samples, options.codec)?;
        let parts = plan_parts(inputs, &layout);
        let variants = parts.last().map_or(0, |last| last.part.first_variant + last.part.variants);
        let sources: Vec<_> = inputs
            .filesets
            .iter()
            .map(|input| json!([input.fam_blake3, input.bim_blake3, input.bed_bytes()]))
            .collect();
        let identity = json!([FORMAT_VERSION, options.build.as_str(), layout, sources]);
        Ok(Self {
            layout,
            blocks: layout.blocks(samples),
            parts,
            samples,
            variants,
            all_founders: inputs.samples.founders() == inputs.samples.len(),
            sample_ids_blake3: inputs.samples.ids_blake3(),
            identity: blake3_hex(identity.to_string().as_bytes()),
        })
    }

    /// What the file of a part and block says about itself.
    pub(super) fn identity_of(&self, part: &PlannedPart, block: SampleBlock) -> PartIdentity {
        PartIdentity {
            block,
            part: part.part.index,
            first_variant: part.part.first_variant,
            variants: part.part.variants,
            layout: self.layout,
            sample_ids_blake3: self.sample_ids_blake3.clone(),
        }
    }

    /// The pages of a part, as rows from its first one: the same in every block.
    pub(super) fn page_starts(&self, part: &Part) -> Vec<u32> {
        let group = self.layout.row_group_rows;
        (0..part.variants)
            .step_by(group as usize)
            .flat_map(|start| {
                (start..(start + group).min(part.variants)).step_by(self.layout.page_rows as usize)
            })
            .collect()
    }
}

fn plan_parts(inputs: &Inputs, layout: &TileLayout) -> Vec<PlannedPart> {
    let follow = inputs.filesets.iter().map(|input| input.runs.len()).sum::<usize>() <= MOST_RUNS;
    let mut parts: Vec<PlannedPart> = Vec::new();
    let mut first_variant = 0;
    for (fileset, input) in inputs.filesets.iter().enumerate() {
        let total: u32 = input.runs.iter().map(|run| run.variants).sum();
        let runs: Vec<(Option<&Chromosome>, u32)> = if follow {
            input.runs.iter().map(|run| (Some(&run.chromosome), run.variants)).collect()
        } else {
            vec![(None, total)]
        };
        let mut first_row = 0usize;
        for (chromosome, variants) in runs {
            let mut left = variants;
            while left > 0 {
                let variants = left.min(layout.part_rows);
                let part = Part {
                    index: parts.len() as u32,
                    first_variant,
                    variants,
                    chromosome: chromosome.map(|chromosome| chromosome.label().into_owned()),
                };
                let by_sex = chromosome.is_none_or(|chromosome| chromosome.ploidy() != Ploidy::Diploid);
                parts.push(PlannedPart { part, fileset, first_row, by_sex });
                first_row += variants as usize;
                first_variant += variants;
                left -= variants;
            }
        }
    }
    parts
}
