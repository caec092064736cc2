use std::time::Duration;

use axum::http::Uri;
use tonic::transport::Endpoint;

use crate::operations::OperationsError;

/// Longest time to reach the collector.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest time to send a batch, with all tries.
pub(super) const SEND: Duration = Duration::from_secs(5);

/// The collector at an address.
pub(super) fn endpoint(address: &str) -> Result<Endpoint, OperationsError> {
    let refused = |problem| Err(OperationsError::TracesEndpoint { problem });
    let Ok(uri) = address.parse::<Uri>() else {
        return refused("is no URL");
    };
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(authority)) if authority.as_str().contains('@') => {
            return refused("has a user in it");
        }
        (Some("http"), Some(_)) => {}
        (Some("https"), _) => {
            return refused("asks for TLS, which is not sent; use a collector on this host");
        }
        _ => return refused("does not begin with http://"),
    }
    if uri.path() != "/" || uri.query().is_some() {
        return refused("has a path");
    }
    Ok(Endpoint::from(uri).connect_timeout(CONNECT).timeout(SEND))
}
