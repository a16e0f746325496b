//! The lives of reports, as their messages tell them: steps in order, and how long they take.

use std::collections::BTreeMap;

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Options, Plan};
use serde_json::Value;

use super::package::{options, package, start};

/// Report feeds, and the orders in which their states may come.
const LIVES: [(&str, &[&str]); 8] = [
    ("call-110", &["opened", "dispatched", "arrived", "closed"]),
    ("call-119", &["opened", "dispatched", "arrived", "closed"]),
    ("call-120", &["opened", "dispatched", "arrived", "closed"]),
    ("accident", &["opened", "dispatched", "arrived", "closed"]),
    (
        "patrol",
        &["opened", "filed", "dispatched", "handled", "closed"],
    ),
    (
        "hotline",
        &[
            "opened",
            "dispatched",
            "overdue",
            "replied",
            "closed",
            "resolved|unresolved",
            "satisfied|dissatisfied",
        ],
    ),
    ("hotline-call", &["ringing", "answered|abandoned", "closed"]),
    ("one-stop", &["opened", "closed", "satisfied|dissatisfied"]),
];

/// A report's category, and its states with their times.
type Life = (String, Vec<(String, TimeMs)>);

/// Every report of `hours`, from `from` on, by feed and id.
fn lives(from: TimeMs, hours: i64) -> BTreeMap<(FeedId, String), Life> {
    let options = Options {
        feeds: LIVES.iter().map(|(feed, _)| FeedId::new(feed)).collect(),
        ..options()
    };
    let end = from.plus(Span(hours * 3_600_000));
    let mut lives: BTreeMap<(FeedId, String), Life> = BTreeMap::new();
    let plan = Plan::new(package(), &options, from).unwrap();
    for timed in plan.take_while(|timed| timed.send_at < end) {
        if timed.fault.is_some() || timed.duplicate {
            continue;
        }
        let message: Value = serde_json::from_slice(&timed.payload).unwrap();
        let report = timed.topic.rsplit('/').next().unwrap().to_owned();
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        let life = lives.entry((timed.feed, report)).or_default();
        life.0 = text("category");
        life.1.push((text("state"), timed.observed_at));
    }
    lives
}

/// Minutes between two states, sorted, of the reports of `feed` that reached both.
fn minutes(
    lives: &BTreeMap<(FeedId, String), Life>,
    feed: &str,
    from: &str,
    to: &str,
    wanted: impl Fn(&str) -> bool,
) -> Vec<f64> {
    let when = |life: &Life, state: &str| {
        let step = life.1.iter().find(|(found, _)| found == state);
        step.map(|(_, at)| *at)
    };
    let of_feed = lives.iter().filter(|((id, _), _)| id.as_str() == feed);
    let of_feed = of_feed.filter(|(_, life)| wanted(&life.0));
    let mut minutes: Vec<f64> = of_feed
        .filter_map(|(_, life)| {
            let passed = when(life, to)?.since(when(life, from)?);
            Some(passed.ms() as f64 / 60_000.0)
        })
        .collect();
    minutes.sort_by(f64::total_cmp);
    minutes
}

fn quantile(sorted: &[f64], per_cent: usize) -> f64 {
    sorted[(sorted.len() - 1) * per_cent / 100]
}

#[test]
fn steps_come_in_their_order_and_some_calls_end_early() {
    let lives = lives(start(), 6);
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for ((feed, report), (_, steps)) in &lives {
        let (feed, order) = LIVES.iter().find(|(id, _)| feed.as_str() == *id).unwrap();
        let place = |state: &str| {
            let found = order
                .iter()
                .position(|step| step.split('|').any(|s| s == state));
            found.unwrap_or_else(|| panic!("{feed} {report} has no step {state}"))
        };
        for (before, after) in steps.iter().zip(&steps[1..]) {
            assert!(
                place(&before.0) < place(&after.0),
                "{feed} {report}: {steps:?}"
            );
            assert!(before.1 <= after.1, "{feed} {report}: {steps:?}");
        }
        for (state, _) in steps {
            *seen.entry((feed, state.clone())).or_default() += 1;
        }
    }
    for (feed, order) in LIVES {
        for state in order.iter().flat_map(|step| step.split('|')) {
            // One urgent request in a hundred is overdue: not one in six quiet hours, perhaps.
            let n = seen.get(&(feed, state.to_owned())).copied().unwrap_or(0);
            assert!(n > 0 || state == "overdue", "{feed} never is {state}");
        }
    }
    let n = |state: &str| seen[&("hotline-call", state.to_owned())] as f64;
    let connected = n("answered") / (n("answered") + n("abandoned"));
    assert!((0.96..0.995).contains(&connected), "{connected}");
}

