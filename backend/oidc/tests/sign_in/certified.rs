//! At a certified issuer that nobody here wrote.

use std::collections::HashMap;
use std::fs;

use egret_oidc::{Begun, Oidc, OidcError, Settings, Signed};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;

use crate::browser::{Browser, redirect};
use crate::issuer::Issuer;

const LIN: &[(&str, &str)] = &[("login", "lin")];
const CHEN: &[(&str, &str)] = &[("login", "chen")];

async fn begin(oidc: &Oidc) -> Begun {
    oidc.start(redirect(), "/wall/day".to_owned())
        .await
        .unwrap()
}

/// Somebody goes there and comes back.
async fn round(oidc: &Oidc, form: &[(&str, &str)]) -> Result<Signed, OidcError> {
    let begun = begin(oidc).await;
    let back = Browser::new().sign_in(&begun.url, form).await;
    finish(oidc, &begun, &back).await
}

async fn finish(
    oidc: &Oidc,
    begun: &Begun,
    back: &HashMap<String, String>,
) -> Result<Signed, OidcError> {
    oidc.finish(&begun.state, &back["state"], &back["code"])
        .await
}

#[tokio::test]
async fn somebody_signs_in_and_is_who_the_issuer_says() {
    let claims = r#"{"lin": {"name": "林燕", "groups": ["duty", "值班"]}}"#;
    let issuer = Issuer::start(&[], claims).await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    assert_eq!(oidc.name(), "127.0.0.1");
    assert_eq!(oidc.sign_out_url(), None);
    let lin = Signed {
        issuer: issuer.url.clone(),
        subject: "person-lin".to_owned(),
        name: "lin".to_owned(),
        display: "林燕".to_owned(),
        groups: vec!["duty".to_owned(), "值班".to_owned()],
        back: "/wall/day".to_owned(),
    };
    assert_eq!(round(&oidc, LIN).await, Ok(lin.clone()));
    let sign_out = format!("{}/session/end?client_id=egret", issuer.url);
    assert_eq!(oidc.sign_out_url().unwrap().as_str(), sign_out);

    // Somebody else, and the same one again without typing a name.
    let chen = round(&oidc, CHEN).await.unwrap();
    assert_eq!((&*chen.name, &*chen.subject), ("chen", "person-chen"));
    let mut browser = Browser::new();
    for form in [LIN, &[]] {
        let begun = begin(&oidc).await;
        let back = browser.sign_in(&begun.url, form).await;
        assert_eq!(finish(&oidc, &begun, &back).await, Ok(lin.clone()));
    }
}

#[tokio::test]
async fn every_signature_that_only_the_issuer_can_make_is_taken() {
    for algorithm in ["PS256", "ES256", "EdDSA"] {
        let issuer = Issuer::start(&["--alg", algorithm], "{}").await;
        let oidc = Oidc::new(issuer.settings()).unwrap();
        let signed = round(&oidc, LIN).await;
        assert_eq!(
            signed.map(|signed| signed.name),
            Ok("lin".to_owned()),
            "{algorithm}"
        );
    }
}

#[tokio::test]
async fn a_signature_with_the_clients_own_secret_is_refused() {
    let issuer = Issuer::start(&["--alg", "HS256"], "{}").await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    let error = round(&oidc, LIN).await.unwrap_err();
    assert!(
        matches!(&error, OidcError::Token(why) if why.contains("HS256")),
        "{error}"
    );
}

#[tokio::test]
async fn who_is_not_named_in_the_token_is_asked_for() {
    let claims = r#"{"lin": {"name": "林燕", "groups": ["duty"]}, "chen":
        {"preferred_username": null, "name": null}}"#;
    let issuer = Issuer::start(&["--userinfo"], claims).await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    let lin = round(&oidc, LIN).await.unwrap();
    assert_eq!(
        (&*lin.name, &*lin.display, &lin.groups[..]),
        ("lin", "林燕", &["duty".to_owned()][..])
    );
    // Nobody tells it there either.
    let chen = round(&oidc, CHEN).await.unwrap();
    assert_eq!(
        (&*chen.name, &*chen.display),
        ("person-chen", "person-chen")
    );
}

