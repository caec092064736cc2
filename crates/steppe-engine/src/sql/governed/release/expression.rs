//! What expressions below a release may be.
//!
//! Two things are kept out: whatever tells of one person by more than which groups it is in (a raw score in a condition,
//! a product of columns in a sum), and whatever can fail on one person's value, since the failure would tell of it.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    arrow::datatypes::DataType,
    common::{Column, DFSchema},
    error::Result,
    logical_expr::{BinaryExpr, Case, Expr, ExprSchemable, Operator},
    scalar::ScalarValue,
};

use crate::{
    EngineError,
    sql::governed::person_table::{ColumnUse, RESERVED},
};

/// Functions that have a value for every value, and no state.
const FUNCTIONS: [&str; 22] = [
    "btrim",
    "ceil",
    "character_length",
    "coalesce",
    "date_part",
    "date_trunc",
    "ends_with",
    "floor",
    "greatest",
    "least",
    "left",
    "lower",
    "ltrim",
    "nullif",
    "right",
    "round",
    "rtrim",
    "starts_with",
    "strpos",
    "substr",
    "trunc",
    "upper",
];

/// Where a column below a release comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    /// What may be done with it.
    pub(super) used_as: ColumnUse,
    /// Whether it is a column of a table about persons as it is, or its value in a wider type: only such are aggregated.
    pub(super) is_plain: bool,
    /// The attributes that it is calculated from.
    pub(super) columns: BTreeSet<Arc<str>>,
    /// Its name in its table, of a column of a table about persons.
    pub(super) name: Option<Arc<str>>,
    /// Whether it is the key of the row's person, in every row: of who is not on the right of a LEFT JOIN it is missing.
    pub(super) is_person: bool,
}

impl Origin {
    /// A constant, or a column that says nothing of persons.
    pub(super) fn label() -> Self {
        Self {
            used_as: ColumnUse::Label,
            is_plain: false,
            columns: BTreeSet::new(),
            name: None,
            is_person: false,
        }
    }

    fn and(mut self, other: Self) -> Self {
        if other.used_as == ColumnUse::Attribute {
            self.used_as = ColumnUse::Attribute;
        }
        self.columns.extend(other.columns);
        Self { is_plain: false, ..self }
    }
}

/// The columns that an expression can name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// Of the plan below, as the statement knows it.
    pub(super) schema: &'a DFSchema,
    /// Of each of its columns.
    pub(super) origins: &'a [Origin],
}

/// A refusal of something in a statement.
pub(super) fn refused<T>(problem: impl Into<String>, remedy: impl Into<String>) -> Result<T> {
    Err(EngineError::refused(problem, remedy).into())
}

