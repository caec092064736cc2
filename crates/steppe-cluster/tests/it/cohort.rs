//! A cohort and a pass over it, large enough that it can be disturbed.

use std::{path::Path, sync::Arc};

use steppe_engine::{
    SilentProgress,
    pass::{CountLane, ForwardOperand, PassContext, PassOperand, Sparse, WeightLane},
};
use steppe_genome::GenomeBuild;
use steppe_kernels::{CountEntry, Level};
use steppe_simulate::{SmallOptions, random_fileset};
use steppe_store::{Codec, Cohort, ImportOptions, Location, NoProgress, import};

const SAMPLES: usize = 1500;
const VARIANTS: usize = 6000;
const LANES: u32 = 64;

/// Imports a small cohort in many blocks.
pub(crate) fn cohort(folder: &Path) -> Cohort {
    let fileset = random_fileset(3, SAMPLES, VARIANTS, &SmallOptions::default());
    let out = Location::local(folder.join("cohort"));
    import(&ImportOptions {
        filesets: vec![fileset.write(&folder.join("small")).expect("a fileset")],
        out: out.clone(),
        build: GenomeBuild::Grch38,
        block_samples: Some(32),
        threads: 2,
        memory_bytes: 1 << 30,
        codec: Codec::Uncompressed,
        level: Level::best(),
        progress: Arc::new(NoProgress),
    })
    .expect("an import");
    Cohort::open(&out).expect("a cohort")
}

/// Many scores over all variants; `seed` makes it another pass.
pub(crate) fn context(cohort: &Cohort, seed: u32) -> Arc<PassContext> {
    let all: Arc<[u32]> = (0..VARIANTS as u32).collect();
    let entry = |lane: u32, at: u32, code: u32| {
        i64::from((lane + seed).wrapping_mul(40_503).wrapping_add(at).wrapping_mul(2_654_435_761) >> 6)
            * i64::from(code)
    };
    let weights = (0..LANES)
        .map(|lane| WeightLane {
            plain: Sparse::new(
                Arc::clone(&all),
                all.iter().map(|&at| [0, 1, 2, 3].map(|code| entry(lane, at, code))).collect(),
            ),
            by_sex: Sparse::default(),
        })
        .collect();
    let count = |code: u8| CountEntry { alleles: 2 * u8::from(code < 3), dosage: code % 3 };
    let counts = CountLane {
        plain: Sparse::new(Arc::clone(&all), vec![[0, 1, 2, 3].map(count); VARIANTS]),
        by_sex: Sparse::default(),
    };
    let samples = cohort.samples().expect("samples");
    Arc::new(PassContext {
        cohort: cohort.clone(),
        operand: PassOperand::Forward(ForwardOperand::new(weights, vec![counts])),
        masks: PassContext::masks_of(cohort.blocks(), &samples),
        level: Level::best(),
        progress: Arc::new(SilentProgress),
    })
}
