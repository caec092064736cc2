//! Keys that an identity provider serves. Asked for when they are old or a token names an unknown one, but not more
//! often than allowed: strangers choose what tokens name. A failure changes nothing.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::DecodingKey;
use tokio::sync::Mutex;
use url::{Host, Url};

use super::{Algorithm, TokenRefusal, keys::KeySet};
use crate::ServerError;

/// Keys older than this are fetched again when they are used, so that withdrawn ones go.
const OLD: Duration = Duration::from_secs(300);
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes of a JWKS document, or nothing: why it failed is for the fetching side to log.
pub type FetchFuture = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// How to get a JWKS document.
pub struct FetchKeys {
    /// Where it is; https, or http on loopback.
    pub url: Url,
    /// Gets it.
    pub fetch: Box<dyn Fn(Url) -> FetchFuture + Send + Sync>,
    /// The least time between two fetches.
    pub at_most_every: Duration,
}

pub(super) struct RemoteKeys {
    source: FetchKeys,
    known: RwLock<Known>,
    /// When the last fetch began; held while one runs.
    attempt: Mutex<Option<Instant>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    fetched: Option<Instant>,
}

impl Known {
    fn is_old(&self) -> bool {
        self.fetched.is_none_or(|fetched| fetched.elapsed() > OLD)
    }

    fn find(&self, algorithm: Algorithm, id: Option<&str>) -> Result<DecodingKey, TokenRefusal> {
        self.keys.as_ref().ok_or(TokenRefusal::KeysUnavailable)?.find(algorithm, id)
    }
}

impl RemoteKeys {
    pub(super) fn new(source: FetchKeys) -> Result<Self, ServerError> {
        let loopback = match source.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if source.url.scheme() != "https" && !(loopback && source.url.scheme() == "http") {
            let problem = "is not https; others could put their keys in the answer";
            return Err(ServerError::TokenSettings { field: "JWKS URL", problem });
        }
        Ok(Self { source, known: RwLock::default(), attempt: Mutex::new(None) })
    }

    pub(super) async fn find(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
    ) -> Result<DecodingKey, TokenRefusal> {
        let known = self.known();
        match known.find(algorithm, id) {
            Ok(key) => {
                // Nobody waits for keys that are merely old, except the one who fetches them.
                if known.is_old()
                    && let Ok(attempt) = self.attempt.try_lock()
                {
                    self.refresh(attempt).await;
                    return self.known().find(algorithm, id);
                }
                Ok(key)
            }
            Err(_) => {
                self.refresh(self.attempt.lock().await).await;
                self.known().find(algorithm, id)
            }
        }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refresh(&self, mut attempt: tokio::sync::MutexGuard<'_, Option<Instant>>) {
        if attempt.is_some_and(|last| last.elapsed() < self.source.at_most_every) {
            return;
        }
        *attempt = Some(Instant::now());
        let fetch = (self.source.fetch)(self.source.url.clone());
        let Ok(Some(document)) = tokio::time::timeout(PATIENCE, fetch).await else { return };
        // An empty or broken answer is a failure as well.
        let Ok(keys) = KeySet::from_jwks(&document, "the JWKS document") else { return };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known { keys: Some(Arc::new(keys)), fetched: Some(Instant::now()) };
    }
}