#[tokio::test]
async fn a_state_is_of_one_browser_and_good_once() {
    let issuer = Issuer::start(&[], "{}").await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    let (one, other) = (begin(&oidc).await, begin(&oidc).await);
    let back = Browser::new().sign_in(&one.url, LIN).await;
    let code = &back["code"];
    for (cookie, query) in [
        (&*other.state, &*one.state),
        (&*one.state, &*other.state),
        ("", &*one.state),
        ("", ""),
        ("made-up", "made-up"),
    ] {
        let refused = oidc.finish(cookie, query, code).await;
        assert_eq!(refused, Err(OidcError::BadState), "{cookie} {query}");
    }
    // None of that has ended the sign-in of who is meant.
    assert_eq!(finish(&oidc, &one, &back).await.unwrap().name, "lin");
    assert_eq!(finish(&oidc, &one, &back).await, Err(OidcError::BadState));
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_refused() {
    let issuer = Issuer::start(&[], "{}").await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    let (one, other) = (begin(&oidc).await, begin(&oidc).await);
    let back = Browser::new().sign_in(&one.url, LIN).await;
    let refused = oidc.finish(&other.state, &other.state, &back["code"]).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(&error, OidcError::Denied(why) if why.starts_with("invalid_grant")),
        "{error}"
    );
}

#[tokio::test]
async fn who_refuses_at_the_issuer_is_told_so() {
    let issuer = Issuer::start(&[], "{}").await;
    let oidc = Oidc::new(issuer.settings()).unwrap();
    let begun = begin(&oidc).await;
    let back = Browser::new().sign_in(&begun.url, &[("refuse", "1")]).await;
    assert_eq!(back.get("code"), None);
    let words = back.get("error_description").map(String::as_str);
    let told = |cookie| oidc.denied(cookie, &back["state"], &back["error"], words);
    assert_eq!(told("of another browser"), OidcError::BadState);
    let denied = OidcError::Denied("access_denied: nobody signed in".to_owned());
    assert_eq!(told(&begun.state), denied);
    assert_eq!(told(&begun.state), OidcError::BadState);
}

#[tokio::test]
async fn a_wrong_secret_is_told_without_showing_it() {
    let issuer = Issuer::start(&[], "{}").await;
    let mut settings = issuer.settings();
    settings.client_secret = Some("fish-and-chips".to_owned());
    let oidc = Oidc::new(settings).unwrap();
    let error = round(&oidc, LIN).await.unwrap_err();
    assert!(
        matches!(&error, OidcError::Denied(why) if why.starts_with("invalid_client")),
        "{error}"
    );
    assert!(!format!("{error} {error:?} {oidc:?}").contains("fish"));
}

#[tokio::test]
async fn an_authority_of_the_intranet_is_trusted_when_it_is_named() {
    let folder = TempDir::new().unwrap();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&certificate, cert.pem()).unwrap();
    fs::write(&key, signing_key.serialize_pem()).unwrap();
    let tls = [
        "--tls",
        certificate.to_str().unwrap(),
        key.to_str().unwrap(),
    ];
    let issuer = Issuer::start(&tls, "{}").await;
    assert!(issuer.url.starts_with("https://"), "{}", issuer.url);

    let mut settings = issuer.settings();
    let stranger = Oidc::new(settings.clone()).unwrap();
    let error = stranger
        .start(redirect(), "/".to_owned())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, OidcError::Unreachable { why, .. } if why.contains("certificate")),
        "{error}"
    );
    settings.ca = Some(certificate);
    let oidc = Oidc::new(settings).unwrap();
    assert_eq!(round(&oidc, LIN).await.unwrap().name, "lin");
}

#[test]
fn a_file_without_an_authority_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    let mut settings = Settings::new("https://id.example.org".parse().unwrap(), "egret");
    settings.ca = Some(file.clone());
    for content in [
        None,
        Some("no certificate"),
        Some("-----BEGIN CERTIFICATE-----\nx\n"),
    ] {
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let error = Oidc::new(settings.clone()).unwrap_err();
        assert!(
            error.to_string().contains(file.to_str().unwrap()),
            "{error}"
        );
    }
}

#[test]
fn a_sign_in_can_be_awaited_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    let settings = Settings::new("https://id.example.org".parse().unwrap(), "egret");
    let oidc = Oidc::new(settings).unwrap();
    is_send(&oidc.start(redirect(), String::new()));
    is_send(&oidc.finish("", "", ""));
}
