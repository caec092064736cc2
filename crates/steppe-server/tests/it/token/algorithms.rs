//! Which key checks what: algorithms of the list, keys bound to theirs, and no confusion between the two.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{EncodingKey, Header, jwk::Jwk};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::{Value, json};
use steppe_server::identity::token::{
    Algorithm, KeySource, TokenKeyPair, TokenRefusal, TokenSettings, TokenVerifier,
};

use super::{claims, pem_verifier, settings, sign, verify};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

/// A key with which to sign, the public half in PEM, and the algorithm.
fn pairs() -> Vec<(EncodingKey, String, Algorithm)> {
    let ec = TokenKeyPair::generate().expect("keys");
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("keys");
    let ed = KeyPair::generate_for(&PKCS_ED25519).expect("keys");
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("keys");
    let der: Pkcs8V1Der<'_> = rsa.as_der().expect("DER");
    let rsa_private = pem("PRIVATE KEY", der.as_ref());
    let public: PublicKeyX509Der<'_> = rsa.public_key().as_der().expect("DER");
    let ec_key = |pem: &str| EncodingKey::from_ec_pem(pem.as_bytes()).expect("a key");
    let ed_key = EncodingKey::from_ed_pem(ed.serialize_pem().as_bytes()).expect("a key");
    let rsa_key = EncodingKey::from_rsa_pem(rsa_private.as_bytes()).expect("a key");
    vec![
        (ec_key(&ec.private), ec.public, Algorithm::ES256),
        (ec_key(&p384.serialize_pem()), p384.public_key_pem(), Algorithm::ES384),
        (ed_key, ed.public_key_pem(), Algorithm::EdDSA),
        (rsa_key, pem("PUBLIC KEY", public.as_ref()), Algorithm::RS256),
    ]
}

fn signed(key: &EncodingKey, algorithm: Algorithm, kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &claims(), key).expect("a token")
}

fn jwks(keys: &[Value]) -> Result<TokenVerifier, String> {
    let document = serde_json::to_vec(&json!({ "keys": keys })).expect("JSON");
    TokenVerifier::new(settings(), KeySource::Jwks { document }).map_err(|error| error.to_string())
}

fn jwk(key: &EncodingKey, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).expect("a JWK");
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).expect("JSON")
}

/// The library can not make this one from a private key.
fn ed_jwk(public: &str, kid: &str) -> Value {
    let base64: String = public.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64_STANDARD.decode(base64.trim()).expect("base64");
    let x = BASE64_URL_SAFE_NO_PAD.encode(&der[der.len() - 32..]);
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA" })
}

#[tokio::test]
async fn each_kind_of_key_checks_its_own_tokens_and_no_others() {
    let pairs = pairs();
    let all = vec![Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::RS256];
    for (at, (_, public, own)) in pairs.iter().enumerate() {
        let settings = TokenSettings { algorithms: all.clone(), ..settings() };
        let source = KeySource::Pem { pem: public.clone().into_bytes(), id: None };
        let verifier = TokenVerifier::new(settings, source).expect("a verifier");
        for (from, (key, _, algorithm)) in pairs.iter().enumerate() {
            let verified = verify(&verifier, &signed(key, *algorithm, None)).await;
            if at == from {
                assert!(verified.is_ok(), "{own:?}: {verified:?}");
            } else {
                assert_eq!(verified, Err(TokenRefusal::UnknownKey), "{own:?} {algorithm:?}");
            }
        }
    }
}

#[tokio::test]
async fn only_listed_algorithms_are_accepted() {
    let pairs = pairs();
    let (key, public, _) = &pairs[3];
    let source = || KeySource::Pem { pem: public.clone().into_bytes(), id: None };
    let verifier = TokenVerifier::new(settings(), source()).expect("a verifier");
    assert!(verify(&verifier, &signed(key, Algorithm::RS256, None)).await.is_ok());
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let refused = verify(&verifier, &signed(key, algorithm, None)).await;
        assert_eq!(refused, Err(TokenRefusal::AlgorithmNotAllowed));
    }
    let p384 = &pairs[1];
    let refused = verify(&verifier, &signed(&p384.0, Algorithm::ES384, None)).await;
    assert_eq!(refused, Err(TokenRefusal::AlgorithmNotAllowed));
}

