use std::pin::Pin;

use arrow_flight::{
    Action, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse,
    IpcMessage, SchemaAsIpc, Ticket,
    encode::FlightDataEncoderBuilder,
    error::FlightError,
    flight_service_server::FlightService,
    sql::{
        ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
        ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, CommandGetCatalogs,
        CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
        CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables,
        CommandGetXdbcTypeInfo, CommandPreparedStatementQuery, CommandStatementQuery,
        DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
        server::{FlightSqlService, PeekableFlightDataStream},
    },
};
use datafusion::arrow::{array::RecordBatch, datatypes::Schema, ipc::writer::IpcWriteOptions};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use steppe_engine::sql::SqlUser;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataValue};

use super::{
    FlightGateway,
    authenticate::{ShownToken, user},
    bind, catalog,
    tickets::{Held, Prepared},
};
use crate::{ServerError, gateway::fault::status};

type Flights<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl FlightGateway {
    /// What is fetched by a ticket, for somebody.
    fn info<T>(&self, request: &Request<T>, held: Held, schema: &Schema) -> Result<FlightInfo, Status> {
        let owner = user(request)?;
        let handle = self.tickets.keep(&owner, held).map_err(|error| status(&error))?;
        let ticket = TicketStatementQuery { statement_handle: handle.to_vec().into() };
        let ticket = Ticket { ticket: ticket.as_any().encode_to_vec().into() };
        let info = FlightInfo::new().with_endpoint(FlightEndpoint::new().with_ticket(ticket));
        Ok(info.try_with_schema(schema).map_err(FlightError::from)?)
    }

    fn catalog<T>(
        &self,
        request: &Request<T>,
        table: Result<RecordBatch, FlightError>,
    ) -> Result<Response<FlightInfo>, Status> {
        let table = table?;
        let schema = table.schema();
        self.info(request, Held::Catalog(table), &schema).map(Response::new)
    }

    async fn planned(&self, who: &SqlUser, text: &str) -> Result<Prepared, ServerError> {
        let session = self.session(who).await?;
        // Whoever gives a call up drops it; only an answer has a ticket that can be cancelled.
        let mut budget = session.budget(None, CancellationToken::new());
        let statement = session.parse_query(text, &mut budget).await?;
        let planned = session.prepare(statement, budget).await?;
        Ok(Prepared { session, planned, bound: Vec::new() })
    }

    fn prepared(&self, who: &SqlUser, handle: &[u8]) -> Result<Prepared, ServerError> {
        match self.tickets.find(who, handle, "prepared statement")? {
            Held::Prepared(prepared) => Ok(prepared),
            _ => Err(ServerError::HandleUnknown { what: "prepared statement" }),
        }
    }

    /// The rows of a statement, of all its runs one after the other.
    async fn rows(
        statement: Prepared,
        cancel: CancellationToken,
    ) -> Result<Flights<FlightData>, ServerError> {
        let Prepared { session, planned, mut bound } = statement;
        let first = if bound.is_empty() { Vec::new() } else { bound.remove(0) };
        let rows = session.run(&planned, first, None, cancel.clone()).await?;
        let (schema, notices) = (rows.schema(), rows.notices());
        let others =
            stream::iter(bound).then(move |values| {
                let (session, planned, cancel) = (session.clone(), planned.clone(), cancel.clone());
                async move {
                    Ok::<_, ServerError>(session.run(&planned, values, None, cancel).await?.into_stream())
                }
            });
        let batches = rows.into_stream().chain(others.try_flatten());
        let mut encoder = FlightDataEncoderBuilder::new().with_schema(schema);
        if !notices.is_empty() {
            // Flight SQL has no place for them; who looks at the metadata of the schema finds them as JSON.
            let told = serde_json::json!({ "notices": notices }).to_string();
            encoder = encoder.with_metadata(told.into());
        }
        let encoded = encoder.build(batches.map_err(|error| FlightError::from(status(&error))));
        Ok(encoded.map_err(Status::from).boxed())
    }

    /// Ends what somebody fetches, or may fetch, by the ticket of an answer's description.
    pub(super) fn cancel(&self, who: &SqlUser, info: &FlightInfo) -> bool {
        let ticket = info.endpoint.first().and_then(|endpoint| endpoint.ticket.as_ref());
        let ticket = ticket.and_then(|ticket| arrow_flight::sql::Any::decode(&*ticket.ticket).ok());
        let ticket = ticket.and_then(|any| any.unpack::<TicketStatementQuery>().ok().flatten());
        match ticket.and_then(|ticket| self.tickets.forget(who, &ticket.statement_handle)) {
            Some(Held::Statement(_, cancel)) => {
                cancel.cancel();
                true
            }
            _ => false,
        }
    }
}

fn ipc(schema: &Schema) -> Result<prost::bytes::Bytes, Status> {
    let options = IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options).try_into().map_err(FlightError::from)?;
    Ok(bytes)
}

