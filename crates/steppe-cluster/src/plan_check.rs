use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::{
    datasource::{memory::MemorySourceConfig, source::DataSourceExec},
    physical_plan::ExecutionPlan,
};
use datafusion_proto::bytes::physical_plan_to_bytes_with_extension_codec;
use steppe_engine::PassCodec;

use crate::{ClusterError, settings::MESSAGE_BYTES};

/// Refuses a plan that the scheduler would run wrongly or choke on; `slots` is the most tasks that one worker runs at
/// once.
///
/// Ballista hands a task its partitions by slicing the leaf, and can slice only leaves that it knows. Any other leaf
/// keeps all its partitions in every task: sums would come out several times too high, without an error. And every task
/// carries its own copy of the plan, all tasks of a worker in one message: a worker that can not take it is declared
/// dead.
///
/// # Errors
/// [`ClusterError::Plan`] or [`ClusterError::PlanTooLarge`].
pub fn check_plan(plan: &Arc<dyn ExecutionPlan>, slots: usize) -> Result<(), ClusterError> {
    check_leaves(plan)?;
    let codec = PassCodec::new(Arc::new(BallistaPhysicalExtensionCodec::default()));
    let bytes = physical_plan_to_bytes_with_extension_codec(Arc::clone(plan), &codec)
        .map_err(|error| ClusterError::Plan { reason: error.to_string() })?
        .len();
    let tasks = slots.min(plan.properties().output_partitioning().partition_count()).max(1);
    let (bytes, limit) = (bytes.saturating_mul(tasks), MESSAGE_BYTES as usize / 2);
    if bytes > limit { Err(ClusterError::PlanTooLarge { tasks, bytes, limit }) } else { Ok(()) }
}

fn check_leaves(plan: &Arc<dyn ExecutionPlan>) -> Result<(), ClusterError> {
    let children = plan.children();
    if children.is_empty() {
        let is_table = plan
            .downcast_ref::<DataSourceExec>()
            .is_some_and(|source| source.data_source().downcast_ref::<MemorySourceConfig>().is_some());
        if !is_table {
            let reason = format!("{} is a leaf that tasks can not share", plan.name());
            return Err(ClusterError::Plan { reason });
        }
    }
    children.into_iter().try_for_each(check_leaves)
}

#[cfg(test)]
mod tests {
    use datafusion::{arrow::datatypes::Schema, physical_plan::empty::EmptyExec};
    use steppe_engine::pass::{Descriptor, PassScanExec, PassSpec, PassWork, descriptor_leaf};

    use super::*;

    fn scan(leaf: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let spec = PassSpec {
            cohort: "c".into(),
            cohort_digest: "d".into(),
            operand: "o".into(),
            operand_blake3: "b".into(),
        };
        Arc::new(PassScanExec::new(PassWork::Named(spec), leaf))
    }

    fn descriptors(tiles: u32) -> Arc<dyn ExecutionPlan> {
        let all: Vec<Descriptor> =
            (0..4).map(|partition| Descriptor { partition, tiles: (0..tiles).collect() }).collect();
        descriptor_leaf(&all).expect("a leaf")
    }

    #[test]
    fn tables_of_descriptors_pass() {
        assert!(check_plan(&scan(descriptors(3)), 4).is_ok());
    }

    #[test]
    fn other_leaves_are_refused() {
        let leaf: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(Arc::new(Schema::empty())));
        for plan in [Arc::clone(&leaf), scan(leaf)] {
            let error = check_plan(&plan, 4).expect_err("an unknown leaf");
            assert!(matches!(error, ClusterError::Plan { .. }), "{error}");
        }
    }

    #[test]
    fn large_plans_are_refused_before_anybody_gets_them() {
        let plan = scan(descriptors(1_000_000));
        assert!(check_plan(&plan, 1).is_ok());
        let error = check_plan(&plan, 4).expect_err("four copies");
        assert!(matches!(error, ClusterError::PlanTooLarge { tasks: 4, .. }), "{error}");
    }
}
