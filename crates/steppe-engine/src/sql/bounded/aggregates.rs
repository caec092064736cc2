use datafusion::{
    common::{
        plan_err,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    error::Result,
    logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition},
    scalar::ScalarValue,
};

/// Aggregates that set memory aside for as many numbers as an argument says, by the place of that argument.
const SIZED: [(&str, usize); 2] = [("approx_percentile_cont", 2), ("approx_percentile_cont_with_weight", 3)];
/// More than enough for any of them: the default is 100.
const MOST: i128 = 10_000;

/// Refuses a plan whose aggregates set aside more memory than any answer needs.
///
/// # Errors
/// An argument for it that is too large, or no plain number.
pub fn check_aggregates(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| {
                match expression {
                    Expr::AggregateFunction(call) => check(call.func.name(), &call.params.args)?,
                    Expr::WindowFunction(call) => {
                        if let WindowFunctionDefinition::AggregateUDF(function) = &call.fun {
                            check(function.name(), &call.params.args)?;
                        }
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

fn check(name: &str, arguments: &[Expr]) -> Result<()> {
    let Some((_, place)) = SIZED.iter().find(|(sized, _)| *sized == name) else { return Ok(()) };
    let Some(size) = arguments.get(*place) else { return Ok(()) };
    let small = matches!(size, Expr::Literal(value, _) if number(value).is_some_and(|size| size <= MOST));
    if small {
        Ok(())
    } else {
        plan_err!("{name} takes no more than {MOST} centroids, as a plain number; give fewer")
    }
}

fn number(value: &ScalarValue) -> Option<i128> {
    match value.cast_to(&datafusion::arrow::datatypes::DataType::Int64) {
        Ok(ScalarValue::Int64(number)) => number.map(i128::from),
        _ => None,
    }
}
