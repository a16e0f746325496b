//! Rules of kind `warning`: what is in force, where, and until when.

use egret_city::{City, Entry};
use egret_shared::alert::{AlertState, Subject};
use egret_shared::event::EventKind;
use egret_shared::id::AreaCode;
use egret_shared::issued::{Issued, Shape};
use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::report::Report;
use egret_shared::time::Span;

use crate::rules::{states, with};
use crate::story::{Story, WEST_1, call};

const WARNED: &str = r#"
[[rule]]
id      = "rainstorm"
name    = { zh = "暴雨预警", en = "Rainstorm warning" }
kind    = "warning"
on      = { feed = "hotline" }
lasts   = "6h"
level   = { rainstorm-orange = "orange", rainstorm-red = "red" }
"#;

fn warning(story: &Story, state: &str, category: &str) -> Report {
    Report {
        state: state.into(),
        category: category.into(),
        ..call("W-1", WEST_1, story.now)
    }
}

#[test]
fn a_warning_is_in_force_until_it_is_cancelled_and_its_level_follows_its_category() {
    let mut story = with(WARNED);
    story.report(warning(&story, "opened", "rainstorm-orange"));
    let alert = &story.alerts("rainstorm")[0];
    assert_eq!(
        (alert.state, alert.level),
        (AlertState::Firing, Level::Orange)
    );
    assert!(
        matches!(&alert.key.subject, Subject::Reports { first, .. } if first.as_str() == "W-1")
    );
    story.wait("1m");
    story.report(warning(&story, "updated", "rainstorm-red"));
    assert_eq!(story.alerts("rainstorm")[0].level, Level::Red);
    assert_eq!(story.told(EventKind::AlertFired), 2);
    let issued_late = warning(&story, "updated-again", "rainstorm-red");
    story.wait("1m");
    story.report(warning(&story, "cancelled", "rainstorm-red"));
    assert_eq!(states(&story, "rainstorm"), [AlertState::Resolved]);
    story.report(issued_late);
    assert_eq!(
        states(&story, "rainstorm"),
        [AlertState::Resolved],
        "what comes late revives nothing"
    );
}

#[test]
fn a_warning_that_nobody_renews_ends_by_itself_and_others_are_none() {
    let mut story = with(WARNED);
    story.report(warning(&story, "opened", "rainstorm-orange"));
    let mut other = warning(&story, "opened", "typhoon-red");
    other.report = "W-2".into();
    story.report(other);
    assert_eq!(story.alerts("rainstorm").len(), 1);
    story.now = story.now.plus(Span::parse("5h").unwrap());
    story.wait("1m");
    story.report(warning(&story, "renewed", "rainstorm-orange"));
    story.now = story.now.plus(Span::parse("5h").unwrap());
    story.wait("1m");
    assert_eq!(states(&story, "rainstorm"), [AlertState::Firing]);
    story.now = story.now.plus(Span::parse("1h").unwrap());
    story.wait("1m");
    assert_eq!(states(&story, "rainstorm"), [AlertState::Resolved]);
}

/// A warning for a triangle, which ends by itself after an hour.
fn issued(story: &Story) -> Issued {
    let ring = [(118.0, 24.4), (118.1, 24.4), (118.1, 24.5), (118.0, 24.4)];
    let ring = ring
        .iter()
        .filter_map(|(lon, lat)| Position::checked(*lon, *lat));
    Issued {
        by: "West bureau".to_owned(),
        headline: "Rain to come".to_owned(),
        until: Some(story.now.plus(Span::parse("1h").unwrap())),
        shapes: vec![Shape::Polygon(ring.collect())],
        ..Issued::default()
    }
}

#[test]
fn a_warning_carries_what_its_issuer_says_and_ends_when_its_own_time_is_over() {
    let mut story = with(WARNED);
    let said = issued(&story);
    let opened = warning(&story, "opened", "rainstorm-orange");
    story.tell(&Entry::of_report(opened, Some(said.clone())));
    let told = |story: &Story| story.alerts("rainstorm")[0].issued.as_deref().cloned();
    // The hotline is sensitive: of its words only those of the city's own files are told.
    let told_of = |said: Issued| {
        Some(Issued {
            headline: String::new(),
            ..said
        })
    };
    assert_eq!(told(&story), told_of(said));
    story.wait("50m");
    let longer = issued(&story);
    let updated = warning(&story, "updated", "rainstorm-red");
    story.tell(&Entry::of_report(updated, Some(longer.clone())));
    assert_eq!(told(&story), told_of(longer), "an update says it anew");
    story.wait("30m");
    assert_eq!(states(&story, "rainstorm"), [AlertState::Firing]);
    story.wait("31m");
    assert_eq!(states(&story, "rainstorm"), [AlertState::Resolved]);
}

#[test]
fn what_an_issuer_says_is_the_same_after_a_restart() {
    let mut story = with(WARNED);
    let opened = warning(&story, "opened", "rainstorm-orange");
    let entry = Entry::of_report(opened, Some(issued(&story)));
    story.tell(&entry);
    let again = City::restore(story.city.package().clone(), &story.city.checkpoint()).unwrap();
    assert_eq!(again.hash(), story.city.hash());
    assert_eq!(again.city_snapshot(), story.city.city_snapshot());
    let kept = postcard::to_stdvec(&entry).unwrap();
    assert_eq!(postcard::from_bytes::<Entry>(&kept).unwrap(), entry);
}

#[test]
fn a_warning_that_only_names_areas_is_about_the_finest_that_holds_them_all() {
    let mut story = with(WARNED);
    for (id, codes, areas) in [
        (
            "N-1",
            &["900001001"][..],
            &["900000", "900001", "900001001"][..],
        ),
        ("N-2", &["900001001", "900001002"], &["900000", "900001"]),
        ("N-3", &["900001", "900002"], &["900000"]),
    ] {
        let report = Report {
            report: id.into(),
            position: None,
            area: None,
            ..warning(&story, "opened", "rainstorm-orange")
        };
        let said = Issued {
            areas: codes.iter().map(|code| AreaCode::new(*code)).collect(),
            ..Issued::default()
        };
        story.tell(&Entry::of_report(report, Some(said)));
        let alerts = story.alerts("rainstorm");
        let about =
            |key: &Subject| matches!(key, Subject::Reports { first, .. } if first.as_str() == id);
        let alert = alerts
            .iter()
            .find(|alert| about(&alert.key.subject))
            .unwrap();
        let found: Vec<&str> = alert.areas.iter().map(AreaCode::as_str).collect();
        assert_eq!(found, areas, "{id}");
    }
}
