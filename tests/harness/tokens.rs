//! Bearer tokens as an identity provider issues them, good and bad.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

/// A provider with a key of its own.
pub struct TokenIssuer {
    key: EcdsaKeyPair,
}

/// What a token says.
#[derive(Debug, Clone)]
pub struct TokenClaims {
    /// Who holds it.
    pub subject: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Who issues it.
    pub issuer: String,
    /// Whom it is for.
    pub audience: String,
    /// Seconds from now until it ends.
    pub lifetime: i64,
    /// The only cohorts that they may use; `None` is no limit.
    pub cohorts: Option<Vec<String>>,
}

impl TokenClaims {
    /// A good token of somebody with one role.
    pub fn of(subject: &str, role: &str) -> Self {
        let text = str::to_owned;
        let roles = vec![text(role)];
        Self {
            subject: text(subject),
            roles,
            issuer: text("steppe"),
            audience: text("steppe"),
            lifetime: 3600,
            cohorts: None,
        }
    }
}

impl TokenIssuer {
    /// One with a new key.
    ///
    /// # Panics
    /// Without randomness.
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let key = made.ok().and_then(|pkcs8| {
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).ok()
        });
        match key {
            Some(key) => Self { key },
            None => unreachable!("the system has no randomness"),
        }
    }

    /// The document that its tokens are checked with.
    pub fn jwks(&self) -> Value {
        // A byte of form, then the two coordinates.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": text(x), "y": text(y) }] })
    }

    /// Signs a token.
    pub fn token(&self, claims: &TokenClaims) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut body = json!({
            "iss": claims.issuer, "aud": claims.audience, "sub": claims.subject,
            "iat": now, "exp": now + claims.lifetime, "steppe_roles": claims.roles,
        });
        if let Some(cohorts) = &claims.cohorts {
            body["steppe_cohorts"] = json!(cohorts);
        }
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT" })), part(&body));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.map(|signature| BASE64_URL_SAFE_NO_PAD.encode(signature));
        format!("{text}.{}", signature.unwrap_or_default())
    }
}

impl Default for TokenIssuer {
    fn default() -> Self {
        Self::new()
    }
}
