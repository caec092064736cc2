//! Public keys, each bound to the algorithms that it is for: a header never chooses how a key is used.

use jsonwebtoken::{
    AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};

use super::{Algorithm, TokenRefusal};
use crate::ServerError;

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// Bytes of an uncompressed point on P-256 and on P-384, and of an Ed25519 key.
const P256_POINT: usize = 65;
const P384_POINT: usize = 97;
const ED25519_KEY: usize = 32;

pub(super) fn is_asymmetric(algorithm: Algorithm) -> bool {
    algorithm.family() != AlgorithmFamily::Hmac
}

#[derive(Clone)]
struct PublicKey {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// The keys of an issuer; at least one.
#[derive(Clone)]
pub(super) struct KeySet(Vec<PublicKey>);

impl KeySet {
    pub(super) fn from_pem(pem: &[u8], id: Option<String>) -> Result<Self, ServerError> {
        let refused = |problem| ServerError::TokenKeys { origin: "the token key".to_owned(), problem };
        if pem.windows(11).any(|window| window == b"PRIVATE KEY") {
            return Err(refused("it is a private key, which a server should not have"));
        }
        let parsers = [DecodingKey::from_ec_pem, DecodingKey::from_ed_pem, DecodingKey::from_rsa_pem];
        let key = parsers.into_iter().find_map(|parse| parse(pem).ok());
        let key = key.ok_or(refused("it is no public key in PEM"))?;
        let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
        let algorithms = match (key.family(), length) {
            (AlgorithmFamily::Ec, P256_POINT) => vec![Algorithm::ES256],
            (AlgorithmFamily::Ec, P384_POINT) => vec![Algorithm::ES384],
            (AlgorithmFamily::Ed, ED25519_KEY) => vec![Algorithm::EdDSA],
            (AlgorithmFamily::Rsa, _) => RSA.to_vec(),
            _ => return Err(refused("its curve is neither P-256, P-384 nor Ed25519")),
        };
        Ok(Self(vec![PublicKey { id, algorithms, key }]))
    }

    /// Keys that are not for signatures, or of kinds that are not known here, are passed over.
    pub(super) fn from_jwks(document: &[u8], origin: &str) -> Result<Self, ServerError> {
        let refused = |problem| ServerError::TokenKeys { origin: origin.to_owned(), problem };
        let set: JwkSet = serde_json::from_slice(document).map_err(|_| refused("it is no JWKS document"))?;
        let keys: Vec<PublicKey> = set.keys.iter().filter_map(PublicKey::from_jwk).collect();
        if keys.is_empty() { Err(refused("it has no usable key")) } else { Ok(Self(keys)) }
    }

    /// The key that a token names. One that names none is accepted if only one key fits.
    pub(super) fn find(&self, algorithm: Algorithm, id: Option<&str>) -> Result<DecodingKey, TokenRefusal> {
        let fits = |key: &&PublicKey| {
            key.algorithms.contains(&algorithm)
                && (id.is_none() || key.id.is_none() || key.id.as_deref() == id)
        };
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.key.clone()),
            _ => Err(TokenRefusal::UnknownKey),
        }
    }
}

impl PublicKey {
    fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let for_signatures =
            jwk.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let operations = jwk.common.key_operations.as_ref();
        if !for_signatures || !operations.is_none_or(|known| known.contains(&KeyOperations::Verify)) {
            return None;
        }
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                vec![Algorithm::ES256]
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
                vec![Algorithm::ES384]
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                vec![Algorithm::EdDSA]
            }
            AlgorithmParameters::RSA(_) => RSA.to_vec(),
            _ => return None,
        };
        if let Some(named) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| named.to_string().parse() == Ok(*algorithm));
        }
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (!algorithms.is_empty()).then(|| Self { id: jwk.common.key_id.clone(), algorithms, key })
    }
}
