//! Rows of persons below a release: what may be joined, filtered and projected there, and how the hidden columns get up.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{Column, DFSchemaRef, JoinConstraint, JoinType},
    datasource::{provider_as_source, source_as_provider},
    error::Result,
    logical_expr::{
        BinaryExpr, Expr, Filter, Join, LogicalPlan, Operator, Projection, SubqueryAlias, TableScan,
        TableScanBuilder,
        utils::{conjunction, split_conjunction},
    },
};

use super::{
    expression::{Origin, Scope, refused},
    node::is_release,
};
use crate::sql::governed::{
    guard::Guard,
    person_table::{ColumnUse, PERSON_COLUMN, PolicyTable, RESERVED, policy_table},
};

/// A condition on persons that was not applied yet but kept as a column, so that the release can tell who would be there
/// without it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Its truth.
    pub(super) column: Column,
    /// The attributes that it is a condition on.
    pub(super) columns: BTreeSet<Arc<str>>,
}

/// Rows of persons, one or more a person.
#[derive(Debug)]
pub(super) struct Source {
    /// The plan with its hidden columns.
    pub(super) plan: LogicalPlan,
    /// The columns that the statement knows.
    pub(super) schema: DFSchemaRef,
    /// Where each comes from.
    pub(super) origins: Vec<Origin>,
    /// The hidden column of people's numbers.
    pub(super) person: Column,
    /// Conditions that are still to be applied.
    pub(super) marks: Vec<Mark>,
    /// Whose session and which cohort.
    pub(super) guard: Arc<Guard>,
    /// The tables.
    pub(super) tables: BTreeSet<String>,
}

/// What is below a release: rows of persons, or a table that says nothing of them.
enum Below {
    People(Box<Source>),
    Lookup(LogicalPlan),
}

/// Numbers the hidden columns of one release.
#[derive(Debug, Default)]
pub(super) struct Names(usize);

impl Names {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("{RESERVED}_condition_{}", self.0)
    }
}

impl Source {
    /// Rewrites what is below an aggregate so that the tables about persons are read there.
    ///
    /// # Errors
    /// Any operator that is not known to be harmless.
    pub(super) fn below(plan: &LogicalPlan, names: &mut Names) -> Result<Self> {
        match rewrite(plan, names)? {
            Below::People(source) => Ok(*source),
            Below::Lookup(_) => refused("there are no persons below this aggregate", "ask without it"),
        }
    }

