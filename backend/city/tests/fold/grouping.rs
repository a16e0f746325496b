//! To which group an alert goes: every effect is put down to its nearest cause, whatever the order
//! in which things come to be known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use egret_city::{City, Entry};
use egret_package::Package;
use egret_shared::alert::{AlertKey, Subject};
use egret_shared::position::Position;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;

use crate::story::{Story, WEST_1, at_place, call, north, reading, tiny};

/// The members of every group, by the names of their assets or first reports; who is silent is
/// another story.
fn groups(city: &City) -> BTreeSet<Vec<String>> {
    let name = |key: &AlertKey| match &key.subject {
        Subject::Asset { asset, .. } => asset.to_string(),
        Subject::Reports { first, .. } => first.to_string(),
        other => format!("{other:?}"),
    };
    let named = city.groups().map(|(_, _, keys)| {
        let told = keys.filter(|key| key.rule.as_str() != "manhole-silent");
        let mut names: Vec<String> = told.map(name).collect();
        names.sort();
        names
    });
    named.filter(|names| !names.is_empty()).collect()
}

fn set(all: &[&[&str]]) -> BTreeSet<Vec<String>> {
    let owned = |one: &&[&str]| one.iter().map(|word| (*word).to_owned()).collect();
    all.iter().map(owned).collect()
}

#[test]
fn two_places_within_reach_of_one_another_stay_two() {
    let mut story = Story::new();
    // Two roads 350 m apart, each with its manhole on the far side of it.
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    story.read_at(north(WEST_1, 350.0), "road", "G-2", "ponding_depth", 18.0);
    story.read_at(north(WEST_1, -40.0), "manhole", "M-1", "water_level", 2.2);
    story.read_at(north(WEST_1, 390.0), "manhole", "M-2", "water_level", 2.2);
    story.wait("2m");
    for (n, id) in [(100.0, "R-1"), (120.0, "R-2"), (140.0, "R-3")] {
        story.report(call(id, north(WEST_1, n), story.now));
    }
    assert_eq!(
        groups(&story.city),
        set(&[&["G-1", "M-1", "R-1"], &["G-2", "M-2"]])
    );
    assert_eq!(story.city.incidents().count(), 2);
}

#[test]
fn a_cause_that_is_found_out_last_brings_its_effects_together() {
    let mut story = Story::new();
    for (n, id) in [(50.0, "R-1"), (60.0, "R-2"), (70.0, "R-3")] {
        story.report(call(id, north(WEST_1, n), story.now));
    }
    story.read_at(north(WEST_1, 200.0), "manhole", "M-1", "water_level", 2.2);
    story.wait("2m");
    assert_eq!(groups(&story.city), set(&[&["R-1"], &["M-1"]]));
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    story.wait("1m");
    assert_eq!(groups(&story.city), set(&[&["G-1", "M-1", "R-1"]]));
    let incident = story.city.incidents().next().unwrap();
    let because: Vec<&str> = incident
        .evidence
        .iter()
        .map(|one| one.because.en.as_str())
        .collect();
    assert_eq!(
        because,
        [
            "Manhole surcharge: M-1 2.2 m",
            "G-1 is 200 m from M-1, 2 min later; cause: Manhole surcharge → Road ponding \
             (drain surcharge floods the road)",
            "Cluster of waterlogging calls in West 1 is 50 m from G-1, 2 min earlier; \
             cause: Road ponding → Cluster of waterlogging calls (people call about the water)",
        ]
    );
}

#[test]
fn a_nearer_cause_of_the_same_kind_joins_the_case_of_its_effect() {
    let mut story = Story::new();
    story.read_at(north(WEST_1, 390.0), "manhole", "M-1", "water_level", 2.2);
    story.wait("2m");
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    story.wait("1m");
    assert_eq!(groups(&story.city), set(&[&["G-1", "M-1"]]));
    assert_eq!(story.city.incidents().count(), 1);
    story.read_at(north(WEST_1, -60.0), "manhole", "M-2", "water_level", 2.2);
    story.wait("2m");
    assert_eq!(groups(&story.city), set(&[&["G-1", "M-1", "M-2"]]));
}

#[test]
fn before_there_is_a_case_a_nearer_cause_takes_over_with_all_that_hangs_on_it() {
    let mut package = Package::clone(&tiny());
    package.rules.incident.open_when = Some("alerts >= 9".to_owned());
    let mut story = Story::of(Arc::new(package));
    story.read_at(north(WEST_1, 390.0), "manhole", "M-1", "water_level", 2.2);
    story.wait("2m");
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    story.wait("1m");
    for (n, id) in [(50.0, "R-1"), (60.0, "R-2"), (70.0, "R-3")] {
        story.report(call(id, north(WEST_1, n), story.now));
    }
    assert_eq!(groups(&story.city), set(&[&["G-1", "M-1", "R-1"]]));
    story.read_at(north(WEST_1, -60.0), "manhole", "M-2", "water_level", 2.2);
    story.wait("2m");
    assert_eq!(
        groups(&story.city),
        set(&[&["M-1"], &["G-1", "M-2", "R-1"]])
    );
}

