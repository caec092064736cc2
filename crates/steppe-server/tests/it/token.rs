//! Tokens: every way in which one is wrong has its own refusal, and none repeats the token.

mod algorithms;
mod remote;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use steppe_server::{
    ServerError,
    identity::{
        roles::{Principal, Role},
        token::{
            Algorithm, Grant, KeySource, TokenKeyPair, TokenRefusal, TokenSettings, TokenSigner,
            TokenVerifier, bearer,
        },
    },
};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "steppe";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn settings() -> TokenSettings {
    TokenSettings::new(ISSUER, AUDIENCE)
}

fn pem_verifier(pair: &TokenKeyPair, id: Option<&str>) -> TokenVerifier {
    let pem = pair.public.clone().into_bytes();
    let source = KeySource::Pem { pem, id: id.map(str::to_owned) };
    TokenVerifier::new(settings(), source).expect("a verifier")
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now() + 60, "steppe_roles": ["submit"] })
}

/// Claims with one of them changed, or left out.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().expect("an object");
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    claims
}

fn sign(pair: &TokenKeyPair, kid: Option<&str>, claims: &Value) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
    let key = EncodingKey::from_ec_pem(pair.private.as_bytes()).expect("a key");
    jsonwebtoken::encode(&header, claims, &key).expect("a token")
}

/// The principal or the refusal; a refusal never repeats any part of the token.
async fn verify(verifier: &TokenVerifier, token: &str) -> Result<Principal, TokenRefusal> {
    verifier.verify(token).await.map_err(|error| {
        let said = format!("{error} {error:?}");
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!said.contains(part), "{said}");
        }
        match error {
            ServerError::Token { refusal } => refusal,
            other => panic!("{other}"),
        }
    })
}

#[tokio::test]
async fn a_minted_token_is_accepted() {
    let pair = TokenKeyPair::generate().expect("keys");
    let signer = TokenSigner::from_pem(pair.private.as_bytes(), Some("k1".to_owned())).expect("a signer");
    let grant = Grant {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        subject: "ada".to_owned(),
        roles: BTreeSet::from([Role::Submit, Role::Admin]),
        cohorts: Some(BTreeSet::from(["hapmap2".to_owned()])),
        lifetime: Duration::from_secs(60),
    };
    let token = signer.mint(&grant, SystemTime::now()).expect("a token");
    for id in [None, Some("k1")] {
        let principal = verify(&pem_verifier(&pair, id), &token).await.expect("accepted");
        assert_eq!(principal.subject, "ada");
        assert_eq!((principal.roles, principal.cohorts), (grant.roles.clone(), grant.cohorts.clone()));
    }
    assert_eq!(verify(&pem_verifier(&pair, Some("k2")), &token).await, Err(TokenRefusal::UnknownKey));
    let early = signer.mint(&grant, SystemTime::now() - Duration::from_secs(1000)).expect("a token");
    assert_eq!(verify(&pem_verifier(&pair, None), &early).await, Err(TokenRefusal::Expired));
    let late = signer.mint(&grant, SystemTime::now() + Duration::from_secs(1000)).expect("a token");
    assert_eq!(verify(&pem_verifier(&pair, None), &late).await, Err(TokenRefusal::NotYetValid));
}

#[tokio::test]
async fn each_wrong_claim_has_its_refusal() {
    use TokenRefusal as R;
    let pair = TokenKeyPair::generate().expect("keys");
    let verifier = pem_verifier(&pair, None);
    let now = now();
    let table = [
        ("exp", json!(now - 31), R::Expired),
        ("exp", json!(0), R::Expired),
        ("exp", json!("soon"), R::ClaimMissing),
        ("exp", json!(-1), R::ClaimMissing),
        ("exp", Value::Null, R::ClaimMissing),
        ("nbf", json!(now + 45), R::NotYetValid),
        ("nbf", json!("later"), R::Malformed),
        ("aud", json!("other"), R::WrongAudience),
        ("aud", json!(["other", "Steppe"]), R::WrongAudience),
        ("aud", json!([]), R::WrongAudience),
        ("aud", json!(7), R::ClaimMissing),
        ("aud", Value::Null, R::ClaimMissing),
        ("iss", json!("https://issuer.example/"), R::WrongIssuer),
        ("iss", json!(""), R::WrongIssuer),
        ("iss", Value::Null, R::ClaimMissing),
        ("sub", Value::Null, R::ClaimMissing),
        ("sub", json!(""), R::Malformed),
        ("sub", json!(5), R::Malformed),
        ("sub", json!("a\nb"), R::Malformed),
        ("sub", json!("x".repeat(257)), R::Malformed),
        ("steppe_roles", json!("admin"), R::Malformed),
        ("steppe_roles", json!([["admin"]]), R::Malformed),
        ("steppe_cohorts", json!("all"), R::Malformed),
    ];
    for (name, value, refusal) in table {
        let token = sign(&pair, None, &claims_with(name, value.clone()));
        assert_eq!(verify(&verifier, &token).await, Err(refusal), "{name}: {value}");
    }
    for (name, value) in [
        ("exp", json!(now - 20)),
        ("nbf", json!(now + 20)),
        ("nbf", json!(now - 20)),
        ("aud", json!(["other", AUDIENCE])),
        ("extra", json!({ "a": [1] })),
    ] {
        let token = sign(&pair, None, &claims_with(name, value.clone()));
        assert!(verify(&verifier, &token).await.is_ok(), "{name}: {value}");
    }
}

