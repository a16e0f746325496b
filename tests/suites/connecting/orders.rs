//! Orders of rules while another package comes in force: those that were due before it, and those of
//! what fires meanwhile. None is lost, and none is given twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, merged};
use egret_tests::server::Setup;
use egret_tests::wait;
use serde_json::json;

use super::{NOISE, connect};

/// Gauges that are flooded and wait for their orders, at most: so there are nearly always some, and
/// never more than is given in a moment.
const AHEAD: usize = 5;

/// Fewer than may be under way in the city.
const GAUGES_MAX: usize = 400;

/// A gauge of which nobody has heard is flooded: the rule fires at once.
#[track_caller]
fn flood(api: &Http, gauge: &str) {
    let depth = json!({ "values": { "ponding_depth": { "v": 20.0, "u": "cm" } } });
    let reading = merged(&message::level(clock::now(), 0.0), &depth);
    api.send(&message::of("road", gauge, &reading));
}

/// How many orders each gauge has.
#[track_caller]
fn n_orders(api: &Http) -> BTreeMap<String, usize> {
    let mut n_orders: BTreeMap<String, usize> = BTreeMap::new();
    for row in api.list("/api/v1/commands?feed=road") {
        let gauge = row["asset"].as_str().unwrap().to_owned();
        *n_orders.entry(gauge).or_default() += 1;
    }
    n_orders
}

/// Floods one gauge after another until it is `over`.
fn keep_flooding(api: &Http, over: &AtomicBool, n_flooded: &AtomicUsize) {
    for n in 0..GAUGES_MAX {
        wait::until("gauges that were flooded before have their orders", || {
            let n_ordered = n_orders(api).len();
            wait::check(n < n_ordered + AHEAD, (n, n_ordered))
        });
        if over.load(Ordering::Relaxed) {
            return;
        }
        flood(api, &format!("R-{n}"));
        n_flooded.store(n + 1, Ordering::Relaxed);
    }
}

#[test]
fn whatever_fires_while_another_package_comes_in_force_is_ordered_once() {
    let city = CityCopy::new().with(
        "rules.toml",
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for      = \"0s\"\nkeep_for = \"0s\"",
    );
    let server = Setup::with_city(city).start();
    let api = server.api();
    let (over, n_flooded) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| keep_flooding(&api, &over, &n_flooded));
        // Added, and changed twice.
        for every in ["30s", "40s", "50s"] {
            let before = n_flooded.load(Ordering::Relaxed);
            wait::until("some more gauges are flooded", || {
                let n = n_flooded.load(Ordering::Relaxed);
                wait::check(n > before + 2, n)
            });
            let mut addition = message::noise_feed(NOISE);
            addition["feed"]["expect_every"] = json!(every);
            connect(&api, &addition);
        }
        over.store(true, Ordering::Relaxed);
    });
    // What came to be due before it is given before it.
    flood(&api, "R-last");
    wait::until("the last gauge has its order", || {
        let n_orders = n_orders(&api);
        wait::check(n_orders.contains_key("R-last"), n_orders)
    });
    let mut expected: BTreeMap<String, usize> = (0..n_flooded.into_inner())
        .map(|n| (format!("R-{n}"), 1))
        .collect();
    expected.insert("R-last".to_owned(), 1);
    assert_eq!(n_orders(&api), expected);

    let state = server.state();
    let replayed = server.stop().replay(Some(state.seq));
    assert_eq!(replayed.hash, state.hash);
}
