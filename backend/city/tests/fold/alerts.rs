//! Rules and alerts: one per key, pending and firing, silence, clusters.

use egret_city::limits::ALERTS_MAX;
use egret_city::{City, Entry};
use egret_shared::alert::AlertState;
use egret_shared::event::EventKind;
use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use crate::story::{EAST, Story, WEST_1, call, north, reading};

#[test]
fn a_condition_is_pending_until_it_has_held_long_enough() {
    let mut story = Story::new();
    story.read("road", "G-1", "ponding_depth", 16.0);
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Pending);
    assert_eq!(story.asset("road", "G-1").level, Level::Normal);
    story.wait("59s");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Pending);
    story.wait("1s");
    let alert = &story.alerts("ponding")[0];
    assert_eq!(
        (alert.state, alert.level, alert.fired_at),
        (AlertState::Firing, Level::Orange, Some(story.now))
    );
    assert_eq!(alert.message.en, "G-1 under 16 cm of water");
    assert_eq!(story.asset("road", "G-1").level, Level::Orange);
    assert!(story.urgent);
}

#[test]
fn a_condition_that_ends_while_pending_leaves_no_alert() {
    let mut story = Story::new();
    story.read("road", "G-1", "ponding_depth", 16.0);
    story.wait("30s");
    story.read("road", "G-1", "ponding_depth", 3.0);
    assert!(story.alerts("ponding").is_empty());
    story.wait("1m");
    assert_eq!(story.told(EventKind::AlertFired), 0);
}

#[test]
fn concurrent_identical_triggers_give_one_alert() {
    let mut story = Story::new();
    for _ in 0..120 {
        story.read("road", "G-1", "ponding_depth", 16.0);
        story.wait("1s");
    }
    assert_eq!(story.alerts("ponding").len(), 1);
    assert_eq!(story.told(EventKind::AlertFired), 1);
}

#[test]
fn a_rising_level_breaks_through_at_once_and_falls_with_the_value() {
    let mut story = Story::new();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    story.urgent = false;
    story.read("road", "G-1", "ponding_depth", 31.0);
    assert_eq!(story.alerts("ponding")[0].level, Level::Red);
    assert!(story.urgent);
    assert_eq!(story.told(EventKind::AlertFired), 2);
    story.wait("1s");
    story.read("road", "G-1", "ponding_depth", 20.0);
    assert_eq!(story.alerts("ponding")[0].level, Level::Orange);
}

#[test]
fn an_alert_goes_on_for_a_while_and_stays_listed_after_it_resolved() {
    let mut story = Story::new();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    story.read("road", "G-1", "ponding_depth", 3.0);
    story.wait("299s");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Firing);
    story.wait("1s");
    let alert = &story.alerts("ponding")[0];
    assert_eq!(
        (alert.state, alert.resolved_at),
        (AlertState::Resolved, Some(story.now))
    );
    assert_eq!(story.asset("road", "G-1").level, Level::Normal);
    story.wait("30m");
    assert!(story.alerts("ponding").is_empty());
}

#[test]
fn a_condition_that_returns_in_time_keeps_its_alert() {
    let mut story = Story::new();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    story.read("road", "G-1", "ponding_depth", 3.0);
    story.wait("4m");
    story.read("road", "G-1", "ponding_depth", 16.0);
    story.wait("4m");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Firing);
    assert_eq!(story.told(EventKind::AlertResolved), 0);
}

#[test]
fn an_older_reading_neither_fires_nor_resolves() {
    let mut story = Story::new();
    story.wait_with("70s", "road", "G-1", "ponding_depth", 16.0);
    story.read_late("30s", "road", "G-1", "ponding_depth", 1.0);
    story.wait("6m");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Firing);
    story.read("road", "G-2", "ponding_depth", 1.0);
    story.wait("1s");
    story.read_late("5m", "road", "G-2", "ponding_depth", 40.0);
    assert_eq!(story.alerts("ponding").len(), 1);
}

