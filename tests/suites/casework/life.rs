//! One incident from its report to its evaluation, and what everybody is told of it.

use egret_tests::desk::{Desk, Worker, deeds};
use egret_tests::{clock, message};
use serde_json::{Value, json};

fn stands_at(worker: &mut Worker, incident: &str, state: &str) {
    assert_eq!(worker.file(incident)["state"], state);
}

/// What `who` was given and has done, summed up over areas.
fn tally(cards: &Value, who: &str, what: &str) -> u64 {
    let cards = cards["items"].as_array().unwrap();
    let own = cards.iter().filter(|card| card["department"] == *who);
    own.map(|card| card["tally"][what].as_u64().unwrap()).sum()
}

/// The incident with its file, in which everything has its place; how much that is.
#[track_caller]
fn is_told_in_order(olga: &mut Worker, id: &str) -> (Value, usize) {
    let file = olga.file(id);
    let expected = [
        ("opened", "olga"),
        ("acknowledge", "olga"),
        ("file", "olga"),
        ("dispatch", "dan"),
        ("accept", "pavel"),
        ("accept", "wim"),
        ("feedback", "pavel"),
        ("feedback", "wim"),
        ("verify", "olga"),
        ("close", "olga"),
        ("evaluate", "olga"),
    ];
    let told = deeds(&file);
    let told: Vec<_> = told.iter().map(|(what, by)| (&**what, &**by)).collect();
    assert_eq!(told, expected, "{file}");
    is_in_order(&file);
    (file, expected.len())
}

/// Both departments have done their part in time, and the lead was judged.
#[track_caller]
fn are_counted(olga: &mut Worker) {
    let cards = olga.browser.get("/api/v1/scorecards").json();
    let counted = |who: &str, what: &str| tally(&cards, who, what);
    assert_eq!(
        (counted("water", "given"), counted("police", "given")),
        (1, 1)
    );
    assert_eq!(
        (counted("water", "in_time"), counted("police", "in_time")),
        (1, 1)
    );
    assert_eq!(
        (counted("water", "judged"), counted("water", "score")),
        (1, 4)
    );
    assert_eq!(
        (counted("police", "judged"), counted("water", "late")),
        (0, 0)
    );
}

#[test]
fn a_report_is_filed_dispatched_handled_verified_closed_and_evaluated() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let mut wim = desk.worker("wim", &["handler:water"]);
    let mut pavel = desk.worker("pavel", &["handler:police"]);
    let mut vera = desk.worker("vera", &["viewer"]);
    let id = olga.reports();
    let missing = wim.browser.get(&format!("/api/v1/incidents/{id}"));
    assert_eq!(
        missing.status, 404,
        "nobody has given it to them: {missing:?}"
    );

    stands_at(&mut olga, &id, "reported");
    olga.does(&id, &json!("acknowledge"));
    olga.does(
        &id,
        &json!({ "file": { "class": "utilities", "note": "zz_filed" } }),
    );
    stands_at(&mut olga, &id, "filed");
    dan.does(
        &id,
        &json!({ "dispatch": { "lead": "water", "support": ["police"], "note": "zz_go" } }),
    );
    stands_at(&mut wim, &id, "dispatched");
    pavel.does(&id, &json!({ "accept": { "department": "police" } }));
    stands_at(&mut wim, &id, "dispatched");
    wim.does(&id, &json!({ "accept": { "department": "water" } }));
    stands_at(&mut wim, &id, "handling");
    let done =
        |department: &str| json!({ "feedback": { "department": department, "text": "zz_done" } });
    wim.may_not(&id, &done("water"), 422, "open_tasks");
    pavel.does(&id, &done("police"));
    stands_at(&mut wim, &id, "handling");
    wim.does(&id, &done("water"));
    stands_at(&mut olga, &id, "feedback");
    olga.does(
        &id,
        &json!({ "verify": { "passed": true, "note": "zz_seen" } }),
    );
    stands_at(&mut olga, &id, "verified");
    olga.does(&id, &json!({ "close": { "note": "" } }));
    stands_at(&mut olga, &id, "closed");
    olga.does(
        &id,
        &json!({ "evaluate": { "score": 4, "note": "zz_thanks" } }),
    );
    stands_at(&mut olga, &id, "evaluated");

    let (file, n_deeds) = is_told_in_order(&mut olga, &id);
    // A viewer is told what was done and by whom, and no word of what people wrote.
    let seen = vera.file(&id);
    assert_eq!(seen["timeline"].as_array().unwrap().len(), n_deeds);
    let words = seen.to_string();
    assert!(!words.contains("zz_"), "{words}");
    assert!(file.to_string().contains("zz_done"), "{file}");
    vera.may_not(
        &id,
        &json!({ "comment": { "text": "me too" } }),
        403,
        "not_granted",
    );

    are_counted(&mut olga);
}

/// Numbers follow one another, and times and versions do not go back.
#[track_caller]
fn is_in_order(file: &Value) {
    let deeds = file["timeline"].as_array().unwrap();
    let mut last = (String::new(), 0);
    for (n, deed) in (1..).zip(deeds) {
        assert_eq!(deed["n"], n, "{file}");
        let at = deed["at"].as_str().unwrap().to_owned();
        let now = (at, deed["version"].as_u64().unwrap());
        assert!(now >= last, "{now:?} after {last:?}: {file}");
        last = now;
    }
    assert_eq!(file["version"], last.1, "{file}");
}

