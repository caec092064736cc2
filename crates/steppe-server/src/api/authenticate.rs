//! A layer around all services: no call goes on before its token is accepted, and every call is counted.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::gate::Gate;
use crate::operations::ApiMethod;

/// Calls that need no token: probes ask whether we serve.
const OPEN: &str = "/grpc.health.v1.Health/";

/// See the module.
#[derive(Clone)]
pub(super) struct AuthenticateLayer(pub(super) Arc<Gate>);

impl<S> Layer<S> for AuthenticateLayer {
    type Service = Authenticate<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate { inner, gate: Arc::clone(&self.0) }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub(super) struct Authenticate<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Service<http::Request<Body>> for Authenticate<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let next = self.inner.clone();
        // The one that is ready is ours; its copy waits for the next call.
        let mut inner = std::mem::replace(&mut self.inner, next);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let began = Instant::now();
            let path = request.uri().path().to_owned();
            let method = ApiMethod::of_path(&path);
            if !path.starts_with(OPEN) {
                match gate.authenticate(request.headers(), path.trim_start_matches('/')).await {
                    Ok(principal) => drop(request.extensions_mut().insert(principal)),
                    Err(error) => {
                        let status = Status::from(error);
                        gate.called(method, status.code(), began.elapsed());
                        return Ok(status.into_http());
                    }
                }
            }
            let answer = inner.call(request).await;
            if let Ok(answer) = &answer {
                // A refusal stands in the head; what follows a head without one is the answer.
                let code = Status::from_header_map(answer.headers()).map_or(Code::Ok, |status| status.code());
                gate.called(method, code, began.elapsed());
            }
            answer
        })
    }
}
