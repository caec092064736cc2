use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo,
    flight_service_server::FlightService,
    sql::{ActionCancelQueryRequest, ActionCancelQueryResult, Any},
};
use futures::{StreamExt, stream};
use prost::Message;
use steppe_engine::sql::SqlUser;
use tonic::{Response, Status};

use super::FlightGateway;

/// Flight's own way to end an answer; Flight SQL's is older.
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";

/// The actions that are not Flight SQL's.
pub(super) fn all() -> Vec<Result<ActionType, Status>> {
    let description = "Ends what is fetched by the tickets of a FlightInfo.\n\
        Request Message: CancelFlightInfoRequest\nResponse Message: CancelFlightInfoResult";
    vec![Ok(ActionType { r#type: CANCEL_FLIGHT_INFO.to_owned(), description: description.to_owned() })]
}

impl FlightGateway {
    pub(super) fn cancel_query(
        &self,
        who: &SqlUser,
        query: &ActionCancelQueryRequest,
    ) -> Result<ActionCancelQueryResult, Status> {
        let info = FlightInfo::decode(&*query.info).map_err(unreadable)?;
        // The numbers of both enumerations mean the same.
        Ok(ActionCancelQueryResult { result: self.ended(who, &info) as i32 })
    }

    fn ended(&self, who: &SqlUser, info: &FlightInfo) -> CancelStatus {
        if self.cancel(who, info) { CancelStatus::Cancelled } else { CancelStatus::NotCancellable }
    }

    pub(super) fn other_action(
        &self,
        who: &SqlUser,
        action: &Action,
    ) -> Result<Response<<Self as FlightService>::DoActionStream>, Status> {
        if action.r#type != CANCEL_FLIGHT_INFO {
            return Err(Status::unimplemented("there is no such action; ListActions names all"));
        }
        // Some clients wrap the message as those of Flight SQL are, some do not.
        let wrapped =
            Any::decode(&*action.body).ok().filter(|any| any.type_url.ends_with("CancelFlightInfoRequest"));
        let body = wrapped.map_or_else(|| action.body.clone(), |any| any.value);
        let request = CancelFlightInfoRequest::decode(&*body).map_err(unreadable)?;
        let info = request.info.ok_or_else(|| {
            Status::invalid_argument("the request names no FlightInfo; send that of the answer")
        })?;
        let status = self.ended(who, &info);
        let result =
            arrow_flight::Result { body: CancelFlightInfoResult::new(status).encode_to_vec().into() };
        Ok(Response::new(stream::iter([Ok(result)]).boxed()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err calls")]
fn unreadable(error: prost::DecodeError) -> Status {
    Status::invalid_argument(format!("the request can not be read: {error}; send it as Flight SQL has it"))
}
