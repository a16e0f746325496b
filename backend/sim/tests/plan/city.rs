//! The plan of the demo city, judged by what its receivers would make of it.

use std::collections::{BTreeMap, BTreeSet};

use egret_decode::reading::{Decoded, RawReport, Reading};
use egret_decode::{Decoder, Message};
use egret_package::Package;
use egret_package::units::convert;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::package::feed::FeedDef;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Fault, Options, Plan, Scenario, Timed};

use super::package::{self, options, package, start};

fn plan(options: &Options) -> Plan {
    Plan::new(package(), options, start()).unwrap()
}

/// What is sent in the first `minutes` of a run.
fn sent(options: &Options, minutes: i64) -> Vec<Timed> {
    let end = start().plus(Span(minutes * 60_000));
    plan(options)
        .take_while(|timed| timed.send_at < end)
        .collect()
}

fn storm_at_peak() -> Options {
    Options {
        scenario: Scenario::Storm,
        storm_offset: Some(egret_sim::STORM_PEAK),
        ..options()
    }
}

fn feed<'a>(package: &'a Package, id: &FeedId) -> &'a FeedDef {
    package.feeds.iter().find(|feed| feed.id == *id).unwrap()
}

fn matches(filter: &str, topic: &str) -> bool {
    let (wanted, found) = (filter.split('/'), topic.split('/'));
    wanted.clone().count() == found.clone().count()
        && wanted
            .zip(found)
            .all(|(wanted, found)| wanted == "+" || wanted == found)
}

#[test]
fn the_same_seed_says_the_same_and_another_says_something_else() {
    let one = sent(&storm_at_peak(), 2);
    assert!(one.len() > 10_000, "{}", one.len());
    assert_eq!(one, sent(&storm_at_peak(), 2));
    let other = sent(
        &Options {
            seed: 2,
            ..storm_at_peak()
        },
        2,
    );
    assert_ne!(one, other);
}

/// What a right message has to be, as its receiver sees it.
struct Judge<'a> {
    package: &'a Package,
    known: BTreeSet<(&'a FeedId, &'a AssetId)>,
    decoders: BTreeMap<&'a FeedId, Decoder>,
}

impl<'a> Judge<'a> {
    fn new(package: &'a Package) -> Self {
        let assets = package.assets.iter();
        let decoder = |feed: &'a FeedDef| (&feed.id, Decoder::new(feed, package.timezone));
        Self {
            package,
            known: assets.map(|asset| (&asset.feed, &asset.asset)).collect(),
            decoders: package.feeds.iter().map(decoder).collect(),
        }
    }

    fn judge(&self, timed: &Timed) {
        let message = Message::new(&timed.topic, &timed.payload, timed.send_at);
        let text = String::from_utf8_lossy(&timed.payload);
        for element in self.decoders[&timed.feed].decode(&message) {
            match element.unwrap_or_else(|refused| panic!("{refused:?}: {text}")) {
                Decoded::Reading(reading) => self.judge_reading(timed, &reading, &text),
                Decoded::Report(report) => self.judge_report(timed, &report),
            }
        }
    }

    fn judge_reading(&self, timed: &Timed, reading: &Reading, text: &str) {
        assert!(
            self.known.contains(&(&timed.feed, &reading.asset)),
            "{text}"
        );
        assert_eq!(
            reading.at.unwrap().us / 1_000,
            timed.observed_at.0 + timed.ahead_ms,
            "{text}"
        );
        assert!(!reading.values.is_empty(), "{text}");
        for value in &reading.values {
            let mut properties = self.package.properties.iter();
            let property = properties.find(|p| p.id == value.property).unwrap();
            let unit = value.unit.as_deref().unwrap_or(&property.unit);
            let v = convert(unit, &property.unit).unwrap().apply(value.v);
            let [low, high] = property.range;
            assert!((low..=high).contains(&v), "{v}: {text}");
        }
    }

