//! Keys from an identity provider that changes them, fails, and is not to be asked too often.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jsonwebtoken::{EncodingKey, jwk::Jwk};
use serde_json::json;
use steppe_server::identity::token::{
    Algorithm, FetchKeys, KeySource, TokenKeyPair, TokenRefusal, TokenVerifier,
};

use super::{claims, settings, sign, verify};

/// What the provider answers, and how often it was asked.
#[derive(Clone, Default)]
struct Provider {
    answer: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    fn answers(&self, keys: &[(&str, &TokenKeyPair)]) {
        let keys: Vec<Jwk> = keys
            .iter()
            .map(|(id, pair)| {
                let key = EncodingKey::from_ec_pem(pair.private.as_bytes()).expect("a key");
                let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a JWK");
                jwk.common.key_id = Some((*id).to_owned());
                jwk
            })
            .collect();
        self.says(Some(serde_json::to_vec(&json!({ "keys": keys })).expect("JSON")));
    }

    fn says(&self, answer: Option<Vec<u8>>) {
        *self.answer.lock().expect("a lock") = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn verifier(&self, at_most_every: Duration) -> TokenVerifier {
        let provider = self.clone();
        let fetch = FetchKeys {
            url: "https://issuer.example/jwks".parse().expect("a URL"),
            fetch: Box::new(move |_| {
                provider.asked.fetch_add(1, Ordering::SeqCst);
                let answer = provider.answer.lock().expect("a lock").clone();
                Box::pin(async move {
                    tokio::task::yield_now().await;
                    answer
                })
            }),
            at_most_every,
        };
        TokenVerifier::new(settings(), KeySource::JwksUrl(fetch)).expect("a verifier")
    }
}

fn pair() -> TokenKeyPair {
    TokenKeyPair::generate().expect("keys")
}

#[tokio::test]
async fn keys_are_fetched_once_and_unknown_ids_do_not_fetch_again() {
    let (provider, one) = (Provider::default(), pair());
    provider.answers(&[("one", &one)]);
    let verifier = Arc::new(provider.verifier(Duration::from_secs(3600)));
    let good = sign(&one, Some("one"), &claims());
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&verifier), good.clone());
            tokio::spawn(async move { verifier.verify(&token).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.expect("finished"));
    }
    for number in 0..20 {
        let stranger = sign(&one, Some(&format!("made-up-{number}")), &claims());
        assert_eq!(verify(&verifier, &stranger).await, Err(TokenRefusal::UnknownKey));
    }
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_and_a_withdrawn_one_goes() {
    let (provider, one, two) = (Provider::default(), pair(), pair());
    provider.answers(&[("one", &one)]);
    let verifier = provider.verifier(Duration::ZERO);
    let (first, second) = (sign(&one, Some("one"), &claims()), sign(&two, Some("two"), &claims()));
    assert!(verify(&verifier, &first).await.is_ok());
    assert_eq!(verify(&verifier, &second).await, Err(TokenRefusal::UnknownKey));
    provider.answers(&[("two", &two)]);
    assert!(verify(&verifier, &second).await.is_ok());
    assert_eq!(verify(&verifier, &first).await, Err(TokenRefusal::UnknownKey));
}

#[tokio::test]
async fn failures_leave_the_old_keys() {
    let (provider, one, two) = (Provider::default(), pair(), pair());
    let verifier = provider.verifier(Duration::ZERO);
    let (first, second) = (sign(&one, Some("one"), &claims()), sign(&two, Some("two"), &claims()));
    assert_eq!(verify(&verifier, &first).await, Err(TokenRefusal::KeysUnavailable));
    provider.answers(&[("one", &one)]);
    assert!(verify(&verifier, &first).await.is_ok());
    for failure in [None, Some(vec![]), Some(b"<html>".to_vec()), Some(b"{\"keys\":[]}".to_vec())] {
        provider.says(failure);
        assert_eq!(verify(&verifier, &second).await, Err(TokenRefusal::UnknownKey));
        assert!(verify(&verifier, &first).await.is_ok());
    }
}

#[tokio::test]
async fn a_failure_is_not_repeated_at_once_either() {
    let (provider, one) = (Provider::default(), pair());
    let verifier = provider.verifier(Duration::from_millis(300));
    let token = sign(&one, Some("one"), &claims());
    for _ in 0..10 {
        assert_eq!(verify(&verifier, &token).await, Err(TokenRefusal::KeysUnavailable));
    }
    assert_eq!(provider.asked(), 1);
    provider.answers(&[("one", &one)]);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(verify(&verifier, &token).await.is_ok());
    assert_eq!(provider.asked(), 2);
}

#[test]
fn keys_come_over_https_or_from_this_machine() {
    let try_url = |url: &str| {
        let fetch = FetchKeys {
            url: url.parse().expect("a URL"),
            fetch: Box::new(|_| Box::pin(async { None })),
            at_most_every: Duration::ZERO,
        };
        TokenVerifier::new(settings(), KeySource::JwksUrl(fetch)).is_ok()
    };
    for url in ["https://issuer.example/jwks", "http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]/x"]
    {
        assert!(try_url(url), "{url}");
    }
    for url in ["http://issuer.example/jwks", "http://10.0.0.1/", "file:///etc/passwd", "ftp://localhost/x"] {
        assert!(!try_url(url), "{url}");
    }
}
