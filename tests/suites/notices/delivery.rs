//! Who is away is told when they are back, in order and once; what is secret stays so.

use egret_tests::files::files_with;
use egret_tests::receivers::{Kind, Receiver};
use egret_tests::server;
use egret_tests::wait;
use serde_json::json;

use crate::{Robot, SECRET, Settings, arrived_once, channels, comment, settled};

const ONE: &str = "[[notify.route]]\nto = [{ channel = \"one\" }]\n";

#[test]
fn who_was_away_is_told_in_order_and_a_restart_tells_nothing_again() {
    let mut web = Receiver::start(Kind::Web);
    let settings = Settings::write(&web, &["one"], None, ONE);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    let id = robot.reports("orange");
    // Nothing waits before it is in the outbox, either.
    web.until("the report has come", |taken| !taken.is_empty());
    settled(&mut desk);
    web.go_away();
    for n in 1..=12 {
        robot.does(&id, n, &comment(&format!("comment {n}")));
    }
    wait::until("all of it waits and one was tried", || {
        let channel = channels(&mut desk).remove(0);
        let is_so = channel["waiting"] == 12 && channel["last_error"].is_object();
        wait::check(is_so, channel)
    });
    web.come_back();
    settled(&mut desk);
    let keys = robot.keys(&id);
    assert_eq!(keys.len(), 13);
    // Nobody had heard the tries before: nothing has to be marked.
    assert_eq!(arrived_once(&web.taken(), &["/one"], &keys), 0);
    assert!(web.taken().iter().all(|taken| !taken.is_marked()));

    let egret_tests::desk::Desk { server, admin } = desk;
    let mut desk = egret_tests::desk::Desk {
        server: server.stop().start(),
        admin,
    };
    desk = desk.cut();
    robot.does(&id, 13, &comment("after two restarts"));
    settled(&mut desk);
    let taken = web.until("it has come", |taken| taken.len() >= 14);
    assert_eq!(taken.len(), 14, "a restart told something again");
    assert_eq!(arrived_once(&taken, &["/one"], &robot.keys(&id)), 0);
}

#[test]
fn what_is_secret_is_in_no_log_no_answer_and_no_file_of_ours() {
    let web = Receiver::start(Kind::Web);
    let routes = "[[notify.route]]\nto = [{ channel = \"refused-zz-hidden-in-the-path\" }]\n";
    let settings = Settings::write(&web, &["refused-zz-hidden-in-the-path"], None, routes);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    robot.reports("red");
    web.until("it was tried", |taken| !taken.is_empty());
    wait::until("the refusal is shown", || {
        let channel = channels(&mut desk).remove(0);
        wait::check(channel["last_error"].is_object(), channel)
    });
    let bare = SECRET.strip_prefix("whsec_").unwrap();
    let whole = desk.admin.get("/api/v1/admin/notifications").body
        + &desk
            .admin
            .get("/api/v1/admin/notifications/deliveries")
            .body
        + &desk.admin.get("/api/v1/audit/export").body
        + &desk.admin.get("/metrics").body;
    let url = format!("{}/refused", web.address);
    for (what, text) in [("an answer", &whole), ("the log", &desk.server.log())] {
        assert!(!text.contains(bare), "the secret is in {what}");
        assert!(
            !text.contains(&url),
            "the address with its path is in {what}: {text}"
        );
    }
    assert_eq!(files_with(desk.server.data(), bare), Vec::<String>::new());
    // A mistake in the settings is told without it, too.
    let broken = std::fs::read_to_string(settings.path()).unwrap() + "colour = \"blue\"\n";
    std::fs::write(settings.path(), broken).unwrap();
    let path = settings.path();
    let told = server::egret(&["serve", "--config", path.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("colour") && !told.contains(bare), "{told}");
}

#[test]
fn a_webhook_is_signed_and_says_what_happened() {
    let web = Receiver::start(Kind::Web);
    let settings = Settings::write(&web, &["one"], None, ONE);
    let mut desk = settings.desk();
    let robot = Robot::of(&mut desk);
    let id = robot.reports("orange");
    let taken = web.until("it has come", |taken| taken.len() == 1).remove(0);
    let headers = &taken.0["headers"];
    let text = |name: &str| headers[name].as_str().unwrap_or_default().to_owned();
    let signed = format!(
        "{}.{}.{}",
        text("webhook-id"),
        text("webhook-timestamp"),
        taken.0["text"].as_str().unwrap()
    );
    let key = SECRET.strip_prefix("whsec_").unwrap();
    let key = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let own = ring::hmac::sign(&key, signed.as_bytes());
    let own = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, own);
    assert_eq!(text("webhook-signature"), format!("v1,{own}"));
    let told = taken.json();
    assert_eq!(told["type"], "incident.opened", "{told}");
    let body = &told["data"];
    assert_eq!(
        (&body["incident"], &body["level"]),
        (&json!(id), &json!("orange"))
    );
    assert_eq!(body["url"], format!("https://egret.example/incident/{id}"));
    assert!(body["title"]["zh"].is_string() && body["title"]["en"].is_string());
}
