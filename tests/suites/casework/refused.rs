//! Every act by everybody, wherever an incident stands: what the table of `docs/casework.md` does
//! not allow is refused in both languages, and changes nothing.

use egret_tests::desk::{Desk, Worker, fresh, is_refusal};
use egret_tests::http::Answer;
use serde_json::{Value, json};

/// What somebody is in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doer {
    Officer,
    Dispatcher,
    Lead,
    /// Of the department that leads.
    Handler,
    /// Of a department that has nothing to do with it.
    Stranger,
    Viewer,
    Program,
}

const SUPERVISES: [Doer; 4] = [Doer::Officer, Doer::Dispatcher, Doer::Lead, Doer::Program];
const DISPATCHES: [Doer; 3] = [Doer::Dispatcher, Doer::Lead, Doer::Program];

/// Every act with good particulars, whether programs do it, and where an incident must stand.
fn acts() -> Vec<(Value, bool, &'static str)> {
    let open = "reported filed dispatched handling feedback verified";
    let work = "filed dispatched handling";
    let task = "dispatched handling";
    let water = json!({ "department": "water" });
    let why = json!({ "department": "water", "reason": "why" });
    vec![
        (json!("acknowledge"), false, open),
        (json!({ "file": { "class": "normal" } }), true, "reported"),
        (
            json!({ "dismiss": { "reason": "why" } }),
            false,
            "reported filed",
        ),
        (json!({ "dispatch": { "lead": "water" } }), true, work),
        (
            json!({ "command": { "departments": ["water"], "order": "go" } }),
            false,
            "reported filed dispatched handling",
        ),
        (json!({ "accept": water }), false, task),
        (json!({ "return": why }), false, task),
        (json!({ "dispute": why }), false, task),
        (
            json!({ "decide": { "lead": "water", "reason": "why" } }),
            false,
            task,
        ),
        (
            json!({ "feedback": { "department": "water", "text": "done" } }),
            false,
            task,
        ),
        (
            json!({ "verify": { "passed": true, "note": "seen" } }),
            false,
            "feedback",
        ),
        (json!({ "close": {} }), false, "verified"),
        (json!({ "evaluate": { "score": 5 } }), true, "closed"),
        (
            json!({ "reopen": { "reason": "why" } }),
            false,
            "closed evaluated dismissed",
        ),
        (json!({ "supervise": { "reason": "why" } }), true, open),
        (
            json!({ "grade": { "class": "life", "level": "red", "reason": "why" } }),
            true,
            open,
        ),
        (json!({ "wait": { "reason": "why" } }), true, work),
        (json!({ "resume": {} }), true, work),
        (json!({ "tick": { "item": 0, "done": true } }), false, open),
        (
            json!({ "split": { "alerts": [], "reason": "why" } }),
            false,
            open,
        ),
        (
            json!({ "merge": { "into": "19990101-0001", "reason": "why" } }),
            false,
            open,
        ),
    ]
}

fn name(act: &Value) -> String {
    match act {
        Value::String(word) => word.clone(),
        other => other.as_object().unwrap().keys().next().unwrap().clone(),
    }
}

/// Why `doer` may not do this where the incident stands; `None` where the table allows it, or where
/// what stands in the way is of the act itself.
fn refusal(
    act: &str,
    programs: bool,
    states: &str,
    doer: Doer,
    state: &str,
) -> Option<&'static str> {
    if doer == Doer::Program && !programs {
        return Some("not_a_person");
    }
    let has_task = doer == Doer::Handler;
    let has_open_task = has_task && ["dispatched", "handling"].contains(&state);
    let is_granted = match act {
        "dismiss" if state == "filed" => DISPATCHES.contains(&doer),
        "dispatch" | "command" | "supervise" => DISPATCHES.contains(&doer),
        "decide" => doer == Doer::Lead,
        "accept" | "return" | "dispute" | "feedback" => has_task,
        "acknowledge" | "wait" | "resume" | "tick" => SUPERVISES.contains(&doer) || has_open_task,
        _ => SUPERVISES.contains(&doer),
    };
    if !is_granted {
        return Some("not_granted");
    }
    (!states.split(' ').any(|one| one == state)).then_some("wrong_state")
}

struct People {
    olga: Worker,
    dan: Worker,
    lea: Worker,
    wim: Worker,
    wes: Worker,
    vera: Worker,
    robot: egret_tests::http::Http,
}