    fn judge_report(&self, timed: &Timed, report: &RawReport) {
        assert_eq!(report.at.unwrap().us / 1_000, timed.observed_at.0);
        let words = &self.package.words;
        let category = report.category.as_deref().unwrap();
        assert!(
            words.category[&timed.feed].contains_key(category),
            "{category}"
        );
        let state = report.state.as_deref().unwrap();
        assert!(words.report_state.contains_key(state), "{state}");
        assert_eq!(
            report.personal.len(),
            feed(self.package, &timed.feed).personal.len()
        );
        for (_, value) in &report.personal {
            let made_up = value.starts_with("SIM-") || value.starts_with("000-");
            assert!(made_up, "{value}");
        }
    }
}

#[test]
fn everything_said_is_understood_known_and_in_range_but_what_is_wrong_on_purpose() {
    let package = package();
    let judge = Judge::new(package);
    for options in [options(), storm_at_peak()] {
        let mut heard = BTreeSet::new();
        for timed in sent(&options, 5) {
            let filter = feed(package, &timed.feed).topic.as_deref().unwrap();
            assert!(matches(filter, &timed.topic), "{}", timed.topic);
            if timed.fault.is_none() {
                judge.judge(&timed);
                heard.insert(timed.feed);
            }
        }
        // Reports come as they come, the rarest once in half an hour.
        let silent = package
            .feeds
            .iter()
            .filter(|feed| !heard.contains(&feed.id));
        let silent: Vec<&FeedId> = silent.filter(|f| !f.report).map(|f| &f.id).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}

#[test]
fn every_feed_speaks_as_often_as_it_declares() {
    let (from, minutes) = (start().plus(Span(60_000)), 31);
    let mut heard: BTreeMap<FeedId, f64> = BTreeMap::new();
    let in_time = |timed: &Timed| timed.observed_at >= from && !timed.duplicate;
    for timed in sent(&options(), minutes).into_iter().filter(in_time) {
        *heard.entry(timed.feed).or_default() += 1.0;
    }
    let package = package();
    for feed in package.feeds.iter().filter(|feed| !feed.report) {
        let n_assets = package.assets.iter().filter(|a| a.feed == feed.id).count() as f64;
        let interval_ms = feed.expect_every.unwrap().ms() as f64;
        let per_asset = (minutes - 1) as f64 * 60_000.0 / interval_ms;
        let messages = if feed.id.as_str() == "air" { 6.0 } else { 1.0 };
        let expected = n_assets * per_asset * messages;
        let found = heard.get(&feed.id).copied().unwrap_or_default();
        // One dead or patchy asset of twenty is 5 %, one message more or less another few.
        let slack = 0.1 * expected + messages * n_assets.min(3.0);
        assert!(
            (found - expected).abs() <= slack,
            "{}: {found} of {expected}",
            feed.id
        );
    }
    let total: f64 = heard.values().sum();
    let per_s = total / ((minutes - 1) as f64 * 60.0);
    assert!((200.0..250.0).contains(&per_s), "{per_s} messages a second");
}

#[test]
fn a_quiet_day_has_its_number_of_reports() {
    let expected = [
        ("hotline", 2_000.0),
        ("call-110", 2_400.0),
        ("call-120", 420.0),
        ("accident", 260.0),
        ("patrol", 1_500.0),
        ("one-stop", 6_000.0),
    ];
    let feeds = expected.iter().map(|(id, _)| FeedId::new(id)).collect();
    let mut opened: BTreeMap<FeedId, f64> = BTreeMap::new();
    for timed in sent(&Options { feeds, ..options() }, 24 * 60) {
        let first_step = String::from_utf8_lossy(&timed.payload).contains("\"opened\"");
        let today = timed.observed_at >= start();
        if first_step && today && !timed.duplicate {
            *opened.entry(timed.feed).or_default() += 1.0;
        }
    }
    for (id, per_day) in expected {
        let found = opened[&FeedId::new(id)];
        // Three deviations of chance, or the tenth that was asked for.
        let slack = f64::max(0.1 * per_day, 3.0 * per_day.sqrt());
        assert!(
            (found - per_day).abs() < slack,
            "{id}: {found} of {per_day}"
        );
    }
}

#[test]
fn vehicles_stay_on_the_roads_and_move_without_leaps() {
    let feeds = ["bus", "taxi", "sanitation"]
        .map(FeedId::new)
        .into_iter()
        .collect();
    let options = Options { feeds, ..options() };
    let roads = package::road_lines();
    let mut last: BTreeMap<String, (TimeMs, [f64; 2])> = BTreeMap::new();
    let mut n_moved = 0;
    for timed in sent(&options, 3)
        .into_iter()
        .filter(|t| t.fault.is_none() && !t.duplicate)
    {
        let json: serde_json::Value = serde_json::from_slice(&timed.payload).unwrap();
        let at = [0, 1].map(|i| json["position"][i].as_f64().unwrap());
        let off_m = package::distance_m(&roads, at);
        assert!(off_m <= 50.0, "{} is {off_m} m off the roads", timed.topic);
        let heading = json["values"]["heading"]["v"].as_f64().unwrap();
        assert!((0.0..360.0).contains(&heading));
        if let Some((then, from)) = last.insert(timed.topic.clone(), (timed.observed_at, at)) {
            let moved_m = package::metres_between(from, at);
            let seconds = timed.observed_at.since(then).ms() as f64 / 1_000.0;
            // A turn crosses the road: twice 16 m aside, beside what 90 km/h allow.
            assert!(
                moved_m <= 40.0 + 25.0 * seconds,
                "{}: {moved_m} m",
                timed.topic
            );
            n_moved += usize::from(moved_m > 5.0);
        }
    }
    assert!(last.len() > 2_000, "{}", last.len());
    assert!(n_moved > 20_000, "{n_moved}");
}

#[test]
fn a_little_goes_wrong_and_all_kinds_of_it() {
    let messages = sent(&options(), 40);
    let n = messages.len() as f64;
    let bad: Vec<Fault> = messages.iter().filter_map(|timed| timed.fault).collect();
    let share = bad.len() as f64 / n;
    assert!((0.000_3..0.000_7).contains(&share), "{share}");
    for fault in [
        Fault::TornJson,
        Fault::OutOfRange,
        Fault::WrongUnit,
        Fault::AbsurdTime,
    ] {
        assert!(bad.contains(&fault), "{fault:?}");
    }
    let twice = messages.iter().filter(|timed| timed.duplicate).count() as f64 / n;
    assert!((0.000_7..0.001_3).contains(&twice), "{twice}");
    let late = messages
        .iter()
        .filter(|timed| !timed.duplicate && timed.send_at.since(timed.observed_at) > Span(60_000));
    assert!(late.count() > 20, "an offline gateway delivers later");
}

#[test]
fn backfill_is_thinned_and_comes_before_the_present() {
    let feeds = ["taxi", "manhole"].map(FeedId::new).into_iter().collect();
    let backfill = Span(30 * 60_000);
    let messages = sent(
        &Options {
            feeds,
            backfill,
            ..options()
        },
        1,
    );
    assert!(messages.is_sorted_by_key(|timed| timed.send_at));
    assert!(messages[0].send_at < start().minus(Span(29 * 60_000)));
    let past = messages
        .iter()
        .filter(|timed| timed.observed_at < start())
        .count();
    // 1,240 assets once a minute, but for the silent and the patchy.
    assert!((30 * 1_150..30 * 1_300).contains(&past), "{past}");
}

#[test]
fn the_city_lives_at_the_hour_it_is_told_and_tells_the_present_time() {
    let median_speed = |hour: f64| {
        let feeds = [FeedId::new("crossing")].into_iter().collect();
        let hour = Some(hour);
        let mut speeds: Vec<f64> = sent(
            &Options {
                feeds,
                hour,
                ..options()
            },
            5,
        )
        .iter()
        .filter(|timed| timed.fault.is_none())
        .map(|timed| {
            assert!(timed.observed_at >= start());
            let json: serde_json::Value = serde_json::from_slice(&timed.payload).unwrap();
            json["values"]["speed"]["v"].as_f64().unwrap()
        })
        .collect();
        speeds.sort_by(f64::total_cmp);
        speeds[speeds.len() / 2]
    };
    let (night, rush) = (median_speed(3.0), median_speed(8.5));
    assert!(night > 60.0 && rush < 52.0, "{night} {rush}");
}