impl Scope<'_> {
    fn origin(&self, column: &Column) -> Result<&Origin> {
        if column.name.starts_with(RESERVED) {
            return refused(
                format!("{}: the name is not a statement's to use", column.name),
                "name other columns",
            );
        }
        let at = self.schema.index_of_column(column)?;
        self.origins
            .get(at)
            .ok_or_else(|| EngineError::Internal("a column of unknown origin below a release").into())
    }

    /// Checks an expression by which people are chosen or grouped, and tells what it is calculated from.
    ///
    /// # Errors
    /// Keys, raw values, and whatever can fail or is not known to be harmless.
    pub(super) fn condition(&self, expression: &Expr) -> Result<Origin> {
        match expression {
            Expr::Column(column) => self.attribute(column),
            Expr::Literal(..) | Expr::Placeholder(_) => Ok(Origin::label()),
            Expr::Alias(alias) => self.condition(&alias.expr),
            Expr::BinaryExpr(binary) => self.binary(binary, expression),
            Expr::Not(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => Ok(Origin { is_plain: false, ..self.condition(inner)? }),
            Expr::Between(between) => self.all([&*between.expr, &between.low, &between.high]),
            Expr::InList(list) => self.all(std::iter::once(&*list.expr).chain(&list.list)),
            Expr::Like(like) if is_constant(&like.pattern) => {
                Ok(Origin { is_plain: false, ..self.condition(&like.expr)? })
            }
            Expr::Case(case) => self.case(case),
            Expr::Cast(cast) if is_constant(&cast.expr) => Ok(Origin::label()),
            Expr::Cast(cast) => {
                self.check_cast(&cast.expr, cast.field.data_type())?;
                Ok(Origin { is_plain: false, ..self.condition(&cast.expr)? })
            }
            Expr::TryCast(cast) => Ok(Origin { is_plain: false, ..self.condition(&cast.expr)? }),
            Expr::ScalarFunction(function) if FUNCTIONS.contains(&function.name()) => {
                self.all(&function.args)
            }
            Expr::ScalarFunction(function) => refused(
                format!("{}() can not be used on rows of persons", function.name()),
                format!("of functions there are {}", FUNCTIONS.join(", ")),
            ),
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_) => {
                refused(
                    "a subquery can not decide which persons count",
                    "write a constant, or join the tables by sample_key",
                )
            }
            Expr::OuterReferenceColumn(..) => refused(
                "rows of persons can not be looked up for each row of another query",
                "join the tables by sample_key",
            ),
            other => refused(
                format!("{other} can not be used on rows of persons"),
                "compare columns with constants, and combine comparisons by AND, OR and NOT",
            ),
        }
    }

    /// Checks what a projection below a release makes, and tells what it is calculated from.
    ///
    /// # Errors
    /// As [`Self::condition`]; raw values may pass as they are.
    pub(super) fn projected(&self, expression: &Expr) -> Result<Origin> {
        match expression {
            Expr::Alias(alias) => self.projected(&alias.expr),
            Expr::Column(column) => self.origin(column).cloned(),
            Expr::Cast(cast) if self.is_plain(&cast.expr) => {
                self.check_cast(&cast.expr, cast.field.data_type())?;
                self.projected(&cast.expr)
            }
            other => self.condition(other),
        }
    }

    /// Checks an argument of an aggregate; `Ok(false)` is a constant.
    ///
    /// # Errors
    /// What is not a column of a table about persons as it is.
    pub(super) fn argument(&self, expression: &Expr) -> Result<Option<Origin>> {
        if is_constant(expression) {
            return Ok(None);
        }
        match self.projected(expression) {
            Ok(origin) if origin.is_plain => Ok(Some(origin)),
            Ok(_) => refused(
                format!("{expression} can not be aggregated: it is calculated from columns"),
                "aggregate a column as it is, choose people by WHERE or FILTER (WHERE …), and calculate with the result",
            ),
            Err(error) => Err(error),
        }
    }

    fn attribute(&self, column: &Column) -> Result<Origin> {
        let origin = self.origin(column)?;
        match origin.used_as {
            ColumnUse::Label | ColumnUse::Attribute => Ok(origin.clone()),
            ColumnUse::Key => refused(
                format!("{column}: people can not be chosen or grouped by their keys"),
                "join tables by keys, and count them by count(DISTINCT …)",
            ),
            ColumnUse::Value => refused(
                format!("{column}: people can not be chosen or grouped by values as fine as these"),
                "aggregate them, and choose or group people by percentile_band",
            ),
        }
    }

    fn all<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>) -> Result<Origin> {
        expressions.into_iter().try_fold(Origin::label(), |all, next| Ok(all.and(self.condition(next)?)))
    }

    fn case(&self, case: &Case) -> Result<Origin> {
        let branches = case.when_then_expr.iter().flat_map(|(when, then)| [&**when, &**then]);
        let rest = case.expr.iter().chain(&case.else_expr).map(|of| &**of);
        self.all(branches.chain(rest))
    }

    fn binary(&self, binary: &BinaryExpr, whole: &Expr) -> Result<Origin> {
        use Operator::{
            And, Divide, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, Modulo, Multiply,
            NotEq, Or, Plus,
        };
        let BinaryExpr { left, op, right } = binary;
        match op {
            And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom => {}
            Plus | Minus | Multiply if is_machine_number(&whole.get_type(self.schema)?) => {
                if !is_constant(left) && !is_constant(right) {
                    return refused(
                        format!("{whole}: columns of persons can not be calculated with each other"),
                        "calculate with constants",
                    );
                }
            }
            Divide | Modulo if is_machine_number(&whole.get_type(self.schema)?) => {
                if !is_positive(right) {
                    return refused(
                        format!("{whole}: division must not fail on anybody's value"),
                        "divide by a constant above 0",
                    );
                }
            }
            _ => {
                return refused(
                    format!("{whole}: {op} can not be used on rows of persons"),
                    "compare columns with constants, and combine comparisons by AND, OR and NOT",
                );
            }
        }
        self.all([&**left, &**right])
    }

    fn is_plain(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Column(column) => self.origin(column).is_ok_and(|origin| origin.is_plain),
            Expr::Cast(cast) => self.is_plain(&cast.expr),
            Expr::Alias(alias) => self.is_plain(&alias.expr),
            _ => false,
        }
    }

    fn check_cast(&self, expression: &Expr, to: &DataType) -> Result<()> {
        let from = expression.get_type(self.schema)?;
        if is_total_cast(&from, to) {
            return Ok(());
        }
        refused(
            format!("{expression} can not be cast from {from} to {to}: that may fail on somebody's value"),
            "cast to text or to a wider type of numbers, or use TRY_CAST in a condition",
        )
    }
}