#[test]
fn two_incidents_are_never_made_one_by_the_machine() {
    let mut story = Story::new();
    // Red, each an incident by itself, and then a manhole between them that explains both.
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 35.0);
    story.read_at(north(WEST_1, 300.0), "road", "G-2", "ponding_depth", 35.0);
    story.wait("1m");
    assert_eq!(story.city.incidents().count(), 2);
    story.read_at(north(WEST_1, 100.0), "manhole", "M-1", "water_level", 2.2);
    story.wait("2m");
    assert_eq!(groups(&story.city), set(&[&["G-1", "M-1"], &["G-2"]]));
    assert_eq!(story.city.incidents().count(), 2);
}

/// Places on a line of 2 km, so that some are near each other and some are not.
fn place(steps: u8) -> Position {
    north(WEST_1, f64::from(steps) * 80.0)
}

/// What is over its limit from the first second on, and which calls come then.
fn scene() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0..3_u8, 0..25_u8), 2..14)
}

fn second(scene: &[(u8, u8)], now: TimeMs) -> Vec<Entry> {
    let mut entries: BTreeMap<(u8, usize), Entry> = BTreeMap::new();
    for (n, (kind, at)) in scene.iter().enumerate() {
        let position = place(*at);
        let entry = match kind {
            0 => {
                let one = reading("manhole", &format!("M-{n}"), "water_level", 2.2, now);
                Entry::Observation(at_place(one, position))
            }
            1 => {
                let one = reading("road", &format!("G-{n}"), "ponding_depth", 18.0, now);
                Entry::Observation(at_place(one, position))
            }
            _ => {
                let mut one = call(&format!("R-{n}"), position, now);
                one.observed_at = now;
                Entry::Report(one)
            }
        };
        // Calls come last: a cluster is an alert at once, and readings are not.
        entries.insert((*kind, n), entry);
    }
    entries.into_values().collect()
}

fn folded(package: &Arc<Package>, first: &[Entry], start: TimeMs, restart_at: Option<i64>) -> City {
    let mut city = City::new(Arc::clone(package));
    city.apply(1, &Entry::Tick(start));
    for entry in first {
        city.apply(city.seq() + 1, entry);
    }
    for second in 1..=150 {
        let now = start.plus(Span(second * 1_000));
        city.apply(city.seq() + 1, &Entry::Tick(now));
        if restart_at == Some(second) {
            city = City::restore(Arc::clone(package), &city.checkpoint()).unwrap();
        }
    }
    city
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn neither_the_order_within_a_second_nor_a_restart_moves_an_alert(
        scene in scene(),
        swaps in prop::collection::vec((0..14_usize, 0..14_usize), 0..12),
        restart_at in 1..150_i64,
    ) {
        static TINY: LazyLock<Arc<Package>> = LazyLock::new(tiny);
        let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
        let entries = second(&scene, start);
        let n_readings = scene.iter().filter(|(kind, _)| *kind < 2).count();
        let mut shuffled = entries.clone();
        for (a, b) in swaps {
            if a < n_readings && b < n_readings {
                shuffled.swap(a, b);
            }
        }
        let straight = folded(&TINY, &entries, start, None);
        let other = folded(&TINY, &shuffled, start, None);
        prop_assert_eq!(groups(&straight), groups(&other));
        let restarted = folded(&TINY, &entries, start, Some(restart_at));
        prop_assert_eq!(straight.hash(), restarted.hash());
        prop_assert_eq!(straight.city_snapshot(), restarted.city_snapshot());
    }

    #[test]
    fn every_alert_that_fires_is_in_exactly_one_group(scene in scene()) {
        static TINY: LazyLock<Arc<Package>> = LazyLock::new(tiny);
        let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
        let city = folded(&TINY, &second(&scene, start), start, None);
        let mut members: Vec<_> = Vec::new();
        for (_, incident, keys) in city.groups() {
            for key in keys {
                let alert = city.alerts().find(|alert| alert.key == *key).unwrap();
                prop_assert_eq!(alert.incident.as_ref(), incident);
                members.push(key.clone());
            }
        }
        let n_members = members.len();
        members.sort();
        members.dedup();
        prop_assert_eq!(members.len(), n_members);
        let fired = city.alerts().filter(|alert| alert.fired_at.is_some());
        prop_assert_eq!(fired.count(), n_members);
    }
}
