use std::fmt::Debug;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::{
    api::{
        ClientInfo, ClientPortalStore, PgWireConnectionState,
        portal::Format,
        query::{SimpleQueryHandler, send_execution_response, send_query_response, send_ready_for_query},
        results::{FieldFormat, QueryResponse, Response, Tag},
        store::PortalStore,
    },
    error::{ErrorInfo, PgWireError, PgWireResult},
    messages::{
        PgWireBackendMessage,
        response::{EmptyQueryResponse, NoticeResponse, TransactionStatus},
        simplequery::Query,
        startup::ParameterStatus,
    },
};
use steppe_engine::sql::{SessionCommand, SqlCommand};
use tokio_util::sync::CancellationToken;

use super::{
    connection::{Client, Connection, told},
    encode,
};
use crate::{ServerError, gateway::statements::Planned};

#[async_trait]
impl SimpleQueryHandler for Client {
    /// Does the statements of a text one after the other: each has sent its rows before the next begins.
    async fn on_query<C>(&self, client: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        let session = self.0.session()?;
        // A request to cancel ends all of a text. Its time is that of each of its statements, less what all of them took
        // to be read.
        let cancel = self.0.begin();
        let mut budget = session.budget(None, cancel.clone());
        let commands = session.parse(&query.query, &mut budget).await.map_err(|error| told(&error))?;
        if commands.is_empty() {
            client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
        }
        for command in commands {
            match command {
                SqlCommand::Session(command) => {
                    let response = self.0.keep_house(client, &command, FieldFormat::Text).await?;
                    send(client, response).await?;
                }
                SqlCommand::Read(statement) => {
                    let budget = budget.at_most(self.0.with_settings(|settings| settings.timeout()));
                    let planned = session.prepare(*statement, budget).await.map_err(|error| told(&error))?;
                    let rows =
                        self.0.start(client, &planned, Vec::new(), &Format::UnifiedText, cancel.clone());
                    let rows = rows.await?;
                    send_query_response(client, rows, true).await?;
                }
            }
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        let status = client.transaction_status();
        send_ready_for_query(client, status).await
    }

    async fn do_query<C>(&self, _: &mut C, _: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // Statements do not come this way: `on_query` does all of it.
        Err(PgWireError::NotReadyForQuery)
    }
}

async fn send<C>(client: &mut C, response: Response) -> PgWireResult<()>
where
    C: ClientInfo + Sink<PgWireBackendMessage> + Unpin,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    match response {
        Response::Query(rows) => send_query_response(client, rows, true).await,
        Response::TransactionStart(tag) => {
            client.set_transaction_status(TransactionStatus::Transaction);
            send_execution_response(client, tag).await
        }
        Response::TransactionEnd(tag) => {
            client.set_transaction_status(TransactionStatus::Idle);
            send_execution_response(client, tag).await
        }
        Response::Execution(tag) => send_execution_response(client, tag).await,
        _ => Err(PgWireError::NotReadyForQuery),
    }
}

impl Connection {
    /// Runs a statement, tells what there is to say, and gives its rows.
    pub(super) async fn start<C>(
        &self,
        client: &mut C,
        planned: &Planned,
        parameters: Vec<datafusion::scalar::ScalarValue>,
        format: &Format,
        cancel: CancellationToken,
    ) -> PgWireResult<QueryResponse>
    where
        C: Sink<PgWireBackendMessage> + Unpin + Send,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let at_most = self.with_settings(|settings| settings.timeout());
        let rows = self.session()?.run(planned, parameters, at_most, cancel).await;
        let rows = rows.map_err(|error| told(&error))?;
        for notice in rows.notices() {
            let info = ErrorInfo::new("NOTICE".to_owned(), "00000".to_owned(), notice);
            client.feed(PgWireBackendMessage::NoticeResponse(NoticeResponse::from(info))).await?;
        }
        encode::response(planned, format, rows)
    }

    /// Answers housekeeping.
    pub(super) async fn keep_house<C>(
        &self,
        client: &mut C,
        command: &SessionCommand,
        format: FieldFormat,
    ) -> PgWireResult<Response>
    where
        C: ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let refused = |error| told(&ServerError::Engine(error));
        let done = |tag: &str| Ok(Response::Execution(Tag::new(tag)));
        match command {
            SessionCommand::Begin => Ok(Response::TransactionStart(Tag::new("BEGIN"))),
            SessionCommand::Commit => Ok(Response::TransactionEnd(Tag::new("COMMIT"))),
            SessionCommand::Rollback => Ok(Response::TransactionEnd(Tag::new("ROLLBACK"))),
            SessionCommand::Savepoint(tag) => done(tag),
            SessionCommand::Set { name, value } => {
                self.set(client, name, value.as_deref()).await?;
                done("SET")
            }
            SessionCommand::Reset(Some(name)) => {
                self.set(client, name, None).await?;
                done("RESET")
            }
            SessionCommand::Reset(None) => {
                self.with_settings(super::session::Settings::reset);
                done("RESET")
            }
            SessionCommand::Show(name) => {
                let value = self.with_settings(|settings| settings.get(name)).map_err(refused)?;
                let mut rows = encode::one_text(name, &value, format)?;
                rows.set_command_tag("SHOW");
                Ok(Response::Query(rows))
            }
            SessionCommand::Discard => {
                self.with_settings(super::session::Settings::reset);
                client.portal_store().clear_portals();
                done("DISCARD ALL")
            }
            SessionCommand::Deallocate(Some(name)) => {
                client.portal_store().rm_statement(name);
                done("DEALLOCATE")
            }
            SessionCommand::Deallocate(None) => done("DEALLOCATE ALL"),
        }
    }

    async fn set<C>(&self, client: &mut C, name: &str, value: Option<&str>) -> PgWireResult<()>
    where
        C: Sink<PgWireBackendMessage> + Unpin + Send,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let set = self.with_settings(|settings| settings.set(name, value));
        if let Some((name, value)) = set.map_err(|error| told(&ServerError::Engine(error)))? {
            let status = ParameterStatus::new(name.to_owned(), value);
            client.feed(PgWireBackendMessage::ParameterStatus(status)).await?;
        }
        Ok(())
    }
}
