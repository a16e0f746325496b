//! Tokens that are not to be believed.

use std::time::Duration;

use egret_oidc::OidcError;
use openidconnect::PrivateSigningKey as _;
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm};
use serde_json::{Value, json};

use crate::browser::redirect;
use crate::forger::{Answer, Forger, key, token, unsigned};

/// What the refusal says of a token; a control shows that it would be taken as it was.
async fn refusal(forger: &Forger, id_token: impl FnOnce(Value) -> Value) -> String {
    let oidc = forger.oidc();
    let honest = forger
        .round(&oidc, |claims| forger.token(&claims).into())
        .await;
    assert_eq!(honest.map(|signed| signed.name), Ok("lin".to_owned()));
    match forger.round(&oidc, id_token).await {
        Err(OidcError::Token(why)) => why,
        other => panic!("{other:?} instead of a refusal"),
    }
}

#[tokio::test]
async fn a_token_that_claims_something_else_is_refused() {
    let forger = Forger::start().await;
    for (claim, value, word) in [
        ("nonce", json!("of another sign-in"), "nonce"),
        ("nonce", Value::Null, "nonce"),
        ("aud", json!("another client"), "audience"),
        ("aud", json!(["egret", "another client"]), "audience"),
        ("aud", json!([]), "audience"),
        ("iss", json!("https://id.example.org"), "issuer"),
        ("exp", json!(1_700_000_000), "Expired"),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"),
    ] {
        let why = refusal(&forger, |mut claims| {
            claims[claim] = value.clone();
            forger.token(&claims).into()
        });
        let why = why.await;
        assert!(why.contains(word), "{claim} {value}: {why}");
    }
}

#[tokio::test]
async fn a_token_that_the_issuer_has_not_signed_is_refused() {
    let forger = Forger::start().await;
    let stranger = key("one");
    let why = refusal(&forger, |claims| token(&stranger, "one", &claims).into()).await;
    assert!(why.contains("signature"), "{why}");
    let why = refusal(&forger, |claims| token(&stranger, "two", &claims).into()).await;
    assert!(why.contains("No matching key"), "{why}");

    let why = refusal(&forger, |mut claims| {
        let honest = forger.token(&claims);
        let signature = honest.rsplit_once('.').unwrap().1;
        claims["preferred_username"] = json!("admin");
        let forged = unsigned(&json!({"alg": "EdDSA", "kid": "one"}), &claims);
        format!("{forged}.{signature}").into()
    });
    let why = why.await;
    assert!(why.contains("signature"), "{why}");
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let forger = Forger::start().await;
    for header in [json!({"alg": "none"}), json!({"alg": "none", "kid": "one"})] {
        let why = refusal(&forger, |claims| {
            format!("{}.", unsigned(&header, &claims)).into()
        });
        let why = why.await;
        assert!(why.contains("No signature"), "{header}: {why}");
    }
    let why = refusal(&forger, |_| Value::Null).await;
    assert!(why.contains("no id_token"), "{why}");
    let why = refusal(&forger, |_| json!("no token")).await;
    assert!(why.contains("cannot be read"), "{why}");
}

/// The old trick: the public key, which everybody has, as the secret of a symmetric signature.
#[tokio::test]
async fn a_token_signed_with_what_is_public_is_refused() {
    let forger = Forger::start().await;
    for secret in ["", "egret", "one"] {
        let why = refusal(&forger, |claims| {
            let unsigned = unsigned(&json!({"alg": "HS256", "kid": "one"}), &claims);
            let hmac = CoreHmacKey::new(secret);
            let algorithm = CoreJwsSigningAlgorithm::HmacSha256;
            let signature = hmac.sign(&algorithm, unsigned.as_bytes()).unwrap();
            let signature =
                base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, signature);
            format!("{unsigned}.{signature}").into()
        });
        let why = why.await;
        assert!(why.contains("HS256"), "{why}");
    }
}

#[tokio::test]
async fn new_keys_are_fetched_once_a_minute() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    let two = key("two");
    let signed_with_two = |claims: Value| token(&two, "two", &claims).into();
    let honest = forger
        .round(&oidc, |claims| forger.token(&claims).into())
        .await;
    assert_eq!(honest.map(|signed| signed.name), Ok("lin".to_owned()));
    forger.has_key(&two);
    // Within the minute after the discovery, nobody is asked.
    forger.round(&oidc, signed_with_two).await.unwrap_err();
    assert_eq!(forger.n_asked("/jwks"), 1);
    pass(Duration::from_secs(61)).await;
    let newer = forger.round(&oidc, signed_with_two).await;
    assert_eq!(newer.map(|signed| signed.name), Ok("lin".to_owned()));
    assert_eq!(forger.n_asked("/jwks"), 2);
    let stranger = key("three");
    for _ in 0..3 {
        let forged = forger.round(&oidc, |claims| token(&stranger, "three", &claims).into());
        forged.await.unwrap_err();
    }
    assert_eq!(forger.n_asked("/jwks"), 2);
}

#[tokio::test]
async fn userinfo_of_somebody_else_is_refused() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    let unnamed = |mut claims: Value| {
        claims["preferred_username"] = Value::Null;
        forger.token(&claims).into()
    };
    let named = |subject: &str| {
        let info = json!({"sub": subject, "preferred_username": "lin", "iss": "https://x.org"});
        forger.answers("/userinfo", Answer::Json(info));
    };
    named("s");
    let signed = forger.round(&oidc, unnamed).await.unwrap();
    assert_eq!((&*signed.name, &signed.issuer), ("lin", &forger.url));
    named("somebody else");
    let error = forger.round(&oidc, unnamed).await.unwrap_err();
    assert!(
        matches!(&error, OidcError::Token(why) if why.contains("userinfo")),
        "{error}"
    );
    assert_eq!(forger.n_asked("/userinfo"), 2);
    // Who is named needs no asking.
    let signed = forger
        .round(&oidc, |claims| forger.token(&claims).into())
        .await;
    assert_eq!(signed.map(|signed| signed.name), Ok("lin".to_owned()));
    assert_eq!(forger.n_asked("/userinfo"), 2);
}

#[tokio::test]
async fn an_access_token_that_no_header_can_carry_is_refused() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    let begun = oidc.start(redirect(), "/".to_owned()).await.unwrap();
    let mut claims = forger.claims(&begun);
    claims["preferred_username"] = Value::Null;
    forger.gives(&json!({
        "access_token": "a\r\nx-admin: yes", "token_type": "Bearer",
        "id_token": forger.token(&claims),
    }));
    let error = oidc
        .finish(&begun.state, &begun.state, "code")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, OidcError::Token(why) if why.contains("header")),
        "{error}"
    );
    assert!(!error.to_string().contains("admin"), "{error}");
}

#[tokio::test]
async fn a_sign_in_of_over_ten_minutes_is_over() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    let begun = oidc.start(redirect(), "/".to_owned()).await.unwrap();
    pass(Duration::from_mins(10)).await;
    let late = oidc.finish(&begun.state, &begun.state, "code").await;
    assert_eq!(late, Err(OidcError::BadState));
    assert_eq!(forger.n_asked("/token"), 0);
}

/// Time passes at once, and goes on as it does.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
