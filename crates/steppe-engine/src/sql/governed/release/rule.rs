//! The rule that every plan of a governed session goes through.

use std::sync::Arc;

use datafusion::{
    catalog::TableProvider,
    common::{
        config::ConfigOptions,
        format::ExplainFormat,
        tree_node::{Transformed, TreeNodeRecursion},
    },
    datasource::source_as_provider,
    error::Result,
    logical_expr::LogicalPlan,
    optimizer::AnalyzerRule,
};

use super::{boundary, expression::refused};
use crate::sql::governed::person_table::{PolicyTable, RESERVED, policy_table};

/// Tables of `information_schema` that tell of the process, not of the data.
const OF_THE_PROCESS: [&str; 1] = ["df_settings"];

/// Puts releases on the aggregates over locked tables, and refuses a plan in which a locked table is left.
#[derive(Debug)]
pub(crate) struct ReleaseRule;

impl AnalyzerRule for ReleaseRule {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        check_statements(&plan)?;
        let released = plan.transform_up_with_subqueries(|node| match &node {
            LogicalPlan::Aggregate(aggregate) if has_locked(&node)? => {
                Ok(Transformed::yes(boundary::release(aggregate)?))
            }
            _ => Ok(Transformed::no(node)),
        })?;
        if has_locked(&released.data)? {
            return refused(
                "rows of persons are not shown to your role",
                "ask for groups, such as SELECT population, count(*) … GROUP BY population",
            );
        }
        Ok(released.data)
    }

    fn name(&self) -> &'static str {
        "release"
    }
}

/// Checks every node of a plan that a statement made. Of EXPLAIN the rule sees what is explained, and not how.
///
/// # Errors
/// What does more than read, and names that are ours.
pub(crate) fn check_statements(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        check_statement(node)?;
        Ok(TreeNodeRecursion::Continue)
    })
    .map(drop)
}

/// What no statement of a governed session is, whoever let it get here; and names that are ours.
fn check_statement(plan: &LogicalPlan) -> Result<()> {
    match plan {
        LogicalPlan::Ddl(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Analyze(_) => {
            return refused("this statement does more than read", "send a query, EXPLAIN or SHOW");
        }
        LogicalPlan::Explain(explain) if explain.explain_format != ExplainFormat::Indent => {
            return refused("EXPLAIN has one format here", "leave FORMAT out");
        }
        LogicalPlan::TableScan(scan) if OF_THE_PROCESS.contains(&scan.table_name.table()) => {
            return refused(format!("{} is not shown", scan.table_name), "see SHOW TABLES for what is");
        }
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source)?;
            if policy_table(&provider).is_some_and(PolicyTable::is_below_release) {
                return Ok(());
            }
            if has_reserved(&provider) {
                return refused(
                    format!("{}: it has columns with names of ours", scan.table_name),
                    "rename them",
                );
            }
        }
        LogicalPlan::SubqueryAlias(alias) if alias.alias.table().starts_with(RESERVED) => {
            return refused(format!("{}: the name is ours", alias.alias), "choose another name");
        }
        LogicalPlan::Projection(projection) => {
            let is_ours = |name: &str| name.starts_with(RESERVED);
            if let Some(field) = projection.schema.fields().iter().find(|field| is_ours(field.name())) {
                return refused(format!("{}: the name is ours", field.name()), "choose another name");
            }
        }
        _ => {}
    }
    Ok(())
}

fn has_reserved(provider: &Arc<dyn TableProvider>) -> bool {
    provider.schema().fields().iter().any(|field| field.name().starts_with(RESERVED))
}

/// Whether a locked table is read anywhere in a plan, subqueries included.
fn has_locked(plan: &LogicalPlan) -> Result<bool> {
    let mut has_locked = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source);
            has_locked |=
                provider.is_ok_and(|provider| policy_table(&provider).is_some_and(PolicyTable::is_locked));
        }
        Ok(if has_locked { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(has_locked)
}
