//! More incidents than the city holds: what is over makes room and is found in the archive, what is
//! worked stays.

use egret_tests::desk::{Desk, fresh, report};
use egret_tests::wait;
use serde_json::json;

/// As many as the city lists at once.
const LISTED_MAX: usize = 2_000;

/// Senders that report at the same time: the journal keeps what is there together.
const SENDERS: usize = 8;

#[test]
fn what_is_over_makes_room_and_is_found_in_the_archive_with_its_whole_file() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let programs: Vec<_> = (0..SENDERS)
        .map(|n| desk.program(&format!("robot {n}"), &["officer"]))
        .collect();
    let over = olga.reports();
    olga.does(&over, &json!({ "comment": { "text": "zz_said before" } }));
    olga.does(&over, &json!({ "dismiss": { "reason": "zz_a joke" } }));
    std::thread::scope(|scope| {
        for program in &programs {
            scope.spawn(move || {
                for _ in 0..LISTED_MAX / SENDERS {
                    let answer = program.post("/api/v1/incidents", &report(&fresh()).to_string());
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
    let listed = programs[0].list("/api/v1/incidents");
    assert_eq!(listed.len(), LISTED_MAX);
    assert!(listed.iter().all(|row| row["id"] != *over));
    // Nothing that is open makes room for more.
    let answer = programs[0].post("/api/v1/incidents", &report(&fresh()).to_string());
    egret_tests::desk::is_refusal(&answer, 422, "too_many", "one more");
    let archived = wait::until("it is in the archive", || {
        let rows = programs[0].list("/api/v1/incidents?archived=true");
        wait::check(rows.len() == 1, &rows)?;
        Ok(rows)
    });
    assert_eq!(
        (&archived[0]["id"], &archived[0]["state"]),
        (&json!(over), &json!("dismissed"))
    );
    let file = olga.file(&over);
    assert!(file.to_string().contains("zz_said before"), "{file}");
    assert_eq!(file["timeline"].as_array().unwrap().len(), 3, "{file}");
    let answer = olga.tries(&over, 3, &json!({ "comment": { "text": "after" } }));
    assert_eq!(answer.status, 404, "{answer:?}");
    let mut vera = desk.worker("vera", &["viewer"]);
    let file = vera.file(&over).to_string();
    assert!(!file.contains("zz_"), "{file}");
    let mut eva = desk.worker("eva", &["officer@900002"]);
    let answer = eva.browser.get("/api/v1/incidents?archived=true").json();
    assert_eq!(answer["items"], json!([]));
}
