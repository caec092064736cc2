//! PostgreSQL's dialect, as far as DataFusion can plan it.
//!
//! `datafusion-pg-catalog` makes what clients ask of the catalogue plannable, and some of that changes what a statement
//! means: a subquery in a SELECT list becomes null or loses rows, a collation is dropped, columns are renamed. So all of
//! its rules are for statements that name nothing but the catalogue. Others get those that change the spelling alone.

use std::{ops::ControlFlow, sync::LazyLock};

use datafusion::sql::sqlparser::{
    ast::{Expr, Statement, Value, visit_expressions},
    dialect::PostgreSqlDialect,
    parser::Parser,
};
use datafusion_pg_catalog::sql::{
    PostgresCompatibilityParser,
    rules::{
        CurrentUserVariableToSessionUserFunctionCall, FixArrayLiteral, FixVersionColumnName,
        PrependUnqualifiedPgTableName, RewriteArrayAnyAllOperation, RewritePgCatalogOperator,
        RewriteRegCastToSubquery, SqlStatementRewriteRule, StripCallableQualifier,
    },
};

use super::catalogue::{asks_the_catalogue, simplify};
use crate::EngineError;

/// Its construction reads a table of clients' statements, so it is made once.
static COMPATIBLE: LazyLock<PostgresCompatibilityParser> = LazyLock::new(PostgresCompatibilityParser::new);

/// Rules after which a statement means the same.
static SPELLINGS: LazyLock<[Box<dyn SqlStatementRewriteRule>; 8]> = LazyLock::new(|| {
    [
        Box::new(RewriteArrayAnyAllOperation),
        Box::new(PrependUnqualifiedPgTableName),
        Box::new(StripCallableQualifier),
        Box::new(FixArrayLiteral),
        Box::new(CurrentUserVariableToSessionUserFunctionCall),
        Box::new(RewritePgCatalogOperator),
        Box::new(RewriteRegCastToSubquery::new()),
        Box::new(FixVersionColumnName),
    ]
});

/// A statement as it can be planned.
#[derive(Debug)]
pub(super) struct Plannable {
    pub(super) statement: Statement,
    /// How many parameters it was written with; what stands for them may have fewer.
    pub(super) parameters: usize,
}

/// The statements of a text.
pub(super) fn statements(text: &str) -> Result<Vec<Plannable>, EngineError> {
    match Parser::parse_sql(&PostgreSqlDialect {}, text) {
        Ok(said) => {
            // The table of clients' statements is by their very words.
            let asks = said.iter().any(asks_the_catalogue);
            let compatible = if asks { COMPATIBLE.parse(text).unwrap_or_default() } else { Vec::new() };
            let compatible = if compatible.len() == said.len() { compatible } else { Vec::new() };
            let mut compatible = compatible.into_iter();
            Ok(said.into_iter().map(|said| plannable(said, compatible.next())).collect())
        }
        // Words that only the other parser knows, such as ABORT.
        Err(error) => match COMPATIBLE.parse(text) {
            Ok(statements) if statements.iter().all(|said| !matches!(said, Statement::Query(_))) => {
                Ok(statements.into_iter().map(|statement| Plannable { statement, parameters: 0 }).collect())
            }
            _ => Err(EngineError::Syntax {
                // The library repeats its own name for what is wrong.
                problem: error.to_string().trim_start_matches("sql parser error: ").to_owned(),
            }),
        },
    }
}

/// A statement, or what the library made of it where it asks the catalogue and nothing else.
fn plannable(said: Statement, compatible: Option<Statement>) -> Plannable {
    let parameters = parameters(&said);
    if asks_the_catalogue(&said) {
        let mut compatible = compatible.unwrap_or_else(|| COMPATIBLE.rewrite(said));
        simplify(&mut compatible);
        return Plannable { statement: compatible, parameters };
    }
    let statement = SPELLINGS.iter().fold(said, |statement, rule| rule.rewrite(statement));
    Plannable { statement, parameters }
}

/// The largest number of a parameter.
fn parameters(statement: &Statement) -> usize {
    let mut largest = 0;
    let visited: ControlFlow<()> = visit_expressions(statement, |part| {
        if let Expr::Value(value) = part
            && let Value::Placeholder(name) = &value.value
            && let Some(Ok(number)) = name.strip_prefix('$').map(str::parse)
        {
            largest = largest.max(number);
        }
        ControlFlow::Continue(())
    });
    if visited.is_continue() { largest } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::{EngineError, sql::SqlCommand};

    #[test]
    fn statements_about_tables_mean_what_they_say() -> Result<(), EngineError> {
        for text in [
            "SELECT run, (SELECT count(*) FROM scores AS s WHERE s.run = r.run) FROM runs AS r",
            "SELECT (SELECT max(people.score) FROM people)",
            "SELECT (SELECT iid FROM people) AS one",
            "SELECT (SELECT $1)",
            "SELECT (SELECT count(*) FROM generate_series(1, 2) AS s WHERE s.value = g.value) FROM generate_series(1, 3) AS g",
            "SELECT (SELECT count(*) FROM pg_catalog.pg_class AS c WHERE c.relname = p.iid) FROM people AS p",
            "SELECT (SELECT count(*) FROM pg_people AS o WHERE o.iid = p.iid) FROM pg_people AS p",
            "SELECT iid FROM people ORDER BY iid COLLATE \"de_DE\"",
            "SELECT iid, * FROM people",
            "SELECT p.* FROM people AS p ORDER BY iid",
            "SELECT '{a,b}' FROM people",
        ] {
            assert_eq!(SqlCommand::parse_query(text)?.to_string(), text);
        }
        Ok(())
    }

    #[test]
    fn what_postgresql_spells_otherwise_is_understood() -> Result<(), EngineError> {
        for (text, spelled) in [
            ("SELECT pg_catalog.upper(iid) FROM people", "SELECT upper(iid) FROM people"),
            ("SELECT * FROM pg_class", "SELECT * FROM pg_catalog.pg_class"),
            ("SELECT current_user", "SELECT session_user"),
            (
                "SELECT iid FROM people WHERE n = ANY(ARRAY[1, 2])",
                "SELECT iid FROM people WHERE array_contains(ARRAY[1, 2], n)",
            ),
        ] {
            assert_eq!(SqlCommand::parse_query(text)?.to_string(), spelled);
        }
        Ok(())
    }

    #[test]
    fn parameters_are_counted_as_they_were_written() -> Result<(), EngineError> {
        for (text, parameters) in [
            ("SELECT generate_subscripts(indkey, $2) FROM pg_index WHERE indrelid = $1", 2),
            ("SELECT iid FROM people WHERE score > $1 OR $3", 3),
            ("SELECT 1", 0),
        ] {
            assert_eq!(SqlCommand::parse_query(text)?.parameters(), parameters, "{text}");
        }
        Ok(())
    }

    #[test]
    fn an_error_says_where() {
        let error = SqlCommand::parse("SELECT 1;\nSELEC 2").expect_err("no SQL").to_string();
        assert!(error.contains("Line: 2"), "{error}");
    }
}
