//! What is kept quiet by hand: silences and shelves, what breaks through them, and what is counted.

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::desk::{Desk, Worker, fresh};
use egret_tests::http::Answer;
use egret_tests::wait;
use serde_json::{Value, json};

use crate::life::pond;

fn order(worker: &mut Worker, order: &Value) -> Answer {
    let body = json!({ "id": fresh(), "order": order });
    worker.browser.tell("POST", "/api/v1/hushes", &body)
}

fn put(kind: &Value, up_to: &str) -> Value {
    let now = clock::now();
    json!({ "put": { "id": null, "hush": {
        "kind": kind, "up_to": up_to, "owner": "dan", "reason": "works on the road",
        "from": now, "until": TimeMs(now.0 + 600_000),
    } } })
}

/// The alert of the gauge, once `fits`.
#[track_caller]
fn alert(worker: &mut Worker, gauge: &str, fits: impl Fn(&Value) -> bool) -> Value {
    wait::until("the alert as expected", || {
        let answer = worker.browser.get("/api/v1/alerts?rule=ponding");
        let page = answer.json();
        let rows = page["items"].as_array().cloned().unwrap_or_default();
        let mut own = rows.into_iter();
        let own = own.find(|row| row["key"]["subject"]["asset"]["asset"] == *gauge && fits(row));
        own.ok_or(answer.body)
    })
}

fn hushes(worker: &mut Worker) -> Vec<Value> {
    let page = worker.browser.get("/api/v1/hushes").json();
    page["items"].as_array().unwrap().clone()
}

#[test]
fn a_silenced_alert_opens_nothing_is_counted_and_breaks_through_when_it_is_worse() {
    let mut desk = Desk::opened();
    let steward = desk.program("steward", &["steward"]);
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let silence = json!({ "silence": { "rule": "ponding", "area": "900001" } });
    let answer = order(&mut dan, &put(&silence, "orange"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let hush = answer.json()["hush"].clone();
    pond(&steward, "P-1", 20.0);
    let row = alert(&mut dan, "P-1", |row| row["state"] == "firing");
    assert_eq!(row["hushed"], hush, "{row}");
    let listed = hushes(&mut dan);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["hushing"]),
        (&hush, &json!(1)),
        "{listed:?}"
    );
    let list = dan.browser.get("/api/v1/incidents").json();
    assert_eq!(list["items"], json!([]));
    pond(&steward, "P-1", 35.0);
    let row = alert(&mut dan, "P-1", |row| row["level"] == "red");
    assert!(row["hushed"].is_null(), "{row}");
    egret_tests::desk::incident(&mut dan, |row| row["level"] == "red");
    // All of its turns are on record, the quiet one among them.
    let turns = wait::until("its turns", || {
        let page = dan.browser.get("/api/v1/alerts/log").json();
        let rows = page["items"].as_array().cloned().unwrap_or_default();
        wait::check(rows.len() >= 2, &rows)?;
        Ok(rows)
    });
    assert!(turns.iter().any(|turn| turn["hushed"] == hush), "{turns:?}");
    assert!(
        turns.iter().any(|turn| turn["hushed"].is_null()),
        "{turns:?}"
    );
}

#[test]
fn a_shelved_alert_speaks_again_when_somebody_ends_it_and_outlives_a_power_cut() {
    let mut desk = Desk::opened();
    let steward = desk.program("steward", &["steward"]);
    let mut dan = desk.worker("dan", &["dispatcher"]);
    pond(&steward, "P-1", 20.0);
    let row = alert(&mut dan, "P-1", |row| row["state"] == "firing");
    let shelf = json!({ "shelf": row["key"] });
    let answer = order(&mut dan, &put(&shelf, "orange"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let hush = answer.json()["hush"].clone();
    alert(&mut dan, "P-1", |row| row["hushed"] == hush);
    let again = order(&mut dan, &put(&shelf, "orange"));
    assert_eq!(again.status, 422, "{again:?}");
    let desk = desk.cut();
    wait::until("the session is known again", || {
        let me = dan.browser.get("/api/v1/me").body;
        wait::check(me.contains("signed_in"), me)
    });
    alert(&mut dan, "P-1", |row| row["hushed"] == hush);
    let end = json!({ "end": { "id": hush, "reason": "done" } });
    assert_eq!(order(&mut dan, &end).status, 200);
    alert(&mut dan, "P-1", |row| {
        row["hushed"].is_null() && row["state"] == "firing"
    });
    assert_eq!(order(&mut dan, &end).status, 404);
    assert_eq!(hushes(&mut dan), Vec::<Value>::new());
    drop(desk);
}

#[test]
fn what_cannot_be_kept_quiet_is_refused_in_words() {
    let mut desk = Desk::opened();
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let mut vera = desk.worker("vera", &["viewer"]);
    let mut wim = desk.worker("wim", &["handler:water"]);
    let silence = json!({ "silence": { "rule": "ponding" } });
    for (kind, up_to) in [
        (json!({ "silence": {} }), "orange"),
        (silence.clone(), "red"),
        (json!({ "silence": { "rule": "nobody" } }), "blue"),
    ] {
        let answer = order(&mut dan, &put(&kind, up_to));
        let is_refused = answer.status == 422 || answer.status == 403;
        assert!(is_refused, "{kind}: {answer:?}");
    }
    for (member, value) in [
        ("owner", json!("")),
        ("reason", json!(" ")),
        ("until", json!(clock::ago(60))),
        ("reason", json!("x".repeat(601))),
    ] {
        let mut put = put(&silence, "orange");
        put["put"]["hush"][member] = value;
        let answer = order(&mut dan, &put);
        assert_eq!(answer.status, 422, "{put}: {answer:?}");
        let words = &answer.json()["words"];
        assert!(
            words["zh"].is_string() && words["en"].is_string(),
            "{answer:?}"
        );
    }
    assert_eq!(order(&mut vera, &put(&silence, "orange")).status, 403);
    let police = json!({ "silence": { "feed": "probe-car" } });
    assert_eq!(order(&mut wim, &put(&police, "blue")).status, 403);
    assert_eq!(order(&mut wim, &put(&silence, "blue")).status, 200);
}
