//! The same sums in this process and by name: through the wire form, a worker's contexts and committed partials.

use std::sync::Arc;

use datafusion::{
    arrow::array::RecordBatch,
    execution::TaskContext,
    physical_optimizer::optimizer::PhysicalOptimizer,
    physical_plan::{ExecutionPlan, collect, displayable},
    prelude::{SessionConfig, SessionContext},
};
use datafusion_proto::{
    bytes::{physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec},
    physical_plan::DefaultPhysicalExtensionCodec,
};
use steppe_genome::{Chromosome, GenomeBuild};
use steppe_kernels::{CountEntry, Level};
use steppe_simulate::{SmallOptions, random_fileset};
use steppe_store::{Codec, Cohort, ImportOptions, Location, NoProgress, import};

use super::*;
use crate::{Engine, LocalEngine, PassCodec, SilentProgress};

const VARIANTS: u32 = 900;

/// 500 samples in three blocks, variants on 1, X and Y.
fn cohort(folder: &std::path::Path) -> Cohort {
    let options = SmallOptions {
        chromosomes: vec![Chromosome::Autosome(1), Chromosome::X, Chromosome::Y],
        unknown_sex: true,
        ..SmallOptions::default()
    };
    let fileset = random_fileset(7, 500, VARIANTS as usize, &options);
    let paths = fileset.write(&folder.join("small")).expect("a fileset");
    let out = Location::local(folder.join("cohort"));
    import(&ImportOptions {
        filesets: vec![paths],
        out: out.clone(),
        build: GenomeBuild::Grch38,
        block_samples: Some(200),
        threads: 2,
        memory_bytes: 1 << 30,
        codec: Codec::Uncompressed,
        level: Level::best(),
        progress: Arc::new(NoProgress),
    })
    .expect("an import");
    Cohort::open(&out).expect("a cohort")
}

/// Two scores: one over everything, one over every third variant; the last third of the variants counts by sex.
fn operand() -> ForwardOperand {
    let entry = |at: u32, code: u32| i64::from(at.wrapping_mul(2_654_435_761) >> 8) * i64::from(code) - 7;
    let table = |at: u32| [0, 1, 2, 3].map(|code| entry(at, code));
    let counts = |at: u32| {
        [0, 1, 2, 3]
            .map(|code: u8| CountEntry { alleles: 2 * u8::from(code < 3), dosage: code % 3 * (at % 2) as u8 })
    };
    let lane = |step: usize| {
        let plain: Arc<[u32]> = (0..600).step_by(step).collect();
        let by_sex: Arc<[u32]> = (600..VARIANTS).step_by(step).collect();
        let weights = WeightLane {
            plain: Sparse::new(Arc::clone(&plain), plain.iter().map(|&at| table(at)).collect()),
            by_sex: Sparse::new(
                Arc::clone(&by_sex),
                by_sex.iter().map(|&at| [table(at), table(at + 1), table(at + 2)]).collect(),
            ),
        };
        let counts = CountLane {
            plain: Sparse::new(Arc::clone(&plain), plain.iter().map(|&at| counts(at)).collect()),
            by_sex: Sparse::new(
                Arc::clone(&by_sex),
                by_sex.iter().map(|&at| [counts(at), counts(at + 1), counts(at)]).collect(),
            ),
        };
        (weights, counts)
    };
    let (weights, counts) = [lane(1), lane(3)].into_iter().unzip();
    ForwardOperand::new(weights, counts)
}

fn context(cohort: &Cohort) -> Arc<ForwardContext> {
    let samples = cohort.samples().expect("samples");
    Arc::new(ForwardContext {
        cohort: cohort.clone(),
        operand: operand(),
        masks: ForwardContext::masks_of(cohort.blocks(), &samples),
        level: Level::best(),
        progress: Arc::new(SilentProgress),
    })
}

/// What a worker's session has.
fn worker() -> Arc<TaskContext> {
    let contexts = Arc::new(ForwardContexts::new(Level::Scalar, None));
    SessionContext::new_with_config(SessionConfig::new().with_extension(contexts)).task_ctx()
}

fn through_the_wire(plan: Arc<dyn ExecutionPlan>, task: &TaskContext) -> Arc<dyn ExecutionPlan> {
    let codec = PassCodec::new(Arc::new(DefaultPhysicalExtensionCodec {}));
    let bytes = physical_plan_to_bytes_with_extension_codec(plan, &codec).expect("bytes");
    physical_plan_from_bytes_with_extension_codec(&bytes, task, &codec).expect("a plan")
}

