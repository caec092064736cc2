//! A proxy in front of an object store that fails as often as it is told to, and counts what it did.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

mod body;

use body::Reply;

/// Which share of requests meets which fault; the rest of them is passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FaultRates {
    /// 500, not passed on.
    pub status_500: f64,
    /// 503 with `SlowDown`, not passed on.
    pub status_503: f64,
    /// 429, not passed on.
    pub status_429: f64,
    /// The connection is reset; nothing was passed on.
    pub reset: f64,
    /// Passed on, but only half of the answer's body comes back, and then a reset.
    pub short_body: f64,
    /// Passed on and done, but instead of the answer comes a reset. Only requests that write.
    pub lost_reply: f64,
    /// Nothing ever comes back; the connection stays open.
    pub silence: f64,
}

impl FaultRates {
    /// The same share of each of the six faults that answer, `share` in all.
    pub fn mixed(share: f64) -> Self {
        let each = share / 6.0;
        Self {
            status_500: each,
            status_503: each,
            status_429: each,
            reset: each,
            short_body: each,
            lost_reply: each,
            silence: 0.0,
        }
    }

    fn draw(&self, random: &mut impl Rng) -> Option<Fault> {
        let mut left: f64 = random.random();
        for (rate, fault) in [
            (self.status_500, Fault::Status(StatusCode::INTERNAL_SERVER_ERROR)),
            (self.status_503, Fault::Status(StatusCode::SERVICE_UNAVAILABLE)),
            (self.status_429, Fault::Status(StatusCode::TOO_MANY_REQUESTS)),
            (self.reset, Fault::Reset),
            (self.short_body, Fault::ShortBody),
            (self.lost_reply, Fault::LostReply),
            (self.silence, Fault::Silence),
        ] {
            if left < rate {
                return Some(fault);
            }
            left -= rate;
        }
        None
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Status(StatusCode),
    Reset,
    ShortBody,
    LostReply,
    Silence,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// All requests, failed ones too.
    pub requests: u64,
    /// 500, 503 and 429.
    pub statuses: u64,
    /// Connections reset before anything was done.
    pub resets: u64,
    /// Bodies cut in half.
    pub short_bodies: u64,
    /// Writes whose answer was lost.
    pub lost_replies: u64,
    /// Of those, the ones that were to write only if nothing was there.
    pub lost_conditional: u64,
    /// Requests left without an answer.
    pub silences: u64,
}

impl FaultCounts {
    /// All faults.
    pub fn faults(&self) -> u64 {
        self.statuses + self.resets + self.short_bodies + self.lost_replies + self.silences
    }
}

/// A proxy. It stops when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rates: FaultRates,
    random: Xoshiro256PlusPlus,
    counts: FaultCounts,
}

impl FaultProxy {
    /// Starts to pass requests on to `upstream`, without faults for now.
    ///
    /// # Errors
    /// When it can not listen.
    pub fn start(listen: IpAddr, upstream: SocketAddr, seed: u64) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((listen, 0)))?;
        let address = listener.local_addr()?;
        let state = State {
            rates: FaultRates::default(),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            counts: FaultCounts::default(),
        };
        let shared = Arc::new(Shared { upstream, state: Mutex::new(state) });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _runtime: runtime })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how often it fails.
    pub fn set(&self, rates: FaultRates) {
        self.shared.state().rates = rates;
    }

    /// What happened since the last call.
    pub fn take_counts(&self) -> FaultCounts {
        std::mem::take(&mut self.shared.state().counts)
    }

    /// What happened since [`Self::take_counts`] was called last.
    pub fn counts(&self) -> FaultCounts {
        self.shared.state().counts
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides on a request. A fault that makes no sense for it becomes none.
    fn decide(&self, method: &Method) -> Option<Fault> {
        let mut state = self.state();
        let State { rates, random, counts } = &mut *state;
        counts.requests += 1;
        let writes = matches!(*method, Method::PUT | Method::POST | Method::DELETE);
        rates.draw(random).filter(|fault| match fault {
            Fault::LostReply => writes,
            Fault::ShortBody => *method == Method::GET,
            _ => true,
        })
    }

    fn count(&self, add: impl FnOnce(&mut FaultCounts)) {
        add(&mut self.state().counts);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // Answers are small pieces; without this each waits for the last one's acknowledgement.
            let _ = stream.set_nodelay(true);
            let answer = service_fn(|request| answer(Arc::clone(&shared), request));
            let mut connection = hyper::server::conn::http1::Builder::new()
                .half_close(true)
                .serve_connection(TokioIo::new(stream), answer);
            if (&mut connection).await.is_err() {
                let stream = connection.into_parts().io.into_inner();
                // What is not sent yet is thrown away, and the other side sees a reset.
                let _ = stream.set_zero_linger();
            }
        });
    }
}

/// Answers one request, or fails: the connection is reset then.
async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Reply>> {
    let fault = shared.decide(request.method());
    let conditional = request.headers().contains_key(IF_NONE_MATCH);
    match fault {
        Some(Fault::Status(status)) => {
            shared.count(|counts| counts.statuses += 1);
            // The body is read, so that the connection can be used again.
            let _ = request.into_body().collect().await;
            return Ok(refusal(status));
        }
        Some(Fault::Reset) => {
            shared.count(|counts| counts.resets += 1);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Some(Fault::Silence) => {
            shared.count(|counts| counts.silences += 1);
            return std::future::pending().await;
        }
        _ => {}
    }
    let whole = forward(shared.upstream, request).await?;
    let (parts, body) = whole.into_parts();
    match fault {
        Some(Fault::LostReply) => {
            shared.count(|counts| {
                counts.lost_replies += 1;
                counts.lost_conditional += u64::from(conditional);
            });
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Some(Fault::ShortBody) if body.len() > 1 => {
            shared.count(|counts| counts.short_bodies += 1);
            let mut response = Response::from_parts(parts, Reply::cut(body.slice(..body.len() / 2)));
            response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
            Ok(response)
        }
        _ => Ok(Response::from_parts(parts, Reply::whole(body))),
    }
}

/// Hands a request on, and gives the whole answer.
async fn forward(upstream: SocketAddr, request: Request<Incoming>) -> io::Result<Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(body));
    let (parts, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

/// A refusal as S3 words it.
fn refusal(status: StatusCode) -> Response<Reply> {
    let code = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "InternalError",
        StatusCode::SERVICE_UNAVAILABLE => "SlowDown",
        _ => "TooManyRequests",
    };
    let text = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    let mut response = Response::new(Reply::whole(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/xml"));
    response
}

#[cfg(test)]
mod tests;
