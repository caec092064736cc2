//! A layer around gRPC services: no call goes on before it is let in.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

/// Who lets calls in.
pub(crate) trait Entrance: Send + Sync + 'static {
    /// Lets a call in, and puts who calls among its extensions; or says why not.
    fn enter(&self, call: &mut http::Request<Body>) -> impl Future<Output = Result<(), Status>> + Send;

    /// A call of this path has ended, `took` after it began; for a stream, when its answer began.
    fn ended(&self, path: &str, code: Code, took: Duration);
}

/// See the module.
pub(crate) struct EntranceLayer<E>(pub(crate) Arc<E>);

impl<E> Clone for EntranceLayer<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, E> Layer<S> for EntranceLayer<E> {
    type Service = Entered<S, E>;

    fn layer(&self, inner: S) -> Self::Service {
        Entered { inner, entrance: Arc::clone(&self.0) }
    }
}

/// A service behind its entrance.
pub(crate) struct Entered<S, E> {
    inner: S,
    entrance: Arc<E>,
}

impl<S: Clone, E> Clone for Entered<S, E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), entrance: Arc::clone(&self.entrance) }
    }
}

impl<S, E> Service<http::Request<Body>> for Entered<S, E>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    E: Entrance,
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
        let entrance = Arc::clone(&self.entrance);
        Box::pin(async move {
            let began = Instant::now();
            let path = request.uri().path().to_owned();
            if let Err(status) = entrance.enter(&mut request).await {
                entrance.ended(&path, status.code(), began.elapsed());
                return Ok(status.into_http());
            }
            let answer = inner.call(request).await;
            if let Ok(answer) = &answer {
                // A refusal stands in the head; what follows a head without one is the answer.
                let code = Status::from_header_map(answer.headers()).map_or(Code::Ok, |status| status.code());
                entrance.ended(&path, code, began.elapsed());
            }
            answer
        })
    }
}
