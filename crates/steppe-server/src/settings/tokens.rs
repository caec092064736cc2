use std::path::PathBuf;

use url::Url;

use super::{
    error::SettingsError,
    resolved::Resolved,
    tls::TlsSettings,
    values::{keys_url, path, text},
};

/// Which bearer tokens are taken from people and programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSources {
    /// Who must have issued them.
    pub issuer: String,
    /// Whom they must be for.
    pub audience: String,
    /// The public keys that they are checked with. `None` only for a coordinator without
    /// certificates, on loopback.
    pub keys: Option<TokenKeys>,
}

/// Where the public keys are that tokens are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKeys {
    /// A PEM file with one.
    Pem(PathBuf),
    /// A JWKS file.
    Jwks(PathBuf),
    /// A URL that serves JWKS: https, or http on this machine.
    JwksUrl(Url),
}

impl TokenSources {
    pub(super) fn read(values: &Resolved, tls: &TlsSettings) -> Result<Self, SettingsError> {
        let found = [
            ("token.key", values.optional("token.key", path)?.map(TokenKeys::Pem)),
            ("token.jwks", values.optional("token.jwks", path)?.map(TokenKeys::Jwks)),
            ("token.jwks_url", values.optional("token.jwks_url", keys_url)?.map(TokenKeys::JwksUrl)),
        ];
        let mut found: Vec<_> = found.into_iter().filter_map(|(name, keys)| Some((name, keys?))).collect();
        if found.len() > 1 {
            return Err(SettingsError::TokenKeysSeveral {
                keys: found.iter().map(|(name, _)| *name).collect(),
            });
        }
        let keys = found.pop().map(|(_, keys)| keys);
        if keys.is_none() && !tls.is_plaintext() {
            return Err(SettingsError::TokenKeysMissing);
        }
        Ok(Self {
            issuer: values.get("token.issuer", text)?,
            audience: values.get("token.audience", text)?,
            keys,
        })
    }
}