#[test]
fn silence_fires_for_each_asset_and_resolves_on_return() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 0.5);
    story.wait("1m");
    story.read("manhole", "M-2", "water_level", 0.5);
    story.wait("4m");
    let silent = story.alerts("manhole-silent");
    assert_eq!(
        (silent.len(), silent[0].state, silent[0].level),
        (1, AlertState::Firing, Level::Blue)
    );
    assert_eq!(silent[0].message.en, "Manhole silent: no word from M-1");
    story.wait("1m");
    assert_eq!(story.alerts("manhole-silent").len(), 2);
    story.read("manhole", "M-1", "water_level", 0.5);
    let states: Vec<AlertState> = story
        .alerts("manhole-silent")
        .iter()
        .map(|alert| alert.state)
        .collect();
    assert_eq!(states, [AlertState::Resolved, AlertState::Firing]);
}

#[test]
fn reports_near_one_another_are_one_cluster() {
    let mut story = Story::new();
    story.report(call("R-1", WEST_1, story.now));
    story.report(call("R-2", EAST, story.now));
    story.wait("5m");
    story.report(call("R-3", north(WEST_1, 100.0), story.now));
    assert!(story.alerts("waterlogging-calls").is_empty());
    let mut noise = call("R-4", WEST_1, story.now);
    noise.category = "noise".into();
    story.report(noise);
    assert!(story.alerts("waterlogging-calls").is_empty());
    story.report(call("R-5", north(WEST_1, 200.0), story.now));
    let clusters = story.alerts("waterlogging-calls");
    assert_eq!(
        (clusters.len(), clusters[0].v, clusters[0].state),
        (1, Some(3.0), AlertState::Firing)
    );
    story.wait("1m");
    story.report(call("R-6", north(WEST_1, 300.0), story.now));
    let clusters = story.alerts("waterlogging-calls");
    assert_eq!((clusters.len(), clusters[0].v), (1, Some(4.0)));
    story.wait("21m");
    assert_eq!(
        story.alerts("waterlogging-calls")[0].state,
        AlertState::Resolved
    );
}

#[test]
fn a_rule_on_a_metric_fires_in_every_area_where_it_holds() {
    let rule = "\n[[rule]]\nid = \"stress\"\nname = { zh = \"压力\", en = \"Stress\" }\nkind = \"threshold\"\non = { metric = \"water.manhole_level_max\" }\nwhen = \"value >= 1.9\"\nlevel = { orange = 1.9, red = 2.5 }\n";
    let mut files = crate::story::tiny_files();
    let rules = files.get_mut("rules.toml").unwrap();
    *rules = rules.replace(
        "# What can cause what",
        &format!("{rule}\n# What can cause what"),
    );
    let package = egret_package::Package::load(&files).unwrap();
    let mut story = Story::of(std::sync::Arc::new(package));
    story.read_at(EAST, "manhole", "M-1", "water_level", 2.0);
    story.wait("1s");
    let alerts = story.alerts("stress");
    assert_eq!(alerts.len(), 2, "in the east and in the city");
    assert_eq!(alerts[1].message.en, "Stress: East 2 m");
    story.wait("5m");
    assert!(
        story
            .alerts("stress")
            .iter()
            .all(|alert| alert.state == AlertState::Resolved)
    );
}

#[test]
fn a_full_list_makes_room_for_what_is_worse() {
    let mut city = City::new(crate::story::tiny());
    let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
    let apply = |city: &mut City, entry| city.apply(city.seq() + 1, &entry);
    apply(&mut city, Entry::Tick(start));
    for n in 0..ALERTS_MAX + 50 {
        let one = reading("manhole", &format!("M-{n}"), "water_level", 0.5, start);
        apply(&mut city, Entry::Observation(one));
    }
    let mut now = start;
    for _ in 0..300 {
        now = now.plus(Span(1_000));
        apply(&mut city, Entry::Tick(now));
    }
    assert_eq!(
        city.alerts()
            .filter(|alert| alert.level == Level::Blue)
            .count(),
        ALERTS_MAX
    );
    let deep = reading("road", "G-1", "ponding_depth", 35.0, now);
    apply(&mut city, Entry::Observation(deep));
    let levels: Vec<Level> = city.alerts().map(|alert| alert.level).collect();
    assert_eq!(
        (levels.len(), levels.iter().max()),
        (ALERTS_MAX, Some(&Level::Red))
    );
}

/// Fires and resolves the gauge's alert at once, `times` times, a minute each.
fn come_and_go(story: &mut Story, times: u32) {
    for _ in 0..times {
        for v in [16.0, 1.0] {
            story.read("road", "G-1", "ponding_depth", v);
            story.wait("30s");
        }
    }
}

