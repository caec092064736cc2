//! A token's header, read before the library does: it can not tell a forbidden algorithm from broken JSON.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};

use super::{Algorithm, TokenRefusal};

#[derive(Deserialize)]
pub(super) struct TokenHeader {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl TokenHeader {
    pub(super) fn read(token: &str) -> Result<Self, TokenRefusal> {
        let (header, _) = token.split_once('.').ok_or(TokenRefusal::Malformed)?;
        let json = BASE64_URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenRefusal::Malformed)?;
        let header: Self = serde_json::from_slice(&json).map_err(|_| TokenRefusal::Malformed)?;
        // What is critical must be understood, and we understand none of it.
        if header.crit.is_some() { Err(TokenRefusal::Malformed) } else { Ok(header) }
    }

    pub(super) fn algorithm(&self, allowed: &[Algorithm]) -> Result<Algorithm, TokenRefusal> {
        let named: Algorithm = self.alg.parse().map_err(|_| TokenRefusal::AlgorithmNotAllowed)?;
        if allowed.contains(&named) { Ok(named) } else { Err(TokenRefusal::AlgorithmNotAllowed) }
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}