impl People {
    fn come(desk: &mut Desk) -> Self {
        Self {
            olga: desk.worker("olga", &["officer"]),
            dan: desk.worker("dan", &["dispatcher"]),
            lea: desk.worker("lea", &["lead"]),
            wim: desk.worker("wim", &["handler:water"]),
            wes: desk.worker("wes", &["handler:west"]),
            vera: desk.worker("vera", &["viewer"]),
            robot: desk.program("robot", &["lead"]),
        }
    }

    fn tries(&mut self, doer: Doer, incident: &str, version: u64, act: &Value) -> Answer {
        let worker = match doer {
            Doer::Officer => &mut self.olga,
            Doer::Dispatcher => &mut self.dan,
            Doer::Lead => &mut self.lea,
            Doer::Handler => &mut self.wim,
            Doer::Stranger => &mut self.wes,
            Doer::Viewer => &mut self.vera,
            Doer::Program => {
                let body = json!({ "id": fresh(), "version": version, "act": act });
                let path = format!("/api/v1/incidents/{incident}/commands");
                return self.robot.post(&path, &body.to_string());
            }
        };
        worker.tries(incident, version, act)
    }

    /// Tries everything that the table does not allow; how much that was.
    fn try_all(&mut self, incident: &str, state: &str) -> usize {
        let before = self.olga.file(incident);
        assert_eq!(before["state"], state, "{before}");
        let version = before["version"].as_u64().unwrap();
        let has_task = !before["tasks"].as_array().unwrap().is_empty();
        let all = [
            Doer::Officer,
            Doer::Dispatcher,
            Doer::Lead,
            Doer::Handler,
            Doer::Stranger,
            Doer::Viewer,
            Doer::Program,
        ];
        let mut n_refused = 0;
        for (act, programs, states) in acts() {
            for doer in all {
                let what = format!("{doer:?} {act} at {state}");
                let is_blind = doer == Doer::Stranger || (doer == Doer::Handler && !has_task);
                if is_blind {
                    let answer = self.tries(doer, incident, version, &act);
                    assert_eq!(answer.status, 404, "{what}: {answer:?}");
                    n_refused += 1;
                    continue;
                }
                let Some(code) = refusal(&name(&act), programs, states, doer, state) else {
                    continue;
                };
                let answer = self.tries(doer, incident, version, &act);
                n_refused += 1;
                if name(&act) == "merge" && answer.status == 404 {
                    // That the other one is not there is told first.
                    continue;
                }
                let status = if code == "wrong_state" { 422 } else { 403 };
                is_refusal(&answer, status, code, &what);
            }
        }
        assert_eq!(
            self.olga.file(incident),
            before,
            "something was done at {state}"
        );
        n_refused
    }
}

#[test]
fn whatever_the_table_does_not_allow_is_refused_with_a_reason_and_changes_nothing() {
    let mut desk = Desk::opened();
    let mut people = People::come(&mut desk);
    let id = people.olga.reports();
    let mut n_refused = people.try_all(&id, "reported");
    people
        .olga
        .does(&id, &json!({ "file": { "class": "normal" } }));
    n_refused += people.try_all(&id, "filed");
    people
        .dan
        .does(&id, &json!({ "dispatch": { "lead": "water" } }));
    n_refused += people.try_all(&id, "dispatched");
    people
        .wim
        .does(&id, &json!({ "accept": { "department": "water" } }));
    n_refused += people.try_all(&id, "handling");
    let done = json!({ "feedback": { "department": "water", "text": "done" } });
    people.wim.does(&id, &done);
    n_refused += people.try_all(&id, "feedback");
    people.lea.does(
        &id,
        &json!({ "verify": { "passed": true, "note": "seen" } }),
    );
    n_refused += people.try_all(&id, "verified");
    people.olga.does(&id, &json!({ "close": {} }));
    n_refused += people.try_all(&id, "closed");
    people
        .olga
        .does(&id, &json!({ "evaluate": { "score": 3 } }));
    n_refused += people.try_all(&id, "evaluated");

    let other = people.olga.reports();
    people
        .olga
        .does(&other, &json!({ "dismiss": { "reason": "a joke" } }));
    n_refused += people.try_all(&other, "dismissed");
    let (third, fourth) = (people.olga.reports(), people.olga.reports());
    let merge = json!({ "merge": { "into": fourth, "reason": "the same" } });
    people.olga.does(&third, &merge);
    n_refused += people.try_all(&third, "merged");
    println!("{n_refused} acts were refused");
    assert!(n_refused > 800, "{n_refused}");
}

