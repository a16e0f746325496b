//! The mode of the city: called by alerts, declared by people.

use std::sync::Arc;

use egret_package::Package;
use egret_shared::case::What;
use egret_shared::command::Outcome;
use egret_shared::event::{About, EventKind};
use egret_shared::incident::CaseClass;
use egret_shared::level::Level;
use egret_shared::mode::Mode;
use egret_shared::time::Span;

use super::desk::{Desk, chief, file, li};
use crate::story::{EAST, WEST_1, tiny_files};

/// The tiny city, whose ponds call the emergency mode from orange on.
fn alarmed() -> Arc<Package> {
    let mut files = tiny_files();
    let text = "[emergency]\nwhen = [{ rule = \"ponding\", level = \"orange\" }]\nends_after = \"30m\"\n\
                limits = { normal = \"1h\" }\nlevels = { ponding = { orange = 5.0, red = 10.0 } }\n";
    files.insert("casework.toml".to_owned(), text.to_owned());
    Arc::new(Package::load(&files).unwrap())
}

fn mode(desk: &Desk) -> Mode {
    desk.story.city.mode().mode
}

#[test]
fn an_alert_calls_the_emergency_and_calm_ends_it() {
    let mut desk = Desk::of(alarmed());
    let id = desk.report(Level::Blue, CaseClass::Normal);
    desk.act(&chief(), &id, file(CaseClass::Normal));
    let due = desk.incident(&id).due_at;
    desk.pond(WEST_1, "G-1", 18.0);
    assert_eq!(mode(&desk), Mode::Emergency);
    let state = desk.story.city.mode().clone();
    assert_eq!(
        (state.by, state.reason.en.as_str()),
        (None, "Road ponding, orange")
    );
    let rule = "ponding".into();
    let levels = desk.story.city.levels_in_force(&rule).unwrap();
    assert_eq!(levels.get(&Level::Red), Some(&10.0));
    let other = desk.incident(&id);
    assert_eq!(other.due_at, Some(other.opened_at.plus(Span(3_600_000))));
    assert_eq!(desk.own_deeds(&id).last(), Some(&What::LimitChanged));

    desk.dry(WEST_1, "G-1");
    assert_eq!(mode(&desk), Mode::Emergency);
    desk.jump("29m");
    assert_eq!(mode(&desk), Mode::Emergency);
    desk.jump("1m");
    assert_eq!(mode(&desk), Mode::Peace);
    assert_eq!(desk.story.city.levels_in_force(&rule), None);
    assert_eq!(desk.incident(&id).due_at, due);
    let events = desk.story.events.iter();
    let told: Vec<_> = events
        .filter(|event| event.kind == EventKind::Mode)
        .collect();
    let texts: Vec<&str> = told.iter().map(|event| event.text.en.as_str()).collect();
    assert_eq!(
        texts,
        [
            "Emergency mode: Road ponding, orange",
            "Back to everyday: what called it is over"
        ]
    );
    assert!(told.iter().all(|event| event.about == About::City));
    desk.assert_restarts_do_not_show();
}

#[test]
fn an_emergency_that_somebody_declared_ends_by_hand_only() {
    let mut desk = Desk::of(alarmed());
    assert!(matches!(
        desk.mode(&li(), Mode::Emergency),
        Outcome::Refused(_)
    ));
    assert_eq!(mode(&desk), Mode::Peace);
    assert_eq!(desk.mode(&chief(), Mode::Emergency), Outcome::Done(None));
    let state = desk.story.city.mode();
    assert_eq!(state.by.as_ref().unwrap().id.as_str(), "chief");
    assert_eq!(state.reason.en, "because");
    desk.pond(WEST_1, "G-1", 18.0);
    desk.dry(WEST_1, "G-1");
    desk.jump("2h");
    assert_eq!(mode(&desk), Mode::Emergency);
    desk.mode(&chief(), Mode::Peace);
    assert_eq!(mode(&desk), Mode::Peace);
    let line = desk.story.events.last().unwrap();
    assert_eq!(
        line.text.en, "Back to everyday: by hand",
        "not what somebody wrote"
    );
    desk.assert_restarts_do_not_show();
}

#[test]
fn a_peace_that_somebody_declared_lasts_until_something_worse_calls() {
    let mut desk = Desk::of(alarmed());
    desk.pond(WEST_1, "G-1", 18.0);
    desk.mode(&chief(), Mode::Peace);
    desk.jump("1m");
    assert_eq!(mode(&desk), Mode::Peace, "it calls on, and is overruled");
    desk.pond(EAST, "G-2", 18.0);
    assert_eq!(mode(&desk), Mode::Peace, "no worse");
    desk.pond(EAST, "G-2", 35.0);
    assert_eq!(
        mode(&desk),
        Mode::Emergency,
        "a higher level breaks through"
    );

    let mut desk = Desk::of(alarmed());
    desk.pond(WEST_1, "G-1", 18.0);
    desk.mode(&chief(), Mode::Peace);
    desk.dry(WEST_1, "G-1");
    desk.pond(WEST_1, "G-1", 18.0);
    assert_eq!(
        mode(&desk),
        Mode::Emergency,
        "after a calm it is heard again"
    );
}
