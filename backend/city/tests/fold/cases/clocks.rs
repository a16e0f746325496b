//! By when an incident has to be handled.

use std::sync::Arc;

use egret_package::Package;
use egret_shared::case::{Act, What};
use egret_shared::incident::{CaseClass, IncidentState};
use egret_shared::level::Level;
use egret_shared::time::Span;

use super::desk::{Desk, accept, chief, dispatch, feedback, file, local_time, verify, wang, why};
use crate::story::{WEST_1, tiny_files};

fn span(text: &str) -> Span {
    Span::parse(text).unwrap()
}

/// The tiny city with a calendar: Friday is a holiday, Sunday the week after is worked.
pub(crate) fn with_calendar() -> Arc<Package> {
    let mut files = tiny_files();
    let text = "[calendar]\nholidays = [\"2026-06-26\"]\nworkdays = [\"2026-07-05\"]\n";
    files.insert("casework.toml".to_owned(), text.to_owned());
    Arc::new(Package::load(&files).unwrap())
}

fn wait() -> Act {
    Act::Wait { reason: why() }
}

fn resume() -> Act {
    Act::Resume {
        note: String::new(),
    }
}

fn grade(class: CaseClass, level: Level) -> Act {
    Act::Grade {
        class,
        level,
        reason: why(),
    }
}

#[test]
fn the_nearer_limit_of_level_and_class_holds() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Orange, CaseClass::Life);
    let opened = desk.now();
    assert_eq!(desk.incident(&id).due_at, Some(opened.plus(span("24h"))));
    desk.jump("30m");
    desk.act(&chief(), &id, file(CaseClass::Life));
    let filed = desk.incident(&id);
    assert_eq!(
        filed.due_at,
        Some(desk.now().plus(span("2h"))),
        "the class, from filing on"
    );
    assert_eq!(filed.clock.from, Some(desk.now()));
    assert_eq!(filed.clock.due_at, filed.due_at);
    desk.act(&chief(), &id, grade(CaseClass::Complex, Level::Red));
    let graded = desk.incident(&id);
    assert_eq!(
        graded.due_at,
        Some(opened.plus(span("2h"))),
        "the level, from opening on"
    );
    assert_eq!(graded.clock.warn_at, Some(opened.plus(span("96m"))));
}

#[test]
fn longer_limits_count_working_days() {
    let mut desk = Desk::of(with_calendar());
    // Monday 6:00. Friday is a holiday, the Sunday after next is worked.
    let id = desk.report(Level::Blue, CaseClass::Normal);
    desk.act(&chief(), &id, file(CaseClass::Normal));
    let filed = desk.incident(&id);
    assert!(filed.clock.in_working_days);
    // Mon, Tue, Wed, Thu; Mon, Tue, Wed of the next week: due on Thursday at 6:00.
    assert_eq!(filed.due_at, Some(local_time("2026-07-02T06:00")));
    desk.act(&chief(), &id, wait());
    desk.jump_to("2026-06-29T06:00");
    desk.act(&chief(), &id, resume());
    // Four of the seven days have gone by as waiting.
    assert_eq!(
        desk.incident(&id).due_at,
        Some(local_time("2026-07-07T06:00"))
    );
}

#[test]
fn it_warns_once_and_is_urged_once_when_time_is_over() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    desk.act(&chief(), &id, file(CaseClass::Life));
    desk.act(&chief(), &id, dispatch("water", &["police"]));
    desk.act(&wang(), &id, accept("water"));
    desk.jump("95m");
    assert!(!desk.incident(&id).clock.warned);
    desk.jump("1m");
    assert!(desk.incident(&id).clock.warned);
    for _ in 0..4 {
        desk.jump("12m");
    }
    let over = desk.incident(&id);
    assert!(over.clock.overdue && over.supervised);
    let own = desk.own_deeds(&id);
    let count = |wanted: &What| own.iter().filter(|what| *what == wanted).count();
    assert_eq!((count(&What::Warned), count(&What::Overdue)), (1, 1));
    let lines = desk.moves();
    assert_eq!(
        lines.last().unwrap(),
        "Reported by hand: overdue, urged from above"
    );
    desk.act(&wang(), &id, Act::Comment { text: why() });
    let (water, police) = (desk.tally("water"), desk.tally("police"));
    assert_eq!((water.late, water.supervised), (1, 1));
    assert_eq!((police.late, police.supervised), (1, 0), "it does not lead");
    desk.act(&super::desk::li(), &id, accept("police"));
    desk.act(&super::desk::li(), &id, feedback("police"));
    assert_eq!(desk.tally("police").late, 1, "a task counts once");
    desk.assert_restarts_do_not_show();
}

