//! Orders that rules give: once for each firing, whatever dies in between, and only of what is so now.
//! The tiny city's ponding rule has the gauge's own warning light blink.

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;

use egret_tests::actuator::{Actuator, COMMANDS, tell_depth};
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message;
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::Setup;
use egret_tests::wait;
use serde_json::{Value, json};

/// The tiny city, whose rule fires and resolves at once.
fn prompt() -> CityCopy {
    CityCopy::new().with(
        "rules.toml",
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for      = \"0s\"\nkeep_for = \"0s\"",
    )
}

fn orders(api: &Http, gauge: &str) -> Vec<Value> {
    api.list(&format!("/api/v1/commands?feed=road&asset={gauge}"))
}

#[track_caller]
fn ordered(api: &Http, gauge: &str) -> Value {
    wait::until(&format!("the rule has ordered {gauge}"), || {
        let rows = orders(api, gauge);
        rows.first().cloned().ok_or_else(|| format!("{rows:?}"))
    })
}

/// Lines of the audit trail about orders of rules.
fn trail(api: &Http) -> Vec<Value> {
    let lines = api.list("/api/v1/audit?action=command.order");
    lines
        .into_iter()
        .filter(|line| line["kind"] == "rule")
        .collect()
}

/// How often the rule has fired at `gauge`.
fn n_fired(api: &Http, gauge: &str) -> usize {
    let turns = api.list("/api/v1/alerts/log?rule=ponding");
    let is_its = |turn: &&Value| {
        turn["key"]["subject"]["asset"]["asset"] == gauge && turn["state"] == "firing"
    };
    turns.iter().filter(is_its).count()
}

#[test]
fn a_rule_that_fires_orders_the_asset_that_its_alert_is_about() {
    let server = Setup::with_city(prompt()).start();
    let api = server.api();
    let mut gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    tell_depth(server.mqtt, "G-1", 200.0);
    let order = gauge.order(|_| true);
    assert_eq!(order["topic"], "vendor-x/G-1/command");
    assert_eq!(order["payload"]["light"], true, "{order}");
    assert_eq!(order["payload"]["blinks_per_min"], 60, "{order}");
    let row = ordered(&api, "G-1");
    assert_eq!(order["payload"]["cmd"], row["id"]);
    assert_eq!(
        row["by"],
        json!({ "id": "rule/ponding", "name": "ponding" })
    );
    assert_eq!(row["reason"], "道路积水 / Road ponding", "{row}");
    let id = row["id"].as_str().unwrap();
    assert_eq!(gauge.answer("vendor-x/G-1/answer", "", Some(id)), 0);
    wait::until("the order is acknowledged", || {
        let row = ordered(&api, "G-1");
        wait::check(row["state"] == "acknowledged", row)
    });
    let lines = trail(&api);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["target"], "road/G-1 light");
    let detail: Value = serde_json::from_str(lines[0]["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["id"], id);
    // It dries up and is flooded again, and the rule rests; at another gauge it does not.
    tell_depth(server.mqtt, "G-1", 0.0);
    tell_depth(server.mqtt, "G-1", 200.0);
    wait::until("the rule fires again", || {
        let n = n_fired(&api, "G-1");
        wait::check(n == 2, n)
    });
    tell_depth(server.mqtt, "G-2", 200.0);
    ordered(&api, "G-2");
    assert_eq!(orders(&api, "G-1").len(), 1);
}

#[test]
fn what_a_rule_came_to_before_a_power_cut_is_ordered_once_after_it() {
    let city = prompt();
    let mut server = Setup::with_city(city).with_lasting_ports().start();
    let gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    let mut n_cut_short = 0;
    let mut ids = BTreeSet::new();
    for n in 0..5 {
        let asset = format!("K-{n}");
        tell_depth(server.mqtt, &asset, 200.0);
        // The power goes at once after the PUBACK: the alert is in the journal, its order hardly ever.
        let seen = orders(&server.api(), &asset);
        server = server.kill().start();
        n_cut_short += usize::from(seen.is_empty());
        let id = ordered(&server.api(), &asset)["id"].clone();
        assert!(seen.iter().all(|row| row["id"] == id), "{seen:?}");
        ids.insert(id.to_string());
    }
    assert!(
        n_cut_short > 0,
        "no power cut lay between the alert and its order"
    );
    wait::until("every order has come", || {
        let heard = gauge.orders();
        let of = heard
            .iter()
            .map(|order| order["payload"]["cmd"].to_string());
        let of: BTreeSet<String> = of.collect();
        wait::check(of == ids, heard)
    });
    // However often it starts.
    server = server.kill().start();
    tell_depth(server.mqtt, "K-last", 200.0);
    ordered(&server.api(), "K-last");
    for n in 0..5 {
        assert_eq!(orders(&server.api(), &format!("K-{n}")).len(), 1);
    }
    let lines = trail(&server.api()).into_iter();
    let told: BTreeSet<String> = lines.map(|line| line["target"].to_string()).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    let state = server.state();
    let replayed = server.stop().replay(Some(state.seq));
    assert_eq!(replayed.hash, state.hash);
}

#[test]
fn neither_a_dry_run_nor_what_a_gateway_had_stored_orders_anything() {
    let city = prompt();
    let server = Setup::with_city(prompt()).start();
    let api = server.api();
    // A reading of twenty minutes ago.
    let reading = message::ponding("stored", clock::ago(20 * 60), 200.0).to_string();
    let topic = message::ponding_topic("OLD-1");
    let told = mosquitto::publish(server.mqtt, Version::V5, &topic, &reading);
    assert!(told.success, "{told:?}");
    wait::until("the rule fires", || {
        let n = n_fired(&api, "OLD-1");
        wait::check(n == 1, n)
    });
    tell_depth(server.mqtt, "NEW-1", 200.0);
    ordered(&api, "NEW-1");
    assert_eq!(orders(&api, "OLD-1"), Vec::<Value>::new());
    let (folder, from) = (
        city.path().display().to_string(),
        clock::ago(3_600).to_string(),
    );
    let dry_run = [
        "rule", "dry-run", "ponding", "--from", &from, "--city", &folder, "--json",
    ];
    let report: Value = serde_json::from_str(&server.command(&dry_run, "")).unwrap();
    assert_eq!(report["fired"], 2, "{report}");
    assert_eq!(api.list("/api/v1/commands").len(), 1);
    assert_eq!(trail(&api).len(), 1);
}
