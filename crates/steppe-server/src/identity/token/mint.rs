//! Tokens of our own, for development clusters and tests.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, SystemTime},
};

use jsonwebtoken::{EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::Serialize;

use super::{Algorithm, install_provider};
use crate::{ServerError, identity::roles::Role};

/// A new pair of keys for tokens, in PEM.
pub struct TokenKeyPair {
    /// For [`TokenSigner`]; a secret.
    pub private: String,
    /// For the verifier.
    pub public: String,
}

impl TokenKeyPair {
    /// An ECDSA P-256 pair.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate() -> Result<Self, ServerError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map_err(|_| ServerError::TokenSigning { problem: "no key can be made" })?;
        Ok(Self { private: pair.serialize_pem(), public: pair.public_key_pem() })
    }
}

impl fmt::Debug for TokenKeyPair {
    /// Names no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeyPair")
    }
}

/// What a token says.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who issues it.
    pub issuer: String,
    /// Whom it is for.
    pub audience: String,
    /// Who holds it.
    pub subject: String,
    /// What they may be.
    pub roles: BTreeSet<Role>,
    /// The only cohorts that they may use; `None` is no limit.
    pub cohorts: Option<BTreeSet<String>>,
    /// How long it is valid.
    pub lifetime: Duration,
}

/// Signs tokens with an ECDSA P-256 key.
pub struct TokenSigner {
    key: EncodingKey,
    header: Header,
}

impl fmt::Debug for TokenSigner {
    /// Names no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSigner")
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
    steppe_roles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steppe_cohorts: Option<&'a BTreeSet<String>>,
}

impl TokenSigner {
    /// Reads a private key; `id` goes into the tokens as `kid`.
    ///
    /// # Errors
    /// No ECDSA key in PKCS #8 PEM. That its curve is another one shows when a token is minted.
    pub fn from_pem(pem: &[u8], id: Option<String>) -> Result<Self, ServerError> {
        install_provider();
        let key = EncodingKey::from_ec_pem(pem)
            .map_err(|_| ServerError::TokenSigning { problem: "the key can not be read" })?;
        let header = Header { kid: id, ..Header::new(Algorithm::ES256) };
        Ok(Self { key, header })
    }

    /// A token, valid from `now`.
    ///
    /// # Errors
    /// The key is of another curve, or the time is before 1970 or beyond the calendar.
    pub fn mint(&self, grant: &Grant, now: SystemTime) -> Result<String, ServerError> {
        let beyond = || ServerError::TokenSigning { problem: "its time is beyond the calendar" };
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| beyond())?.as_secs();
        let claims = Claims {
            iss: &grant.issuer,
            aud: &grant.audience,
            sub: &grant.subject,
            iat: now,
            nbf: now,
            exp: now.checked_add(grant.lifetime.as_secs()).ok_or_else(beyond)?,
            steppe_roles: grant.roles.iter().map(|role| role.name()).collect(),
            steppe_cohorts: grant.cohorts.as_ref(),
        };
        jsonwebtoken::encode(&self.header, &claims, &self.key)
            .map_err(|_| ServerError::TokenSigning { problem: "the key can not sign" })
    }
}
