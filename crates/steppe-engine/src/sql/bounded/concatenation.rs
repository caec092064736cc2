use std::sync::{Arc, LazyLock};

use datafusion::{
    arrow::{
        array::AsArray,
        compute::{cast, kernels::concat_elements::concat_elements_utf8},
        datatypes::DataType,
    },
    common::{DFSchema, plan_err},
    error::Result,
    logical_expr::{
        ColumnarValue, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
        planner::{ExprPlanner, PlannerResult, RawBinaryExpr},
    },
    scalar::ScalarValue,
    sql::sqlparser::ast::BinaryOperator,
};

use super::growth::{self, Growth};

static CONCATENATION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::from(Concatenation { signature }))
});

/// Makes `a || b` of texts a function, whose size is checked.
#[derive(Debug)]
pub(super) struct ConcatenationPlanner;

impl ExprPlanner for ConcatenationPlanner {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        // Lists have a function of their own for it; what has no type yet is a parameter, and becomes text.
        let is_list = |kind: DataType| kind.is_nested();
        let kinds = (expr.left.get_type(schema), expr.right.get_type(schema));
        let lists = kinds.0.is_ok_and(is_list) || kinds.1.is_ok_and(is_list);
        if expr.op != BinaryOperator::StringConcat || lists {
            return Ok(PlannerResult::Original(expr));
        }
        Ok(PlannerResult::Planned(CONCATENATION.call(vec![expr.left, expr.right])))
    }
}

/// `a || b`: null where one of them is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenation {
    signature: Signature,
}

impl ScalarUDFImpl for Concatenation {
    fn name(&self) -> &str {
        "concatenate"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types.iter().find(|kind| kind.is_nested()) {
            Some(kind) => plan_err!("{kind} can not be joined to a text by ||; cast it to text"),
            None => Ok(vec![DataType::Utf8; arg_types.len()]),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        growth::check("||", Growth::Joined.bytes(&args.args, args.number_rows)?)?;
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let [left, right] = args.args.as_slice() else {
            return plan_err!("|| has two sides");
        };
        let text = |side: &ColumnarValue| {
            Ok::<_, datafusion::error::DataFusionError>(cast(&side.to_array(rows)?, &DataType::Utf8)?)
        };
        let (left, right) = (text(left)?, text(right)?);
        let joined = Arc::new(concat_elements_utf8(left.as_string::<i32>(), right.as_string::<i32>())?);
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(joined.as_ref(), 0)?));
        }
        Ok(ColumnarValue::Array(joined))
    }
}
