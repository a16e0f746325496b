//! What pages of others try to order about incidents and about ways in.

use egret_tests::{clock, message};
use serde_json::{Value, json};

use super::foreign_changes::{Change, change};

/// What can be ordered about incidents, hushes and the mode.
pub(crate) fn of_cases(incident: &str) -> Vec<Change> {
    let report = json!({
        "id": "forged-1", "title": "forged", "text": "", "level": "red", "area": "900001",
    });
    let comment = json!({
        "id": "forged-2", "version": 1, "act": { "comment": { "text": "forged" } },
    });
    let mode = json!({ "id": "forged-3", "mode": "emergency", "reason": "forged" });
    let hush = json!({ "id": "forged-4", "order": { "put": { "id": null, "hush": {
        "kind": { "silence": { "feed": "manhole" } }, "up_to": "blue", "owner": "forged",
        "reason": "forged", "from": clock::now(), "until": clock::ago(-3_600),
    } } } });
    vec![
        change("POST /api/v1/incidents", "", report, 200),
        change(
            "POST /api/v1/incidents/{id}/commands",
            incident,
            comment,
            200,
        ),
        Change {
            path: format!("/api/v1/incidents/{incident}/attachments?id=a&version=2&name=a.txt"),
            ..change(
                "POST /api/v1/incidents/{id}/attachments",
                incident,
                json!("a forged file"),
                200,
            )
        },
        change("POST /api/v1/hushes", "", hush, 200),
        change("POST /api/v1/mode", "", mode, 200),
    ]
}

/// What can be ordered about refused messages and the feed register.
pub(crate) fn of_ways_in() -> Vec<Change> {
    let again = json!({ "reason": "unknown_feed" });
    let discard = json!({ "reason": "unknown_feed", "why": "forged" });
    let addition = message::noise_feed("forged");
    let trial = json!({ "addition": addition, "samples": [] });
    let sample = json!({ "url": "http://127.0.0.1/", "format": "egret-json" });
    vec![
        change("POST /api/v1/quarantine/rerun", "", again, 200),
        change("POST /api/v1/quarantine/discard", "", discard, 200),
        change("POST /api/v1/register/try", "", trial, 200),
        // From loopback, which no settings allow here.
        change("POST /api/v1/register/fetch", "", sample, 422),
        change("PUT /api/v1/register/{feed}", "forged", addition, 200),
        change("DELETE /api/v1/register/{feed}", "forged", Value::Null, 200),
    ]
}
