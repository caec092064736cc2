//! What may be below a release: which tables are joined how, and which operators are on top of them.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{Column, JoinConstraint, JoinType},
    datasource::source_as_provider,
    error::Result,
    logical_expr::{
        BinaryExpr, Expr, Join, LogicalPlan, Operator,
        utils::{conjunction, split_conjunction},
    },
};

use super::{
    expression::{Origin, Scope, refused},
    node::is_release,
    source::{Names, Source},
};
use crate::sql::governed::person_table::{ColumnUse, policy_table};

/// What is below a release: rows of persons, or a table that says nothing of them.
enum Below {
    People(Box<Source>),
    Lookup(LogicalPlan),
}

/// Rewrites what is below an aggregate so that the tables about persons are read there.
///
/// # Errors
/// Any operator that is not known to be harmless.
pub(super) fn people_below(plan: &LogicalPlan, names: &mut Names) -> Result<Source> {
    match rewrite(plan, names)? {
        Below::People(source) => Ok(*source),
        Below::Lookup(_) => refused("there are no persons below this aggregate", "ask without it"),
    }
}

fn rewrite(plan: &LogicalPlan, names: &mut Names) -> Result<Below> {
    if says_nothing_of_persons(plan)? {
        return lookup(plan);
    }
    let people = |source: Source| Ok(Below::People(Box::new(source)));
    let mut below = |input: &LogicalPlan| people_below(input, names);
    match plan {
        LogicalPlan::TableScan(scan) => match policy_table(&source_as_provider(&scan.source)?) {
            Some(table) => people(Source::of_table(scan, table)?),
            None => lookup(plan),
        },
        LogicalPlan::Filter(filter) => {
            let source = below(&filter.input)?;
            people(source.filter(&filter.predicate, names)?)
        }
        LogicalPlan::Projection(projection) => people(below(&projection.input)?.project(projection)?),
        LogicalPlan::SubqueryAlias(alias) => people(below(&alias.input)?.alias(alias)?),
        LogicalPlan::Join(of) => people(join(of, names)?),
        other => {
            let (what, remedy) = named(other);
            refused(format!("{what} can not be used on rows of persons"), remedy)
        }
    }
}

/// What an operator is called in SQL, and what to write instead.
fn named(plan: &LogicalPlan) -> (&'static str, &'static str) {
    match plan {
        LogicalPlan::Window(_) => {
            ("a window function", "use percentile_band, or a window over the groups of an inner query")
        }
        LogicalPlan::Limit(_) => ("LIMIT", "limit the groups, not the rows"),
        LogicalPlan::Sort(_) => ("ORDER BY", "order the groups, not the rows"),
        LogicalPlan::Distinct(_) => ("DISTINCT", "write GROUP BY, or count(DISTINCT sample_key)"),
        LogicalPlan::Union(_) => ("UNION", "ask for each part by itself, and unite the answers"),
        LogicalPlan::Unnest(_) => ("unnest", "leave it out"),
        LogicalPlan::Aggregate(_) => {
            ("an aggregate within an aggregate", "give the inner one a query of its own")
        }
        LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => {
            ("a table of constants", "write a CASE or a condition")
        }
        LogicalPlan::RecursiveQuery(_) => ("a recursive query", "leave it out"),
        LogicalPlan::Subquery(_) => ("LATERAL", "join the tables by sample_key"),
        _ => ("this", "use joins by sample_key, WHERE, GROUP BY and aggregates"),
    }
}