/// Whether an expression is the same for all rows, and nothing but a literal in some type.
pub(super) fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(..) | Expr::Placeholder(_) => true,
        Expr::Cast(cast) => is_constant(&cast.expr),
        Expr::Alias(alias) => is_constant(&alias.expr),
        Expr::Negative(inner) => is_constant(inner),
        _ => false,
    }
}

fn is_positive(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(value, _) => {
            let as_number = value.cast_to(&DataType::Float64);
            matches!(as_number, Ok(ScalarValue::Float64(Some(number))) if number > 0.0 && number.is_finite())
        }
        Expr::Cast(cast) => is_positive(&cast.expr),
        Expr::Alias(alias) => is_positive(&alias.expr),
        _ => false,
    }
}

/// Integers, which wrap, and floating-point numbers, which become infinite: neither fails.
fn is_machine_number(kind: &DataType) -> bool {
    kind.is_integer() || kind.is_floating()
}

/// Whether every value of a type has one in another, so that a cast fails on none and joins none.
fn is_total_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::{Boolean, Decimal128, Float32, Float64, LargeUtf8, Utf8, Utf8View};
    let is_text = |kind: &DataType| matches!(kind, Utf8 | LargeUtf8 | Utf8View);
    let is_wider = |bits: usize, to: &DataType| {
        to.primitive_width().is_some_and(|bytes| bytes * 8 >= bits) && to.is_integer()
    };
    if from == to {
        return true;
    }
    match (from, to) {
        (from, to) if is_text(to) => {
            is_text(from) || from.is_numeric() || from.is_temporal() || *from == Boolean
        }
        (Boolean, to) => to.is_integer() || to.is_floating(),
        (Float32, Float64) => true,
        (from, Float64) => from.is_integer() || from.is_decimal(),
        (from, Float32) => from.is_integer(),
        (from, Decimal128(precision, scale)) if from.is_integer() => {
            // Of 8, 16, 32 and 64 bits the longest number has 3, 5, 10 and 20 digits.
            let digits =
                from.primitive_width().map_or(usize::MAX, |bytes| [3, 5, 10, 20][bytes.ilog2() as usize & 3]);
            i64::from(*precision) - i64::from(*scale) >= digits as i64
        }
        (from, to) if from.is_unsigned_integer() && to.is_unsigned_integer() => {
            is_wider(from.primitive_width().unwrap_or(usize::MAX) * 8, to)
        }
        (from, to) if from.is_unsigned_integer() && to.is_signed_integer() => {
            is_wider(from.primitive_width().unwrap_or(usize::MAX / 8) * 8 + 1, to)
        }
        (from, to) if from.is_signed_integer() && to.is_signed_integer() => {
            is_wider(from.primitive_width().unwrap_or(usize::MAX / 8) * 8, to)
        }
        _ => false,
    }
}