fn merged(partials: &Partials) -> Vec<BlockSums> {
    let mut merged = MergedSums::default();
    for partition in partials.done().expect("partitions") {
        partials.read(partition).expect("sums").into_iter().for_each(|sums| merged.add(sums));
    }
    merged.into_blocks().collect()
}

#[test]
fn named_passes_give_the_same_sums() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let context = context(&cohort);
    let local = LocalEngine::new(2).expect("threads").forward(Arc::clone(&context), &|_| true).expect("sums");
    assert_eq!(local.len(), 3);
    let job = Location::local(folder.path().join("job"));
    let spec = ForwardSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    assert_eq!(spec, ForwardSpec::publish(&cohort, &context.operand, &job).expect("the same operand"));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    for partitions in [1, 5] {
        let descriptors =
            plan_tiles(cohort.row_groups(), &context.operand, &|_| true, partitions, TileOrder::Stored);
        let partials = Partials::of(&job, &spec, &descriptors);
        let plan = committed_forward_plan(spec.clone(), partials.clone(), &descriptors).expect("a plan");
        let task = worker();
        let plan = through_the_wire(plan, &task);
        let receipts = runtime.block_on(collect(Arc::clone(&plan), Arc::clone(&task))).expect("receipts");
        assert_eq!(receipts.iter().map(RecordBatch::num_rows).sum::<usize>(), descriptors.len());
        assert_eq!(merged(&partials), local, "{partitions}");
        // Once more: every partition was there already.
        runtime.block_on(collect(plan, task)).expect("receipts");
        assert_eq!(merged(&partials), local, "{partitions}");
    }
}

#[test]
fn another_cohort_or_operand_is_not_summed() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let context = context(&cohort);
    let job = Location::local(folder.path().join("job"));
    let spec = ForwardSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    let contexts = ForwardContexts::new(Level::Scalar, None);
    assert!(contexts.context(&spec).is_ok());
    let changed = ForwardSpec { cohort_digest: "0".repeat(64), ..spec.clone() };
    assert!(contexts.context(&changed).expect_err("another cohort").to_string().contains("has changed"));
    let path = Location::parse(&spec.operand).expect("a location").local_path().expect("a path").to_owned();
    let mut bytes = std::fs::read(&path).expect("bytes");
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let fresh = ForwardContexts::new(Level::Scalar, None);
    assert!(fresh.context(&spec).expect_err("another operand").to_string().contains("BLAKE3"));
}

#[test]
fn a_cancelled_scan_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let context = context(&cohort);
    let tiles = plan_tiles(cohort.row_groups(), &context.operand, &|_| true, 1, TileOrder::Stored);
    let cancel = tokio_util::sync::CancellationToken::new();
    let leaf = descriptor_leaf(&tiles).expect("a leaf");
    let scan = ForwardScanExec::new(ForwardWork::Here(context), leaf).with_cancellation(cancel.clone());
    cancel.cancel();
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let stopped = runtime.block_on(collect(Arc::new(scan), Arc::new(TaskContext::default())));
    assert!(matches!(stopped.map_err(EngineError::from), Err(EngineError::Cancelled)));
}

/// Guard: the optimizer would put a round-robin below an operator that seems to profit from one, and descriptors would
/// go to other partitions than the ones that they number.
#[test]
fn nothing_gets_between_a_scan_and_its_descriptors() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let context = context(&cohort);
    let tiles = plan_tiles(cohort.row_groups(), &context.operand, &|_| true, 2, TileOrder::Stored);
    let job = Location::local(folder.path().join("job"));
    let spec = ForwardSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    let partials = Partials::of(&job, &spec, &tiles);
    let plan = committed_forward_plan(spec, partials, &tiles).expect("a plan");
    let before = plan.properties().output_partitioning().partition_count();
    let mut config = SessionConfig::new().with_target_partitions(16).with_round_robin_repartition(true);
    config.options_mut().optimizer.enable_round_robin_repartition = true;
    let rules = PhysicalOptimizer::new().rules;
    let optimized = rules
        .iter()
        .try_fold(plan, |plan, rule| rule.optimize(plan, config.options()))
        .expect("an optimized plan");
    let shown = displayable(optimized.as_ref()).indent(false).to_string();
    assert!(!shown.contains("Repartition"), "{shown}");
    assert_eq!(optimized.properties().output_partitioning().partition_count(), before, "{shown}");
}