#[test]
fn what_was_not_done_goes_back_and_is_counted() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let mut lea = desk.worker("lea", &["lead"]);
    let mut wim = desk.worker("wim", &["handler:water"]);
    let mut pavel = desk.worker("pavel", &["handler:police"]);
    let id = olga.reports();
    olga.does(&id, &json!({ "file": { "class": "normal" } }));
    let give = |lead: &str| json!({ "dispatch": { "lead": lead } });
    let back = json!({ "return": { "department": "water", "reason": "not ours" } });
    let object = json!({ "dispute": { "department": "water", "reason": "zz_really not ours" } });
    lea.does(&id, &give("water"));
    wim.may_not(&id, &object, 422, "not_returned");
    wim.does(&id, &back);
    let file = olga.file(&id);
    assert_eq!(
        (&file["state"], &file["lead"]),
        (&json!("filed"), &Value::Null)
    );
    // Whoever was given it first answers for it until another has accepted.
    assert_eq!(file["responsible"], "water");
    lea.does(&id, &give("water"));
    wim.may_not(&id, &back, 422, "returned_before");
    wim.does(&id, &object);
    lea.may_not(&id, &give("police"), 422, "disputed");
    wim.may_not(
        &id,
        &json!({ "accept": { "department": "water" } }),
        422,
        "disputed",
    );
    let decide = json!({ "decide": { "lead": "police", "reason": "the road is theirs" } });
    olga.may_not(&id, &decide, 403, "not_granted");
    lea.does(&id, &decide);
    pavel.may_not(
        &id,
        &json!({ "return": { "department": "police", "reason": "no" } }),
        422,
        "decided",
    );
    pavel.does(&id, &json!({ "accept": { "department": "police" } }));
    assert_eq!(olga.file(&id)["responsible"], "police");
    let done = json!({ "feedback": { "department": "police", "text": "done" } });
    pavel.does(&id, &done);
    olga.does(
        &id,
        &json!({ "verify": { "passed": false, "note": "it is still wet" } }),
    );
    assert_eq!(olga.file(&id)["state"], "handling");
    pavel.does(&id, &done);
    olga.does(&id, &json!({ "verify": { "passed": true, "note": "dry" } }));
    olga.does(&id, &json!({ "close": {} }));
    olga.does(&id, &json!({ "reopen": { "reason": "wet again" } }));
    let file = olga.file(&id);
    assert_eq!(
        (&file["state"], &file["reopened"]),
        (&json!("filed"), &json!(2))
    );
    let cards = olga.browser.get("/api/v1/scorecards").json();
    assert_eq!(tally(&cards, "water", "returned"), 1, "{cards}");
    assert_eq!(tally(&cards, "police", "reopened"), 2, "{cards}");
}

#[test]
fn an_objection_is_read_by_those_who_work_it_and_by_nobody_else() {
    let mut desk = Desk::opened();
    let mut lea = desk.worker("lea", &["lead"]);
    let mut wim = desk.worker("wim", &["handler:water"]);
    let mut vera = desk.worker("vera", &["viewer"]);
    let id = lea.reports();
    lea.does(
        &id,
        &json!({ "command": { "departments": ["water"], "order": "zz_go" } }),
    );
    wim.does(
        &id,
        &json!({ "dispute": { "department": "water", "reason": "zz_no" } }),
    );
    assert!(lea.file(&id).to_string().contains("zz_no"));
    let list = vera.browser.get("/api/v1/incidents").body;
    assert!(list.contains(&id) && !list.contains("zz_"), "{list}");
    let file = vera.file(&id).to_string();
    assert!(!file.contains("zz_"), "{file}");
    let mut screen = vera.browser.socket().unwrap();
    let channel = format!("incident/{id}");
    screen.say(&json!({ "type": "subscribe", "channels": ["city", channel] }));
    for _ in 0..2 {
        let snapshot = screen.find(egret_tests::wait::PATIENCE, |said| {
            said["type"] == "snapshot"
        });
        let words = snapshot.to_string();
        assert!(words.contains(&id) && !words.contains("zz_"), "{words}");
    }
}

#[test]
fn a_red_signal_opens_an_incident_with_a_checklist_that_people_tick() {
    let mut desk = Desk::opened();
    let steward = desk.program("steward", &["steward"]);
    let mut olga = desk.worker("olga", &["officer"]);
    pond(&steward, "P-1", 35.0);
    let row = egret_tests::desk::incident(&mut olga, |row| row["rule"] == "ponding");
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&row["state"], &row["level"]),
        (&json!("reported"), &json!("red"))
    );
    let n_points = olga.file(&id)["checklist"].as_array().unwrap().len();
    assert_eq!(n_points, 5);
    olga.does(&id, &json!({ "tick": { "item": 2, "done": true } }));
    let file = olga.file(&id);
    assert_eq!(file["checked"], json!([1, 5]), "{file}");
    assert_eq!(file["checklist"][2]["done"][0]["name"], "olga", "{file}");
    olga.does(&id, &json!({ "tick": { "item": 2, "done": false } }));
    assert_eq!(olga.file(&id)["checked"], json!([0, 5]));
    olga.may_not(
        &id,
        &json!({ "tick": { "item": 5, "done": true } }),
        422,
        "no_item",
    );
    // What is being worked does not end by itself when its signal does.
    olga.does(&id, &json!({ "file": { "class": "life" } }));
    pond(&steward, "P-1", 1.0);
    let row = egret_tests::desk::incident(&mut olga, |row| row["cleared_at"].is_string());
    assert_eq!(row["state"], "filed", "{row}");
}

/// A ponding gauge says so many centimetres.
pub(crate) fn pond(api: &egret_tests::http::Http, gauge: &str, depth_cm: f64) {
    let reading = message::merged(
        &message::level(clock::now(), 0.0),
        &json!({ "values": { "ponding_depth": { "v": depth_cm, "u": "cm" } } }),
    );
    api.send(&message::of("road", gauge, &reading));
}
