//! Whatever is ordered, and whatever of it is refused, is a line of the audit trail.

use egret_tests::desk::{Desk, fresh};
use egret_tests::{clock, wait};
use serde_json::{Value, json};

/// Who, what, to what, and how it ended.
type Line = (String, String, String, String);

fn lines(desk: &mut Desk) -> Vec<Line> {
    let rows = desk.admin.get("/api/v1/audit?limit=1000").json();
    let rows = rows["items"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |row: &Value| {
        (
            text(&row["name"]),
            text(&row["action"]),
            text(&row["target"]),
            text(&row["outcome"]),
        )
    };
    rows.iter().map(line).collect()
}

#[test]
fn orders_and_refused_orders_are_lines_of_the_trail() {
    let mut desk = Desk::opened();
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let mut vera = desk.worker("vera", &["viewer"]);
    let id = dan.reports();
    let comment = json!({ "comment": { "text": "zz_so" } });
    dan.does(&id, &comment);
    vera.may_not(&id, &comment, 403, "not_granted");
    let path = format!(
        "/api/v1/incidents/{id}/attachments?id={}&version=2&name=a.txt",
        fresh()
    );
    let answer = dan.browser.tell("POST", &path, &json!("a file"));
    assert_eq!(answer.status, 200, "{answer:?}");
    dan.may_not(&id, &json!({ "close": {} }), 422, "wrong_state");
    let mode = json!({ "id": fresh(), "mode": "emergency", "reason": "drill" });
    assert_eq!(dan.browser.tell("POST", "/api/v1/mode", &mode).status, 200);
    assert_eq!(vera.browser.tell("POST", "/api/v1/mode", &mode).status, 403);
    let hush = json!({ "id": fresh(), "order": { "put": { "id": null, "hush": {
        "kind": { "silence": { "feed": "manhole" } }, "up_to": "blue", "owner": "dan",
        "reason": "works", "from": clock::now(), "until": clock::ago(-600),
    } } } });
    let hushed = dan.browser.tell("POST", "/api/v1/hushes", &hush);
    assert_eq!(hushed.status, 200, "{hushed:?}");
    let hushed = hushed.json()["hush"].as_str().unwrap().to_owned();
    let expected = [
        ("dan", "incident.open", id.as_str(), "done"),
        ("dan", "incident.comment", &id, "done"),
        ("vera", "incident.comment", &id, "denied"),
        ("dan", "incident.attach", &id, "done"),
        ("dan", "incident.close", &id, "failed"),
        ("dan", "mode.change", "", "done"),
        ("vera", "mode.change", "", "denied"),
        ("dan", "hush.order", &hushed, "done"),
    ];
    wait::until("every line is there", || {
        let lines = lines(&mut desk);
        let is_there = |(name, action, target, outcome): &(&str, &str, &str, &str)| {
            let mut same = lines.iter().map(|(n, a, t, o)| (&**n, &**a, &**t, &**o));
            same.any(|line| line == (*name, *action, *target, *outcome))
        };
        let missing = expected.iter().find(|line| !is_there(line));
        wait::check(missing.is_none(), (missing, &lines))
    });
    // The trail says that something was said, not what.
    let export = desk.admin.get("/api/v1/audit/export").body;
    assert!(!export.contains("zz_so"), "{export}");
}
