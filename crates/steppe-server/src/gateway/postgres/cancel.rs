use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;
use bytes::Bytes;
use pgwire::{
    api::cancel::CancelHandler,
    messages::{cancel::CancelRequest, startup::SecretKey},
};

use super::connection::{Client, Connection};

type Key = (i32, Bytes);

/// Who may be cancelled by whom: whoever knows a connection's number and secret.
#[derive(Clone, Default)]
pub(super) struct Cancels(Arc<Mutex<HashMap<Key, Weak<Connection>>>>);

/// A connection's place among them, until it is dropped.
pub(super) struct Registration {
    key: Key,
    cancels: Cancels,
}

impl Cancels {
    pub(super) fn register(&self, number: i32, secret: &SecretKey, of: &Arc<Connection>) -> Registration {
        let key = (number, secret.to_bytes());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), Arc::downgrade(of));
        Registration { key, cancels: self.clone() }
    }

    fn cancel(&self, number: i32, secret: &SecretKey) {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = found.get(&(number, secret.to_bytes())).and_then(Weak::upgrade) {
            connection.cancel();
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.cancels.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[async_trait]
impl CancelHandler for Client {
    /// Comes on a connection of its own; nobody is told whether there was such a one.
    async fn on_cancel_request(&self, request: CancelRequest) {
        self.0.shared.cancels.cancel(request.pid, &request.secret_key);
    }
}
