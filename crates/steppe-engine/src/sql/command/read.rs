use std::{collections::BTreeSet, fmt, ops::ControlFlow};

use datafusion::sql::sqlparser::ast::{
    DescribeAlias, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor,
};

use super::{dialect::Plannable, first_word};
use crate::EngineError;

/// Relations that show how this process is set up.
const OWN_SETTINGS: [&str; 2] = ["df_settings", "pg_file_settings"];

/// A statement that only reads. There is no way to one but through the checks of this module.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadStatement {
    statement: Statement,
    spelling: String,
    relations: BTreeSet<String>,
    parameters: usize,
}

impl ReadStatement {
    /// The statement, for a planner.
    pub fn ast(&self) -> &Statement {
        &self.statement
    }

    /// The tables and functions that it names after FROM and JOIN, among them those of its own WITH.
    pub fn relations(&self) -> &BTreeSet<String> {
        &self.relations
    }

    /// How many parameters it was written with, `$1`, `$2`, …
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    pub(super) fn of(plannable: Plannable) -> Result<Self, EngineError> {
        let Plannable { statement, parameters } = plannable;
        let refused =
            |statement: &Statement| Err(EngineError::ReadOnly { found: first_word(&statement.to_string()) });
        match &statement {
            Statement::Query(_) | Statement::ShowTables { .. } | Statement::ShowColumns { .. } => {}
            Statement::Explain {
                describe_alias: DescribeAlias::Explain,
                analyze: false,
                query_plan: false,
                estimate: false,
                format: None,
                options: None,
                statement: explained,
                ..
            } if matches!(**explained, Statement::Query(_)) => {}
            Statement::Explain { .. } => {
                return Err(EngineError::ReadOnly { found: "EXPLAIN of this kind".to_owned() });
            }
            other => return refused(other),
        }
        let mut reader = Reader::default();
        match statement.visit(&mut reader) {
            ControlFlow::Break(found) => Err(EngineError::ReadOnly { found: found.to_owned() }),
            ControlFlow::Continue(()) => {
                // Here, where there is stack for it.
                let spelling = statement.to_string();
                Ok(Self { statement, spelling, relations: reader.relations, parameters })
            }
        }
    }
}

impl fmt::Display for ReadStatement {
    /// The statement in its one spelling: the same for texts that differ in spaces, comments and case of keywords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

/// Looks at every part of a statement, at any depth.
#[derive(Default)]
struct Reader {
    relations: BTreeSet<String>,
    depth: usize,
}

impl Visitor for Reader {
    type Break = &'static str;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Self::Break> {
        self.depth += 1;
        // The outermost was looked at; what an EXPLAIN explains is a query as well.
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            _ if self.depth == 1 => ControlFlow::Continue(()),
            _ => ControlFlow::Break("a statement inside another"),
        }
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        let extras = [
            (!query.locks.is_empty(), "FOR UPDATE or FOR SHARE"),
            (query.for_clause.is_some(), "FOR XML or FOR JSON"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (!query.pipe_operators.is_empty(), "a pipe operator"),
        ];
        match extras.into_iter().find(|(there, _)| *there) {
            Some((_, found)) => ControlFlow::Break(found),
            None => body(&query.body),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        if select.into.is_some() { ControlFlow::Break("SELECT INTO") } else { ControlFlow::Continue(()) }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Self::Break> {
        let name = relation.to_string();
        let last = relation.0.last().map(ToString::to_string).unwrap_or_default().to_ascii_lowercase();
        if OWN_SETTINGS.contains(&last.trim_matches('"')) {
            return ControlFlow::Break("reading settings");
        }
        // No table of ours has such a name; files and URLs do.
        if name.contains(['/', '\\', '\'', '*', ':']) {
            return ControlFlow::Break("a file as a table");
        }
        self.relations.insert(name);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        match factor {
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::Function { .. }
            | TableFactor::TableFunction { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => ControlFlow::Break("this kind of table"),
        }
    }
}

/// Whether the body of a query, through all its set operations, has rows of its own.
fn body(expression: &SetExpr) -> ControlFlow<&'static str> {
    match expression {
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Query(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        SetExpr::Insert(_) => ControlFlow::Break("INSERT"),
        SetExpr::Update(_) => ControlFlow::Break("UPDATE"),
        SetExpr::Delete(_) => ControlFlow::Break("DELETE"),
        SetExpr::Merge(_) => ControlFlow::Break("MERGE"),
        SetExpr::Table(_) => ControlFlow::Break("TABLE"),
    }
}
