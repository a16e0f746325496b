//! Four eyes: whoever has handled an incident does not verify it, whatever they try.

use std::sync::Barrier;

use egret_tests::desk::{Desk, Worker, fresh, is_refusal};
use egret_tests::{clock, message, wait};
use serde_json::{Value, json};

use crate::life::pond;

fn accept(department: &str) -> Value {
    json!({ "accept": { "department": department } })
}

fn feedback(department: &str) -> Value {
    json!({ "feedback": { "department": department, "text": "done" } })
}

fn verify() -> Value {
    json!({ "verify": { "passed": true, "note": "seen" } })
}

/// Everybody who takes part: `both` supervises and handles for water.
struct Four {
    desk: Desk,
    lea: Worker,
    both: Worker,
    wim: Worker,
    pavel: Worker,
}

impl Four {
    fn come() -> Self {
        let mut desk = Desk::opened();
        Self {
            lea: desk.worker("lea", &["lead"]),
            both: desk.worker("both", &["officer", "handler:water"]),
            wim: desk.worker("wim", &["handler:water"]),
            pavel: desk.worker("pavel", &["handler:police"]),
            desk,
        }
    }

    /// A new incident that was given to this department.
    fn given(&mut self, department: &str) -> String {
        let id = self.lea.reports();
        self.give(&id, department);
        id
    }

    fn give(&mut self, id: &str, department: &str) {
        if self.lea.file(id)["state"] == "reported" {
            self.lea.does(id, &json!({ "file": { "class": "normal" } }));
        }
        self.lea
            .does(id, &json!({ "dispatch": { "lead": department } }));
    }

    #[track_caller]
    fn both_may_not_verify(&mut self, id: &str) {
        self.both.may_not(id, &verify(), 403, "same_person");
    }
}

#[test]
fn who_handled_it_does_not_verify_it_at_another_browser_or_by_a_token() {
    let mut four = Four::come();
    let id = four.given("water");
    four.both.does(&id, &accept("water"));
    four.wim.does(&id, &feedback("water"));
    four.both_may_not_verify(&id);
    let mut elsewhere = four.desk.again(&four.both);
    elsewhere.may_not(&id, &verify(), 403, "same_person");
    // No program verifies, with whatever grants.
    let version = elsewhere.file(&id)["version"].as_u64().unwrap();
    for grants in [&["officer", "handler:water"][..], &["lead"]] {
        let program = four.desk.program("robot", grants);
        let body = json!({ "id": fresh(), "version": version, "act": verify() });
        let answer = program.post(
            &format!("/api/v1/incidents/{id}/commands"),
            &body.to_string(),
        );
        is_refusal(&answer, 403, "not_a_person", "a program verifies");
    }
    // Nor is what they handled dismissed or judged by them.
    four.lea.does(&id, &verify());
    four.lea.does(&id, &json!({ "close": {} }));
    four.both.may_not(
        &id,
        &json!({ "evaluate": { "score": 5 } }),
        403,
        "same_person",
    );
}

#[test]
fn an_id_that_somebody_else_used_or_that_was_refused_verifies_nothing() {
    let mut four = Four::come();
    let id = four.given("water");
    four.both.does(&id, &accept("water"));
    let version = four.both.does(&id, &feedback("water"));
    let refused = four.both.orders(&id, "mine", version, &verify());
    is_refusal(&refused, 403, "same_person", "the first time");
    let again = four.both.orders(&id, "mine", version, &verify());
    is_refusal(&again, 403, "same_person", "the second time");
    let state = |worker: &mut Worker, id: &str| worker.file(id)["state"].clone();
    // Of an act of their own, whatever it was, comes no verification.
    let version = four.both.does(&id, &json!({ "comment": { "text": "so" } }));
    let told = four.both.orders(
        &id,
        "comment",
        version,
        &json!({ "comment": { "text": "a" } }),
    );
    assert_eq!(told.status, 200, "{told:?}");
    let replayed = four.both.orders(&id, "comment", version + 1, &verify());
    assert_eq!(state(&mut four.lea, &id), "feedback", "{replayed:?}");
    // Whoever verified one is not taken to have verified another.
    let other = four.given("water");
    four.both.does(&other, &accept("water"));
    four.both.does(&other, &feedback("water"));
    let seen = four.lea.file(&id)["version"].as_u64().unwrap();
    assert_eq!(
        four.lea.orders(&id, "verified", seen, &verify()).status,
        200
    );
    let seen = four.both.file(&other)["version"].as_u64().unwrap();
    let stolen = four.both.orders(&other, "verified", seen, &verify());
    is_refusal(&stolen, 403, "same_person", "the id of somebody else");
    assert_eq!(state(&mut four.lea, &other), "feedback");
}

#[test]
fn an_id_of_a_command_belongs_to_one_incident() {
    let mut four = Four::come();
    let (one, other) = (four.lea.reports(), four.lea.reports());
    let comment = json!({ "comment": { "text": "so" } });
    assert_eq!(four.lea.orders(&one, "once", 1, &comment).status, 200);
    let before = four.lea.file(&other);
    let answer = four.lea.orders(&other, "once", 1, &comment);
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(answer.json()["code"], "id_taken", "{answer:?}");
    assert_eq!(four.lea.file(&other), before);
}

