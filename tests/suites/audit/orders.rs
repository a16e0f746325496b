//! An order that is in the journal is in the trail, too, whenever the server died.

use std::path::Path;

use egret_tests::browser::Browser;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message;
use egret_tests::server::Setup;
use serde_json::{Value, json};

use super::PASSWORD;

/// Gives an order; its id.
pub(crate) fn order(api: &Http, key: &str) -> Value {
    let form = json!({
        "feed": "road", "asset": "G-1", "command": "zero", "reason": "after cleaning",
    });
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    let answer = api.ask("POST", "/api/v1/commands", &headers, &form.to_string());
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["id"].clone()
}

/// The orders in the trail: target, who, and what the detail says.
pub(crate) fn orders(admin: &mut Browser) -> Vec<(Value, Value, Value)> {
    let page = admin
        .get("/api/v1/audit?action=command.order&limit=200")
        .json();
    let lines = page["items"].as_array().unwrap().iter();
    let told = |line: &Value| {
        let detail: Value = serde_json::from_str(line["detail"].as_str().unwrap()).unwrap();
        (line["target"].clone(), line["name"].clone(), detail)
    };
    lines.map(told).collect()
}

fn copy(from: &Path, to: &Path) {
    for name in ["people.db", "people.db-wal", "people.db-shm"] {
        drop(std::fs::remove_file(to.join(name)));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn an_order_that_the_trail_has_lost_is_in_it_once_after_the_next_start() {
    let server = Setup::tiny().guarded().with_lasting_ports().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let steward = server
        .api()
        .with_token(&server.token("steward", &["steward"]));
    let officer = server
        .api()
        .with_token(&server.token("officer", &["officer"]));
    let values = json!({ "values": { "ponding_depth": { "v": 3.0, "u": "cm" } } });
    let reading = message::merged(&message::level(clock::now(), 0.0), &values);
    steward.send(&message::of("road", "G-1", &reading));
    steward.asset("road", "G-1", |_| true);
    order(&officer, "first");
    assert_eq!(orders(&mut admin).len(), 1);

    // The trail as it would be, had the server died between the journal and it.
    let setup = server.stop();
    let before = tempfile::tempdir().unwrap();
    copy(setup.data(), before.path());
    let server = setup.start();
    let second = order(&officer, "second");
    let setup = server.stop();
    copy(before.path(), setup.data());

    let mut server = setup.start();
    for _ in 0..2 {
        let all = orders(&mut admin);
        assert_eq!(all.len(), 2, "{all:?}");
        let (target, name, detail) = &all[0];
        assert_eq!((target, name), (&json!("road/G-1 zero"), &json!("officer")));
        assert_eq!(detail["id"], second);
        assert_eq!(detail["reason"], "after cleaning");
        assert!(detail["from_journal"].is_u64(), "{detail}");
        assert_eq!(all[1].2["from_journal"], Value::Null);
        let verified = admin.get("/api/v1/audit/verify");
        assert_eq!(verified.json()["fault"], Value::Null, "{}", verified.body);
        // Nor is it there twice after one more start.
        server = server.kill().start();
    }
}
