//! Functions of PostgreSQL that clients call about things that there are none of, or that are always so.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::DataType,
    common::exec_err,
    error::Result,
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
        create_udf,
    },
    prelude::SessionContext,
    scalar::ScalarValue,
};

/// What is seen without its schema: everything that is seen.
const TRUE: [&str; 11] = [
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_statistics_obj_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_type_is_visible",
];
/// Texts that nobody wrote: comments, definitions, sizes and places.
const NO_TEXT: [&str; 17] = [
    "col_description",
    "inet_client_addr",
    "inet_server_addr",
    "obj_description",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_statisticsobjdef",
    "pg_get_triggerdef",
    "pg_get_viewdef",
    "pg_size_pretty",
    "pg_tablespace_location",
    "shobj_description",
];
/// Numbers of nothing.
const ZERO: [&str; 5] =
    ["pg_database_size", "pg_indexes_size", "pg_table_size", "pg_tablespace_size", "txid_current"];
/// Settings that clients set and read by function, as they stand.
const SETTINGS: [(&str, &str); 8] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("search_path", "public"),
    ("server_encoding", "UTF8"),
    ("server_version", "16.6"),
    ("server_version_num", "160006"),
    ("timezone", "UTC"),
];

/// Adds them, and a version that clients read as PostgreSQL's.
pub(super) fn add(context: &SessionContext) {
    for name in TRUE {
        context.register_udf(ScalarUDF::from(Always::new(name, ScalarValue::Boolean(Some(true)))));
    }
    for name in NO_TEXT {
        context.register_udf(ScalarUDF::from(Always::new(name, ScalarValue::Utf8(None))));
    }
    for name in ZERO {
        context.register_udf(ScalarUDF::from(Always::new(name, ScalarValue::Int64(Some(0)))));
    }
    // Types of extensions, which there are none of.
    context.register_udf(ScalarUDF::from(Always::new("to_regtype", ScalarValue::Int32(None))));
    let version = format!("PostgreSQL 16.6 (Steppe {})", env!("CARGO_PKG_VERSION"));
    context.register_udf(ScalarUDF::from(Always::new("version", ScalarValue::Utf8(Some(version)))));
    context
        .register_udf(ScalarUDF::from(Always::new("pg_is_in_recovery", ScalarValue::Boolean(Some(false)))));
    context.register_udf(ScalarUDF::from(Always::new("pg_char_to_encoding", ScalarValue::Int32(Some(6)))));
    for (name, arguments) in [
        ("current_setting", vec![DataType::Utf8]),
        ("set_config", vec![DataType::Utf8, DataType::Utf8, DataType::Boolean]),
    ] {
        context.register_udf(create_udf(
            name,
            arguments,
            DataType::Utf8,
            Volatility::Stable,
            Arc::new(move |arguments| setting(name, arguments)),
        ));
    }
}

/// The value of a setting that anybody may know. Setting one changes nothing, and gives the value back as PostgreSQL does.
fn setting(function: &str, arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
    let text = |index: usize| match arguments.get(index) {
        Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(text)))) => Some(text.clone()),
        _ => None,
    };
    let name = text(0).unwrap_or_default().to_ascii_lowercase();
    let known = SETTINGS.iter().find(|(known, _)| *known == name);
    let Some((_, value)) = known else {
        return exec_err!("{function} does not know this setting; leave it out");
    };
    let value = text(1).unwrap_or_else(|| (*value).to_owned());
    Ok(ColumnarValue::Scalar(ScalarValue::Utf8(Some(value))))
}

/// A function that gives the same whatever it is given.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Always {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl Always {
    fn new(name: &'static str, value: ScalarValue) -> Self {
        let any = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
        Self { name, value, signature: Signature::one_of(any, Volatility::Stable) }
    }
}

impl ScalarUDFImpl for Always {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}
