//! Bearer tokens: signed JWTs of one issuer, for one audience, under asymmetric keys. No error repeats a token.

mod fetch;
mod header;
mod keys;
mod mint;
mod refusal;
mod remote;

use std::{
    collections::BTreeSet,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use jsonwebtoken::{TokenData, Validation, crypto::aws_lc, errors::ErrorKind};
use serde::Deserialize;

use super::roles::{Principal, Role};
use crate::ServerError;
pub use fetch::fetch_keys;
use header::TokenHeader;
pub use jsonwebtoken::Algorithm;
use keys::KeySet;
pub use mint::{Grant, TokenKeyPair, TokenSigner};
pub use refusal::TokenRefusal;
use remote::RemoteKeys;
pub use remote::{FetchFuture, FetchKeys};

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 30;
/// Longer tokens are not looked at, in bytes.
const LONGEST: usize = 16 * 1024;
/// Longer subjects are not taken, in bytes; they go into the audit log.
const LONGEST_SUBJECT: usize = 256;

/// What a token must say.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// Who must have issued it.
    pub issuer: String,
    /// Whom it must be for.
    pub audience: String,
    /// How it may be signed; asymmetric algorithms only.
    pub algorithms: Vec<Algorithm>,
}

impl TokenSettings {
    /// Tokens signed with ES256, EdDSA or RS256.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let algorithms = vec![Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];
        Self { issuer: issuer.into(), audience: audience.into(), algorithms }
    }

    fn check(&self) -> Result<(), ServerError> {
        let refused = |field, problem| Err(ServerError::TokenSettings { field, problem });
        if self.issuer.is_empty() {
            return refused("issuer", "is empty");
        }
        if self.audience.is_empty() {
            return refused("audience", "is empty");
        }
        if self.algorithms.is_empty() {
            return refused("algorithms", "are none");
        }
        if self.algorithms.iter().any(|&algorithm| !keys::is_asymmetric(algorithm)) {
            return refused("algorithms", "have one whose key is a shared secret");
        }
        Ok(())
    }
}

/// Where the public keys come from.
pub enum KeySource {
    /// A PEM public key (ECDSA, Ed25519 or RSA).
    Pem {
        /// Its content.
        pem: Vec<u8>,
        /// The `kid` that it answers to; without one it answers to any.
        id: Option<String>,
    },
    /// A JWKS document that does not change.
    Jwks {
        /// Its content.
        document: Vec<u8>,
    },
    /// A JWKS document that an identity provider serves and changes.
    JwksUrl(FetchKeys),
}

/// Accepts tokens, or says why not.
pub struct TokenVerifier {
    settings: TokenSettings,
    keys: Keys,
    unknown_roles: AtomicU64,
}

enum Keys {
    Fixed(KeySet),
    Remote(RemoteKeys),
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The claims that say what the holder may do. The others are checked by the library.
#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    #[serde(default)]
    steppe_roles: Vec<String>,
    steppe_cohorts: Option<BTreeSet<String>>,
}

impl TokenVerifier {
    /// Reads the keys, where they are at hand; fetches nothing yet.
    ///
    /// # Errors
    /// Settings that can not work; a key or document without a usable public key.
    pub fn new(settings: TokenSettings, source: KeySource) -> Result<Self, ServerError> {
        settings.check()?;
        install_provider();
        let keys = match source {
            KeySource::Pem { pem, id } => Keys::Fixed(KeySet::from_pem(&pem, id)?),
            KeySource::Jwks { document } => Keys::Fixed(KeySet::from_jwks(&document, "the JWKS document")?),
            KeySource::JwksUrl(fetch) => Keys::Remote(RemoteKeys::new(fetch)?),
        };
        Ok(Self { settings, keys, unknown_roles: AtomicU64::new(0) })
    }

    /// Who shows this token. Waits for new keys, if the token names one that is unknown and it is time to ask.
    ///
    /// # Errors
    /// [`ServerError::Token`] with the reason.
    pub async fn verify(&self, token: &str) -> Result<Principal, ServerError> {
        self.principal(token).await.map_err(|refusal| ServerError::Token { refusal })
    }

    /// How many roles were named in accepted tokens that this version does not know.
    pub fn unknown_roles(&self) -> u64 {
        self.unknown_roles.load(Ordering::Relaxed)
    }

    async fn principal(&self, token: &str) -> Result<Principal, TokenRefusal> {
        if token.is_empty() {
            return Err(TokenRefusal::Missing);
        }
        if token.len() > LONGEST {
            return Err(TokenRefusal::Malformed);
        }
        let header = TokenHeader::read(token)?;
        let algorithm = header.algorithm(&self.settings.algorithms)?;
        let key = match &self.keys {
            Keys::Fixed(keys) => keys.find(algorithm, header.kid())?,
            Keys::Remote(remote) => remote.find(algorithm, header.kid()).await?,
        };
        let decoded = jsonwebtoken::decode(token, &key, &self.validation(algorithm));
        let TokenData { claims, .. } = decoded.map_err(|error| refusal_of(error.kind()))?;
        self.read_claims(claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation
    }

    fn read_claims(&self, claims: Claims) -> Result<Principal, TokenRefusal> {
        let subject = claims.sub.unwrap_or_default();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.contains(char::is_control) {
            return Err(TokenRefusal::Malformed);
        }
        let mut roles = BTreeSet::new();
        for name in &claims.steppe_roles {
            match Role::from_name(name) {
                Some(role) => drop(roles.insert(role)),
                None => drop(self.unknown_roles.fetch_add(1, Ordering::Relaxed)),
            }
        }
        let named = claims.steppe_roles.into_iter().collect();
        Ok(Principal { subject, roles, named, cohorts: claims.steppe_cohorts })
    }
}

/// The token in an `Authorization` header.
///
/// # Errors
/// No header, or none of the form `Bearer TOKEN`.
pub fn bearer(authorization: Option<&str>) -> Result<&str, ServerError> {
    let refused = |refusal| ServerError::Token { refusal };
    let header = authorization.ok_or(refused(TokenRefusal::Missing))?;
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim())
        }
        _ => Err(refused(TokenRefusal::Missing)),
    }
}

/// Left to itself, the library panics where another crate of the process turns on its other provider as well. Whoever
/// came first stays: all providers check the same signatures.
fn install_provider() {
    let _ = aws_lc::DEFAULT_PROVIDER.install_default();
}

fn refusal_of(kind: &ErrorKind) -> TokenRefusal {
    match kind {
        ErrorKind::ExpiredSignature => TokenRefusal::Expired,
        ErrorKind::ImmatureSignature => TokenRefusal::NotYetValid,
        ErrorKind::InvalidAudience => TokenRefusal::WrongAudience,
        ErrorKind::InvalidIssuer => TokenRefusal::WrongIssuer,
        ErrorKind::InvalidAlgorithm => TokenRefusal::AlgorithmNotAllowed,
        ErrorKind::InvalidSignature => TokenRefusal::BadSignature,
        ErrorKind::MissingRequiredClaim(_) => TokenRefusal::ClaimMissing,
        _ => TokenRefusal::Malformed,
    }
}
