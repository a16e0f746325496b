//! Correlation by hand, and what is over.

use egret_city::Entry;
use egret_shared::alert::{AlertKey, Subject};
use egret_shared::case::{Act, What};
use egret_shared::command::Outcome;
use egret_shared::id::IncidentId;
use egret_shared::incident::{CaseClass, IncidentState};
use egret_shared::level::Level;
use egret_shared::position::Position;

use super::desk::{Desk, accept, chief, close, dispatch, feedback, file, verify, wang, why};
use crate::story::{EAST, WEST_1, at_place, north, reading};

fn merge(into: &IncidentId) -> Act {
    Act::Merge {
        into: into.clone(),
        reason: why(),
    }
}

fn parent(of: &IncidentId) -> Act {
    Act::Parent {
        of: Some(of.clone()),
    }
}

fn gauge(asset: &str) -> AlertKey {
    AlertKey {
        rule: "ponding".into(),
        subject: Subject::Asset {
            feed: "road".into(),
            asset: asset.into(),
        },
    }
}

fn split(assets: &[&str]) -> Act {
    Act::Split {
        alerts: assets.iter().map(|asset| gauge(asset)).collect(),
        reason: why(),
    }
}

/// The incident of a gauge's alert.
fn of_gauge(desk: &Desk, asset: &str) -> Option<IncidentId> {
    let mut alerts = desk.story.city.alerts();
    let alert = alerts.find(|alert| alert.key == gauge(asset)).unwrap();
    alert.incident.clone()
}

/// Two red ponds far apart: two incidents.
fn two_ponds(desk: &mut Desk) -> (IncidentId, IncidentId) {
    desk.pond(WEST_1, "G-1", 35.0);
    desk.pond(EAST, "G-2", 35.0);
    let all = desk.incidents();
    assert_eq!(all.len(), 2);
    (all[0].id.clone(), all[1].id.clone())
}

/// Work up to feedback, by Wang for the water department.
fn handle(desk: &mut Desk, id: &IncidentId) {
    desk.act(&chief(), id, file(CaseClass::Normal));
    desk.act(&chief(), id, dispatch("water", &[]));
    desk.act(&wang(), id, accept("water"));
    desk.act(&wang(), id, feedback("water"));
}

fn end(desk: &mut Desk, id: &IncidentId) {
    handle(desk, id);
    desk.act(&chief(), id, verify(true));
    desk.act(&chief(), id, close());
}

#[test]
fn what_is_merged_gives_evidence_alerts_and_what_comes_later_to_the_other() {
    let mut desk = Desk::new();
    let (west, east) = two_ponds(&mut desk);
    let text = "two lamps are out as well".to_owned();
    desk.act(&chief(), &east, Act::Comment { text: text.clone() });
    desk.act(&chief(), &east, merge(&west));

    let merged = desk.incident(&east);
    assert_eq!(
        (merged.state, merged.merged_into.as_ref()),
        (IncidentState::Merged, Some(&west))
    );
    let target = desk.incident(&west);
    assert_eq!((target.evidence.len(), target.version), (2, 2));
    assert_eq!(of_gauge(&desk, "G-2"), Some(west.clone()));
    assert_eq!(
        desk.own_deeds(&west).last(),
        Some(&What::Took(east.clone()))
    );
    let notes = desk.dossier(&east).timeline;
    let is_comment = |what: &What| *what == What::Act(Act::Comment { text: text.clone() });
    assert!(
        notes.iter().any(|deed| is_comment(&deed.what)),
        "it stays readable"
    );

    // Drains near the pond in the east rise: they belong to the incident that has it now.
    drain(&mut desk, EAST, 2.4);
    assert_eq!(desk.incident(&west).evidence.len(), 3);
    assert_eq!(desk.incidents().len(), 2);
    assert_eq!(
        desk.refused(&chief(), &east, Act::Comment { text }),
        "wrong_state"
    );
    desk.assert_restarts_do_not_show();
}