#[tokio::test]
async fn unknown_roles_are_ignored_and_counted() {
    let pair = TokenKeyPair::generate().expect("keys");
    let verifier = pem_verifier(&pair, None);
    let roles_of = async |roles: Value| {
        let token = sign(&pair, None, &claims_with("steppe_roles", roles));
        verify(&verifier, &token).await.expect("accepted").roles
    };
    assert_eq!(roles_of(json!(["read", "root", "Admin", "admin "])).await, BTreeSet::from([Role::Read]));
    assert_eq!(verifier.unknown_roles(), 3);
    assert_eq!(roles_of(json!([])).await, BTreeSet::new());
    assert_eq!(roles_of(Value::Null).await, BTreeSet::new());
    assert_eq!(verifier.unknown_roles(), 3);
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let pair = TokenKeyPair::generate().expect("keys");
    let verifier = pem_verifier(&pair, None);
    assert_eq!(verify(&verifier, "").await, Err(TokenRefusal::Missing));
    let good = sign(&pair, None, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let odd = [
        ".".to_owned(),
        "..".to_owned(),
        "a".to_owned(),
        "a.b.c".to_owned(),
        "ä.ö.ü".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.x"),
        format!(" {good}"),
        "x".repeat(100_000),
    ];
    for token in odd {
        assert_eq!(verify(&verifier, &token).await, Err(TokenRefusal::Malformed), "{token:.40}");
    }
}

#[tokio::test]
async fn any_changed_character_makes_it_worthless() {
    let pair = TokenKeyPair::generate().expect("keys");
    let verifier = pem_verifier(&pair, None);
    let good = sign(&pair, None, &claims());
    assert!(verify(&verifier, &good).await.is_ok());
    for at in 0..good.len() {
        for other in [b'A', b'B', b'.', b'_', b'='] {
            let mut changed = good.clone().into_bytes();
            if std::mem::replace(&mut changed[at], other) == other {
                continue;
            }
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(verify(&verifier, &changed).await.is_err(), "{at}: {}", char::from(other));
        }
    }
}

#[test]
fn only_a_bearer_header_has_a_token() {
    for (header, token) in [("Bearer a.b.c", "a.b.c"), ("bearer x", "x"), ("BEARER  x ", "x")] {
        assert_eq!(bearer(Some(header)).expect("a token"), token);
    }
    for header in
        [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Basic x"), Some("a.b.c"), Some("Bearerx y")]
    {
        let refused = bearer(header).expect_err("refused");
        assert!(matches!(refused, ServerError::Token { refusal: TokenRefusal::Missing }));
    }
}

#[test]
fn settings_that_would_let_anybody_in_are_refused() {
    let refused = |settings: TokenSettings, pem: &str| {
        let pem = pem.as_bytes().to_vec();
        TokenVerifier::new(settings, KeySource::Pem { pem, id: None }).expect_err("refused")
    };
    let pair = TokenKeyPair::generate().expect("keys");
    let with = |algorithms| TokenSettings { algorithms, ..settings() };
    for settings in [
        with(vec![]),
        with(vec![Algorithm::ES256, Algorithm::HS256]),
        with(vec![Algorithm::HS512]),
        TokenSettings::new("", AUDIENCE),
        TokenSettings::new(ISSUER, ""),
    ] {
        assert!(matches!(refused(settings, &pair.public), ServerError::TokenSettings { .. }));
    }
    for pem in
        [pair.private.as_str(), "", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
    {
        let error = refused(settings(), pem);
        assert!(matches!(error, ServerError::TokenKeys { .. }), "{error}");
    }
    assert!(TokenSigner::from_pem(pair.public.as_bytes(), None).is_err());
    assert!(!format!("{pair:?}").contains("PRIVATE"));
}
