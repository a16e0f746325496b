//! The demo city's catalogue, as the simulator feeds it.

use std::collections::BTreeSet;

use egret_shared::flags::Flags;
use egret_shared::id::FeedId;
use egret_shared::time::Span;
use egret_sim::{CLOCK_AHEAD_MS, Options, Plan, STORM_PEAK, Scenario};

use super::package::{options, package, start};
use super::town::Town;

/// The domains that issue 3 names, and the two that look at all of them.
const DOMAINS: [&str; 11] = [
    "traffic",
    "environment",
    "water",
    "public-safety",
    "hotline",
    "city-management",
    "government-services",
    "economy",
    "emergency",
    "data-quality",
    "vital",
];

/// Vital signs of the domains, and the city's.
const VITAL: [&str; 10] = [
    "vital.water",
    "vital.traffic",
    "vital.environment",
    "vital.safety",
    "vital.hotline",
    "vital.city_management",
    "vital.services",
    "vital.economy",
    "vital.emergency",
    "vital.city",
];

/// Metrics without a number for the whole city.
fn without_value(town: &Town) -> Vec<&'static str> {
    let metrics = package().metrics.iter().map(|metric| metric.id.as_str());
    let missing = metrics.filter(|id| town.of_city(id).is_none_or(|point| point.v.is_none()));
    missing.collect()
}

/// A working day at `hour` by the city's clocks.
fn at(hour: f64) -> Options {
    Options {
        hour: Some(hour),
        ..options()
    }
}

fn storm_at_peak() -> Options {
    Options {
        scenario: Scenario::Storm,
        storm_offset: Some(STORM_PEAK),
        ..at(8.5)
    }
}

#[test]
fn there_are_sixty_metrics_in_nine_domains_and_each_says_what_it_means() {
    let metrics = &package().metrics;
    let domains: BTreeSet<&str> = metrics.iter().map(|m| m.domain.as_str()).collect();
    assert_eq!(domains, DOMAINS.into_iter().collect());
    let own = metrics.iter().filter(|metric| {
        let domain = metric.domain.as_str();
        domain != "vital" && domain != "data-quality"
    });
    assert!(own.count() >= 60);
    let silent = metrics.iter().filter(|metric| {
        let told = |text: &str| text.chars().count() >= 8;
        metric
            .about
            .as_ref()
            .is_none_or(|about| !told(&about.zh) || !told(&about.en))
    });
    let silent: Vec<&str> = silent.map(|metric| metric.id.as_str()).collect();
    assert!(silent.is_empty(), "{silent:?}");
    let learned = metrics.iter().filter(|metric| metric.baseline).count();
    assert!((15..=20).contains(&learned), "{learned}");
}

#[test]
fn every_number_of_the_catalogue_is_there_within_minutes() {
    for hour in [8.5, 10.0, 15.0] {
        let mut town = Town::new(&at(hour));
        town.listen_until(6);
        let missing = without_value(&town);
        assert!(missing.is_empty(), "at {hour}: {missing:?}");
    }
}

#[test]
fn in_the_night_only_what_sleeps_has_no_number() {
    let mut town = Town::new(&at(2.0));
    town.listen_until(6);
    // Offices are closed, few call: the times of what does not happen are unknown.
    let asleep = ["hotline.", "city.", "services.", "safety.", "traffic.acc"];
    let missing = without_value(&town);
    let missing = missing.iter().filter(|id| {
        let sleeps = |beginning: &&str| id.starts_with(*beginning);
        !asleep.iter().any(sleeps)
    });
    let missing: Vec<_> = missing.collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_working_day_is_well_and_a_storm_is_not() {
    let (mut quiet, mut storm) = (Town::new(&at(8.5)), Town::new(&storm_at_peak()));
    quiet.listen_until(5);
    storm.listen_until(5);
    for vital in VITAL {
        let v = quiet.number(vital);
        assert!((80.0..=100.0).contains(&v), "{vital} is {v} in a rush hour");
    }
    for (vital, most) in [
        ("vital.water", 60.0),
        ("vital.traffic", 70.0),
        ("vital.hotline", 80.0),
        ("vital.emergency", 60.0),
        ("vital.city", 70.0),
    ] {
        let v = storm.number(vital);
        assert!(v < most, "{vital} is {v} in a storm");
    }
    assert!(storm.number("emergency.warnings_in_force") > 6.0);
    assert!(storm.number("emergency.shelters_open") > 0.0);
    assert!(storm.number("hotline.answer_p90") > 2.0 * quiet.number("hotline.answer_p90"));
    assert!(storm.number("hotline.answered_in_15s") < quiet.number("hotline.answered_in_15s"));
}

#[test]
fn sensors_that_stick_or_jump_are_told_of_where_their_numbers_are() {
    let feeds = ["water-supply", "weather"].map(FeedId::new);
    let mut town = Town::new(&Options {
        feeds: feeds.into_iter().collect(),
        ..at(10.0)
    });
    let (mut seen, mut n_flagged) = (Flags::NONE, 0);
    for minute in 1..=120 {
        town.listen_until(minute);
        let flags = town.flags("water.supply_pressure_p10");
        seen = seen.with(flags);
        n_flagged += i32::from(flags.has_any(Flags::SUSPECT));
    }
    assert!(seen.has(Flags::STUCK), "{seen:?}");
    assert!(seen.has(Flags::JUMP), "{seen:?}");
    assert!((3..80).contains(&n_flagged), "{n_flagged} of 120 minutes");
}

#[test]
fn one_gateway_has_a_fast_clock_and_tells_the_time_by_it() {
    let end = start().plus(Span(120_000));
    let plan = Plan::new(package(), &options(), start()).unwrap();
    let (mut fast, mut n_all) = (BTreeSet::new(), 0);
    for timed in plan.take_while(|timed| timed.send_at < end) {
        n_all += 1;
        if timed.ahead_ms != 0 {
            assert_eq!(timed.ahead_ms, CLOCK_AHEAD_MS);
            fast.insert((timed.gateway, timed.topic));
        }
    }
    let gateways: BTreeSet<u64> = fast.iter().map(|(gateway, _)| *gateway).collect();
    assert_eq!(gateways.len(), 1);
    assert!((2..40).contains(&fast.len()), "{fast:?}");
    assert!(n_all > 20_000, "{n_all}");
}
