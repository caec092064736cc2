//! A client of Flight SQL that shows a token.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::DataType,
};
use arrow_flight::{
    FlightInfo, decode::FlightRecordBatchStream, error::FlightError,
    flight_service_client::FlightServiceClient, sql::client::FlightSqlServiceClient,
};
use futures::TryStreamExt;
use steppe_tests::Gateway;
use tonic::transport::{Channel, Endpoint};

/// A connection with a token that every call shows.
pub(crate) struct FlightClient {
    pub(crate) sql: FlightSqlServiceClient<Channel>,
}

pub(crate) async fn channel(gateway: &Gateway) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", gateway.flight)).expect("an address");
    endpoint.connect().await.expect("the gateway listens")
}

impl FlightClient {
    pub(crate) async fn connect(gateway: &Gateway, token: &str) -> Self {
        let inner = FlightServiceClient::new(channel(gateway).await).max_decoding_message_size(64 << 20);
        let mut sql = FlightSqlServiceClient::new_from_inner(inner);
        sql.set_token(token.to_owned());
        Self { sql }
    }

    pub(crate) async fn query(&self, text: &str) -> Result<Vec<RecordBatch>, FlightError> {
        self.stream(text).await?.try_collect().await
    }

    pub(crate) async fn stream(&self, text: &str) -> Result<FlightRecordBatchStream, FlightError> {
        let mut sql = self.sql.clone();
        let info = sql.execute(text.to_owned(), None).await?;
        self.open(info).await
    }

    /// The same by a prepared statement.
    pub(crate) async fn prepared(&self, text: &str) -> Result<Vec<RecordBatch>, FlightError> {
        let mut prepared = self.sql.clone().prepare(text.to_owned(), None).await?;
        let info = prepared.execute().await?;
        self.fetch(info).await
    }

    pub(crate) async fn fetch(&self, info: FlightInfo) -> Result<Vec<RecordBatch>, FlightError> {
        self.open(info).await?.try_collect().await
    }

    /// The notices that come with a statement's answer, as JSON beside its schema; none is no text.
    pub(crate) async fn notices(&self, text: &str) -> Result<Vec<String>, FlightError> {
        let info = self.sql.clone().execute(text.to_owned(), None).await?;
        let mut rows = self.open(info).await?.into_inner();
        let mut told = Vec::new();
        while let Some(message) = rows.try_next().await? {
            let metadata = message.inner.app_metadata;
            if !metadata.is_empty() {
                let said: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
                let notices = said["notices"].as_array().expect("notices").clone();
                told.extend(notices.iter().filter_map(|notice| notice.as_str().map(str::to_owned)));
            }
        }
        Ok(told)
    }

    async fn open(&self, info: FlightInfo) -> Result<FlightRecordBatchStream, FlightError> {
        let ticket = info.endpoint.into_iter().next().and_then(|endpoint| endpoint.ticket);
        let ticket = ticket.ok_or_else(|| FlightError::ProtocolError("no ticket".to_owned()))?;
        self.sql.clone().do_get(ticket).await
    }
}

/// All values as texts, row by row.
pub(crate) fn texts(batches: &[RecordBatch]) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            batch.columns().iter().map(|column| cast(column, &DataType::Utf8).expect("texts")).collect();
        for row in 0..batch.num_rows() {
            let value = |column: &arrow::array::ArrayRef| {
                let texts = column.as_string::<i32>();
                (!texts.is_null(row)).then(|| texts.value(row).to_owned())
            };
            rows.push(columns.iter().map(value).collect());
        }
    }
    rows
}

/// Asks to end what an answer's description stands for, in one of the two ways that there are.
pub(crate) async fn cancel(gateway: &Gateway, token: &str, info: &FlightInfo, by_info: bool) {
    use arrow_flight::{
        Action, CancelFlightInfoRequest,
        sql::{ActionCancelQueryRequest, ProstMessageExt},
    };
    use prost::Message;
    let action = if by_info {
        let request = CancelFlightInfoRequest::new(info.clone());
        Action::new("CancelFlightInfo", request.encode_to_vec())
    } else {
        let request = ActionCancelQueryRequest { info: info.encode_to_vec().into() };
        Action::new("CancelQuery", request.as_any().encode_to_vec())
    };
    let mut request = tonic::Request::new(action);
    let bearer = format!("Bearer {token}").parse().expect("a header");
    request.metadata_mut().insert("authorization", bearer);
    let answer = FlightServiceClient::new(channel(gateway).await).do_action(request).await;
    answer.expect("an answer").into_inner().try_collect::<Vec<_>>().await.expect("a result");
}