#[test]
fn particulars_that_make_no_sense_are_refused_in_words() {
    let mut desk = Desk::opened();
    let mut lea = desk.worker("lea", &["lead"]);
    let id = lea.reports();
    let other = lea.reports();
    let long = "长".repeat(2_001);
    let refused = [
        (json!({ "comment": { "text": " \n" } }), "no_text"),
        (json!({ "comment": { "text": long } }), "long_text"),
        (json!({ "dismiss": { "reason": "" } }), "no_text"),
        (
            json!({ "file": { "class": "life", "level": "normal" } }),
            "bad_level",
        ),
        (
            json!({ "link": { "to": "javascript:alert(1)" } }),
            "bad_link",
        ),
        (json!({ "link": { "to": "https://a b" } }), "bad_link"),
        (
            json!({ "merge": { "into": id, "reason": "why" } }),
            "circle",
        ),
        (json!({ "parent": { "of": id } }), "circle"),
        (json!({ "tick": { "item": 0, "done": true } }), "no_item"),
        (
            json!({ "split": { "alerts": [], "reason": "why" } }),
            "bad_split",
        ),
        (
            json!({ "command": { "departments": [], "order": "go" } }),
            "bad_departments",
        ),
        (
            json!({ "command": { "departments": ["nobody"], "order": "go" } }),
            "no_department",
        ),
        (
            json!({ "command": { "departments": ["water", "water"], "order": "go" } }),
            "bad_departments",
        ),
    ];
    for (act, code) in refused {
        lea.may_not(&id, &act, 422, code);
    }
    lea.does(&other, &json!({ "parent": { "of": id } }));
    lea.may_not(&id, &json!({ "parent": { "of": other } }), 422, "circle");
    let nowhere = lea.tries("19990101-0001", 1, &json!("acknowledge"));
    nowhere.is_problem(404, "19990101-0001");
    // What is no command at all is told, too, and changes nothing.
    let before = lea.file(&id);
    let path = format!("/api/v1/incidents/{id}/commands");
    for body in [
        json!({}),
        json!({ "id": "", "version": 1, "act": "acknowledge" }),
        json!({ "id": "x".repeat(65), "version": 1, "act": "acknowledge" }),
        json!({ "id": "a", "version": -1, "act": "acknowledge" }),
        json!({ "id": "a", "version": 1, "act": "explode" }),
        json!({ "id": "a", "version": 1, "act": { "comment": { "text": "a", "by": "dan" } } }),
        json!({ "id": "a", "version": 1, "act": "acknowledge", "by": { "is_person": true } }),
        json!({ "id": "a", "version": 1, "act": "acknowledge", "as": "dan" }),
        json!({ "id": "a", "version": 1, "act": { "attach": {
            "file": "0".repeat(64), "name": "a", "media": "text/html", "bytes": 1,
        } } }),
    ] {
        let answer = lea.browser.tell("POST", &path, &body);
        assert!((400..=422).contains(&answer.status), "{body}: {answer:?}");
        assert_eq!(answer.kind, "application/problem+json", "{body}");
    }
    assert_eq!(lea.file(&id), before);
}

#[test]
fn who_may_not_report_reports_nothing() {
    let mut desk = Desk::opened();
    let mut vera = desk.worker("vera", &["viewer"]);
    let mut olga = desk.worker("olga", &["officer@900002"]);
    // An area that they may not know of is none.
    for (worker, status) in [(&mut vera, 403), (&mut olga, 400)] {
        let report = egret_tests::desk::report(&fresh());
        let answer = worker.browser.tell("POST", "/api/v1/incidents", &report);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let mut lea = desk.worker("lea", &["lead"]);
    for (member, value) in [
        ("title", json!("")),
        ("title", json!("长".repeat(500))),
        ("level", json!("normal")),
        ("area", json!("nowhere")),
        ("area", Value::Null),
        ("position", json!({ "lon": 0.0, "lat": 0.0 })),
        ("id", json!("")),
    ] {
        let mut report = egret_tests::desk::report(&fresh());
        report[member] = value;
        let answer = lea.browser.tell("POST", "/api/v1/incidents", &report);
        assert!((400..=422).contains(&answer.status), "{report}: {answer:?}");
    }
    let list = lea.browser.get("/api/v1/incidents").json();
    assert_eq!(list["items"], json!([]));
}