#[test]
fn what_was_done_before_it_went_back_or_was_opened_again_counts_for_good() {
    let mut four = Four::come();
    let id = four.given("water");
    four.both.does(&id, &accept("water"));
    four.both.does(&id, &feedback("water"));
    four.lea.does(
        &id,
        &json!({ "verify": { "passed": false, "note": "not yet" } }),
    );
    four.wim.does(&id, &feedback("water"));
    four.both_may_not_verify(&id);
    four.lea.does(&id, &verify());
    four.lea.does(&id, &json!({ "close": {} }));
    four.both
        .does(&id, &json!({ "reopen": { "reason": "again" } }));
    four.both.may_not(
        &id,
        &json!({ "dismiss": { "reason": "why" } }),
        403,
        "not_granted",
    );
    four.give(&id, "police");
    four.pavel.does(&id, &accept("police"));
    four.pavel.does(&id, &feedback("police"));
    four.both_may_not_verify(&id);
    four.lea.does(&id, &verify());
}

#[test]
fn what_is_merged_brings_along_who_handled_it() {
    let mut four = Four::come();
    let (id, other) = (four.given("police"), four.given("water"));
    four.both.does(&other, &accept("water"));
    four.pavel.does(&id, &accept("police"));
    four.pavel.does(&id, &feedback("police"));
    four.both.does(
        &other,
        &json!({ "merge": { "into": id, "reason": "the same" } }),
    );
    four.both_may_not_verify(&id);
    four.lea.does(&id, &verify());
}

#[test]
fn what_is_split_off_brings_along_who_handled_it() {
    let mut four = Four::come();
    let steward = four.desk.program("steward", &["steward"]);
    let at = message::level(clock::ago(150), 2.3);
    steward.send(&message::of("manhole", "M-1", &at));
    wait::until("the manhole's alert", || {
        let rows = steward.list("/api/v1/alerts?rule=manhole-high");
        wait::check(rows.iter().any(|row| row["state"] == "firing"), &rows)
    });
    // The road's feed declares GCJ-02; this is beside the manhole there.
    let beside = json!({
        "position": [118.055, 24.447],
        "values": { "ponding_depth": { "v": 20.0, "u": "cm" } },
    });
    let water = message::merged(&message::level(clock::now(), 0.0), &beside);
    steward.send(&message::of("road", "P-1", &water));
    let row = egret_tests::desk::incident(&mut four.lea, |row| {
        row["evidence"].as_array().is_some_and(|all| all.len() == 2)
    });
    let id = row["id"].as_str().unwrap().to_owned();
    four.give(&id, "water");
    four.both.does(&id, &accept("water"));
    let part = row["evidence"][0]["alert"].clone();
    four.lea.does(
        &id,
        &json!({ "split": { "alerts": [part], "reason": "apart" } }),
    );
    let off = egret_tests::desk::incident(&mut four.lea, |row| {
        row["id"] != *id && row["evidence"].as_array().is_some_and(|all| all.len() == 1)
    });
    let off = off["id"].as_str().unwrap().to_owned();
    four.give(&off, "water");
    four.wim.does(&off, &accept("water"));
    four.wim.does(&off, &feedback("water"));
    four.both_may_not_verify(&off);
    four.lea.does(&off, &verify());
}

/// Rounds in which somebody feeds back and verifies at once.
const RACES: usize = 40;

#[test]
fn nobody_verifies_faster_than_they_feed_back() {
    let mut four = Four::come();
    let mut elsewhere = four.desk.again(&four.both);
    let mut n_done = 0;
    for race in 0..RACES {
        let id = four.given("water");
        let version = four.both.does(&id, &accept("water"));
        let start = Barrier::new(2);
        let both = &mut four.both;
        let (fed, verified) = std::thread::scope(|scope| {
            let fed = scope.spawn(|| {
                start.wait();
                both.tries(&id, version, &feedback("water"))
            });
            start.wait();
            // Of the version that feedback will make, or of the one before.
            let seen = version + u64::try_from(race % 2).unwrap();
            let verified = elsewhere.tries(&id, seen, &verify());
            (fed.join().unwrap(), verified)
        });
        assert_eq!(fed.status, 200, "{fed:?}");
        assert_ne!(verified.status, 200, "race {race}: {verified:?}");
        let file = four.lea.file(&id);
        assert_eq!(file["state"], "feedback", "{file}");
        four.both_may_not_verify(&id);
        n_done += 1;
    }
    assert_eq!(n_done, RACES);
}

#[test]
fn a_tick_and_a_department_of_old_count_as_handling() {
    let mut four = Four::come();
    let steward = four.desk.program("steward", &["steward"]);
    pond(&steward, "P-1", 35.0);
    let row = egret_tests::desk::incident(&mut four.lea, |row| row["rule"] == "ponding");
    let id = row["id"].as_str().unwrap().to_owned();
    four.give(&id, "water");
    four.both
        .does(&id, &json!({ "tick": { "item": 0, "done": true } }));
    // The department loses its task; that somebody worked for it stays.
    four.give(&id, "police");
    four.pavel.does(&id, &accept("police"));
    four.pavel.does(&id, &feedback("police"));
    four.both_may_not_verify(&id);
    four.lea.does(&id, &verify());
}