#[test]
fn four_eyes_hold_across_a_merge() {
    let mut desk = Desk::new();
    let (west, east) = two_ponds(&mut desk);
    handle(&mut desk, &east);
    desk.act(&chief(), &east, merge(&west));
    desk.act(&chief(), &west, file(CaseClass::Normal));
    desk.act(&chief(), &west, dispatch("police", &[]));
    desk.act(&super::desk::li(), &west, accept("police"));
    desk.act(&super::desk::li(), &west, feedback("police"));
    assert_eq!(desk.refused(&wang(), &west, verify(true)), "same_person");
    desk.act(&chief(), &west, verify(true));
}

#[test]
fn nothing_is_merged_into_what_is_over_or_unknown_and_no_circles_are_made() {
    let mut desk = Desk::new();
    let (west, east) = two_ponds(&mut desk);
    let third = desk.report(Level::Blue, CaseClass::Normal);
    let unknown = "20200101-0001".into();
    assert_eq!(
        desk.refused(&chief(), &west, merge(&unknown)),
        "no_incident"
    );
    desk.act(&chief(), &east, parent(&west));
    desk.act(&chief(), &third, parent(&east));
    assert_eq!(desk.dossier(&west).children, std::slice::from_ref(&east));
    assert_eq!(desk.refused(&chief(), &west, parent(&third)), "circle");
    assert_eq!(desk.refused(&chief(), &west, merge(&third)), "circle");
    desk.act(&chief(), &east, merge(&west));
    assert_eq!(
        desk.incident(&third).parent,
        Some(west.clone()),
        "parts go along"
    );
    assert_eq!(desk.refused(&chief(), &west, merge(&east)), "wrong_state");
    desk.act(&chief(), &third, Act::Parent { of: None });
    assert_eq!(
        desk.dossier(&west).children,
        [east],
        "the merged one was a part itself"
    );
    desk.assert_restarts_do_not_show();
}

/// A drain beside `place` reads `metres` for long enough to fire or to resolve.
fn drain(desk: &mut Desk, place: Position, metres: f64) {
    let one = reading("manhole", "M-9", "water_level", metres, desk.now());
    desk.tell(Entry::Observation(at_place(one, north(place, 100.0))));
    desk.jump("2m");
}

fn split_drain() -> Act {
    Act::Split {
        alerts: vec![AlertKey {
            rule: "manhole-high".into(),
            subject: Subject::Asset {
                feed: "manhole".into(),
                asset: "M-9".into(),
            },
        }],
        reason: why(),
    }
}

fn of_drain(desk: &Desk) -> Option<IncidentId> {
    desk.story.alerts("manhole-high")[0].incident.clone()
}

