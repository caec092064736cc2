//! What clients ask PostgreSQL's catalogue in words that DataFusion does not have.
//!
//! Only statements that name nothing but the catalogue are touched: there are no indices, keys, access lists and options in
//! ours, so what is put in the place of such an expression is never anything but null, or the largest of one value.

use std::{collections::BTreeSet, ops::ControlFlow};

use datafusion::sql::sqlparser::{
    ast::{
        AccessExpr, BinaryOperator, DataType, Expr, Function, FunctionArguments, Query, SelectItem, SetExpr,
        Statement, TableFactor, Value, ValueWithSpan, visit_expressions, visit_expressions_mut,
        visit_relations,
    },
    dialect::PostgreSqlDialect,
    parser::Parser,
};
use datafusion_pg_catalog::pg_catalog::PG_CATALOG_TABLES;

/// Columns that our catalogue has not, and the null of their type.
const ABSENT_COLUMNS: [(&str, &str); 5] = [
    ("reloptions", "CAST(NULL AS TEXT[])"),
    ("relacl", "CAST(NULL AS TEXT[])"),
    ("setconfig", "CAST(NULL AS TEXT[])"),
    ("tableoid", "CAST(NULL AS INT)"),
    ("boot_val", "CAST(NULL AS TEXT)"),
];
/// Functions after FROM in such statements, which read no table.
const FUNCTIONS: [&str; 4] = ["generate_series", "pg_get_keywords", "string_to_array", "unnest"];
/// The function that lists the columns of a key with their places.
const EXPANDED_ARRAY: &str = "_pg_expandarray";

/// Lists of columns' numbers of an index or a key.
const KEY_LISTS: [&str; 6] = ["conkey", "confkey", "indclass", "indcollation", "indkey", "indoption"];
/// Tables of the catalogue that have no row in ours: no column has a default or a sequence.
const EMPTY_TABLES: [&str; 2] = ["pg_attrdef", "pg_sequence"];
/// Aggregates in such statements.
const AGGREGATES: [&str; 6] = ["array_agg", "count", "max", "min", "string_agg", "sum"];

/// The parts of what it gives, and lists of an index that are read by these.
const KEY_PARTS: [&str; 5] = ["n", "x", "indkey", "indoption", "i_indoption"];

/// Puts what can be planned in the place of what can not, in a statement that [`asks_the_catalogue`].
pub(super) fn simplify(statement: &mut Statement) {
    let visited: ControlFlow<()> = visit_expressions_mut(statement, |expression| {
        let simpler = match expression {
            Expr::Subquery(query) => looked_up(query),
            Expr::Like { pattern, escape_char, .. } => {
                escape_by_backslash(pattern, escape_char);
                None
            }
            ref other => replacement(other).and_then(parsed),
        };
        if let Some(simpler) = simpler {
            *expression = simpler;
        }
        ControlFlow::Continue(())
    });
    // The closure never breaks off.
    let ControlFlow::Continue(()) = visited else { return };
}

/// Whether a statement names the catalogue, and nothing else.
pub(super) fn asks_the_catalogue(statement: &Statement) -> bool {
    let mut names = BTreeSet::new();
    let visited: ControlFlow<()> = visit_relations(statement, |name| {
        names.insert(name.to_string().replace('"', "").to_ascii_lowercase());
        ControlFlow::Continue(())
    });
    let is_of_it = |name: &String| {
        let of_schema = ["pg_catalog.", "information_schema."].iter().any(|start| name.starts_with(start));
        of_schema || PG_CATALOG_TABLES.contains(&name.as_str())
    };
    let is_function = |name: &String| FUNCTIONS.contains(&name.as_str());
    visited.is_continue()
        && names.iter().any(is_of_it)
        && names.iter().all(|name| is_of_it(name) || is_function(name))
}

