//! How many persons a row of an answer may tell of. Rows that leave are counted, and one row of `lag(…)`, of a join that is
//! not by the key, or of several `max(…)` has the values of several persons.
//!
//! Every value of an aggregate or of a window is counted as that of one row below it, those of ranks and counts as of none.
//! What numbers can hold beyond that, such as the digits of a sum of chosen powers, is not counted.

use datafusion::{
    common::{
        JoinType, Result,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    datasource::source_as_provider,
    logical_expr::{Expr, Join, LogicalPlan, Projection, TableScan},
};

use super::{
    person_table::{ColumnUse, policy_table},
    release::is_release,
};
use crate::EngineError;

/// Functions of whose values none is a person's.
const OF_NOBODY: [&str; 9] = [
    "count",
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "percentile_in",
    "grouping",
];

/// The rows of a plan.
#[derive(Debug, Default)]
struct Rows {
    /// Persons that one tells of at most.
    persons: u64,
    /// Of each column the cohort of whose people it is the key.
    keys: Vec<Option<String>>,
}

/// Persons that a row of an analysed plan tells of at most.
///
/// # Errors
/// A plan for which there is no such number.
pub(super) fn persons_of_a_row(plan: &LogicalPlan) -> Result<u64> {
    Ok(rows(plan)?.persons)
}

fn rows(plan: &LogicalPlan) -> Result<Rows> {
    if is_release(plan) {
        return Ok(Rows::of(0, plan));
    }
    match plan {
        LogicalPlan::TableScan(scan) => of_scan(scan, plan),
        LogicalPlan::Projection(projection) => of_projection(projection),
        LogicalPlan::Join(join) => of_join(join, plan),
        LogicalPlan::Filter(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Repartition(_) => match plan.inputs().first() {
            Some(input) => rows(input),
            None => Ok(Rows::of(0, plan)),
        },
        LogicalPlan::Union(union) => {
            let mut persons = 0;
            for input in &union.inputs {
                persons = rows(input)?.persons.max(persons);
            }
            Ok(Rows::of(persons, plan))
        }
        LogicalPlan::Window(window) => {
            let below = rows(&window.input)?;
            let values = telling(&window.window_expr)?;
            let mut keys = below.keys;
            keys.resize(plan.schema().fields().len(), None);
            Ok(Rows { persons: below.persons.saturating_mul(1 + values), keys })
        }
        LogicalPlan::Aggregate(aggregate) => {
            let below = rows(&aggregate.input)?;
            let of_keys = u64::from(!aggregate.group_expr.is_empty());
            let values = of_keys + telling(&aggregate.aggr_expr)?;
            let mut keys: Vec<_> =
                aggregate.group_expr.iter().map(|key| key_of(key, &aggregate.input, &below)).collect();
            keys.resize(plan.schema().fields().len(), None);
            // A count alone is a row that leaves, too.
            let least = below.persons.min(1);
            Ok(Rows { persons: below.persons.saturating_mul(values).max(least), keys })
        }
        LogicalPlan::RecursiveQuery(query) => {
            let persons = rows(&query.static_term)?.persons.max(rows(&query.recursive_term)?.persons);
            if persons > 0 {
                return Err(EngineError::refused(
                    "a recursive query can make one row of many persons', and rows that leave are counted",
                    "join the tables by sample_key",
                )
                .into());
            }
            Ok(Rows::of(0, plan))
        }
        other => {
            let mut persons = 0u64;
            for input in other.inputs() {
                persons = persons.saturating_add(rows(input)?.persons);
            }
            Ok(Rows::of(persons, plan))
        }
    }
}

impl Rows {
    /// Rows without a key.
    fn of(persons: u64, plan: &LogicalPlan) -> Self {
        Self { persons, keys: vec![None; plan.schema().fields().len()] }
    }
}

fn of_scan(scan: &TableScan, plan: &LogicalPlan) -> Result<Rows> {
    let provider = source_as_provider(&scan.source)?;
    let Some(table) = policy_table(&provider) else { return Ok(Rows::of(0, plan)) };
    let all: Vec<usize> = (0..table.columns().len()).collect();
    let key = |&at: &usize| {
        let is_key = table.columns()[at].used_as == ColumnUse::Key;
        is_key.then(|| table.guard().cohort.clone())
    };
    Ok(Rows { persons: 1, keys: scan.projection.as_ref().unwrap_or(&all).iter().map(key).collect() })
}

fn of_projection(projection: &Projection) -> Result<Rows> {
    let below = rows(&projection.input)?;
    let keys = projection.expr.iter().map(|column| key_of(column, &projection.input, &below)).collect();
    let mut persons = below.persons;
    for expression in &projection.expr {
        expression.apply(|part| {
            if let Expr::ScalarSubquery(subquery) = part {
                persons = persons.saturating_add(rows(&subquery.subquery)?.persons);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(Rows { persons, keys })
}

fn of_join(join: &Join, plan: &LogicalPlan) -> Result<Rows> {
    let (left, right) = (rows(&join.left)?, rows(&join.right)?);
    match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => return Ok(left),
        JoinType::RightSemi | JoinType::RightAnti => return Ok(right),
        JoinType::LeftMark | JoinType::RightMark => {
            let rows = if join.join_type == JoinType::LeftMark { left } else { right };
            return Ok(Rows::of(rows.persons, plan));
        }
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {}
    }
    let is_same_person = join.on.iter().any(|(one, other)| {
        let one = key_of(one, &join.left, &left);
        one.is_some() && one == key_of(other, &join.right, &right)
    });
    let both = left.persons.saturating_add(right.persons);
    let persons = if is_same_person { both.saturating_sub(1) } else { both };
    Ok(Rows { persons, keys: left.keys.into_iter().chain(right.keys).collect() })
}

/// Whose key an expression is: that of a column, under whatever name.
fn key_of(expression: &Expr, input: &LogicalPlan, below: &Rows) -> Option<String> {
    match expression {
        Expr::Alias(alias) => key_of(&alias.expr, input, below),
        Expr::Column(column) => {
            let at = input.schema().index_of_column(column).ok()?;
            below.keys.get(at).cloned().flatten()
        }
        _ => None,
    }
}

/// How many of these aggregates or window functions tell of a person.
fn telling(expressions: &[Expr]) -> Result<u64> {
    let mut count = 0;
    for expression in expressions {
        expression.apply(|part| {
            let name = match part {
                Expr::AggregateFunction(function) => function.func.name(),
                Expr::WindowFunction(function) => function.fun.name(),
                _ => return Ok(TreeNodeRecursion::Continue),
            };
            count += u64::from(!OF_NOBODY.contains(&name));
            Ok(TreeNodeRecursion::Jump)
        })?;
    }
    Ok(count)
}
