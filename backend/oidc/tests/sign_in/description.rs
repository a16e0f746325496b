//! Issuers that cannot be used, and how often one is asked what it is.

use std::time::Duration;

use egret_oidc::{Oidc, OidcError, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::browser::redirect;
use crate::forger::{Answer, DISCOVERY, Forger};
use crate::forgeries::pass;

async fn refused(oidc: &Oidc) -> OidcError {
    oidc.start(redirect(), "/".to_owned()).await.unwrap_err()
}

#[tokio::test]
async fn an_issuer_that_is_something_else_is_refused() {
    let forger = Forger::start().await;
    for (field, value, word) in [
        (
            "issuer",
            json!("https://id.example.org"),
            "https://id.example.org",
        ),
        ("issuer", json!(format!("{}/x", forger.url)), "/x"),
        ("issuer", Value::Null, "expected IssuerUrl"),
        (
            "authorization_endpoint",
            json!("http://id.example.org/a"),
            "expected https",
        ),
        ("token_endpoint", Value::Null, "token_endpoint"),
    ] {
        let mut description = forger.description();
        description[field] = value;
        forger.answers(DISCOVERY, Answer::Json(description));
        let error = refused(&forger.oidc()).await;
        assert!(
            matches!(&error, OidcError::Unfit { why, .. } if why.contains(word)),
            "{field}: {error}"
        );
    }
}

#[tokio::test]
async fn nothing_is_asked_where_others_could_listen() {
    let forger = Forger::start().await;
    let mut description = forger.description();
    description["jwks_uri"] = json!("http://id.example.org/jwks");
    forger.answers(DISCOVERY, Answer::Json(description));
    let error = refused(&forger.oidc()).await.to_string();
    assert!(
        error.contains("http://id.example.org/jwks: expected https"),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_of_the_issuer_is_not_followed() {
    let forger = Forger::start().await;
    forger.answers("/elsewhere", Answer::Json(forger.description()));
    forger.answers(DISCOVERY, Answer::Redirect("/elsewhere".to_owned()));
    let error = refused(&forger.oidc()).await.to_string();
    assert!(error.contains("302"), "{error}");
    assert_eq!(forger.n_asked("/elsewhere"), 0);

    forger.answers(DISCOVERY, Answer::Json(forger.description()));
    forger.answers("/token", Answer::Redirect("/elsewhere".to_owned()));
    let oidc = forger.oidc();
    let begun = oidc.start(redirect(), "/".to_owned()).await.unwrap();
    oidc.finish(&begun.state, &begun.state, "code")
        .await
        .unwrap_err();
    assert_eq!(
        (forger.n_asked("/token"), forger.n_asked("/elsewhere")),
        (1, 0)
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let forger = Forger::start().await;
    forger.answers(DISCOVERY, Answer::Bytes((1 << 20) + 1));
    let error = refused(&forger.oidc()).await.to_string();
    assert!(error.contains("larger than 1048576 bytes"), "{error}");
    // One that is as large as it may be is read, but says nothing.
    forger.answers(DISCOVERY, Answer::Bytes(1 << 20));
    let error = refused(&forger.oidc()).await;
    assert!(matches!(error, OidcError::Unfit { .. }), "{error}");
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up_on_after_ten_seconds() {
    let forger = Forger::start().await;
    forger.answers(DISCOVERY, Answer::Silence);
    let oidc = forger.oidc();
    let begun = Instant::now();
    // Time passes as soon as nobody has anything to do.
    tokio::time::pause();
    let error = refused(&oidc).await;
    assert!(matches!(error, OidcError::Unreachable { .. }), "{error}");
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_secs(10), "{waited:?}");
    assert!(waited < Duration::from_secs(12), "{waited:?}");
}

#[tokio::test]
async fn egret_starts_without_its_issuer() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", unused.local_addr().unwrap());
    drop(unused);
    let oidc = Oidc::new(Settings::new(url.parse().unwrap(), "egret")).unwrap();
    let error = refused(&oidc).await.to_string();
    assert!(error.contains(&url) && error.contains("refused"), "{error}");
    assert_eq!(oidc.sign_out_url(), None);
}

#[tokio::test]
async fn an_issuer_is_asked_what_it_is_every_ten_minutes() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    for (passes, n_asked) in [(0, 1), (0, 1), (590, 1), (11, 2), (60, 2)] {
        pass(Duration::from_secs(passes)).await;
        oidc.start(redirect(), "/".to_owned()).await.unwrap();
        assert_eq!(forger.n_asked(DISCOVERY), n_asked);
        assert_eq!(forger.n_asked("/jwks"), n_asked);
    }
}

#[tokio::test]
async fn many_who_come_at_once_make_one_request() {
    let forger = Forger::start().await;
    let oidc = forger.oidc();
    let one = || oidc.start(redirect(), "/".to_owned());
    let all = tokio::join!(one(), one(), one());
    assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
    assert_eq!(forger.n_asked(DISCOVERY), 1);
}

#[tokio::test]
async fn an_issuer_that_is_back_is_found_two_seconds_later() {
    let forger = Forger::start().await;
    forger.answers(DISCOVERY, Answer::Json(json!({})));
    let oidc = forger.oidc();
    let error = refused(&oidc).await;
    forger.answers(DISCOVERY, Answer::Json(forger.description()));
    assert_eq!(refused(&oidc).await, error);
    pass(Duration::from_secs(2)).await;
    oidc.start(redirect(), "/".to_owned()).await.unwrap();
    assert_eq!(forger.n_asked(DISCOVERY), 2);
}

#[tokio::test]
async fn people_are_sent_there_with_all_that_protects_them() {
    let forger = Forger::start().await;
    let mut settings = forger.settings();
    settings.scopes = vec!["profile".to_owned(), "groups".to_owned()];
    let oidc = Oidc::new(settings).unwrap();
    let begun = oidc.start(redirect(), "/".to_owned()).await.unwrap();
    let query = |name: &str| {
        let mut pairs = begun.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert!(
        begun
            .url
            .as_str()
            .starts_with(&format!("{}/authorize?", forger.url))
    );
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "egret"),
        ("redirect_uri", redirect().as_str()),
        ("scope", "openid profile groups"),
        ("code_challenge_method", "S256"),
        ("state", &begun.state),
    ] {
        assert_eq!(query(name).as_deref(), Some(value), "{name}");
    }
    assert!(query("nonce").unwrap().len() >= 22);
    assert_eq!(query("code_challenge").unwrap().len(), 43);
    assert_eq!(begun.state.len(), 43);
    let other = oidc.start(redirect(), "/".to_owned()).await.unwrap();
    assert_ne!(other.state, begun.state);
    assert!(!format!("{begun:?}").contains(&begun.state));
}
