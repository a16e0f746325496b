//! Somebody changes the trail behind the server's back, and is found out.

use std::path::Path;

use egret_tests::browser::Browser;
use egret_tests::server::{Setup, egret};
use egret_tests::wait;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::deeds::viewer;
use super::{PASSWORD, guarded};

/// What `egret audit verify` prints, and whether it is content.
struct Verdict {
    is_whole: bool,
    printed: Value,
    said: String,
}

#[track_caller]
fn verify(data: &Path, more: &[&str]) -> Verdict {
    let mut arguments = vec!["audit", "verify", "--data", data.to_str().unwrap()];
    arguments.extend(more);
    let output = egret(&arguments);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Verdict {
        is_whole: output.status.success(),
        printed: serde_json::from_str(printed.trim()).unwrap_or(Value::Null),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Fails unless the trail is found to have been tampered with, in words that say where.
#[track_caller]
fn is_found(what: &str, data: &Path, words: &str) {
    let verdict = verify(data, &[]);
    assert!(
        !verdict.is_whole,
        "{what} is not found: {}",
        verdict.printed
    );
    assert!(
        verdict.said.contains("not whole"),
        "{what}: {}",
        verdict.said
    );
    assert!(
        verdict.said.contains(words),
        "{what}: no {words:?} in {}",
        verdict.said
    );
    assert!(
        verdict.printed["fault"].is_string(),
        "{what}: {}",
        verdict.printed
    );
}

/// A stopped server whose trail has some lines; how many.
fn stopped() -> (Setup, u64) {
    let (server, mut admin) = guarded();
    for n in 0..10 {
        let form = json!({ "name": format!("token-{n}"), "grants": viewer() });
        let answer = admin.tell("POST", "/api/v1/admin/tokens", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(admin.get("/api/v1/audit/verify").json()["fault"].is_null());
    let running = verify(server.data(), &[]);
    assert!(
        running.is_whole,
        "beside the running server: {}",
        running.said
    );
    let setup = server.stop();
    let verdict = verify(setup.data(), &[]);
    assert!(verdict.is_whole, "{}", verdict.said);
    let lines = verdict.printed["lines"].as_u64().unwrap();
    assert!(lines > 10, "{lines}");
    (setup, lines)
}

/// Does `sql` to people, checks, and takes it back.
#[track_caller]
fn tampered(setup: &Setup, sql: &str, check: impl FnOnce(&Path)) {
    let path = setup.data().join("people.db");
    let kept = std::fs::read(&path).unwrap();
    {
        let people = Connection::open(&path).unwrap();
        people.execute_batch(sql).unwrap();
        let mode: String = people
            .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "delete", "everything is in the one file");
    }
    assert_ne!(std::fs::read(&path).unwrap(), kept, "{sql} changes nothing");
    check(setup.data());
    for name in ["people.db-wal", "people.db-shm"] {
        // Only there while somebody has it open.
        drop(std::fs::remove_file(setup.data().join(name)));
    }
    std::fs::write(&path, kept).unwrap();
}

#[test]
fn a_change_of_any_column_of_any_line_is_found() {
    let (setup, lines) = stopped();
    let columns = [
        ("at", "at + 1"),
        ("kind", "'console'"),
        ("actor", "actor || 'x'"),
        ("name", "name || ' '"),
        ("address", "'10.0.0.1'"),
        ("action", "'audit.read'"),
        ("target", "target || 'x'"),
        ("outcome", "'failed'"),
        ("detail", "detail || 'x'"),
        ("seal", "zeroblob(32)"),
        (
            "seal",
            "(SELECT other.seal FROM audit other WHERE other.seq = 2)",
        ),
        ("seal", "x''"),
    ];
    for seq in [1, lines / 2, lines] {
        for (column, value) in columns {
            let sql = format!("UPDATE audit SET {column} = {value} WHERE seq = {seq}");
            tampered(&setup, &sql, |data| {
                is_found(
                    &format!("{column} of line {seq}"),
                    data,
                    &format!("line {seq}"),
                );
            });
        }
    }
    let what_moves = "UPDATE audit SET detail = detail || target, target = '' WHERE seq = 3";
    tampered(&setup, what_moves, |data| {
        is_found("text moved to another column", data, "line 3");
    });
    assert!(verify(setup.data(), &[]).is_whole, "and all is as it was");
}

#[test]
fn a_line_that_is_missing_swapped_or_added_is_found() {
    let (setup, lines) = stopped();
    let middle = lines / 2;
    let seal_of = |seq: u64| format!("(SELECT seal FROM audit WHERE seq = {seq})");
    let changes = [
        ("the first line", "DELETE FROM audit WHERE seq = 1".to_owned()),
        ("one in the middle", format!("DELETE FROM audit WHERE seq = {middle}")),
        ("the last line", format!("DELETE FROM audit WHERE seq = {lines}")),
        ("all lines", "DELETE FROM audit".to_owned()),
        ("the newer half", format!("DELETE FROM audit WHERE seq > {middle}")),
        (
            "one in the middle, and the others moved up",
            format!(
                "DELETE FROM audit WHERE seq = {middle};
                 UPDATE audit SET seq = -seq WHERE seq > {middle};
                 UPDATE audit SET seq = -seq - 1 WHERE seq < 0"
            ),
        ),
        (
            "two that are swapped",
            "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
             UPDATE audit SET seq = 3 WHERE seq = -2"
                .to_owned(),
        ),
        (
            "a copy at the end",
            format!(
                "INSERT INTO audit SELECT {lines} + 1, at, kind, actor, name, address, action, target,
                 outcome, detail, seal FROM audit WHERE seq = 1"
            ),
        ),
        (
            "a copy before the beginning",
            "INSERT INTO audit SELECT 0, at, kind, actor, name, address, action, target, outcome,
             detail, seal FROM audit WHERE seq = 1"
                .to_owned(),
        ),
        ("the head", "DELETE FROM audit_head".to_owned()),
        ("the head's count", "UPDATE audit_head SET lines = lines - 1".to_owned()),
        ("the head's seal", format!("UPDATE audit_head SET seal = {}", seal_of(2))),
        ("the head's own seal", "UPDATE audit_head SET mac = zeroblob(32)".to_owned()),
        (
            "the last line together with a head made up",
            format!(
                "DELETE FROM audit WHERE seq = {lines};
                 UPDATE audit_head SET lines = {lines} - 1, seal = {}",
                seal_of(lines - 1)
            ),
        ),
        ("everything", "DELETE FROM audit; DELETE FROM audit_head".to_owned()),
    ];
    for (what, sql) in changes {
        tampered(&setup, &sql, |data| is_found(what, data, ""));
    }
}

#[test]
fn the_newest_lines_gone_with_their_head_are_found_by_a_head_written_down() {
    let (setup, lines) = stopped();
    let path = setup.data().join("people.db");
    let early = std::fs::read(&path).unwrap();
    let early_head = verify(setup.data(), &[]).printed["head"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = setup.start();
    server.token("after", &["viewer"]);
    let setup = server.stop();
    let verdict = verify(setup.data(), &[]);
    let late_head = verdict.printed["head"].as_str().unwrap().to_owned();
    assert!(verdict.printed["lines"].as_u64().unwrap() > lines);
    for head in [&early_head, &late_head] {
        let verdict = verify(setup.data(), &["--head", head]);
        assert!(verdict.is_whole, "{}", verdict.said);
    }
    // The whole file of then.
    std::fs::write(&path, early).unwrap();
    assert!(
        verify(setup.data(), &[]).is_whole,
        "by itself it cannot know"
    );
    assert!(verify(setup.data(), &["--head", &early_head]).is_whole);
    let verdict = verify(setup.data(), &["--head", &late_head]);
    assert!(!verdict.is_whole, "{}", verdict.printed);
    assert!(verdict.said.contains("not whole"), "{}", verdict.said);
    for nonsense in ["", "x", &"0".repeat(64)] {
        let verdict = verify(setup.data(), &["--head", nonsense]);
        assert!(!verdict.is_whole, "{nonsense:?}");
    }
}

#[test]
fn what_was_tampered_with_stays_to_be_seen_after_new_lines() {
    let (setup, lines) = stopped();
    let people = Connection::open(setup.data().join("people.db")).unwrap();
    let sql = format!("DELETE FROM audit WHERE seq = {lines}");
    people.execute_batch(&sql).unwrap();
    drop(people);
    let server = setup.start();
    let answer = Browser::new(server.http).sign_in("admin", PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    is_found(
        "a line that is gone, beside the running server",
        server.data(),
        "",
    );
    wait::until("the log complains", || {
        wait::check(server.log().contains("audit trail"), server.log())
    });
    server.token("after", &["viewer"]);
    let setup = server.stop();
    is_found("a line that is gone", setup.data(), "");
}

#[test]
fn a_running_server_tells_that_its_trail_is_not_whole() {
    let (server, mut admin) = guarded();
    let people = Connection::open(server.data().join("people.db")).unwrap();
    people
        .execute_batch("UPDATE audit SET name = 'nobody' WHERE seq = 1")
        .unwrap();
    let verified = admin.get("/api/v1/audit/verify").json();
    let fault = verified["fault"].as_str().unwrap();
    assert!(fault.contains("line 1"), "{verified}");
    is_found("a line changed beside the server", server.data(), "line 1");
}

#[test]
fn without_its_key_the_trail_is_not_taken_for_whole_and_no_new_one_begins() {
    let (setup, _) = stopped();
    let key = setup.data().join("audit.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, [7; 32]).unwrap();
    is_found("another key", setup.data(), "");
    std::fs::remove_file(&key).unwrap();
    let verdict = verify(setup.data(), &[]);
    assert!(!verdict.is_whole);
    assert!(verdict.said.contains("audit.key"), "{}", verdict.said);
    assert!(!key.exists(), "no key is made for a trail that has one");
    std::fs::write(&key, kept).unwrap();
    assert!(verify(setup.data(), &[]).is_whole);
}
