//! Everyday and emergency, by hand and by rule: told on every screen, outlived by no restart.

use std::time::Duration;

use egret_tests::browser::Screen;
use egret_tests::clock;
use egret_tests::desk::{Desk, Worker, fresh};
use egret_tests::http::Answer;
use egret_tests::server::Setup;
use egret_tests::wait;
use serde_json::{Value, json};

use crate::life::pond;

fn change(worker: &mut Worker, mode: &str, reason: &str) -> Answer {
    let body = json!({ "id": fresh(), "mode": mode, "reason": reason });
    worker.browser.tell("POST", "/api/v1/mode", &body)
}

fn mode(worker: &mut Worker) -> Value {
    worker.browser.get("/api/v1/mode").json()
}

/// A screen of theirs that shows the city.
fn screen(worker: &Worker) -> Screen {
    let mut screen = worker.browser.socket().unwrap();
    screen.subscribe("city");
    screen
}

/// Until the screen is told of this mode.
#[track_caller]
fn is_told(screen: &mut Screen, mode: &str) -> Value {
    let told = screen.find(wait::PATIENCE, |said| {
        let changed = &said["changes"]["city"]["mode"]["mode"];
        changed == mode || said["state"]["city"]["mode"]["mode"] == mode
    });
    let changed = &told["changes"]["city"]["mode"];
    let state = &told["state"]["city"]["mode"];
    if changed.is_null() {
        state.clone()
    } else {
        changed.clone()
    }
}

#[test]
fn the_mode_is_changed_by_who_commands_the_city_and_told_on_every_screen() {
    let mut desk = Desk::opened();
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let vera = desk.worker("vera", &["viewer@900002:police"]);
    let mut screens = [screen(&dan), screen(&vera)];
    for screen in &mut screens {
        assert_eq!(is_told(screen, "peace")["mode"], "peace");
    }
    for (name, grant) in [
        ("olga", "officer"),
        ("lea", "lead@900001"),
        ("wanda", "dispatcher:water"),
        ("vic", "viewer"),
    ] {
        let mut other = desk.worker(name, &[grant]);
        let answer = change(&mut other, "emergency", "why not");
        assert_eq!(answer.status, 403, "{grant}: {answer:?}");
    }
    assert_eq!(change(&mut dan, "emergency", " ").status, 400);
    assert_eq!(change(&mut dan, "war", "why").status, 422);
    assert_eq!(mode(&mut dan)["mode"], "peace");
    let answer = change(&mut dan, "emergency", "红色暴雨预警");
    assert_eq!(
        (answer.status, &answer.json()["mode"]),
        (200, &json!("emergency"))
    );
    for screen in &mut screens {
        let told = is_told(screen, "emergency");
        assert_eq!(
            (&told["by"]["name"], &told["reason"]["zh"]),
            (&json!("dan"), &json!("红色暴雨预警"))
        );
    }
    let desk = desk.cut();
    wait::until("the session is known again", || {
        let me = dan.browser.get("/api/v1/me").body;
        wait::check(me.contains("signed_in"), me)
    });
    assert_eq!(mode(&mut dan)["mode"], "emergency");
    let mut late = screen(&vera);
    is_told(&mut late, "emergency");
    assert_eq!(change(&mut dan, "peace", "over").status, 200);
    is_told(&mut late, "peace");
    drop(desk);
}

/// Ponding in red calls the emergency; three seconds without it end it.
const CALLED: &str = r#"
[emergency]
when       = [{ rule = "ponding", level = "red" }]
ends_after = "3s"
limits     = { normal = "1h" }
"#;

#[test]
fn a_rule_calls_the_emergency_which_shortens_limits_and_ends_when_it_is_calm() {
    let city = Desk::city().with_whole("casework.toml", CALLED);
    let mut desk = Desk::of(Setup::with_city(city));
    let steward = desk.program("steward", &["steward"]);
    let mut dan = desk.worker("dan", &["dispatcher"]);
    let mut wall = screen(&dan);
    is_told(&mut wall, "peace");
    let id = dan.reports();
    dan.does(
        &id,
        &json!({ "grade": { "class": "normal", "level": "blue", "reason": "why" } }),
    );
    dan.does(&id, &json!({ "file": { "class": "normal" } }));
    let due = |worker: &mut Worker| worker.file(&id)["due_at"].as_str().unwrap().to_owned();
    let everyday = due(&mut dan);
    pond(&steward, "P-1", 20.0);
    pond(&steward, "P-2", 35.0);
    let told = is_told(&mut wall, "emergency");
    assert!(told["by"].is_null(), "{told}");
    assert!(
        told["reason"]["en"].as_str().unwrap().contains("ponding"),
        "{told}"
    );
    let shorter = wait::until("a shorter limit", || {
        let now = due(&mut dan);
        if now < everyday { Ok(now) } else { Err(now) }
    });
    pond(&steward, "P-2", 1.0);
    is_told(&mut wall, "peace");
    wait::within(Duration::from_secs(5), "the everyday limit", || {
        let now = due(&mut dan);
        wait::check(now > shorter, now)
    });
    let deeds = egret_tests::desk::deeds(&dan.file(&id));
    let n_changed = deeds
        .iter()
        .filter(|(what, _)| what == "limit_changed")
        .count();
    assert_eq!(n_changed, 2, "{deeds:?}");
    // What somebody declares is not ended by a rule.
    assert_eq!(change(&mut dan, "emergency", "drill").status, 200);
    pond(&steward, "P-2", 35.0);
    pond(&steward, "P-2", 1.0);
    // That is longer than the three seconds after which a call would have been over.
    let since = clock::now();
    wait::until("five seconds have passed", || {
        let now = clock::now();
        wait::check(now.0 > since.0 + 5_000, now)
    });
    assert_eq!(mode(&mut dan)["mode"], "emergency");
}
