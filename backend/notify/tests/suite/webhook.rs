//! Webhooks: what arrives, who signed it, and what each answer means.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egret_listen::Tls;
use egret_notify::DeliveryState;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::receiver::{Answer, Got, OK, Receiver};
use crate::world::{SECRET, START, World, notice};

/// One webhook to `url`, for everything.
pub(crate) fn config(url: &str) -> String {
    format!(
        r#"
        [notify]
        base_url = "https://egret.city.example"
        [[notify.channel]]
        id = "hook"
        kind = "webhook"
        url = "{url}"
        secret_file = "DIR/secret"
        per_minute = 6000
        [[notify.route]]
        to = [{{ channel = "hook" }}]
        "#
    )
}

async fn start(answer: Answer) -> (Receiver, World) {
    let receiver = Receiver::start(answer).await;
    let world = World::new(&config(&format!("http://{}/in?a=b", receiver.address)));
    world.work();
    (receiver, world)
}

/// Whether a receiver that knows the secret believes it, by the text of the standard.
fn is_signed(got: &Got) -> bool {
    let key = STANDARD
        .decode(SECRET.trim_start_matches("whsec_"))
        .unwrap();
    let id = got.header("webhook-id").unwrap();
    let timestamp = got.header("webhook-timestamp").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(&got.body);
    let signature = got.header("webhook-signature").unwrap();
    let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap());
    mac.verify_slice(&signature.unwrap()).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_arrives_once_and_signed_with_all_that_it_says() {
    let (receiver, world) = start(OK).await;
    world.enqueue(&[notice(7)]);
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    let got = &got[0];
    assert_eq!(got.uri, "/in?a=b");
    assert!(is_signed(got));
    assert_eq!(got.header("webhook-id"), got.header("idempotency-key"));
    let seconds: i64 = got.header("webhook-timestamp").unwrap().parse().unwrap();
    assert_eq!(seconds, START.0 / 1_000);
    assert!(!got.is_marked());
    let body = got.json();
    assert_eq!(body["type"], "incident.opened");
    assert_eq!(body["timestamp"], "2026-06-21T22:05:00.000Z");
    assert_eq!(body["data"]["key"], "20260622-0007/1/opened");
    assert_eq!(body["data"]["level"], "yellow");
    assert_eq!(body["data"]["title"]["zh"], "7 号积水");
    assert_eq!(
        body["data"]["url"],
        "https://egret.city.example/incident/20260622-0007"
    );
    let status = world.outbox.status().unwrap();
    let hook = &status.channels[0];
    assert_eq!((hook.sent, hook.failed, hook.waiting), (1, 0, 0));
    assert_eq!(hook.place, format!("http://{}", receiver.address));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_comes_again_as_the_same_message_and_without_a_mark() {
    let (receiver, world) = start(OK).await;
    receiver.answer_first(Answer::Say(StatusCode::INTERNAL_SERVER_ERROR, "no\nroom"));
    world.enqueue(&[notice(1)]);
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert!(!got[1].is_marked());
    let status = world.outbox.status().unwrap();
    let why = &status.channels[0].last_error.as_ref().unwrap().why;
    assert!(why.contains("500") && why.contains("no room"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_may_have_passed_on_comes_again_with_a_mark() {
    let (receiver, world) = start(OK).await;
    receiver.answer_first(Answer::Say(StatusCode::GATEWAY_TIMEOUT, ""));
    world.enqueue(&[notice(1)]);
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    assert!(!got[0].is_marked() && got[1].is_marked());
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert!(is_signed(&got[1]));
    assert_eq!(world.outbox.status().unwrap().channels[0].maybe_repeated, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_read_and_hung_up_on_comes_again_with_a_mark() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = World::new(&config(&format!("http://{address}/")));
    world.work();
    world.enqueue(&[notice(1)]);
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut first = [0; 4];
    connection.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"POST");
    drop((connection, listener));
    let receiver = Receiver::start_at(address, OK, None).await;
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert!(got[0].is_marked());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_receiver_cannot_take_fails_and_lets_the_next_pass() {
    let (receiver, world) = start(OK).await;
    receiver.answer_first(Answer::Say(StatusCode::UNPROCESSABLE_ENTITY, "what?"));
    world.enqueue(&[notice(1), notice(2)]);
    world.settled().await;
    let keys: Vec<String> = receiver.got().iter().map(Got::key).collect();
    assert_eq!(keys, [notice(1).key, notice(2).key]);
    let failed = world.rows(DeliveryState::Failed);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].key, Some(notice(1).key));
    assert!(failed[0].error.as_ref().unwrap().contains("what?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start(OK).await;
    let (receiver, world) = start(OK).await;
    receiver.answer_first(Answer::Redirect(format!("http://{}/", elsewhere.address)));
    world.enqueue(&[notice(1)]);
    world.settled().await;
    assert_eq!(receiver.got().len(), 2);
    assert!(elsewhere.got().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_gives_an_answer_five_seconds_and_marks_what_had_none() {
    let (receiver, world) = start(Answer::Hold).await;
    world.enqueue(&[notice(1)]);
    receiver.wait_for(1).await;
    let world = world.reopen(None).await;
    let rows = world.rows(DeliveryState::Waiting);
    assert!(rows[0].maybe_repeated, "{rows:?}");
    receiver.answer(OK);
    world.work();
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    assert!(got[1].is_marked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_with_an_intranets_certificate_is_believed_by_its_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned()];
    let signed = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, signed.cert.pem()).unwrap();
    std::fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let tls = Tls::open(&certificate, &key).unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let receiver = Receiver::start_at(address, OK, Some(tls)).await;
    let url = format!("https://localhost:{}/", receiver.address.port());

    let world = World::new(&config(&url));
    world.work();
    world.enqueue(&[notice(1)]);
    crate::world::until("the certificate is refused", || {
        let status = world.outbox.status().unwrap();
        let error = status.channels[0].last_error.clone();
        error.map(|_| ()).ok_or_else(|| format!("{status:?}"))
    })
    .await;
    assert!(receiver.got().is_empty());

    let ca = format!("ca = \"{}\"\nper_minute", certificate.display());
    let world = world
        .reopen(Some(&config(&url).replace("per_minute", &ca)))
        .await;
    world.work();
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    assert!(!got[0].is_marked(), "no byte of the notice had gone before");
}
