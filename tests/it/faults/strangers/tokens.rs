//! Tokens by hand: good ones, and ones that no verifier may take.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

/// What precedes the point of a P-256 public key in DER.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const HOUR: i64 = 3600;

/// What a token says.
#[derive(Debug, Clone)]
pub(super) struct Claims(Value);

impl Claims {
    /// An administrator's, for an hour.
    pub(super) fn good() -> Self {
        Self(json!({
            "iss": "steppe", "aud": "steppe", "sub": "tester", "exp": now() + HOUR, "iat": now(),
            "steppe_roles": ["submit", "read", "admin"],
        }))
    }

    /// The same but for one claim; `null` takes it out.
    fn with(name: &str, value: Value) -> Self {
        let Self(mut claims) = Self::good();
        match value {
            Value::Null => drop(claims.as_object_mut().and_then(|claims| claims.remove(name))),
            value => claims[name] = value,
        }
        Self(claims)
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A pair of keys.
pub(super) struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        Self { pair, random }
    }

    pub(super) fn public_pem(&self) -> String {
        let der = [P256.as_slice(), self.pair.public_key().as_ref()].concat();
        let text = STANDARD.encode(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    pub(super) fn es256(&self, claims: &Claims) -> String {
        let signed = format!("{}.{}", encoded(&json!({"alg": "ES256", "typ": "JWT"})), encoded(&claims.0));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// Values of `authorization` that must be refused, each with a name; `None` is no such header.
pub(super) fn forged(signer: &Signer) -> Vec<(&'static str, Option<String>)> {
    let good = signer.es256(&Claims::good());
    let parts: Vec<&str> = good.split('.').collect();
    let changed = encoded(&Claims::with("sub", json!("somebody else")).0);
    let unsigned =
        |algorithm: &str| format!("{}.{}.", encoded(&json!({"alg": algorithm, "typ": "JWT"})), parts[1]);
    // The public key, which everybody has, as the secret of a signature that needs one.
    let shared = format!("{}.{}", encoded(&json!({"alg": "HS256", "typ": "JWT"})), parts[1]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, signer.public_pem().as_bytes());
    let tag = hmac::sign(&key, shared.as_bytes());
    let by_shared = format!("{shared}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
    let with = |name: &str, value: Value| signer.es256(&Claims::with(name, value));
    let bearer = |token: String| Some(format!("Bearer {token}"));
    vec![
        ("none", None),
        ("empty", bearer(String::new())),
        ("of another scheme", Some(format!("Basic {good}"))),
        ("no token at all", bearer("nonsense".to_owned())),
        ("expired", bearer(with("exp", json!(now() - HOUR)))),
        ("without end", bearer(with("exp", Value::Null))),
        ("not valid yet", bearer(with("nbf", json!(now() + HOUR)))),
        ("for another audience", bearer(with("aud", json!("another")))),
        ("for no audience", bearer(with("aud", Value::Null))),
        ("of another issuer", bearer(with("iss", json!("another")))),
        ("alg:none", bearer(unsigned("none"))),
        ("alg:None", bearer(unsigned("None"))),
        ("ES256 without signature", bearer(unsigned("ES256"))),
        ("HS256 with the public key", bearer(by_shared)),
        ("of an unknown key", bearer(Signer::new().es256(&Claims::good()))),
        ("with other claims", bearer(format!("{}.{changed}.{}", parts[0], parts[2]))),
    ]
}
