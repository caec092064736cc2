use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::FieldRef,
    common::{
        ParamValues,
        metadata::ScalarAndMetadata,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Expr, LogicalPlan},
    prelude::SessionContext,
    scalar::ScalarValue,
    sql::parser::Statement,
};

use super::{
    Answer, Awaited, Notices, Prepared, ReadStatement, SqlSession, SqlTable, bounded::check_aggregates,
    on_demand::absent_scores, session::tables, stoppable,
};
use crate::EngineError;

/// Most parameters of a statement.
const MOST_PARAMETERS: usize = 1000;

/// A session over a DataFusion context, which decides what there is to see.
pub struct ContextSession(SessionContext);

impl ContextSession {
    /// The session of one person, on tables and rules that are theirs.
    pub fn new(context: SessionContext) -> Self {
        Self(context)
    }
}

#[async_trait]
impl SqlSession for ContextSession {
    async fn prepare(&self, statement: &ReadStatement) -> Result<Prepared, EngineError> {
        let mut prepared = prepared(&self.0, statement).await?;
        prepared.computes = !absent_scores(&prepared.plan)?.is_empty();
        Ok(prepared)
    }

    async fn awaits(&self, prepared: &Prepared, _: Vec<ScalarValue>) -> Result<Awaited, EngineError> {
        let absent = absent_scores(&prepared.plan)?;
        Ok(Box::pin(async move {
            for (on_demand, score) in absent {
                on_demand.computed(&score).await?;
            }
            Ok(())
        }))
    }

    async fn execute(
        &self,
        prepared: &Prepared,
        parameters: Vec<ScalarValue>,
    ) -> Result<Answer, EngineError> {
        let plan = bound(prepared, parameters)?;
        let notices = Notices::default();
        let mut state = self.0.state();
        state.config_mut().set_extension(Arc::new(notices.clone()));
        let (rows, stopper) = stoppable::run(&state, &plan).await?;
        Ok(Answer { rows, notices, stopper })
    }

    async fn tables(&self) -> Result<Vec<SqlTable>, EngineError> {
        tables(&self.0).await
    }
}

/// Plans a statement in a context.
pub(super) async fn prepared(
    context: &SessionContext,
    statement: &ReadStatement,
) -> Result<Prepared, EngineError> {
    let ast = Statement::Statement(Box::new(statement.ast().clone()));
    let plan = context.state().statement_to_plan(ast).await?;
    check_aggregates(&plan)?;
    let schema = Arc::new(plan.schema().as_arrow().clone());
    let parameters = parameters(&plan, statement.parameters().min(MOST_PARAMETERS))?;
    Ok(Prepared { plan, schema, parameters, computes: false })
}

/// The plan of a prepared statement with a value for each of its parameters.
pub(super) fn bound(prepared: &Prepared, parameters: Vec<ScalarValue>) -> Result<LogicalPlan, EngineError> {
    let (wanted, given) = (prepared.parameters.len(), parameters.len());
    if wanted != given {
        let problem = format!("the statement has {wanted} parameters and {given} values are bound");
        return Err(EngineError::refused(problem, "bind a value to each of $1, $2, …"));
    }
    if given == 0 {
        return Ok(prepared.plan.clone());
    }
    let values = parameters.into_iter().map(|value| ScalarAndMetadata::new(value, None)).collect();
    Ok(prepared.plan.clone().replace_params_with_values(&ParamValues::List(values))?)
}

/// The parameters in order of their numbers, at least so many. A type comes from what a parameter is compared with, or else
/// from the cast around it.
fn parameters(plan: &LogicalPlan, at_least: usize) -> Result<Vec<Option<FieldRef>>, EngineError> {
    let mut found: BTreeMap<usize, Option<FieldRef>> = BTreeMap::new();
    for (name, field) in plan.get_parameter_fields()? {
        found.insert(number(&name)?, field);
    }
    if found.values().any(Option::is_none) {
        plan.apply_with_subqueries(|plan| {
            plan.apply_expressions(|expression| {
                expression.apply(|expression| {
                    if let Expr::Cast(cast) = expression
                        && let Expr::Placeholder(parameter) = cast.expr.as_ref()
                        && let Ok(number) = number(&parameter.id)
                    {
                        found.entry(number).or_default().get_or_insert_with(|| cast.field.clone());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
    }
    let last = found.keys().next_back().copied().unwrap_or(0).max(at_least);
    Ok((1..=last).map(|number| found.remove(&number).flatten()).collect())
}

fn number(name: &str) -> Result<usize, EngineError> {
    let number = name.trim_start_matches('$').parse().ok();
    number.filter(|number| (1..=MOST_PARAMETERS).contains(number)).ok_or_else(|| {
        let problem = format!("{name:?} is no parameter");
        EngineError::refused(problem, format!("number them from $1 to ${MOST_PARAMETERS} at most"))
    })
}