#[test]
fn what_is_split_off_is_an_incident_of_its_own_and_stays_so() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let old = desk.only();
    drain(&mut desk, WEST_1, 2.4);
    assert_eq!(desk.incident(&old).evidence.len(), 2);
    assert_eq!(desk.refused(&chief(), &old, split(&["G-2"])), "bad_split");
    desk.act(&chief(), &old, split_drain());

    let all = desk.incidents();
    let new = all.iter().find(|row| row.id != old).unwrap().clone();
    assert_eq!(
        (new.state, new.level),
        (IncidentState::Reported, Level::Yellow)
    );
    assert_eq!(new.title.en, "Manhole surcharge · West 1");
    assert_eq!(new.evidence.len(), 1);
    assert_eq!(desk.incident(&old).evidence.len(), 1);
    assert_eq!(of_drain(&desk), Some(new.id.clone()));
    assert_eq!(desk.own_deeds(&new.id), [What::SplitFrom(old.clone())]);
    assert_eq!(
        desk.own_deeds(&old).last(),
        Some(&What::SplitOff(new.id.clone()))
    );

    // The drain falls and rises again beside the pond, with which it is linked: it stays apart.
    drain(&mut desk, WEST_1, 0.5);
    assert_eq!(desk.incident(&new.id).state, IncidentState::Cleared);
    assert_eq!(desk.incident(&old).state, IncidentState::Reported);
    drain(&mut desk, WEST_1, 2.4);
    assert_eq!(of_drain(&desk), Some(new.id.clone()));
    assert_eq!(desk.incident(&new.id).state, IncidentState::Reported);
    assert_eq!(desk.incidents().len(), 2);
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_no_longer_fires_can_be_split_off_too() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let old = desk.only();
    drain(&mut desk, WEST_1, 2.4);
    desk.act(&chief(), &old, file(CaseClass::Normal));
    drain(&mut desk, WEST_1, 0.5);
    desk.jump("31m");
    assert!(
        desk.story.alerts("manhole-high").is_empty(),
        "it has left the list"
    );
    desk.act(&chief(), &old, split_drain());
    let all = desk.incidents();
    let new = all.iter().find(|row| row.id != old).unwrap().clone();
    assert_eq!((new.state, new.evidence.len()), (IncidentState::Cleared, 1));
    drain(&mut desk, WEST_1, 2.4);
    assert_eq!(
        of_drain(&desk),
        Some(new.id),
        "it comes back to where it belongs"
    );
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_is_closed_does_not_swallow_what_fires_then() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 33.0);
    let first = desk.only();
    drain(&mut desk, WEST_1, 2.4);
    end(&mut desk, &first);
    desk.pond(WEST_1, "G-1", 36.0);
    assert_eq!(
        desk.incidents().len(),
        1,
        "no worse than the closed one was"
    );
    desk.dry(WEST_1, "G-1");
    desk.pond(WEST_1, "G-1", 36.0);
    let all = desk.incidents();
    assert_eq!(all.len(), 2, "{all:#?}");
    let new = all.iter().find(|row| row.id != first).unwrap().id.clone();
    assert_eq!(of_gauge(&desk, "G-1"), Some(new.clone()));
    assert!(desk.own_deeds(&new).contains(&What::Follows(first.clone())));
    assert_eq!(desk.incident(&first).state, IncidentState::Closed);
    assert_eq!(
        desk.incident(&first).evidence.len(),
        2,
        "its record stays as it was"
    );
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_gets_worse_than_a_closed_incident_was_opens_another() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 33.0);
    let first = desk.only();
    let milder = Act::Grade {
        class: CaseClass::Normal,
        level: Level::Yellow,
        reason: why(),
    };
    desk.pond(WEST_1, "G-1", 18.0);
    desk.act(&chief(), &first, milder);
    desk.act(&chief(), &first, Act::Dismiss { reason: why() });
    desk.pond(WEST_1, "G-1", 19.0);
    assert_eq!(desk.incidents().len(), 1);
    desk.pond(WEST_1, "G-1", 35.0);
    let all = desk.incidents();
    assert_eq!(all.len(), 2, "it has got red without ever falling dry");
    assert_eq!(
        desk.own_deeds(&all[1].id).last(),
        Some(&What::Follows(first))
    );
}

#[test]
fn what_is_opened_again_has_its_signals_again() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    end(&mut desk, &id);
    desk.act(&chief(), &id, Act::Reopen { reason: why() });
    desk.dry(WEST_1, "G-1");
    assert_eq!(desk.incident(&id).cleared_at, Some(desk.now()));
    desk.pond(WEST_1, "G-1", 35.0);
    assert_eq!(desk.incidents().len(), 1);
    assert_eq!(of_gauge(&desk, "G-1"), Some(id.clone()));
    assert_eq!(desk.tally("water").reopened, 1);
    // Somebody who handled it before still must not verify it.
    desk.act(&chief(), &id, dispatch("police", &[]));
    desk.act(&super::desk::li(), &id, accept("police"));
    desk.act(&super::desk::li(), &id, feedback("police"));
    assert_eq!(desk.refused(&wang(), &id, verify(true)), "same_person");
    assert!(matches!(
        desk.order(&chief(), &id, verify(true)),
        Outcome::Done(_)
    ));
    desk.assert_restarts_do_not_show();
}
