//! The tables about the catalogue, as Flight SQL has them.

use std::sync::{Arc, LazyLock};

use arrow_flight::{
    error::FlightError,
    sql::{
        CommandGetCatalogs, CommandGetDbSchemas, CommandGetSqlInfo, CommandGetTables, Nullable, Searchable,
        SqlInfo, SqlSupportedTransaction, XdbcDataType,
        metadata::{
            SqlInfoData, SqlInfoDataBuilder, XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder,
        },
    },
};
use datafusion::arrow::{
    array::RecordBatch,
    datatypes::{DataType, Field, Schema},
};
use steppe_engine::sql::SqlTable;

/// The catalog and the schemas of our tables.
const CATALOG: &str = "steppe";
const SCHEMA: &str = "public";
/// What our tables are called.
pub(super) const TABLE_TYPE: &str = "TABLE";

type Answer = Result<RecordBatch, FlightError>;

pub(super) fn catalogs(query: CommandGetCatalogs) -> Answer {
    let mut builder = query.into_builder();
    builder.append(CATALOG);
    builder.build()
}

pub(super) fn schemas(query: CommandGetDbSchemas) -> Answer {
    let mut builder = query.into_builder();
    builder.append(CATALOG, SCHEMA);
    builder.build()
}

pub(super) fn tables(query: CommandGetTables, tables: &[SqlTable]) -> Answer {
    let mut builder = query.into_builder();
    for table in tables {
        let field = |(name, kind): &(String, DataType)| Field::new(name, kind.clone(), true);
        let schema = Schema::new(table.columns.iter().map(field).collect::<Vec<_>>());
        builder.append(CATALOG, SCHEMA, &table.name, TABLE_TYPE, &schema)?;
    }
    builder.build()
}

/// The keys of a table: none is declared.
pub(super) fn primary_keys() -> RecordBatch {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    RecordBatch::new_empty(Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        text("key_name", true),
        Field::new("key_sequence", DataType::Int32, false),
    ])))
}

/// The keys that lead from one table to another: none is declared.
pub(super) fn foreign_keys() -> RecordBatch {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let side = |side: &str| {
        [
            text(&format!("{side}_catalog_name"), true),
            text(&format!("{side}_db_schema_name"), true),
            text(&format!("{side}_table_name"), false),
            text(&format!("{side}_column_name"), false),
        ]
    };
    let mut fields: Vec<Field> = side("pk").into_iter().chain(side("fk")).collect();
    fields.push(Field::new("key_sequence", DataType::Int32, false));
    fields.extend([text("fk_key_name", true), text("pk_key_name", true)]);
    fields.extend(["update_rule", "delete_rule"].map(|rule| Field::new(rule, DataType::UInt8, false)));
    RecordBatch::new_empty(Arc::new(Schema::new(fields)))
}

pub(super) fn sql_info(query: CommandGetSqlInfo) -> Answer {
    static INFO: LazyLock<Option<SqlInfoData>> = LazyLock::new(|| facts().build().ok());
    let info = INFO
        .as_ref()
        .ok_or_else(|| FlightError::ProtocolError("the server's facts are not there".to_owned()))?;
    query.into_builder(info).build()
}

/// What the server can do.
fn facts() -> SqlInfoDataBuilder {
    let mut facts = SqlInfoDataBuilder::new();
    facts.append(SqlInfo::FlightSqlServerName, "Steppe");
    facts.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    facts.append(SqlInfo::FlightSqlServerArrowVersion, "1.3");
    facts.append(SqlInfo::FlightSqlServerReadOnly, true);
    facts.append(SqlInfo::FlightSqlServerSql, true);
    facts.append(SqlInfo::FlightSqlServerSubstrait, false);
    facts.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    facts.append(SqlInfo::FlightSqlServerCancel, true);
    facts.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    facts.append(SqlInfo::SqlDdlCatalog, false);
    facts.append(SqlInfo::SqlDdlSchema, false);
    facts.append(SqlInfo::SqlDdlTable, false);
    facts
}

pub(super) fn types(data_type: Option<i32>) -> Answer {
    static TYPES: LazyLock<Option<XdbcTypeInfoData>> = LazyLock::new(|| all_types().build().ok());
    let types = TYPES
        .as_ref()
        .ok_or_else(|| FlightError::ProtocolError("the server's types are not there".to_owned()))?;
    types.record_batch(data_type)
}

fn all_types() -> XdbcTypeInfoDataBuilder {
    let mut builder = XdbcTypeInfoDataBuilder::new();
    for (name, kind, size, quote) in [
        ("boolean", XdbcDataType::XdbcBit, 1, None),
        ("smallint", XdbcDataType::XdbcSmallint, 5, None),
        ("integer", XdbcDataType::XdbcInteger, 10, None),
        ("bigint", XdbcDataType::XdbcBigint, 19, None),
        ("real", XdbcDataType::XdbcReal, 7, None),
        ("double precision", XdbcDataType::XdbcDouble, 15, None),
        ("text", XdbcDataType::XdbcVarchar, i32::MAX, Some("'")),
        ("date", XdbcDataType::XdbcDate, 10, Some("'")),
        ("timestamp", XdbcDataType::XdbcTimestamp, 29, Some("'")),
    ] {
        let quote = quote.map(str::to_owned);
        builder.append(XdbcTypeInfo {
            type_name: name.to_owned(),
            data_type: kind,
            column_size: Some(size),
            literal_prefix: quote.clone(),
            literal_suffix: quote,
            nullable: Nullable::NullabilityNullable,
            case_sensitive: kind == XdbcDataType::XdbcVarchar,
            searchable: Searchable::Full,
            sql_data_type: kind,
            ..XdbcTypeInfo::default()
        });
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_by_pattern() {
        let table =
            |name: &str| SqlTable { name: name.to_owned(), columns: vec![("a".to_owned(), DataType::Int64)] };
        let all = [table("runs"), table("scores")];
        let ask = |pattern: Option<&str>, include_schema| {
            let query = CommandGetTables {
                table_name_filter_pattern: pattern.map(str::to_owned),
                include_schema,
                ..CommandGetTables::default()
            };
            tables(query, &all).expect("a table of tables")
        };
        assert_eq!((ask(None, false).num_rows(), ask(None, false).num_columns()), (2, 4));
        assert_eq!((ask(Some("r%"), true).num_rows(), ask(Some("r%"), true).num_columns()), (1, 5));
    }

    #[test]
    fn what_the_server_is_can_be_asked() {
        let name = CommandGetSqlInfo { info: vec![SqlInfo::FlightSqlServerName as u32] };
        assert_eq!(sql_info(name).expect("facts").num_rows(), 1);
        assert!(sql_info(CommandGetSqlInfo { info: vec![] }).expect("facts").num_rows() > 8);
        assert!(types(None).expect("types").num_rows() > 5);
        assert_eq!(types(Some(XdbcDataType::XdbcDate as i32)).expect("types").num_rows(), 1);
        assert_eq!(primary_keys().num_columns() + foreign_keys().num_columns(), 6 + 13);
    }
}