#[tokio::test]
async fn unsigned_tokens_and_shared_secrets_are_refused() {
    let pair = TokenKeyPair::generate().expect("keys");
    let verifier = pem_verifier(&pair, None);
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    for name in ["none", "None", "NONE", "nOnE", "", "HS256", "ES512", "es256"] {
        for signature in ["", "AAAA"] {
            let token = format!("{}.{}.{signature}", encode(&json!({ "alg": name })), encode(&claims()));
            assert_eq!(verify(&verifier, &token).await, Err(TokenRefusal::AlgorithmNotAllowed), "{name}");
        }
    }
    // The public key taken for a shared secret: everybody knows it.
    let secret = EncodingKey::from_secret(pair.public.as_bytes());
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let refused = verify(&verifier, &signed(&secret, algorithm, None)).await;
        assert_eq!(refused, Err(TokenRefusal::AlgorithmNotAllowed));
    }
    let odd = [
        json!({}),
        json!({ "alg": null }),
        json!({ "alg": ["ES256"] }),
        json!({ "alg": "ES256", "crit": ["exp"] }),
        json!({ "alg": "ES256", "kid": 7 }),
        json!([]),
    ];
    for header in odd {
        let token = format!("{}.{}.AAAA", encode(&header), encode(&claims()));
        assert_eq!(verify(&verifier, &token).await, Err(TokenRefusal::Malformed), "{header}");
    }
    let empty = format!("{}.{}.", encode(&json!({ "alg": "ES256" })), encode(&claims()));
    assert_eq!(verify(&verifier, &empty).await, Err(TokenRefusal::BadSignature));
    let stranger = TokenKeyPair::generate().expect("keys");
    let forged = sign(&stranger, None, &claims());
    assert_eq!(verify(&verifier, &forged).await, Err(TokenRefusal::BadSignature));
    // A key in the header is not believed.
    let key = EncodingKey::from_ec_pem(stranger.private.as_bytes()).expect("a key");
    let jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a JWK");
    let header = Header { jwk: Some(jwk), ..Header::new(Algorithm::ES256) };
    let forged = jsonwebtoken::encode(&header, &claims(), &key).expect("a token");
    assert_eq!(verify(&verifier, &forged).await, Err(TokenRefusal::BadSignature));
}

#[tokio::test]
async fn the_key_id_selects_the_key() {
    let (one, other) = (pairs(), pairs());
    let verifier = jwks(&[
        jwk(&one[0].0, Algorithm::ES256, "one"),
        jwk(&other[0].0, Algorithm::ES256, "other"),
        ed_jwk(&one[2].1, "ed"),
        jwk(&one[3].0, Algorithm::RS256, "rsa"),
    ])
    .expect("a verifier");
    let checked =
        async |key: &EncodingKey, algorithm, kid| verify(&verifier, &signed(key, algorithm, kid)).await;
    let (first, second) = (&one[0].0, &other[0].0);
    assert!(checked(first, Algorithm::ES256, Some("one")).await.is_ok());
    assert!(checked(second, Algorithm::ES256, Some("other")).await.is_ok());
    assert!(checked(&one[2].0, Algorithm::EdDSA, Some("ed")).await.is_ok());
    assert!(checked(&one[3].0, Algorithm::RS256, Some("rsa")).await.is_ok());
    assert_eq!(checked(first, Algorithm::ES256, Some("other")).await, Err(TokenRefusal::BadSignature));
    assert_eq!(checked(first, Algorithm::ES256, Some("ed")).await, Err(TokenRefusal::UnknownKey));
    assert_eq!(checked(first, Algorithm::ES256, Some("../one")).await, Err(TokenRefusal::UnknownKey));
    // Without an id: only where one key can be meant.
    assert_eq!(checked(first, Algorithm::ES256, None).await, Err(TokenRefusal::UnknownKey));
    assert!(checked(&one[2].0, Algorithm::EdDSA, None).await.is_ok());
}

#[tokio::test]
async fn keys_for_other_purposes_are_passed_over() {
    let pairs = pairs();
    let with = |name: &str, value: Value| {
        let mut jwk = jwk(&pairs[0].0, Algorithm::ES256, "k");
        jwk.as_object_mut().expect("an object").insert(name.to_owned(), value);
        jwk
    };
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("alg", json!("ES384")),
        ("crv", json!("P-521")),
        ("kty", json!("unheard-of")),
    ] {
        assert!(jwks(&[with(name, value.clone())]).is_err(), "{name}: {value}");
    }
    let secret = json!({ "kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "k" });
    assert!(jwks(std::slice::from_ref(&secret)).is_err());
    assert!(jwks(&[]).is_err());
    let good = [secret, with("use", json!("sig")), json!({ "kty": "unheard-of" })];
    let verifier = jwks(&good).expect("the others do not matter");
    assert!(verify(&verifier, &signed(&pairs[0].0, Algorithm::ES256, Some("k"))).await.is_ok());
    for document in ["", "[]", "{}", "not json", "{\"keys\":7}"] {
        let source = KeySource::Jwks { document: document.as_bytes().to_vec() };
        assert!(TokenVerifier::new(settings(), source).is_err(), "{document}");
    }
}
