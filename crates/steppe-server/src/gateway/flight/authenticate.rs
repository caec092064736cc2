//! No call goes on before its token is accepted, whatever it asks for.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use steppe_engine::sql::{SqlProtocol, SqlUser};
use tonic::{Code, Status, body::Body};

use crate::{
    ServerError,
    entrance::Entrance,
    gateway::{door::Door, fault},
    identity::token::{TokenRefusal, bearer},
};

/// The call that exchanges a name and a password for a token.
const HANDSHAKE: &str = "/arrow.flight.protocol.FlightService/Handshake";

/// The token by which somebody came in by name and password; their next calls show it.
#[derive(Clone)]
pub(super) struct ShownToken(pub(super) String);

impl Entrance for Door {
    async fn enter(&self, call: &mut http::Request<Body>) -> Result<(), Status> {
        let path = call.uri().path().to_owned();
        let action = path.trim_start_matches('/');
        let authorization = call.headers().get("authorization");
        let authorization = authorization.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let by_name = authorization.as_deref().filter(|_| path == HANDSHAKE).and_then(basic);
        let user = match &by_name {
            Some((name, token)) => self.admit_as(name, Ok(token), SqlProtocol::FlightSql, action).await,
            None => self.admit(bearer(authorization.as_deref()), SqlProtocol::FlightSql, action).await,
        };
        call.extensions_mut().insert(user.map_err(|error| fault::status(&error))?);
        if let Some((_, token)) = by_name {
            call.extensions_mut().insert(ShownToken(token));
        }
        Ok(())
    }

    fn ended(&self, path: &str, code: Code, took: Duration) {
        tracing::debug!(path, ?code, ?took, "a call of the Flight endpoint");
    }
}

/// The name and password in an `Authorization` header.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Who sent a request that came in.
pub(super) fn user<T>(request: &tonic::Request<T>) -> Result<SqlUser, Status> {
    let missing = || fault::status(&ServerError::Token { refusal: TokenRefusal::Missing });
    request.extensions().get::<SqlUser>().cloned().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_read() {
        let encoded = BASE64_STANDARD.encode("ada:to:ken");
        assert_eq!(basic(&format!("Basic {encoded}")), Some(("ada".to_owned(), "to:ken".to_owned())));
        for none in ["Basic", "Basic ?", "Bearer abc", &format!("Basic {}", BASE64_STANDARD.encode("ada"))] {
            assert_eq!(basic(none), None, "{none}");
        }
    }
}