/// What stands for a value that is looked up for each row of another query: nothing where there is nothing to look up, or
/// else an aggregate, as DataFusion wants it. In the catalogue such a value is that of one row, by its number.
fn looked_up(query: &mut Query) -> Option<Expr> {
    let (read, others) = relations(query);
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    let [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] =
        select.projection.as_mut_slice()
    else {
        return None;
    };
    let mut is_aggregate = false;
    let visited: ControlFlow<()> = visit_expressions(value, |part| {
        let name = |call: &Function| last_word(&call.name.to_string());
        is_aggregate |= matches!(part, Expr::Function(call) if AGGREGATES.contains(&name(call).as_str()));
        ControlFlow::Continue(())
    });
    if visited.is_break() || is_aggregate || !others {
        return None;
    }
    if read.iter().any(|table| EMPTY_TABLES.contains(&table.as_str())) {
        return parsed("CAST(NULL AS TEXT)");
    }
    if let Some(largest) = parsed(&format!("max({value})")) {
        *value = largest;
    }
    None
}

/// The tables that a query begins with, and whether it names columns of tables that it does not read.
fn relations(query: &Query) -> (BTreeSet<String>, bool) {
    let SetExpr::Select(select) = query.body.as_ref() else { return (BTreeSet::new(), false) };
    let (mut read, mut known) = (BTreeSet::new(), BTreeSet::new());
    for table in &select.from {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            if let TableFactor::Table { name, alias, .. } = factor {
                let name = last_word(&name.to_string());
                known.insert(
                    alias.as_ref().map_or_else(|| name.clone(), |alias| last_word(&alias.name.value)),
                );
                read.insert(name);
            }
        }
    }
    let mut others = false;
    let visited: ControlFlow<()> = visit_expressions(query, |part| {
        if let Expr::CompoundIdentifier(words) = part
            && let [.., table, _] = words.as_slice()
        {
            others |= !known.contains(&last_word(&table.value));
        }
        ControlFlow::Continue(())
    });
    (read, visited.is_continue() && others)
}

fn replacement(expression: &Expr) -> Option<&'static str> {
    match expression {
        // Lists made of subqueries.
        Expr::Function(call) if matches!(call.args, FunctionArguments::Subquery(_)) => {
            last_word(&call.name.to_string()).eq("array").then_some("CAST(NULL AS TEXT[])")
        }
        Expr::Function(call) => match last_word(&call.name.to_string()).as_str() {
            EXPANDED_ARRAY | "generate_subscripts" => Some("CAST(NULL AS INT)"),
            "unnest" => is_of_key(&call.args).then_some("CAST(NULL AS INT)"),
            // Made of the rows of sequences and collations.
            "json_build_object" => Some("CAST(NULL AS TEXT)"),
            _ => None,
        },
        // Lists of numbers of types.
        Expr::Cast { data_type: DataType::Array(_), .. } => Some("CAST(NULL AS TEXT[])"),
        // The parts of what that function gives.
        Expr::CompoundFieldAccess { access_chain, .. } => {
            let is_part = |access: &AccessExpr| match access {
                AccessExpr::Dot(Expr::Identifier(part)) => {
                    Some(KEY_PARTS.contains(&&*part.value.to_ascii_lowercase()))
                }
                AccessExpr::Dot(_) => Some(false),
                AccessExpr::Subscript(_) => None,
            };
            // A list alone, with a place in it, is not of that function.
            let mut parts = access_chain.iter().filter_map(is_part).peekable();
            (parts.peek().is_some() && parts.all(|is_part| is_part)).then_some("CAST(NULL AS INT)")
        }
        Expr::CompoundIdentifier(words) => {
            let column = words.last()?.value.to_ascii_lowercase();
            ABSENT_COLUMNS.iter().find(|(absent, _)| *absent == column).map(|(_, null)| *null)
        }
        // Whether a type is a list, by the number of the function that reads it: no column of ours is one.
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let asks = left.to_string().contains("typinput") && right.to_string().contains("array_in'");
            asks.then_some("false")
        }
        _ => None,
    }
}

/// Whether a function is called on a list of an index or a key, which there is none of.
fn is_of_key(arguments: &FunctionArguments) -> bool {
    let text = arguments.to_string();
    KEY_LISTS.contains(&last_word(text.trim_matches(['(', ')'])).as_str())
}

