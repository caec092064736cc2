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

fn context(cohort: &Cohort) -> Arc<PassContext> {
    context_of(cohort, PassOperand::Forward(operand()))
}

/// Residuals in three columns, and in nine, which are gathered; groups of samples.
fn operands_by_variant() -> [PassOperand; 3] {
    let columns = |count: i32| {
        (1..=count).map(|by| (0..500).map(|at| (at * 7919 * by) % 8_000_000 - 4_000_000).collect())
    };
    let adjoint = |count| AdjointOperand::new(500, columns(count).collect()).expect("residuals");
    let groups = [2, 3].map(|by| (0..500).map(|at| at % by == 0).collect()).to_vec();
    let counts = CountsOperand::new(500, groups).expect("groups");
    [PassOperand::Adjoint(adjoint(3)), PassOperand::Adjoint(adjoint(9)), PassOperand::Counts(counts)]
}

fn context_of(cohort: &Cohort, operand: PassOperand) -> Arc<PassContext> {
    let samples = cohort.samples().expect("samples");
    Arc::new(PassContext {
        cohort: cohort.clone(),
        operand,
        masks: PassContext::masks_of(cohort.blocks(), &samples),
        level: Level::best(),
        progress: Arc::new(SilentProgress),
    })
}

/// What a worker's session has.
fn worker() -> Arc<TaskContext> {
    let contexts = Arc::new(PassContexts::new(Level::Scalar, None));
    SessionContext::new_with_config(SessionConfig::new().with_extension(contexts)).task_ctx()
}

fn through_the_wire(plan: Arc<dyn ExecutionPlan>, task: &TaskContext) -> Arc<dyn ExecutionPlan> {
    let codec = PassCodec::new(Arc::new(DefaultPhysicalExtensionCodec {}));
    let bytes = physical_plan_to_bytes_with_extension_codec(plan, &codec).expect("bytes");
    physical_plan_from_bytes_with_extension_codec(&bytes, task, &codec).expect("a plan")
}

fn merged(partials: &Partials) -> Vec<PartialSums> {
    let mut merged = MergedSums::default();
    for partition in partials.done().expect("partitions") {
        partials.read(partition).expect("sums").into_iter().for_each(|sums| merged.add(sums));
    }
    merged.into_keys().collect()
}

/// Sums by variant of all runs, which follow one another.
fn joined(runs: &[PartialSums], lanes: usize) -> Vec<i64> {
    let mut all = Vec::new();
    for run in runs {
        assert_eq!(run.key as usize * lanes, all.len(), "a run is missing, or there twice");
        all.extend_from_slice(&run.sums);
    }
    all
}

#[test]
fn named_passes_by_variant_give_the_same_sums() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    for operand in operands_by_variant() {
        let (lanes, context) = (operand.lanes(), context_of(&cohort, operand));
        let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
        let local = joined(&local, lanes);
        assert_eq!(local.len(), VARIANTS as usize * lanes);
        let job = Location::local(folder.path().join(context.operand.name()));
        let spec = PassSpec::publish(&cohort, &context.operand, &job).expect("an operand");
        for partitions in [1, 2, 40] {
            let tiles =
                plan_tiles(cohort.row_groups(), &context.operand, &|_| true, partitions, TileOrder::Stored);
            let partials = Partials::of(&job, &spec, &tiles);
            let plan = committed_plan(spec.clone(), partials.clone(), &tiles).expect("a plan");
            let task = worker();
            let plan = through_the_wire(plan, &task);
            runtime.block_on(collect(plan, task)).expect("receipts");
            assert_eq!(joined(&merged(&partials), lanes), local, "{partitions}");
        }
    }
}

#[test]
fn named_passes_give_the_same_sums() {
    let folder = tempfile::tempdir().expect("a folder");
    let cohort = cohort(folder.path());
    let context = context(&cohort);
    let local = LocalEngine::new(2).expect("threads").run(Arc::clone(&context), &|_| true).expect("sums");
    assert_eq!(local.len(), 3);
    let job = Location::local(folder.path().join("job"));
    let spec = PassSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    assert_eq!(spec, PassSpec::publish(&cohort, &context.operand, &job).expect("the same operand"));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    for partitions in [1, 5] {
        let descriptors =
            plan_tiles(cohort.row_groups(), &context.operand, &|_| true, partitions, TileOrder::Stored);
        let partials = Partials::of(&job, &spec, &descriptors);
        let plan = committed_plan(spec.clone(), partials.clone(), &descriptors).expect("a plan");
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
    let spec = PassSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    let contexts = PassContexts::new(Level::Scalar, None);
    assert!(contexts.context(&spec).is_ok());
    let changed = PassSpec { cohort_digest: "0".repeat(64), ..spec.clone() };
    assert!(contexts.context(&changed).expect_err("another cohort").to_string().contains("has changed"));
    let path = Location::parse(&spec.operand).expect("a location").local_path().expect("a path").to_owned();
    let mut bytes = std::fs::read(&path).expect("bytes");
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let fresh = PassContexts::new(Level::Scalar, None);
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
    let scan = PassScanExec::new(PassWork::Here(context), leaf).with_cancellation(cancel.clone());
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
    let spec = PassSpec::publish(&cohort, &context.operand, &job).expect("an operand");
    let partials = Partials::of(&job, &spec, &tiles);
    let plan = committed_plan(spec, partials, &tiles).expect("a plan");
    let before = plan.properties().output_partitioning().partition_count();
    // Batches of one row: the optimizer leaves inputs of no more rows than a batch alone.
    let mut config =
        SessionConfig::new().with_target_partitions(16).with_batch_size(1).with_round_robin_repartition(true);
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