/// Whether no table about persons is read here, but by a release.
fn says_nothing_of_persons(plan: &LogicalPlan) -> Result<bool> {
    if is_release(plan) {
        return Ok(true);
    }
    if let LogicalPlan::TableScan(scan) = plan {
        return Ok(policy_table(&source_as_provider(&scan.source)?).is_none());
    }
    for input in plan.inputs() {
        if !says_nothing_of_persons(input)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A table to look labels up in: one of the catalogue's, or groups that were released; not a statement's own.
fn lookup(plan: &LogicalPlan) -> Result<Below> {
    fn is_known(plan: &LogicalPlan) -> bool {
        match plan {
            LogicalPlan::TableScan(_) => true,
            plan if is_release(plan) => true,
            LogicalPlan::Filter(_) | LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => {
                plan.inputs().into_iter().all(is_known)
            }
            _ => false,
        }
    }
    if is_known(plan) {
        return Ok(Below::Lookup(plan.clone()));
    }
    let (what, remedy) = named(plan);
    refused(format!("{what} can not be joined with rows of persons"), remedy)
}

fn join(join: &Join, names: &mut Names) -> Result<Source> {
    if !matches!(join.join_type, JoinType::Inner | JoinType::Left) {
        return refused(
            format!("rows of persons can not be joined by {} JOIN", join.join_type),
            "use JOIN or LEFT JOIN, with the people who shall count on the left",
        );
    }
    match (rewrite(&join.left, names)?, rewrite(&join.right, names)?) {
        (Below::People(left), Below::People(right)) => of_people(join, *left, *right, names),
        (Below::People(left), Below::Lookup(right)) => with_lookup(join, *left, &right, true),
        (Below::Lookup(left), Below::People(right)) if join.join_type == JoinType::Inner => {
            with_lookup(join, *right, &left, false)
        }
        _ => refused(
            "people can not be on the right of a LEFT JOIN with another table",
            "put the table with the people on the left",
        ),
    }
}

/// Two tables about persons, by the key.
fn of_people(join: &Join, left: Source, right: Source, names: &mut Names) -> Result<Source> {
    if !Arc::ptr_eq(&left.guard, &right.guard) {
        return refused("people of two cohorts can not be joined", "ask for each cohort by itself");
    }
    let is_left = join.join_type == JoinType::Left;
    let right = if is_left { right.applied()? } else { right };
    let schema = Arc::clone(&join.schema);
    let mut origins: Vec<Origin> = left.origins.iter().chain(&right.origins).cloned().collect();
    let scope = Scope { schema: &schema, origins: &origins };
    let (by_key, others): (Vec<Expr>, Vec<Expr>) =
        conditions(join).partition(|part| keys(&scope, left.origins.len(), part).is_some());
    if by_key.is_empty() {
        return refused(
            "tables about persons are not joined by the key",
            "write JOIN … USING (sample_key), or ON one.sample_key = other.sample_key",
        );
    }
    for part in &others {
        scope.condition(part)?;
    }
    // Numbers are compared faster than keys, which need not be there then.
    let by_number = |part: Expr| match keys(&scope, left.origins.len(), &part) {
        Some(keys) if keys.iter().all(|&at| origins[at].is_person) => {
            Expr::Column(left.person.clone()).eq(Expr::Column(right.person.clone()))
        }
        _ => part,
    };
    let by_key: Vec<Expr> = by_key.into_iter().map(by_number).collect();
    if is_left {
        origins[left.origins.len()..].iter_mut().for_each(|of_right| of_right.is_person = false);
    }
    // Of an inner join other conditions can as well stand above, where they are known as conditions on persons.
    let (on, above) = match is_left {
        true => (by_key.into_iter().chain(others).collect(), Vec::new()),
        false => (by_key, others),
    };
    let tables = left.tables.union(&right.tables).cloned().collect();
    let plan = joined(join, &left.plan, &right.plan, on)?;
    let marks = left.marks.into_iter().chain(right.marks).collect();
    let source = Source { plan, schema, origins, person: left.person, marks, guard: left.guard, tables };
    match conjunction(above) {
        Some(condition) => source.filter(&condition, names),
        None => Ok(source),
    }
}

/// A table about persons, with one that has a row for each value of an attribute.
fn with_lookup(join: &Join, people: Source, other: &LogicalPlan, people_left: bool) -> Result<Source> {
    let schema = Arc::clone(&join.schema);
    let of_other = other.schema().iter().map(|(table, field)| Origin {
        used_as: ColumnUse::Attribute,
        is_plain: false,
        columns: BTreeSet::from([Column::from((table, field)).flat_name().into()]),
        name: None,
        is_person: false,
    });
    let mut origins = people.origins.clone();
    match people_left {
        true => origins.extend(of_other),
        false => origins = of_other.chain(origins).collect(),
    }
    let scope = Scope { schema: &schema, origins: &origins };
    let mut has_equality = false;
    for part in conditions(join) {
        scope.condition(&part)?;
        has_equality |= matches!(part, Expr::BinaryExpr(BinaryExpr { op: Operator::Eq, .. }));
    }
    if !has_equality {
        return refused(
            "rows of persons can not be multiplied by those of another table",
            "join them by an equality, such as ON populations.population = people.population",
        );
    }
    let (left, right) = if people_left { (&people.plan, other) } else { (other, &people.plan) };
    let plan = joined(join, left, right, conditions(join).collect())?;
    Ok(Source { plan, schema, origins, ..people })
}

/// All conditions of a join, equalities included.
fn conditions(join: &Join) -> impl Iterator<Item = Expr> + '_ {
    let equal = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
    equal.chain(join.filter.iter().flat_map(|filter| split_conjunction(filter).into_iter().cloned()))
}

/// Of a condition of a join that a key of one side equals one of the other, which these are.
fn keys(scope: &Scope<'_>, of_left: usize, condition: &Expr) -> Option<[usize; 2]> {
    let key = |side: &Expr| match side {
        Expr::Column(column) => {
            let at = scope.schema.index_of_column(column).ok()?;
            (scope.origins[at].used_as == ColumnUse::Key).then_some(at)
        }
        _ => None,
    };
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return None };
    let (left, right) = (key(left)?, key(right)?);
    ((left < of_left) != (right < of_left)).then_some([left, right])
}

fn joined(join: &Join, left: &LogicalPlan, right: &LogicalPlan, on: Vec<Expr>) -> Result<LogicalPlan> {
    // The optimiser finds the equalities among the conditions.
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(left.clone()),
        Arc::new(right.clone()),
        Vec::new(),
        conjunction(on),
        join.join_type,
        JoinConstraint::On,
        join.null_equality,
        false,
    )?))
}
