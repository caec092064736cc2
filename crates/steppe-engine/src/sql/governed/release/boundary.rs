//! From an aggregate over persons to a release.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::DataType,
    error::Result,
    logical_expr::{
        Aggregate, Expr, Extension, LogicalPlan, cast,
        expr::{AggregateFunction, AggregateFunctionParams},
        utils::{conjunction, split_conjunction},
    },
};

use super::{
    below::people_below,
    expression::refused,
    node::{Condition, Item, NoisyMean, ReleaseNode, Shape, Tells},
    source::{Names, Source},
};
use crate::sql::governed::{
    bounded_sum::bounded_sum,
    people_set::people_set,
    person_table::{ColumnUse, RESERVED},
};

/// Aggregates of one statement: each is looked at again by the ledger.
const MOST_AGGREGATES: usize = 64;

/// Aggregates by what they tell.
const FUNCTIONS: [(&str, Tells); 25] = [
    ("count", Tells::Count),
    ("sum", Tells::Moment),
    ("avg", Tells::Moment),
    ("mean", Tells::Moment),
    ("stddev", Tells::Moment),
    ("stddev_samp", Tells::Moment),
    ("stddev_pop", Tells::Moment),
    ("var", Tells::Moment),
    ("var_samp", Tells::Moment),
    ("var_sample", Tells::Moment),
    ("var_pop", Tells::Moment),
    ("var_population", Tells::Moment),
    ("corr", Tells::Association),
    ("covar", Tells::Association),
    ("covar_samp", Tells::Association),
    ("covar_pop", Tells::Association),
    ("regr_slope", Tells::Association),
    ("regr_intercept", Tells::Association),
    ("regr_count", Tells::Count),
    ("regr_r2", Tells::Association),
    ("regr_avgx", Tells::Moment),
    ("regr_avgy", Tells::Moment),
    ("auc", Tells::Association),
    ("odds_ratio_per_sd", Tells::Association),
    ("liability_r2", Tells::Association),
];

/// Those that are told with noise where a cohort is protected so.
const MEANS: [&str; 2] = ["avg", "mean"];

/// Puts a release on top of an aggregate over persons.
///
/// # Errors
/// Whatever is below that is not known to be harmless; keys, values and functions that tell of single persons.
pub(super) fn release(aggregate: &Aggregate) -> Result<LogicalPlan> {
    let source = people_below(&aggregate.input, &mut Names::default())?;
    let mut boundary = Boundary::new(&source);
    let keys = aggregate.group_expr.iter().map(|key| boundary.key(key)).collect::<Result<Vec<_>>>()?;
    if aggregate.aggr_expr.len() > MOST_AGGREGATES {
        return refused(
            format!(
                "{} aggregates, at most {MOST_AGGREGATES} can be asked at once",
                aggregate.aggr_expr.len()
            ),
            "ask for fewer",
        );
    }
    let mut items = Vec::with_capacity(aggregate.aggr_expr.len());
    let mut aggregates = Vec::with_capacity(aggregate.aggr_expr.len());
    for expression in &aggregate.aggr_expr {
        let (item, within) = boundary.item(expression)?;
        items.push(item);
        aggregates.push(within);
    }
    let Boundary { sets, sums, base, all, conditions, of_base, .. } = boundary;
    let hidden = sets.iter().chain(&sums).enumerate();
    aggregates.extend(hidden.map(|(at, hidden)| hidden.clone().alias(format!("{RESERVED}_hidden_{at}"))));
    let shape = Shape {
        keys,
        items,
        sets: sets.len(),
        sums: sums.len(),
        base,
        all,
        conditions,
        of_base,
        tables: source.tables.clone(),
    };
    let guard = Arc::clone(&source.guard);
    let input = Aggregate::try_new(Arc::new(source.plan), aggregate.group_expr.clone(), aggregates)?;
    let node = ReleaseNode {
        input: LogicalPlan::Aggregate(input),
        schema: Arc::clone(&aggregate.schema),
        shape: Arc::new(shape),
        guard,
    };
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
}

/// The hidden sets of people of a release, as they are found to be needed.
struct Boundary<'a> {
    source: &'a Source,
    sets: Vec<Expr>,
    /// Hidden sums of bounded values.
    sums: Vec<Expr>,
    base: usize,
    all: usize,
    conditions: Vec<Condition>,
    of_base: Vec<usize>,
    /// WHERE, as far as it is on persons.
    filter: Option<Expr>,
}

impl<'a> Boundary<'a> {
    fn new(source: &'a Source) -> Self {
        let marks = || source.marks.iter().map(|mark| Expr::Column(mark.column.clone()));
        let filter = conjunction(marks());
        let mut boundary = Self {
            source,
            sets: Vec::new(),
            sums: Vec::new(),
            base: 0,
            all: 0,
            conditions: Vec::new(),
            of_base: Vec::new(),
            filter,
        };
        boundary.base = boundary.set(&[], boundary.filter.clone());
        boundary.all = boundary.set(&[], None);
        for (mark, truth) in source.marks.iter().zip(marks()) {
            let set = boundary.set(&[], Some(truth));
            boundary.of_base.push(boundary.conditions.len());
            boundary.conditions.push(Condition { set, columns: mark.columns.clone() });
        }
        boundary
    }