#[test]
fn waiting_for_a_citizen_keeps_what_was_left() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let due = desk.incident(&id).due_at.unwrap();
    desk.act(&chief(), &id, file(CaseClass::Life));
    desk.jump("1h");
    desk.act(&chief(), &id, wait());
    desk.jump("5h");
    let waiting = desk.incident(&id);
    assert!(!waiting.clock.warned && !waiting.clock.overdue);
    assert_eq!(waiting.due_at, Some(due), "as of the pause");
    desk.act(&chief(), &id, resume());
    let runs = desk.incident(&id);
    assert_eq!(runs.due_at, Some(due.plus(span("5h"))));
    desk.act(&chief(), &id, grade(CaseClass::Normal, Level::Orange));
    let graded = desk.incident(&id);
    assert_eq!(
        graded.due_at,
        Some(due.plus(span("5h")).plus(span("22h"))),
        "24h and the wait"
    );
    desk.jump("1m");
    assert!(!desk.incident(&id).clock.overdue);
}

#[test]
fn feedback_while_waiting_keeps_what_was_left_too() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let due = desk.incident(&id).due_at.unwrap();
    desk.act(&chief(), &id, file(CaseClass::Life));
    desk.act(&chief(), &id, dispatch("water", &[]));
    desk.act(&wang(), &id, accept("water"));
    desk.act(&wang(), &id, wait());
    desk.jump("3h");
    desk.act(&wang(), &id, feedback("water"));
    assert_eq!(desk.tally("water").in_time, 1);
    desk.act(&chief(), &id, verify(false));
    assert_eq!(desk.incident(&id).due_at, Some(due.plus(span("3h"))));
    desk.jump("1m");
    assert!(!desk.incident(&id).clock.overdue);
}

#[test]
fn the_clock_stands_still_while_the_signals_of_what_nobody_took_are_over() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    let due = desk.incident(&id).due_at.unwrap();
    desk.dry(WEST_1, "G-1");
    let cleared = desk.incident(&id);
    assert_eq!(cleared.state, IncidentState::Cleared);
    desk.jump("20m");
    desk.pond(WEST_1, "G-1", 35.0);
    let back = desk.incident(&id);
    assert_eq!(back.state, IncidentState::Reported);
    assert_eq!(back.due_at, Some(due.plus(span("21m"))));
    assert_eq!(
        desk.own_deeds(&id)[1..],
        [What::SignalsCleared, What::SignalsBack]
    );
}

#[test]
fn what_people_have_taken_is_theirs_whatever_its_signals_do() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    desk.act(&chief(), &id, file(CaseClass::Utilities));
    desk.dry(WEST_1, "G-1");
    let filed = desk.incident(&id);
    assert_eq!(filed.state, IncidentState::Filed);
    assert_eq!(filed.cleared_at, Some(desk.now()));
    desk.jump("2h");
    assert_eq!(
        desk.incident(&id).state,
        IncidentState::Filed,
        "it does not leave the list"
    );
    desk.pond(WEST_1, "G-1", 35.0);
    assert_eq!(desk.incidents().len(), 1, "its signals come back to it");
    assert_eq!(desk.incident(&id).cleared_at, None);
    let alert = desk.story.alerts("ponding").remove(0);
    assert_eq!(alert.incident, Some(id));
}

#[test]
fn a_level_given_by_hand_holds_until_the_signals_are_worse_than_they_were() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    desk.act(&chief(), &id, grade(CaseClass::Normal, Level::Yellow));
    desk.pond(WEST_1, "G-1", 20.0);
    desk.pond(WEST_1, "G-1", 36.0);
    assert_eq!(
        desk.incident(&id).level,
        Level::Yellow,
        "as bad as when it was graded"
    );

    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    desk.pond(WEST_1, "G-1", 20.0);
    desk.act(&chief(), &id, grade(CaseClass::Normal, Level::Yellow));
    desk.pond(WEST_1, "G-1", 21.0);
    assert_eq!(desk.incident(&id).level, Level::Yellow);
    desk.pond(WEST_1, "G-1", 36.0);
    assert_eq!(
        desk.incident(&id).level,
        Level::Red,
        "a higher level breaks through"
    );
    assert_eq!(
        desk.own_deeds(&id).last(),
        Some(&What::LevelRaised(Level::Red))
    );
}

#[test]
fn opening_again_starts_the_clock_anew() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    desk.jump("3h");
    assert!(desk.incident(&id).clock.overdue, "nobody took it");
    assert_eq!(desk.tally("water").supervised, 0, "nobody was given it");
    desk.act(&chief(), &id, Act::Dismiss { reason: why() });
    desk.jump("1h");
    desk.act(&chief(), &id, Act::Reopen { reason: why() });
    let again = desk.incident(&id);
    assert_eq!(again.state, IncidentState::Filed);
    assert_eq!(again.due_at, Some(desk.now().plus(span("2h"))));
    assert!(!again.clock.overdue && !again.supervised);
    assert_eq!(again.closed_at, None);
    desk.assert_restarts_do_not_show();
}
