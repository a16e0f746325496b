//! The robots of DingTalk, WeCom and Feishu: their bodies, their signs, and what they answer.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use url::Url;

use crate::receiver::{Answer, Receiver};
use crate::world::{START, World, notice, red};

const GOOD: Answer = Answer::Say(StatusCode::OK, r#"{"errcode":0,"errmsg":"ok"}"#);
const TOO_FAST: Answer = Answer::Say(StatusCode::OK, r#"{"errcode":45009,"errmsg":"freq"}"#);
const BAD: Answer = Answer::Say(
    StatusCode::OK,
    r#"{"errcode":310000,"errmsg":"sign not match"}"#,
);

async fn start(kind: &str, mentions: &str, answer: Answer) -> (Receiver, World) {
    let receiver = Receiver::start(answer).await;
    let secret = if kind == "wecom" {
        ""
    } else {
        "secret_file = \"DIR/secret\""
    };
    let config = format!(
        r#"
        [notify]
        base_url = "https://egret.city.example"
        [[notify.channel]]
        id = "robot"
        kind = "{kind}"
        url = "http://{}/robot?access_token=hidden"
        {secret}
        [[notify.route]]
        to = [{{ channel = "robot", mentions = {mentions} }}]
        "#,
        receiver.address
    );
    let world = World::new(&config);
    world.work();
    (receiver, world)
}

fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn dingtalk_gets_markdown_with_its_sign_in_the_address() {
    let (receiver, world) = start("dingtalk", r#"["13800001111", "all"]"#, GOOD).await;
    world.enqueue(&[red(7)]);
    world.settled().await;
    let got = &receiver.got()[0];
    let uri = format!("http://robot{}", got.uri);
    let uri: Url = uri.parse().unwrap();
    let query: Vec<(String, String)> = uri.query_pairs().into_owned().collect();
    let timestamp = START.0.to_string();
    let secret = crate::world::SECRET;
    let sign = hmac(secret, &format!("{timestamp}\n{secret}"));
    let expected = [
        ("access_token", "hidden"),
        ("timestamp", &timestamp),
        ("sign", &sign),
    ];
    assert_eq!(
        query,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let body = got.json();
    assert_eq!(body["msgtype"], "markdown");
    assert_eq!(body["markdown"]["title"], "【红色】新案件：7 号积水");
    let text = body["markdown"]["text"].as_str().unwrap();
    assert!(text.contains("水深 30 cm"), "{text}");
    assert!(
        text.contains("(https://egret.city.example/incident/20260622-0007)"),
        "{text}"
    );
    assert!(text.ends_with("@13800001111"), "{text}");
    assert_eq!(body["at"]["atMobiles"], serde_json::json!(["13800001111"]));
    assert_eq!(body["at"]["isAtAll"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn wecom_gets_short_markdown_and_calls_people_in_it() {
    let (receiver, world) = start("wecom", r#"["lin.hui"]"#, GOOD).await;
    let mut long = notice(7);
    long.text.zh = "很长的一行字。\n".repeat(500);
    world.enqueue(&[long]);
    world.settled().await;
    let body = receiver.got()[0].json();
    assert_eq!(body["msgtype"], "markdown");
    let text = body["markdown"]["content"].as_str().unwrap();
    assert!(text.len() <= 4_096, "{}", text.len());
    assert!(text.ends_with("<@lin.hui>"), "{text}");
    assert!(text.contains("incident/20260622-0007"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feishu_gets_a_card_with_its_sign_in_the_body() {
    let good = Answer::Say(StatusCode::OK, r#"{"code":0,"msg":"success","data":{}}"#);
    let (receiver, world) = start("feishu", r#"["ou_12ab"]"#, good).await;
    world.enqueue(&[red(7)]);
    world.settled().await;
    let body = receiver.got()[0].json();
    assert_eq!(body["msg_type"], "interactive");
    let timestamp = (START.0 / 1_000).to_string();
    assert_eq!(body["timestamp"], timestamp.as_str());
    let sign = hmac(&format!("{timestamp}\n{}", crate::world::SECRET), "");
    assert_eq!(body["sign"], sign.as_str());
    assert_eq!(body["card"]["header"]["template"], "red");
    let text = body["card"]["elements"][0]["text"]["content"]
        .as_str()
        .unwrap();
    assert!(text.ends_with("<at id=ou_12ab></at>"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_answers_200_and_means_no_has_not_taken_it() {
    let (receiver, world) = start("dingtalk", "[]", GOOD).await;
    receiver.answer_first(BAD);
    world.enqueue(&[notice(1)]);
    world.settled().await;
    let got = receiver.got();
    assert_eq!(got.len(), 2);
    let title = |n: usize| {
        got[n].json()["markdown"]["title"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        title(0),
        title(1),
        "what was refused comes again without a mark"
    );
    let status = world.outbox.status().unwrap();
    let why = status.channels[0].last_error.clone().unwrap().why;
    assert!(why.contains("310000: sign not match"), "{why}");
    assert!(!why.contains("hidden") && !why.contains("sign="), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_robot_does_not_like_fails_and_lets_the_next_pass() {
    let (receiver, world) = start("dingtalk", "[]", GOOD).await;
    receiver.answer_first(Answer::Say(
        StatusCode::OK,
        r#"{"errcode":430102,"errmsg":"bad words"}"#,
    ));
    world.enqueue(&[notice(1), notice(2)]);
    world.settled().await;
    assert_eq!(receiver.got().len(), 2);
    let failed = world.rows(egret_notify::DeliveryState::Failed);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].key, Some(notice(1).key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_whose_answer_got_lost_is_told_again_with_a_mark() {
    let (receiver, world) = start("wecom", "[]", GOOD).await;
    receiver.answer_first(Answer::Say(StatusCode::BAD_GATEWAY, ""));
    world.enqueue(&[notice(1)]);
    world.settled().await;
    let body = receiver.got()[1].json();
    let text = body["markdown"]["content"].as_str().unwrap();
    assert!(text.starts_with("**（可能重复）"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_is_asked_too_often_is_left_alone_for_a_minute() {
    let (receiver, world) = start("wecom", "[]", TOO_FAST).await;
    world.enqueue(&[notice(1)]);
    receiver.wait_for(1).await;
    crate::world::until("it is known", || {
        let status = world.outbox.status().unwrap();
        let error = status.channels[0].last_error.clone();
        error.map(|_| ()).ok_or_else(|| format!("{status:?}"))
    })
    .await;
    let world = world.reopen(None).await;
    // Seen from the row, which a restart starts from: its channel waits, and it does not.
    let rows = world.rows(egret_notify::DeliveryState::Waiting);
    assert_eq!((rows.len(), rows[0].attempts), (1, 1));
    assert!(!rows[0].maybe_repeated);
}
