//! From the release in a logical plan to its operator.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::{
    catalog::Session,
    error::Result,
    execution::context::QueryPlanner,
    logical_expr::{LogicalPlan, UserDefinedLogicalNode, physical_planning_context::PhysicalPlanningContext},
    physical_plan::ExecutionPlan,
    physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner},
};

use super::{exec::ReleaseExec, node::ReleaseNode};

/// DataFusion's planner, which knows releases too.
#[derive(Debug)]
pub(crate) struct ReleaseQueryPlanner;

#[async_trait]
impl QueryPlanner for ReleaseQueryPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(ReleasePlanner)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct ReleasePlanner;

#[async_trait]
impl ExtensionPlanner for ReleasePlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(release), Some(input)) = (node.as_any().downcast_ref::<ReleaseNode>(), inputs.first())
        else {
            return Ok(None);
        };
        let schema = Arc::clone(release.schema.inner());
        let (shape, guard) = (Arc::clone(&release.shape), Arc::clone(&release.guard));
        Ok(Some(Arc::new(ReleaseExec::new(Arc::clone(input), shape, guard, schema))))
    }
}