    /// What expressions on these rows can name.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { schema: &self.schema, origins: &self.origins }
    }

    fn of_table(scan: &TableScan, table: &PolicyTable) -> Result<Self> {
        if scan.fetch.is_some() || !scan.filters.is_empty() {
            return refused("some rows of persons can not be taken from others", "leave LIMIT out");
        }
        let unlocked = table.unlocked();
        let person = unlocked.columns().len() - 1;
        let projection = scan.projection.clone().map(|mut columns| {
            columns.push(person);
            columns
        });
        let shown: Vec<usize> = scan.projection.clone().unwrap_or_else(|| (0..person).collect());
        let name = scan.table_name.to_string();
        let origin = |&at: &usize| {
            let column = &table.columns()[at];
            let attribute: Arc<str> = format!("{name}.{}", column.name).into();
            let is_attribute = column.used_as == ColumnUse::Attribute;
            Origin {
                used_as: column.used_as,
                is_plain: true,
                columns: is_attribute.then_some(attribute).into_iter().collect(),
            }
        };
        let origins = shown.iter().map(origin).collect();
        let guard = Arc::clone(table.guard());
        let plan = TableScanBuilder::new(scan.table_name.clone(), provider_as_source(Arc::new(unlocked)))
            .with_projection(projection)
            .build()?;
        Ok(Self {
            plan: LogicalPlan::TableScan(plan),
            schema: Arc::clone(&scan.projected_schema),
            origins,
            person: Column::new(Some(scan.table_name.clone()), PERSON_COLUMN),
            marks: Vec::new(),
            guard,
            tables: BTreeSet::from([name]),
        })
    }

    /// The hidden columns, which every projection keeps.
    fn hidden(&self) -> impl Iterator<Item = Expr> + '_ {
        let marks = self.marks.iter().map(|mark| &mark.column);
        std::iter::once(&self.person).chain(marks).cloned().map(Expr::Column)
    }

    /// Keeps rows by a condition. What is a condition on labels alone is applied; what is one on persons becomes a mark.
    fn filter(mut self, condition: &Expr, names: &mut Names) -> Result<Self> {
        let (mut applied, mut marked) = (Vec::new(), Vec::new());
        for part in split_conjunction(condition) {
            let origin = self.scope().condition(part)?;
            match origin.used_as {
                ColumnUse::Label => applied.push(part.clone()),
                _ => marked.push((part.clone(), origin.columns)),
            }
        }
        if let Some(condition) = conjunction(applied) {
            self.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(self.plan))?);
        }
        if marked.is_empty() {
            return Ok(self);
        }
        let mut columns = self.all_columns();
        for (part, of) in marked {
            let name = names.next();
            columns.push(part.alias(name.clone()));
            self.marks.push(Mark { column: Column::from_name(name), columns: of });
        }
        self.plan = LogicalPlan::Projection(Projection::try_new(columns, Arc::new(self.plan))?);
        Ok(self)
    }

    /// The statement's columns, and then the hidden ones.
    fn all_columns(&self) -> Vec<Expr> {
        let known = self.schema.iter().map(|(table, field)| Expr::from((table, field)));
        known.chain(self.hidden()).collect()
    }

    fn project(self, projection: &Projection) -> Result<Self> {
        let scope = self.scope();
        let origins =
            projection.expr.iter().map(|expression| scope.projected(expression)).collect::<Result<_>>()?;
        let expressions = projection.expr.iter().cloned().chain(self.hidden()).collect();
        let plan = Projection::try_new(expressions, Arc::new(self.plan))?;
        let schema = Arc::clone(&projection.schema);
        Ok(Self { plan: LogicalPlan::Projection(plan), schema, origins, ..self })
    }

    fn alias(self, alias: &SubqueryAlias) -> Result<Self> {
        // Of joined tables each has its column of numbers, and under one name only one can be.
        let columns = self.all_columns();
        let input = LogicalPlan::Projection(Projection::try_new(columns, Arc::new(self.plan))?);
        let plan = SubqueryAlias::try_new(Arc::new(input), alias.alias.clone())?;
        let renamed = |column: &Column| Column::new(Some(alias.alias.clone()), &column.name);
        let marks = self
            .marks
            .iter()
            .map(|mark| Mark { column: renamed(&mark.column), columns: mark.columns.clone() });
        Ok(Self {
            plan: LogicalPlan::SubqueryAlias(plan),
            schema: Arc::clone(&alias.schema),
            person: renamed(&self.person),
            marks: marks.collect(),
            ..self
        })
    }

    /// Applies the marks: below the right side of a LEFT JOIN, who is not there is not joined.
    fn applied(mut self) -> Result<Self> {
        let all = conjunction(self.marks.drain(..).map(|mark| Expr::Column(mark.column)));
        if let Some(condition) = all {
            self.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(self.plan))?);
        }
        Ok(self)
    }
}

fn rewrite(plan: &LogicalPlan, names: &mut Names) -> Result<Below> {
    if says_nothing_of_persons(plan)? {
        return lookup(plan);
    }
    let people = |source: Source| Ok(Below::People(Box::new(source)));
    let mut below = |input: &LogicalPlan| Source::below(input, names);
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
    let origins: Vec<Origin> = left.origins.iter().chain(&right.origins).cloned().collect();
    let scope = Scope { schema: &schema, origins: &origins };
    let (by_key, others): (Vec<Expr>, Vec<Expr>) =
        conditions(join).partition(|part| is_by_key(&scope, left.origins.len(), part));
    if by_key.is_empty() {
        return refused(
            "tables about persons are not joined by the key",
            "write JOIN … USING (sample_key), or ON one.sample_key = other.sample_key",
        );
    }
    for part in &others {
        scope.condition(part)?;
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

/// Whether a condition of a join is that a key of one side equals one of the other.
fn is_by_key(scope: &Scope<'_>, of_left: usize, condition: &Expr) -> bool {
    let key = |side: &Expr| match side {
        Expr::Column(column) => {
            let at = scope.schema.index_of_column(column).ok()?;
            (scope.origins[at].used_as == ColumnUse::Key).then_some(at)
        }
        _ => None,
    };
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return false };
    match (key(left), key(right)) {
        (Some(left), Some(right)) => (left < of_left) != (right < of_left),
        _ => false,
    }
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