#[test]
fn times_between_steps_are_skewed_as_service_times_are() {
    let lives = lives(start(), 24);
    let any = |_: &str| true;
    for (feed, from, to, p50, p90) in [
        ("call-110", "opened", "dispatched", 0.4..1.2, 1.0..3.0),
        ("call-110", "opened", "arrived", 4.0..9.0, 8.0..18.0),
        ("call-120", "opened", "arrived", 7.0..13.0, 11.0..22.0),
        ("accident", "arrived", "closed", 12.0..30.0, 28.0..70.0),
        ("hotline", "opened", "replied", 55.0..140.0, 160.0..480.0),
        ("patrol", "opened", "filed", 3.0..9.0, 8.0..25.0),
        ("patrol", "dispatched", "handled", 35.0..90.0, 90.0..300.0),
        ("one-stop", "opened", "closed", 7.0..18.0, 22.0..60.0),
    ] {
        let times = minutes(&lives, feed, from, to, any);
        let (found_50, found_90) = (quantile(&times, 50), quantile(&times, 90));
        assert!(p50.contains(&found_50), "{feed} {from} {to}: {found_50}");
        assert!(p90.contains(&found_90), "{feed} {from} {to}: {found_90}");
    }
    let danger = ["waterlogging", "gas-smell", "fallen-tree"];
    let urgent = minutes(&lives, "hotline", "opened", "replied", |c| {
        danger.contains(&c)
    });
    let others = minutes(&lives, "hotline", "opened", "replied", |c| {
        !danger.contains(&c)
    });
    assert!(3.0 * quantile(&urgent, 50) < quantile(&others, 50));
    let rings = minutes(&lives, "hotline-call", "ringing", "answered", any);
    let in_15_s = rings.iter().filter(|minutes| **minutes <= 0.25).count() as f64;
    let share = in_15_s / rings.len() as f64;
    assert!((0.88..0.98).contains(&share), "{share}");
}

#[test]
fn at_weekends_fewer_people_ask_and_offices_are_nearly_empty() {
    let opened = |from: TimeMs| {
        let lives = lives(from, 3);
        move |feed: &str| {
            let of_feed = lives.keys().filter(|(id, _)| id.as_str() == feed);
            of_feed.count() as f64
        }
    };
    let saturday = TimeMs::from_rfc3339("2026-06-20T10:00:00+08:00").unwrap();
    let (monday, saturday) = (opened(start()), opened(saturday));
    for (feed, share) in [("hotline", 0.6..0.85), ("one-stop", 0.25..0.36)] {
        let found = saturday(feed) / monday(feed);
        assert!(share.contains(&found), "{feed}: {found}");
    }
    assert!(saturday("call-110") > 0.85 * monday("call-110"));
}

#[test]
fn cases_under_way_are_told_at_the_start_but_none_that_would_be_late() {
    let options = Options {
        feeds: LIVES.iter().map(|(feed, _)| FeedId::new(feed)).collect(),
        ..options()
    };
    let mut n_before = 0;
    let plan = Plan::new(package(), &options, start()).unwrap();
    for timed in plan.take_while(|timed| timed.observed_at < start()) {
        let feed = package().feeds.iter().find(|feed| feed.id == timed.feed);
        let age = start().since(timed.observed_at);
        assert!(age < feed.unwrap().lateness, "{}: {age:?}", timed.feed);
        n_before += 1;
    }
    assert!((1_500..9_000).contains(&n_before), "{n_before}");
}
