//! Bounds: full files, a full list, and what leaves it for the archive.

use egret_city::limits::{INCIDENTS_MAX, NOTES_MAX};
use egret_city::{City, Entry};
use egret_shared::case::{Act, What};
use egret_shared::command::{CaseOrder, Command, Order, Outcome};
use egret_shared::id::IncidentId;
use egret_shared::incident::{CaseClass, IncidentState};
use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use super::desk::{
    Desk, accept, by_hand, chief, close, dispatch, feedback, file, local_time, verify, wang, why,
};
use crate::story::{WEST_1, tiny};

#[test]
fn a_full_file_takes_no_more_notes_and_can_still_be_ended() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let comment = || Act::Comment { text: why() };
    for _ in 0..NOTES_MAX {
        desk.act(&chief(), &id, comment());
    }
    assert_eq!(desk.refused(&chief(), &id, comment()), "full");
    assert_eq!(desk.refused(&chief(), &id, Act::Acknowledge), "full");
    desk.act(&chief(), &id, file(CaseClass::Life));
    desk.act(&chief(), &id, dispatch("water", &[]));
    desk.act(&wang(), &id, accept("water"));
    desk.jump("3h");
    assert!(
        desk.own_deeds(&id).contains(&What::Overdue),
        "the system has room of its own"
    );
    desk.act(&wang(), &id, feedback("water"));
    desk.act(&chief(), &id, verify(true));
    desk.act(&chief(), &id, close());
}

#[test]
fn long_texts_fill_a_file_and_leave_room_for_its_end() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let comment = || Act::Comment {
        text: "长".repeat(2_000),
    };
    let mut n_taken = 0;
    while let Outcome::Done(_) = desk.order(&chief(), &id, comment()) {
        n_taken += 1;
    }
    assert_eq!(n_taken, 21, "128 kB");
    desk.act(&chief(), &id, Act::Dismiss { reason: why() });
}

/// A city without a story, which would look at everything after every entry.
struct Town {
    city: City,
    now: TimeMs,
    n_commands: u32,
}

impl Town {
    fn new() -> Self {
        let mut town = Self {
            city: City::new(tiny()),
            now: local_time("2026-06-22T06:00"),
            n_commands: 0,
        };
        town.wait(0);
        town
    }

    fn tell(&mut self, entry: &Entry) {
        self.city.apply(self.city.seq() + 1, entry);
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus(Span(ms));
        self.tell(&Entry::Tick(self.now));
    }

    fn order(&mut self, order: Order) -> Outcome {
        self.n_commands += 1;
        let id = format!("t-{}", self.n_commands);
        self.tell(&Entry::Command(Box::new(Command {
            id: id.as_str().into(),
            at: self.now,
            by: chief(),
            order,
        })));
        self.city.outcome(&id).unwrap().clone()
    }

    fn open(&mut self) -> Outcome {
        self.order(Order::Open(by_hand(Level::Blue, CaseClass::Normal)))
    }

    fn act(&mut self, id: &IncidentId, act: Act) {
        let version = self.city.incident(id).unwrap().version;
        let outcome = self.order(Order::Case(CaseOrder {
            incident: id.clone(),
            version,
            act,
        }));
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    }
}

fn dismiss() -> Act {
    Act::Dismiss { reason: why() }
}

#[test]
fn what_is_over_makes_room_and_what_is_worked_never_does() {
    let mut town = Town::new();
    let first = match town.open() {
        Outcome::Done(Some((id, _))) => id,
        other => panic!("{other:?}"),
    };
    town.act(&first, file(CaseClass::Normal));
    for _ in 1..INCIDENTS_MAX {
        assert!(matches!(town.open(), Outcome::Done(_)));
    }
    assert_eq!(town.city.incidents().count(), INCIDENTS_MAX);
    match town.open() {
        Outcome::Refused(refusal) => assert_eq!(refusal.code(), "too_many"),
        other => panic!("{other:?}"),
    }
    let ids: Vec<IncidentId> = town.city.incidents().map(|row| row.id.clone()).collect();
    town.wait(1_000);
    town.act(&ids[7], dismiss());
    town.wait(1_000);
    town.act(&ids[3], dismiss());
    assert!(town.city.take_archived().is_empty());
    assert!(matches!(town.open(), Outcome::Done(_)));
    let archived = town.city.take_archived();
    assert_eq!(archived.len(), 1);
    assert_eq!(
        archived[0].incident.id, ids[7],
        "the one that has been over for longest"
    );
    assert_eq!(archived[0].timeline.len(), 2);
    assert!(town.city.incident(&first).is_some());
    assert_eq!(town.city.incidents().count(), INCIDENTS_MAX);
    let again = City::restore(tiny(), &town.city.checkpoint()).unwrap();
    assert_eq!(again.hash(), town.city.hash());
}

#[test]
fn what_is_over_leaves_for_the_archive_after_a_week_with_its_file() {
    let mut town = Town::new();
    let Outcome::Done(Some((id, _))) = town.open() else {
        panic!("it is opened");
    };
    town.act(&id, dismiss());
    town.wait(7 * 24 * 3_600_000 - 1);
    assert!(town.city.incident(&id).is_some());
    town.city.take_changes();
    town.wait(1);
    assert!(town.city.incident(&id).is_none() && town.city.dossier(&id).is_none());
    let changes = town.city.take_changes();
    assert!(changes.incidents.contains(&id));
    let dossier = &changes.archived[0];
    assert_eq!(dossier.incident.state, IncidentState::Dismissed);
    assert_eq!(dossier.timeline.len(), 2);
}

#[test]
fn what_cleared_by_itself_leaves_with_its_file_and_its_alerts_are_free() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    desk.act(&chief(), &id, Act::Comment { text: why() });
    desk.dry(WEST_1, "G-1");
    desk.jump("30m");
    assert!(desk.incidents().is_empty());
    desk.pond(WEST_1, "G-1", 35.0);
    let new = desk.only();
    assert_ne!(new, id);
    desk.assert_restarts_do_not_show();
}
