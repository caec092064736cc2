//! Functions whose answer can be much larger than what they are given. DataFusion's memory pool counts what operators
//! keep, not what an expression makes: `repeat('a', 2000000000)` is 2 GB in one call, while planning already.
//!
//! Each is replaced by one of the same name that first works out how large its answer would be, for the rows at hand,
//! and refuses more than [`MOST_BYTES`]. `a || b` becomes a function too, so that doubling a text thirty times over ends
//! the same way. What has no bound that can be told before, or shows where files lie, is not there at all ([`ABSENT`]).

mod aggregates;
mod concatenation;
mod growth;
mod sizes;

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::{DataType, FieldRef},
    error::Result,
    execution::FunctionRegistry,
    logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature},
    prelude::SessionContext,
};

pub use aggregates::check_aggregates;
use growth::Growth;

/// Most bytes that one call of a function may make for one batch of rows.
const MOST_BYTES: usize = 128 << 20;

/// Functions that sessions do not have: types of any width can be named to the first two, the others say which file a
/// row came from.
const ABSENT: [&str; 4] = ["arrow_cast", "arrow_try_cast", "input_file_name", "file_row_index"];

/// Functions by how they grow.
const GROWING: [(&str, Growth); 20] = [
    ("repeat", Growth::Repeated),
    ("lpad", Growth::Padded),
    ("rpad", Growth::Padded),
    ("replace", Growth::Replaced),
    ("regexp_replace", Growth::Replaced),
    ("concat", Growth::Joined),
    ("concat_ws", Growth::JoinedBy),
    ("overlay", Growth::Joined),
    ("encode", Growth::Joined),
    ("translate", Growth::Joined),
    ("string_to_array", Growth::Joined),
    ("array_repeat", Growth::ListRepeated),
    ("array_resize", Growth::ListResized),
    ("range", Growth::Ranged),
    ("generate_series", Growth::Ranged),
    ("array_append", Growth::Joined),
    ("array_prepend", Growth::Joined),
    ("array_concat", Growth::Joined),
    ("make_array", Growth::Joined),
    ("array_to_string", Growth::ListJoined),
];

/// Replaces the functions of a session by bounded ones.
///
/// # Errors
/// A function that can not be registered, which no input leads to.
pub fn bound_functions(context: &SessionContext) -> Result<()> {
    for name in ABSENT {
        context.deregister_udf(name);
    }
    for (name, growth) in GROWING {
        if let Ok(inner) = context.udf(name) {
            context.register_udf(ScalarUDF::from(Bounded { inner, growth }));
        }
    }
    let state = context.state_ref();
    state.write().register_expr_planner(Arc::new(concatenation::ConcatenationPlanner))
}

/// A function that looks at how large its answer would be before it makes it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    // `simplify` is not handed on: it would put the unbounded function in this one's place.

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bytes = self.growth.bytes(&args.args, args.number_rows)?;
        growth::check(self.name(), bytes)?;
        self.inner.invoke_with_args(args)
    }
}

#[cfg(test)]
mod tests;