/// The tiny city, where ponding counts at once and ends at once.
fn at_once() -> Story {
    let mut files = crate::story::tiny_files();
    let rules = files.get_mut("rules.toml").unwrap();
    *rules = rules.replace(
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for      = \"0s\"\nkeep_firing_for = \"0s\"",
    );
    Story::of(std::sync::Arc::new(
        egret_package::Package::load(&files).unwrap(),
    ))
}

#[test]
fn a_flapping_alert_goes_on_firing_counts_and_resolves_when_it_is_calm() {
    let mut story = at_once();
    come_and_go(&mut story, 1);
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Resolved);
    come_and_go(&mut story, 1);
    let alert = &story.alerts("ponding")[0];
    assert_eq!(
        (alert.state, alert.flapping, alert.changes),
        (AlertState::Firing, true, 4),
        "the fourth change within ten minutes is one too many"
    );
    come_and_go(&mut story, 3);
    let alert = &story.alerts("ponding")[0];
    assert_eq!((alert.state, alert.changes), (AlertState::Firing, 10));
    assert_eq!(story.told(EventKind::AlertFired), 2);
    assert_eq!(story.told(EventKind::AlertResolved), 1);
    story.wait("9m");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Firing);
    story.wait("31s");
    let alert = &story.alerts("ponding")[0];
    assert_eq!((alert.state, alert.flapping), (AlertState::Resolved, false));
}

#[test]
fn a_flapping_alert_that_stays_is_an_alert_like_others_again() {
    let mut story = at_once();
    come_and_go(&mut story, 2);
    story.wait_with("11m", "road", "G-1", "ponding_depth", 16.0);
    let alert = &story.alerts("ponding")[0];
    assert_eq!((alert.state, alert.flapping), (AlertState::Firing, false));
    story.read("road", "G-1", "ponding_depth", 1.0);
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Resolved);
}

#[test]
fn a_higher_level_breaks_through_flapping() {
    let mut story = at_once();
    come_and_go(&mut story, 2);
    story.urgent = false;
    story.read("road", "G-1", "ponding_depth", 31.0);
    assert!(story.urgent);
    assert_eq!(story.told(EventKind::AlertFired), 3);
}

#[test]
fn what_finds_no_room_waits_is_kept_as_history_and_comes_in_when_there_is() {
    let mut city = City::new(crate::story::tiny());
    let start = TimeMs::from_rfc3339("2026-06-22T06:00:00+08:00").unwrap();
    let apply = |city: &mut City, entry| city.apply(city.seq() + 1, &entry);
    apply(&mut city, Entry::Tick(start));
    let one = |n: usize, at: TimeMs| reading("manhole", &format!("M-{n}"), "water_level", 0.5, at);
    for n in 0..ALERTS_MAX + 50 {
        apply(&mut city, Entry::Observation(one(n, start)));
    }
    let mut now = start;
    let mut log = Vec::new();
    for _ in 0..300 {
        now = now.plus(Span(1_000));
        apply(&mut city, Entry::Tick(now));
        log.extend(city.take_changes().alert_log);
    }
    assert_eq!(log.len(), ALERTS_MAX + 50);
    assert!(log.iter().map(|turn| turn.n).eq(1..=log.len() as u64));
    assert_eq!(
        (city.alerts_unlisted().waiting, city.alerts_unlisted().lost),
        (50, 0)
    );
    let mut seen = city.city_snapshot();
    for n in 0..20 {
        apply(&mut city, Entry::Observation(one(n, now)));
    }
    now = now.plus(Span(1_000));
    apply(&mut city, Entry::Tick(now));
    assert_eq!(city.alerts_unlisted().waiting, 30);
    let firing = city
        .alerts()
        .filter(|alert| alert.state == AlertState::Firing);
    assert_eq!(
        firing.count(),
        ALERTS_MAX,
        "those that waited took the lines"
    );
    let changes = city.take_changes();
    assert_eq!(changes.alert_log.len(), 20);
    seen.apply(&city.city_delta(&changes));
    assert_eq!(seen, city.city_snapshot());
}

#[test]
fn a_moment_of_deafness_does_not_break_a_pending_alert() {
    let mut story = Story::new();
    story.read("road", "G-1", "ponding_depth", 16.0);
    story.now = story.now.plus(Span::parse("5m").unwrap());
    story.wait("1s");
    assert_eq!(story.alerts("ponding")[0].state, AlertState::Firing);
}