/// Makes `/`, which escapes the special characters of a pattern, the backslash that DataFusion takes.
fn escape_by_backslash(pattern: &mut Expr, escape: &mut Option<ValueWithSpan>) {
    if escape.as_ref().is_some_and(|escape| escape.value == Value::SingleQuotedString("/".to_owned()))
        && let Some(replaced) = parsed(&format!(r"replace(replace({pattern}, '\', '\\'), '/', '\')"))
    {
        *pattern = replaced;
        *escape = None;
    }
}

fn last_word(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().trim_matches('"').to_ascii_lowercase()
}

fn parsed(text: &str) -> Option<Expr> {
    Parser::new(&PostgreSqlDialect {}).try_with_sql(text).ok()?.parse_expr().ok()
}

#[cfg(test)]
mod tests {
    use crate::{EngineError, sql::SqlCommand};

    #[test]
    fn only_what_asks_the_catalogue_alone_is_touched() -> Result<(), EngineError> {
        let spelled = |text: &str| Ok::<_, EngineError>(SqlCommand::parse_query(text)?.to_string());
        let keys = "SELECT (r.keys).x FROM (SELECT information_schema._pg_expandarray(i.indkey) AS keys \
                    FROM pg_catalog.pg_index i) AS r";
        assert!(!spelled(keys)?.contains("expandarray"));
        let lists =
            "SELECT ARRAY(SELECT rolname FROM pg_catalog.pg_roles), c.relacl FROM pg_catalog.pg_class c";
        let simple = spelled(lists)?;
        assert!(!simple.contains("rolname") && !simple.contains("relacl"), "{simple}");
        let types = "SELECT typinput='pg_catalog.array_in'::regproc AS is_array FROM pg_catalog.pg_type";
        let simple = spelled(types)?;
        assert!(simple.contains("false AS is_array"), "{simple}");
        let order = "SELECT tmp.I_INDOPTION[tmp.PLACE - 1] & 1 FROM (SELECT indoption AS I_INDOPTION, 1 AS PLACE \
                     FROM pg_catalog.pg_index, generate_series(1, 2)) AS tmp";
        assert!(!spelled(order)?.contains("tmp.I_INDOPTION["));
        let arguments = "SELECT proargtypes::regtype[]::text[] FROM pg_catalog.pg_proc";
        assert!(!spelled(arguments)?.contains("proargtypes"));
        let types = "SELECT t.oid FROM pg_type t WHERE t.typrelid = 0 OR \
                     (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)";
        assert!(spelled(types)?.contains("(SELECT max(c.relkind = 'c')"));
        let default = "SELECT CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d \
                       WHERE a.atthasdef AND d.adrelid = a.attrelid) END FROM pg_catalog.pg_attribute a";
        assert!(!spelled(default)?.contains("pg_attrdef"));
        let keys = "SELECT unnest(i.indkey), generate_subscripts(i.indkey, 1), unnest(current_schemas(true)) FROM pg_index i";
        let simple = spelled(keys)?;
        assert!(!simple.contains("indkey") && simple.contains("unnest(current_schemas(true))"), "{simple}");
        let like = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pg/_' || '%' ESCAPE '/'";
        assert!(spelled(like)?.ends_with(r"LIKE replace(replace('pg/_' || '%', '\', '\\'), '/', '\')"));
        let count = "SELECT CASE WHEN (SELECT count(e.oid) FROM pg_extension e WHERE e.oid = c.oid) > 0 THEN 1 END \
                     FROM pg_class c";
        assert!(!spelled(count)?.contains("max"));
        for ours in [
            "SELECT ARRAY(SELECT iid FROM people) FROM people",
            "SELECT p.relacl FROM people p",
            "SELECT ARRAY(SELECT rolname FROM pg_catalog.pg_roles) FROM people",
        ] {
            let kept = spelled(ours)?;
            assert!(kept.contains("ARRAY") || kept.contains("array") || kept.contains("relacl"), "{kept}");
            assert!(!kept.contains("NULL"), "{kept}");
        }
        Ok(())
    }
}