#[tonic::async_trait]
impl FlightSqlService for FlightGateway {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Flights<HandshakeResponse>>, Status> {
        let shown = request.extensions().get::<ShownToken>().cloned();
        let payload = shown.as_ref().map_or(Vec::new(), |token| token.0.clone().into_bytes());
        let answer = HandshakeResponse { protocol_version: 0, payload: payload.into() };
        let mut response: Response<Flights<HandshakeResponse>> =
            Response::new(stream::iter([Ok(answer)]).boxed());
        if let Some(ShownToken(token)) = shown
            && let Ok(value) = MetadataValue::try_from(format!("Bearer {token}"))
        {
            response.metadata_mut().insert("authorization", value);
        }
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        no_transaction(query.transaction_id.as_deref())?;
        let who = user(&request)?;
        let statement = self.planned(&who, &query.query).await.map_err(|error| status(&error))?;
        let schema = statement.planned.schema.clone();
        let held = Held::Statement(statement, CancellationToken::new());
        self.info(&request, held, &schema).map(Response::new)
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let who = user(&request)?;
        let statement =
            self.prepared(&who, &query.prepared_statement_handle).map_err(|error| status(&error))?;
        let schema = statement.planned.schema.clone();
        let held = Held::Statement(statement, CancellationToken::new());
        self.info(&request, held, &schema).map(Response::new)
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, catalog::catalogs(query))
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, catalog::schemas(query))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let who = user(&request)?;
        let tables = async { self.session(&who).await?.tables().await };
        let tables = tables.await.map_err(|error: ServerError| status(&error))?;
        self.catalog(&request, catalog::tables(query, &tables))
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let mut builder = query.into_builder();
        builder.append(catalog::TABLE_TYPE);
        self.catalog(&request, builder.build())
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, catalog::sql_info(query))
    }

    async fn get_flight_info_primary_keys(
        &self,
        _: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, Ok(catalog::primary_keys()))
    }

    async fn get_flight_info_exported_keys(
        &self,
        _: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, Ok(catalog::foreign_keys()))
    }

    async fn get_flight_info_imported_keys(
        &self,
        _: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, Ok(catalog::foreign_keys()))
    }

    async fn get_flight_info_cross_reference(
        &self,
        _: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, Ok(catalog::foreign_keys()))
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.catalog(&request, catalog::types(query.data_type))
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<<Self as FlightService>::DoGetStream>, Status> {
        let who = user(&request)?;
        let held = self.tickets.find(&who, &ticket.statement_handle, "ticket");
        match held.map_err(|error| status(&error))? {
            Held::Statement(statement, cancel) => {
                let rows = Self::rows(statement, cancel).await;
                Ok(Response::new(rows.map_err(|error| status(&error))?))
            }
            Held::Catalog(table) => {
                let encoder = FlightDataEncoderBuilder::new().with_schema(table.schema());
                let encoded = encoder.build(stream::iter([Ok(table)]));
                Ok(Response::new(encoded.map_err(Status::from).boxed()))
            }
            Held::Prepared(_) => Err(status(&ServerError::HandleUnknown { what: "ticket" })),
        }
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let who = user(&request)?;
        let handle = query.prepared_statement_handle;
        let bound = async {
            let mut statement = self.prepared(&who, &handle)?;
            statement.bound = bind::values(&statement.planned.prepared, request.into_inner()).await?;
            self.tickets.replace(&who, &handle, Held::Prepared(statement));
            Ok(())
        };
        bound.await.map_err(|error: ServerError| status(&error))?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) })
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        no_transaction(query.transaction_id.as_deref())?;
        let who = user(&request)?;
        let statement = self.planned(&who, &query.query).await.map_err(|error| status(&error))?;
        let (schema, parameters) =
            (ipc(&statement.planned.schema)?, ipc(&bind::schema(&statement.planned.prepared))?);
        let handle = self.tickets.keep(&who, Held::Prepared(statement)).map_err(|error| status(&error))?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle.to_vec().into(),
            dataset_schema: schema,
            parameter_schema: parameters,
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        self.tickets.forget(&user(&request)?, &query.prepared_statement_handle);
        Ok(())
    }

    async fn do_action_cancel_query(
        &self,
        query: ActionCancelQueryRequest,
        request: Request<Action>,
    ) -> Result<ActionCancelQueryResult, Status> {
        self.cancel_query(&user(&request)?, &query)
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        self.other_action(&user(&request)?, request.get_ref())
    }

    async fn list_custom_actions(&self) -> Option<Vec<Result<arrow_flight::ActionType, Status>>> {
        Some(super::actions::all())
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}

/// There are no transactions, so no statement is part of one.
fn no_transaction(id: Option<&[u8]>) -> Result<(), Status> {
    match id {
        Some(id) if !id.is_empty() => {
            Err(Status::unimplemented("there are no transactions; send the statement without one"))
        }
        _ => Ok(()),
    }
}
