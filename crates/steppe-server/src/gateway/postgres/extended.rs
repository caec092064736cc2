use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use futures::Sink;
use pgwire::{
    api::{
        ClientInfo, ClientPortalStore, Type,
        portal::{Format, Portal},
        query::ExtendedQueryHandler,
        results::{FieldFormat, FieldInfo, Response},
        stmt::QueryParser,
        store::PortalStore,
    },
    error::{ErrorInfo, PgWireError, PgWireResult},
    messages::PgWireBackendMessage,
};
use steppe_engine::sql::{SessionCommand, SqlCommand};

use super::{
    connection::{Client, Connection, told},
    encode,
};
use crate::gateway::statements::Planned;

/// A statement that a client has sent to be prepared.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    /// It has rows.
    Read(Arc<Planned>),
    /// Housekeeping.
    Session(SessionCommand),
}

#[async_trait]
impl QueryParser for Connection {
    type Statement = Bound;

    async fn parse_sql<C>(
        &self,
        _: &C,
        sql: &str,
        _: &[Option<Type>],
    ) -> PgWireResult<Option<Self::Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let session = self.session()?;
        let mut budget = session.budget(self.with_settings(|settings| settings.timeout()), self.begin());
        let mut commands = session.parse(sql, &mut budget).await.map_err(|error| told(&error))?;
        let command = commands.pop();
        if !commands.is_empty() {
            let message = "there are several statements in one that is to be prepared".to_owned();
            let mut info = ErrorInfo::new("ERROR".to_owned(), "42601".to_owned(), message);
            info.hint = Some("send one at a time".to_owned());
            return Err(PgWireError::UserError(Box::new(info)));
        }
        Ok(match command {
            None => None,
            Some(SqlCommand::Session(command)) => Some(Bound::Session(command)),
            Some(SqlCommand::Read(statement)) => {
                let planned = session.prepare(*statement, budget).await;
                Some(Bound::Read(planned.map_err(|error| told(&error))?))
            }
        })
    }

    fn get_parameter_types(&self, statement: &Self::Statement) -> PgWireResult<Vec<Type>> {
        match statement {
            Bound::Read(planned) => encode::parameter_types(planned),
            Bound::Session(_) => Ok(Vec::new()),
        }
    }

    fn get_result_schema(
        &self,
        statement: &Self::Statement,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = format.unwrap_or(&Format::UnifiedText);
        match statement {
            Bound::Read(planned) => encode::fields(planned, format),
            Bound::Session(SessionCommand::Show(name)) => Ok(encode::text_field(name, first(format))),
            Bound::Session(_) => Ok(Vec::new()),
        }
    }
}

/// The format of a single column.
fn first(format: &Format) -> FieldFormat {
    match format {
        Format::UnifiedText => FieldFormat::Text,
        Format::UnifiedBinary => FieldFormat::Binary,
        Format::Individual(codes) => codes.first().map_or(FieldFormat::Text, |code| FieldFormat::from(*code)),
    }
}

#[async_trait]
impl ExtendedQueryHandler for Client {
    type Statement = Bound;
    type QueryParser = Connection;

    fn query_parser(&self) -> Arc<Self::QueryParser> {
        Arc::clone(&self.0)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Self::Statement>,
        _: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match &portal.statement.statement {
            Bound::Session(command) => {
                self.0.keep_house(client, command, first(&portal.result_column_format)).await
            }
            Bound::Read(planned) => {
                let parameters = encode::parameters(planned, portal)?;
                let (format, cancel) = (&portal.result_column_format, self.0.begin());
                let rows = self.0.start(client, planned, parameters, format, cancel).await?;
                Ok(Response::Query(rows))
            }
        }
    }
}
