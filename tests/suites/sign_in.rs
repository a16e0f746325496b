//! Who gets in, and who does not: the first start, passwords, lock-outs, sessions, tokens.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

#[path = "sign_in/first_start.rs"]
mod first_start;
#[path = "sign_in/guessing.rs"]
mod guessing;
#[path = "sign_in/revoked.rs"]
mod revoked;
#[path = "sign_in/sessions.rs"]
mod sessions;

use std::time::Duration;

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::server::{Server, Setup};
use rusqlite::Connection;
use serde_json::{Value, json};

/// The admin's password in all of these.
const PASSWORD: &str = "Heron-At-Low-Tide-7";

/// Somebody else's.
const OTHERS: &str = "Knot-Over-Mudflats-9";

/// Within which a change by the command line is seen by the server, and told on open connections.
const A_SECOND: Duration = Duration::from_secs(1);

/// A server with its first admin, signed in.
#[track_caller]
fn guarded() -> (Server, Browser) {
    let server = Setup::tiny().guarded().start();
    let admin = Browser::first_admin(&server, PASSWORD);
    (server, admin)
}

/// A grant of a viewer over these areas.
fn viewer(areas: &Value) -> Value {
    json!([{ "role": "viewer", "areas": areas, "departments": "all", "up_to": "sensitive" }])
}

/// A grant of an admin.
fn administer() -> Value {
    json!([{ "role": "admin", "areas": "all", "departments": "all", "up_to": "sensitive" }])
}

/// The id of the account with this name.
#[track_caller]
fn id_of(admin: &mut Browser, name: &str) -> String {
    let users = admin.get("/api/v1/admin/users").json();
    let rows = users["items"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == name).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

/// What happened to people, as their file has it; changed behind the back of a stopped server.
#[track_caller]
fn change_file(setup: &Setup, sql: &str) {
    let people = Connection::open(setup.data().join("people.db")).unwrap();
    assert!(people.execute(sql, []).unwrap() > 0, "{sql}");
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.json()["code"], code, "{answer:?}");
}
