//! What is asked for stands in the trail before it is done, and what came of it after. Without the first
//! line nothing is done; that the second cannot be written changes nothing of what was.

use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message;
use egret_tests::mosquitto::Version;
use egret_tests::paho;
use egret_tests::server::Server;
use egret_tests::wait;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{PHONE, with_persons};

/// Does something while the trail takes no line that is as `which` says, in SQL.
#[track_caller]
fn without<T>(server: &Server, which: &str, act: impl FnOnce() -> T) -> T {
    let people = Connection::open(server.data().join("people.db")).unwrap();
    let refuse = format!(
        "CREATE TRIGGER no_line BEFORE INSERT ON audit WHEN {which}
         BEGIN SELECT RAISE(ABORT, 'no line'); END"
    );
    people.execute_batch(&refuse).unwrap();
    let done = act();
    people.execute_batch("DROP TRIGGER no_line").unwrap();
    done
}

/// Outcome and detail of every line of `action`, oldest first.
#[track_caller]
fn lines(api: &Http, action: &str) -> Vec<(String, String)> {
    let rows = api.list(&format!("/api/v1/audit?action={action}"));
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let lines = rows.iter().rev();
    lines
        .map(|row| (text(row, "outcome"), text(row, "detail")))
        .collect()
}

/// A feed that cannot be put in force.
pub(crate) fn broken_feed() -> Value {
    let mut feed = message::noise_feed("noise");
    feed["metric"][0]["unit"] = json!("no such unit");
    feed
}

fn done(detail: &str) -> (String, String) {
    ("done".to_owned(), detail.to_owned())
}

#[test]
fn nobody_is_erased_before_it_stands_in_the_trail() {
    let server = with_persons().start();
    let api = server.api();
    let mut report = message::request("R-1", "opened", clock::now());
    report["caller"] = json!({ "phone": PHONE });
    api.send(&report);
    let fields = || api.get("/api/v1/reports/hotline/R-1/personal").body;
    let before = fields();
    let erase = || {
        let form = json!({ "value": PHONE, "reason": "as asked" });
        api.post("/api/v1/persons/erase", &form.to_string())
    };
    let answer = without(&server, "NEW.action = 'person.erase'", erase);
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(fields(), before, "nobody was erased");

    let answer = without(&server, "NEW.detail LIKE '% reports, %'", erase);
    assert_eq!(answer.status, 200, "it was done: {answer:?}");
    assert_eq!(answer.json()["reports"], 1, "{answer:?}");
    assert_ne!(fields(), before);
    wait::until("the log complains", || {
        let log = server.log();
        wait::check(log.contains("the audit trail could not be written"), log)
    });
    assert_eq!(erase().status, 200);
    let asked = done("asked for: as asked");
    let ended = done("0 reports, 0 refused messages");
    assert_eq!(
        lines(&api, "person.erase"),
        [asked.clone(), asked, ended],
        "what came of the first could not be told"
    );

    let form = json!({ "value": "1", "reason": "by mistake" }).to_string();
    assert_eq!(api.post("/api/v1/persons/erase", &form).status, 400);
    let lines = lines(&api, "person.erase");
    let (outcome, why) = lines.last().unwrap();
    assert_eq!(outcome, "failed");
    assert!(why.contains("at least 2"), "{why}");
}

#[test]
fn a_feed_that_could_not_be_connected_or_let_go_is_told_so() {
    let server = Server::tiny();
    let api = server.api();
    let json = [("content-type", "application/json")];
    let path = "/api/v1/register/noise";
    let feed = message::noise_feed("noise").to_string();
    let answer = without(&server, "NEW.action = 'feed.connect'", || {
        api.ask("PUT", path, &json, &feed)
    });
    assert_eq!(answer.status, 500, "{answer:?}");
    let state = api.get("/api/v1/register").json();
    assert_eq!(state["added"], json!([]), "without a line nothing is added");

    let broken = broken_feed().to_string();
    assert_eq!(api.ask("PUT", path, &json, &broken).status, 422);
    let told = lines(&api, "feed.connect");
    assert_eq!(told[0], done(""));
    let (outcome, why) = &told[1];
    assert_eq!((outcome.as_str(), told.len()), ("failed", 2), "{told:?}");
    assert!(!why.is_empty(), "{told:?}");

    // One that is refused is so though it cannot be told.
    let answer = without(&server, "NEW.outcome = 'failed'", || {
        api.ask("DELETE", path, &[], "")
    });
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(api.ask("DELETE", path, &[], "").status, 404);
    let failed = (
        "failed".to_owned(),
        "no feed \"noise\" was added".to_owned(),
    );
    assert_eq!(lines(&api, "feed.disconnect"), [done(""), done(""), failed]);

    // One that is done is one line.
    assert_eq!(api.ask("PUT", path, &json, &feed).status, 200);
    assert_eq!(lines(&api, "feed.connect").len(), 3);
}

#[test]
fn messages_are_read_again_only_once_it_stands_in_the_trail() {
    let server = Server::tiny();
    let api = server.api();
    let mut vendor = paho::Session::connect(server.mqtt, Version::V5);
    for db in [50.0, 60.0] {
        let sent = message::noise(clock::now(), db).to_string();
        assert_eq!(vendor.publish("acme/meter-7/up", &sent), 0x90);
    }
    let json = [("content-type", "application/json")];
    let feed = message::noise_feed("noise").to_string();
    let connected = api.ask("PUT", "/api/v1/register/noise", &json, &feed);
    assert_eq!(connected.status, 200, "{connected:?}");

    let refused = || api.list("/api/v1/quarantine");
    let [newer, older] = [0, 1].map(|n| refused()[n]["id"].clone());
    let rerun = |id: &Value| {
        let form = json!({ "ids": [id] }).to_string();
        api.post("/api/v1/quarantine/rerun", &form)
    };
    let is_rerun = "NEW.action = 'quarantine.rerun'";
    let answer = without(&server, is_rerun, || rerun(&older));
    assert_eq!((answer.status, refused().len()), (500, 2), "{answer:?}");

    let answer = without(&server, "NEW.detail LIKE '%taken%'", || rerun(&older));
    assert_eq!(answer.status, 200, "it was done: {answer:?}");
    assert_eq!(
        (answer.json()["accepted"].as_u64(), refused().len()),
        (Some(1), 1)
    );
    assert_eq!(rerun(&newer).status, 200);
    let asked = done("asked for: 1 messages");
    let ended = done("1 taken, 0 stay");
    assert_eq!(
        lines(&api, "quarantine.rerun"),
        [asked.clone(), asked, ended]
    );
}

#[test]
fn an_order_to_a_wall_that_is_not_obeyed_is_no_line() {
    // As many as may be driven at once.
    const WALLS_MAX: usize = 256;
    let server = Server::tiny();
    let api = server.api();
    let drive = |n: usize, order: &str| {
        let path = format!("/api/v1/walls/wall-{n}/drive");
        api.post(&path, order)
    };
    let scene = r#"{"scene":"overview"}"#;
    drive(0, r#"{"scene":"nowhere"}"#).is_problem(422, "nowhere");
    for n in 0..WALLS_MAX {
        assert_eq!(drive(n, scene).status, 200);
    }
    drive(WALLS_MAX, scene).is_problem(503, "close one");
    assert_eq!(lines(&api, "wall.drive").len(), WALLS_MAX);
}
