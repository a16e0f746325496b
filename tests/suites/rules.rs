//! Rules are tried on what has happened, before they go live.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

use egret_shared::time::TimeMs;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, merged};
use egret_tests::server::{Server, Setup, egret};
use egret_tests::wait;
use serde_json::{Value, json};

/// The tiny city, where ponding counts at once and ends at once.
fn at_once() -> CityCopy {
    CityCopy::new().with(
        "rules.toml",
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for = \"0s\"\nkeep_for = \"0s\"",
    )
}

fn pond(api: &Http, gauge: &str, at: TimeMs, depth_cm: f64) {
    let reading = merged(
        &message::level(at, 0.0),
        &json!({ "values": { "ponding_depth": { "v": depth_cm, "u": "cm" } } }),
    );
    api.send(&message::of("road", gauge, &reading));
}

fn until_state(api: &Http, gauge: &str, state: &str) {
    wait::until(&format!("the alert of {gauge} is {state}"), || {
        let rows = api.list("/api/v1/alerts?rule=ponding");
        let is_there = rows
            .iter()
            .any(|row| row["key"]["subject"]["asset"]["asset"] == gauge && row["state"] == state);
        if is_there {
            Ok(())
        } else {
            Err(format!("{rows:?}"))
        }
    });
}

/// What a dry run of `rule` beside the server finds.
fn dry_run(server: &Server, city: &CityCopy, rule: &str, from: TimeMs, more: &[&str]) -> Value {
    let (city, from) = (city.path().display().to_string(), from.to_string());
    let mut arguments = vec!["rule", "dry-run", rule, "--from", &from, "--city", &city];
    arguments.extend(["--json"]);
    arguments.extend(more);
    serde_json::from_str(&server.command(&arguments, "")).unwrap()
}

fn subjects(report: &Value) -> Vec<&str> {
    let alerts = report["alerts"].as_array().unwrap();
    alerts
        .iter()
        .filter_map(|alert| alert["key"]["subject"]["asset"]["asset"].as_str())
        .collect()
}

#[test]
fn a_dry_run_beside_the_server_lists_what_fired_and_what_other_rules_would_have() {
    let city = at_once();
    let server = Setup::with_city(at_once()).start();
    let api = server.api();
    let from = clock::ago(1);
    pond(&api, "P-1", clock::now(), 35.0);
    until_state(&api, "P-1", "firing");
    pond(&api, "P-1", clock::now(), 1.0);
    until_state(&api, "P-1", "resolved");
    pond(&api, "P-2", clock::now(), 12.0);
    pond(&api, "P-3", clock::now(), 20.0);
    until_state(&api, "P-3", "firing");
    let state = server.state();

    let report = dry_run(&server, &city, "ponding", from, &[]);
    assert_eq!(subjects(&report), ["P-1", "P-3"], "{report}");
    assert_eq!(
        (&report["fired"], &report["still_firing"]),
        (&json!(2), &json!(1))
    );
    let first = &report["alerts"][0];
    assert_eq!(first["level"], "red");
    assert!(first["resolved_at"].is_string() && report["alerts"][1]["resolved_at"].is_null());
    // A red one is an incident, and no other rule makes it one.
    assert_eq!(
        (&report["incidents_with"], &report["incidents_without"]),
        (&json!(1), &json!(0))
    );

    let lower = city
        .text("rules.toml")
        .replace("value >= 15.0", "value >= 10.0");
    let file = server.data().join("lower.toml");
    std::fs::write(&file, lower).unwrap();
    let rules = file.display().to_string();
    let report = dry_run(&server, &city, "ponding", from, &["--rules", &rules]);
    assert_eq!(subjects(&report), ["P-1", "P-2", "P-3"], "{report}");

    let later = state.at.as_str();
    let report = dry_run(&server, &city, "ponding", from, &["--to", later]);
    assert_eq!(report["fired"], 2);
    let report = dry_run(
        &server,
        &city,
        "ponding",
        TimeMs(TimeMs::from_rfc3339(later).unwrap().0 + 1),
        &[],
    );
    assert_eq!(report["fired"], 0, "what fired before is no news: {report}");
    assert_eq!(report["incidents_with"], 0, "{report}");
    // Nothing was changed.
    assert!(server.state().seq >= state.seq);
    assert_eq!(api.list("/api/v1/alerts?rule=ponding").len(), 2);
}

#[test]
fn with_the_rules_in_force_a_dry_run_goes_on_from_a_checkpoint() {
    let city = at_once();
    let server = Setup::with_city(at_once()).start();
    pond(&server.api(), "P-1", clock::now(), 20.0);
    until_state(&server.api(), "P-1", "firing");
    let server = server.stop().start();
    let from = clock::now();
    pond(&server.api(), "P-2", clock::now(), 20.0);
    until_state(&server.api(), "P-2", "firing");
    let report = dry_run(&server, &city, "ponding", from, &[]);
    assert!(report["begun_at"].is_string(), "{report}");
    assert_eq!(subjects(&report), ["P-2"]);
    let rules = city.path().join("rules.toml").display().to_string();
    let fresh = dry_run(&server, &city, "ponding", from, &["--rules", &rules]);
    assert!(fresh["begun_at"].is_null(), "from the journal's beginning");
    assert_eq!(subjects(&fresh), ["P-2"]);
}

#[test]
fn a_dry_run_that_cannot_be_says_why_and_a_text_has_one_line_for_each_alert() {
    let city = at_once();
    let server = Setup::with_city(at_once()).start();
    pond(&server.api(), "P-1", clock::now(), 20.0);
    until_state(&server.api(), "P-1", "firing");
    let (folder, data) = (
        city.path().display().to_string(),
        server.data().display().to_string(),
    );
    let from = clock::ago(60).to_string();
    let run = |rule: &str, more: &[&str]| {
        let mut arguments = vec!["rule", "dry-run", rule, "--from", &from];
        arguments.extend(["--city", &folder, "--data", &data]);
        arguments.extend(more);
        let output = egret(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), told, said)
    };
    let (fine, told, said) = run("ponding", &[]);
    assert!(fine, "{said}");
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[0].starts_with("ponding, ") && lines[0].contains("1 alerts, 1 of them"),
        "{told}"
    );
    assert!(
        lines[1].contains("orange  road/P-1  still firing  P-1 积水 20 cm"),
        "{told}"
    );

    let (fine, _, said) = run("pondng", &[]);
    assert!(
        !fine && said.contains("there is no rule \"pondng\"; there are: ponding, "),
        "{said}"
    );
    let (fine, _, said) = run("ponding", &["--to", "2020-01-01T00:00:00Z"]);
    assert!(
        !fine && said.contains("--to must lie after --from"),
        "{said}"
    );
    let (fine, _, said) = run("ponding", &["--rules", "/nowhere.toml"]);
    assert!(
        !fine && said.contains("/nowhere.toml cannot be read"),
        "{said}"
    );
    let empty = tempfile::tempdir().unwrap();
    let nothing = empty.path().display().to_string();
    let output = egret(&[
        "rule", "dry-run", "ponding", "--from", &from, "--city", &folder, "--data", &nothing,
    ]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("there is no journal in it"), "{said}");
    assert!(!empty.path().join("lock").exists(), "it leaves no trace");
}
