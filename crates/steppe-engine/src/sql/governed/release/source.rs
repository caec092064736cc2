//! Rows of persons below a release, and how their hidden columns get up through filters, projections and names.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{Column, DFSchemaRef},
    datasource::provider_as_source,
    error::Result,
    logical_expr::{
        Expr, Filter, LogicalPlan, Projection, SubqueryAlias, TableScan, TableScanBuilder,
        utils::{conjunction, split_conjunction},
    },
};

use super::expression::{Origin, Scope, refused};
use crate::sql::governed::{
    guard::Guard,
    person_table::{ColumnUse, PERSON_COLUMN, PolicyTable, RESERVED},
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
    /// What expressions on these rows can name.
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { schema: &self.schema, origins: &self.origins }
    }

    /// A table about persons.
    pub(super) fn of_table(scan: &TableScan, table: &PolicyTable) -> Result<Self> {
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
                name: Some(column.name.as_str().into()),
                is_person: column.used_as == ColumnUse::Key,
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
    pub(super) fn filter(mut self, condition: &Expr, names: &mut Names) -> Result<Self> {
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

    /// Makes columns of the ones there are.
    pub(super) fn project(self, projection: &Projection) -> Result<Self> {
        let scope = self.scope();
        let origins =
            projection.expr.iter().map(|expression| scope.projected(expression)).collect::<Result<_>>()?;
        let expressions = projection.expr.iter().cloned().chain(self.hidden()).collect();
        let plan = Projection::try_new(expressions, Arc::new(self.plan))?;
        let schema = Arc::clone(&projection.schema);
        Ok(Self { plan: LogicalPlan::Projection(plan), schema, origins, ..self })
    }

    /// Gives the rows another name.
    pub(super) fn alias(self, alias: &SubqueryAlias) -> Result<Self> {
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
    pub(super) fn applied(mut self) -> Result<Self> {
        let all = conjunction(self.marks.drain(..).map(|mark| Expr::Column(mark.column)));
        if let Some(condition) = all {
            self.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(self.plan))?);
        }
        Ok(self)
    }
}
