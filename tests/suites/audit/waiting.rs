//! While the trail cannot be written, nobody is answered who has to be a line of it.

use egret_tests::http::Answer;
use egret_tests::server::Server;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// Round trips that others make meanwhile: who waits for nothing is answered by then.
const ROUNDS: usize = 50;

/// A request: method, path, and a body that is JSON, or nothing if it is null.
type Request = (&'static str, &'static str, Value);

/// Makes these requests at once while the trail cannot be written, and lets it be written again: the
/// answers, each with how many lines of `action` there were when it came.
#[track_caller]
fn while_it_is_held(server: &Server, action: &str, requests: &[Request]) -> Vec<(Answer, u64)> {
    let people = server.data().join("people.db");
    let held = Connection::open(&people).unwrap();
    // The server waits 5 s for that.
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let n_lines = || -> u64 {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reading = Connection::open_with_flags(&people, flags).unwrap();
        let count = "SELECT count(*) FROM audit WHERE action = ?1";
        let n_lines = reading.query_row(count, [action], |row| row.get(0));
        n_lines.unwrap()
    };
    let n_lines = &n_lines;
    std::thread::scope(|scope| {
        let ask = |request: &Request| {
            let (api, n_lines, (method, path, body)) = (server.api(), n_lines, request.clone());
            scope.spawn(move || {
                let headers: &[_] = if body.is_null() {
                    &[]
                } else {
                    &[("content-type", "application/json")]
                };
                let body = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                let answer = api.ask(method, path, headers, &body);
                (answer, n_lines())
            })
        };
        let asked: Vec<_> = requests.iter().map(ask).collect();
        for _ in 0..ROUNDS {
            assert_eq!(server.api().get("/healthz").status, 200);
        }
        held.execute_batch("COMMIT").unwrap();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn what_was_done_is_in_the_trail_before_it_is_answered() {
    let server = Server::tiny();
    let change = json!({ "id": "drill", "mode": "emergency", "reason": "a drill" });
    let answers = while_it_is_held(&server, "mode.change", &[("POST", "/api/v1/mode", change)]);
    for (answer, n_lines) in answers {
        assert_eq!((answer.status, n_lines), (200, 1), "{answer:?}");
    }
}

#[test]
fn refused_messages_are_shown_to_nobody_before_the_look_is_a_line() {
    let server = Server::tiny();
    let look = ("GET", "/api/v1/quarantine", Value::Null);
    let looks = while_it_is_held(&server, "quarantine.read", &[look.clone(), look]);
    for (answer, n_lines) in looks {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(n_lines > 0, "shown before it is a line: {answer:?}");
    }
    // A page that stays open is no further line.
    let lines = || server.api().list("/api/v1/audit?action=quarantine.read");
    let n_lines = lines().len();
    server.api().list("/api/v1/quarantine");
    assert_eq!(lines().len(), n_lines);
}

#[test]
fn two_who_drive_a_wall_at_once_do_not_undo_each_other() {
    let server = Server::tiny();
    let api = server.api();
    let report = json!({
        "id": "r-1", "title": "water", "text": "", "level": "red", "area": "900001",
    });
    let opened = api.post("/api/v1/incidents", &report.to_string());
    assert_eq!(opened.status, 200, "{opened:?}");
    let incident = opened.json()["incident"].clone();
    let path = "/api/v1/walls/hall-1/drive";
    let scene = json!({ "scene": "overview" });
    let spotlight = json!({ "spotlight": incident });
    let orders = [("POST", path, scene), ("POST", path, spotlight)];
    for (answer, _) in while_it_is_held(&server, "wall.drive", &orders) {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // One more, which leaves what it was told.
    let held = api.post(path, r#"{"hold":true}"#);
    assert_eq!(held.status, 200, "{held:?}");
    let told = held.json()["drive"].clone();
    assert_eq!(told["scene"], "overview", "{told}");
    assert_eq!(told["spotlight"], incident, "{told}");
}
