//! Several at once, and power cuts: one order wins, the other is told what has changed, and what was
//! answered stays.

use std::collections::BTreeSet;
use std::sync::Barrier;

use egret_tests::desk::{Desk, Worker, fresh};
use egret_tests::dice::Dice;
use egret_tests::http::Answer;
use egret_tests::wait;
use serde_json::{Value, json};

/// How often two act at once.
const ROUNDS: u64 = 200;

fn comment(text: &str) -> Value {
    json!({ "comment": { "text": text } })
}

/// What both are answered who order at once.
fn at_once(workers: [&mut Worker; 2], order: impl Fn(&mut Worker) -> Answer + Sync) -> [Answer; 2] {
    let start = Barrier::new(2);
    let [one, other] = workers;
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            start.wait();
            order(one)
        });
        start.wait();
        let second = order(other);
        [first.join().unwrap(), second]
    })
}

#[test]
fn of_two_who_act_at_once_exactly_one_does_and_the_other_is_told_what_has_changed() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let id = olga.reports();
    let mut wins: BTreeSet<&str> = BTreeSet::new();
    for round in 0..ROUNDS {
        let version = round + 1;
        let text = format!("round {round}");
        let answers = at_once([&mut olga, &mut dan], |worker| {
            worker.tries(&id, version, &comment(&format!("{text} {}", worker.name)))
        });
        let [first, second] = answers.each_ref().map(|answer| answer.status);
        let (winner, told) = match (first, second) {
            (200, 409) => ("olga", &answers[1]),
            (409, 200) => ("dan", &answers[0]),
            other => panic!("round {round}: {other:?} {answers:?}"),
        };
        wins.insert(winner);
        let told = told.json();
        assert_eq!(told["code"], "changed", "{told}");
        assert_eq!(told["version"], version + 1, "{told}");
        let changed = told["changed"].as_array().unwrap();
        assert_eq!(changed.len(), 1, "{told}");
        assert_eq!(changed[0]["by"]["name"], winner, "{told}");
        let said = &changed[0]["what"]["act"]["comment"]["text"];
        assert_eq!(*said, format!("{text} {winner}"), "{told}");
    }
    let file = olga.file(&id);
    assert_eq!(file["version"], ROUNDS + 1);
    assert_eq!(file["notes"], ROUNDS);
    println!("won by {wins:?}");
}

#[test]
fn an_order_that_is_sent_twice_at_once_is_obeyed_once_and_answered_alike() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let mut again = desk.again(&olga);
    let id = olga.reports();
    for round in 1..=50 {
        let command = fresh();
        let answers = at_once([&mut olga, &mut again], |worker| {
            worker.orders(&id, &command, round, &comment("twice"))
        });
        let [first, second] = answers.map(|answer| (answer.status, answer.body));
        assert_eq!(first.0, 200, "{first:?}");
        assert_eq!(first, second);
    }
    let file = olga.file(&id);
    assert_eq!((&file["version"], &file["notes"]), (&json!(51), &json!(50)));
}

/// How often the server is killed.
const KILLS: usize = 20;

#[test]
fn what_was_answered_outlives_a_power_cut_and_is_answered_alike_afterwards() {
    let mut dice = Dice::of_this_run();
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let id = olga.reports();
    let mut answered: Vec<(String, u64, String)> = Vec::new();
    for kill in 0..KILLS {
        let mut version = olga.file(&id)["version"].as_u64().unwrap();
        for _ in 0..=dice.below(4) {
            let command = fresh();
            let answer = olga.orders(&id, &command, version, &comment("it stays"));
            assert_eq!(answer.status, 200, "{answer:?}");
            answered.push((command, version, answer.body));
            version += 1;
        }
        desk = desk.cut();
        wait::until("the session is known again", || {
            let me = olga.browser.get("/api/v1/me").body;
            wait::check(me.contains("signed_in"), me)
        });
        let file = olga.file(&id);
        assert_eq!(file["version"], version, "kill {kill}: {file}");
        assert_eq!(file["notes"], answered.len(), "kill {kill}: {file}");
        for (command, version, told) in &answered {
            let again = olga.orders(&id, command, *version, &comment("it stays"));
            assert_eq!((again.status, &again.body), (200, told), "kill {kill}");
        }
        assert_eq!(
            olga.file(&id),
            file,
            "kill {kill}: repeated orders did something"
        );
    }
}

#[test]
fn who_has_seen_an_old_version_or_one_to_come_is_told_which_it_is() {
    let mut desk = Desk::opened();
    let mut olga = desk.worker("olga", &["officer"]);
    let id = olga.reports();
    olga.does(&id, &comment("one"));
    olga.does(&id, &comment("two"));
    for (seen, n_changed) in [(0, 3), (1, 2), (2, 1), (4, 0), (u64::MAX, 0)] {
        let before = olga.file(&id);
        let answer = olga.tries(&id, seen, &comment("three"));
        assert_eq!(answer.status, 409, "{seen}: {answer:?}");
        let told = answer.json();
        assert_eq!(
            (&told["code"], &told["version"]),
            (&json!("changed"), &json!(3)),
            "{told}"
        );
        assert_eq!(
            told["changed"].as_array().unwrap().len(),
            n_changed,
            "{seen}: {told}"
        );
        assert_eq!(olga.file(&id), before);
    }
}
