//! Incidents: what hangs together becomes one case, and says why.

use egret_shared::event::EventKind;
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::time::Span;

use crate::story::{EAST, Story, WEST_1, call, north};

fn incidents(story: &Story) -> Vec<Incident> {
    story.city.incidents().cloned().collect()
}

/// Manholes rise, a road ponds, people call: all within a few hundred metres.
fn storm(story: &mut Story) {
    story.read_at(north(WEST_1, 180.0), "manhole", "M-212", "water_level", 2.2);
    story.read_at(north(WEST_1, 300.0), "manhole", "M-213", "water_level", 2.3);
    story.wait("2m");
    story.wait("4m");
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    story.wait("1m");
    for (n, id) in [(1.0, "R-1"), (2.0, "R-2"), (3.0, "R-3")] {
        story.report(call(id, north(WEST_1, n * 50.0), story.now));
    }
}

#[test]
fn a_storm_gives_one_incident_with_reasons() {
    let mut story = Story::new();
    storm(&mut story);
    let all = incidents(&story);
    assert_eq!(all.len(), 1);
    let incident = &all[0];
    assert_eq!(incident.id.as_str(), "20260622-0001");
    assert_eq!(incident.state, IncidentState::Reported);
    assert_eq!(incident.level, Level::Orange);
    assert_eq!(incident.title.en, "Road ponding · West 1");
    assert_eq!(incident.plan.as_ref().unwrap().as_str(), "ponding");
    assert_eq!(incident.lead.as_ref().unwrap().as_str(), "water");
    assert_eq!(
        incident.due_at,
        Some(incident.opened_at.plus(Span::parse("24h").unwrap()))
    );
    let because: Vec<&str> = incident
        .evidence
        .iter()
        .map(|one| one.because.en.as_str())
        .collect();
    assert_eq!(
        because,
        [
            "Manhole surcharge: M-212 2.2 m",
            "M-213 is 120 m from M-212, at the same time; the same kind: Manhole surcharge \
             (one drain)",
            "G-1 is 180 m from M-212, 6 min later; cause: Manhole surcharge → Road ponding \
             (drain surcharge floods the road)",
            "Cluster of waterlogging calls in West 1 is 50 m from G-1, 1 min later; \
             cause: Road ponding → Cluster of waterlogging calls (people call about the water)",
        ]
    );
    assert_eq!(
        incident.evidence[2].because.zh,
        "G-1 距 M-212 180 米，晚 6 分钟；因果：窨井高水位 → 道路积水（排水满管导致路面积水）"
    );
    assert!(
        story
            .city
            .alerts()
            .all(|alert| alert.incident.as_ref() == Some(&incident.id)
                || alert.key.rule.as_str() == "manhole-silent")
    );
}

#[test]
fn what_is_far_apart_stays_apart() {
    let mut story = Story::new();
    story.read_at(WEST_1, "manhole", "M-1", "water_level", 2.2);
    story.read_at(EAST, "road", "G-1", "ponding_depth", 18.0);
    story.wait("3m");
    assert!(incidents(&story).is_empty());
    assert_eq!(story.told(EventKind::AlertFired), 2);
}

#[test]
fn a_red_alert_is_an_incident_by_itself_and_the_next_day_counts_anew() {
    let mut story = Story::new();
    story.read("road", "G-1", "ponding_depth", 35.0);
    story.wait("1m");
    let incident = &incidents(&story)[0];
    assert_eq!(
        (incident.level, incident.id.as_str()),
        (Level::Red, "20260622-0001")
    );
    story.now = story.now.plus(Span::parse("1d").unwrap());
    story.read_at(EAST, "road", "G-2", "ponding_depth", 35.0);
    story.wait("1m");
    assert!(
        incidents(&story)
            .iter()
            .any(|incident| incident.id.as_str() == "20260623-0001")
    );
}

#[test]
fn a_worse_level_brings_the_deadline_forward_and_is_kept() {
    let mut story = Story::new();
    storm(&mut story);
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 33.0);
    let incident = incidents(&story).remove(0);
    assert_eq!(incident.level, Level::Red);
    assert_eq!(
        incident.due_at,
        Some(incident.opened_at.plus(Span::parse("2h").unwrap()))
    );
    story.wait("1s");
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 18.0);
    assert_eq!(incidents(&story)[0].level, Level::Red);
}

#[test]
fn an_incident_clears_with_its_last_alert_and_leaves_half_an_hour_later() {
    let mut story = Story::new();
    storm(&mut story);
    story.wait("1s");
    for asset in ["M-212", "M-213"] {
        story.read_at(WEST_1, "manhole", asset, "water_level", 0.5);
    }
    story.read_at(WEST_1, "road", "G-1", "ponding_depth", 0.0);
    story.wait("10m");
    assert_eq!(
        incidents(&story)[0].state,
        IncidentState::Reported,
        "the calls go on"
    );
    story.wait("11m");
    let incident = incidents(&story).remove(0);
    assert_eq!(incident.state, IncidentState::Cleared);
    assert_eq!(story.told(EventKind::IncidentCleared), 1);
    story.wait("31m");
    assert!(incidents(&story).is_empty());
}

#[test]
fn an_alert_that_fires_again_brings_its_incident_back() {
    let mut story = Story::new();
    story.read("road", "G-1", "ponding_depth", 35.0);
    story.wait("1m");
    story.read("road", "G-1", "ponding_depth", 0.0);
    story.wait("6m");
    assert_eq!(incidents(&story)[0].state, IncidentState::Cleared);
    story.read("road", "G-1", "ponding_depth", 35.0);
    story.wait("1m");
    let incident = &incidents(&story)[0];
    assert_eq!(
        (incident.state, incident.cleared_at),
        (IncidentState::Reported, None)
    );
    assert_eq!(incidents(&story).len(), 1);
    assert_eq!(incident.evidence.len(), 1);
}