    /// The place of a set: of people whose arguments are there and for whom a condition holds.
    fn set(&mut self, arguments: &[Expr], filter: Option<Expr>) -> usize {
        let person = Expr::Column(self.source.person.clone());
        let arguments = std::iter::once(person).chain(arguments.iter().cloned()).collect();
        let filter = filter.map(Box::new);
        let set = AggregateFunction::new_udf(people_set(), arguments, false, filter, Vec::new(), None);
        let set = Expr::AggregateFunction(set);
        self.sets.iter().position(|there| *there == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        })
    }

    fn key(&self, key: &Expr) -> Result<std::collections::BTreeSet<Arc<str>>> {
        if matches!(key, Expr::GroupingSet(_)) {
            return refused(
                "GROUPING SETS, ROLLUP and CUBE can not be used on rows of persons",
                "ask for each grouping by itself",
            );
        }
        Ok(self.source.scope().condition(key)?.columns)
    }

    /// Checks an aggregate. The second is what is calculated: the same, of those for whom WHERE holds.
    fn item(&mut self, expression: &Expr) -> Result<(Item, Expr)> {
        let function = match expression {
            Expr::AggregateFunction(function) => function,
            Expr::Alias(alias) => match &*alias.expr {
                Expr::AggregateFunction(function) => function,
                _ => return refused(format!("{expression} is no aggregate"), "use count, sum or avg"),
            },
            _ => return refused(format!("{expression} is no aggregate"), "use count, sum or avg"),
        };
        let tells = check_function(function)?;
        let AggregateFunctionParams { args, distinct, filter, .. } = &function.params;
        let (mut arguments, mut names) = (Vec::new(), Vec::new());
        for argument in args {
            let Some(origin) = self.source.scope().argument(argument)? else { continue };
            let is_key = origin.used_as == ColumnUse::Key;
            if is_key && tells != Tells::Count {
                return refused(format!("{argument}: keys can only be counted"), "use count(DISTINCT …)");
            }
            if *distinct && !is_key {
                return refused(
                    format!("{expression}: how many values there are tells of single persons"),
                    "count people by count(DISTINCT sample_key), or count per value by GROUP BY",
                );
            }
            arguments.push(argument.clone());
            names.extend(origin.name);
        }
        if arguments.is_empty() && tells != Tells::Count {
            return refused(format!("{expression} is of no column"), "aggregate a column");
        }
        let mut conditions = self.of_base.clone();
        if let Some(filter) = filter {
            conditions.extend(self.conditions(filter)?);
        }
        let filter = self.filter.clone().into_iter().chain(filter.as_deref().cloned());
        let filter = conjunction(filter);
        let set = self.set(&arguments, filter.clone());
        let mean = match (&*arguments, &*names) {
            ([argument], [name]) if MEANS.contains(&function.func.name()) => {
                self.mean(argument, name, filter.clone())
            }
            _ => None,
        };
        let mut within = function.clone();
        within.params.filter = filter.map(Box::new);
        Ok((Item { tells, set, conditions, mean }, Expr::AggregateFunction(within)))
    }

    /// How the mean of a column is told with noise, if the policy has bounds for it.
    fn mean(&mut self, argument: &Expr, column: &Arc<str>, filter: Option<Expr>) -> Option<NoisyMean> {
        let bounds = *self.source.guard.rules.bounds.get(&**column)?;
        let value = vec![cast(argument.clone(), DataType::Float64)];
        let filter = filter.map(Box::new);
        let sum = AggregateFunction::new_udf(bounded_sum(bounds), value, false, filter, Vec::new(), None);
        self.sums.push(Expr::AggregateFunction(sum));
        Some(NoisyMean { column: Arc::clone(column), bounds, sum: self.sums.len() - 1 })
    }

    /// The conditions of a FILTER clause.
    fn conditions(&mut self, filter: &Expr) -> Result<Vec<usize>> {
        let mut found = Vec::new();
        for part in split_conjunction(filter) {
            let columns = self.source.scope().condition(part)?.columns;
            let set = self.set(&[], Some(part.clone()));
            found.push(self.conditions.len());
            self.conditions.push(Condition { set, columns });
        }
        Ok(found)
    }
}

fn check_function(function: &AggregateFunction) -> Result<Tells> {
    let name = function.func.name();
    let Some((_, tells)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
        return refused(
            format!("{name}() tells of single persons"),
            "use count, sum, avg, stddev, var, corr, regr_…, auc, odds_ratio_per_sd or liability_r2, \
             or percentile_band in GROUP BY",
        );
    };
    let params = &function.params;
    if !params.order_by.is_empty() || params.null_treatment.is_some() {
        return refused(
            format!("{name}(): rows of persons have no order, and nulls are left out"),
            "leave ORDER BY and IGNORE NULLS out",
        );
    }
    if params.distinct && *tells != Tells::Count {
        return refused(format!("{name}(DISTINCT …) tells of single persons"), "leave DISTINCT out");
    }
    Ok(*tells)
}
