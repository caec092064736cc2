//! No call goes on before its token is accepted, and every call is counted.

use std::time::Duration;

use tonic::{Code, Status, body::Body};

use super::gate::Gate;
use crate::{entrance::Entrance, operations::ApiMethod};

/// Calls that need no token: probes ask whether we serve.
const OPEN: &str = "/grpc.health.v1.Health/";

impl Entrance for Gate {
    async fn enter(&self, call: &mut http::Request<Body>) -> Result<(), Status> {
        let path = call.uri().path().to_owned();
        if !path.starts_with(OPEN) {
            let principal = self.authenticate(call.headers(), path.trim_start_matches('/')).await?;
            call.extensions_mut().insert(principal);
        }
        Ok(())
    }

    fn ended(&self, path: &str, code: Code, took: Duration) {
        self.called(ApiMethod::of_path(path), code, took);
    }
}
