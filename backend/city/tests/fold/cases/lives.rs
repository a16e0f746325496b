//! Lives of incidents, from the signal to the judgement.

use egret_city::Entry;
use egret_shared::case::{Act, Doer, Power, What};
use egret_shared::command::{CaseOrder, Command, OpenOrder, Order, Outcome};
use egret_shared::event::{About, EventKind};
use egret_shared::id::AreaCode;
use egret_shared::incident::{BY_HAND, CaseClass, IncidentState};
use egret_shared::level::Level;

use super::desk::{
    Desk, accept, by_hand, chief, close, dispatch, feedback, file, li, somebody, verify, wang, why,
};
use crate::story::WEST_1;

#[test]
#[expect(clippy::too_many_lines, reason = "a whole life")]
fn a_red_pond_is_worked_by_two_people_and_departments_until_it_is_judged() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    let opened = desk.incident(&id);
    assert_eq!(
        (opened.state, opened.level),
        (IncidentState::Reported, Level::Red)
    );
    assert_eq!(opened.checked, (0, 5), "the plan's points");
    let tick = |item| Act::Tick { item, done: true };
    desk.act(&chief(), &id, Act::Acknowledge);
    desk.act(&chief(), &id, file(CaseClass::Utilities));
    desk.act(&chief(), &id, dispatch("water", &["police"]));
    desk.jump("1m");
    desk.act(&wang(), &id, accept("water"));
    desk.act(&li(), &id, accept("police"));
    desk.act(&wang(), &id, tick(1));
    assert_eq!(desk.refused(&wang(), &id, feedback("water")), "open_tasks");
    desk.act(&li(), &id, feedback("police"));
    desk.jump("20m");
    desk.act(&wang(), &id, feedback("water"));
    assert_eq!(desk.incident(&id).clock.stopped_at, Some(desk.now()));
    assert_eq!(desk.refused(&wang(), &id, verify(true)), "same_person");
    desk.act(&chief(), &id, verify(true));
    desk.act(&wang(), &id, close());
    let evaluate = || Act::Evaluate {
        score: 4,
        note: "dry again".to_owned(),
    };
    assert_eq!(desk.refused(&wang(), &id, evaluate()), "same_person");
    desk.act(&chief(), &id, evaluate());

    let over = desk.incident(&id);
    assert_eq!(
        (over.state, over.score),
        (IncidentState::Evaluated, Some(4))
    );
    assert_eq!(over.version, 12);
    let handlers: Vec<_> = over.handlers.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(handlers, ["wang", "li"]);
    assert_eq!(over.checked, (1, 5));
    let dossier = desk.dossier(&id);
    let by = dossier.checklist[1]
        .done
        .as_ref()
        .map(|(by, _)| by.id.as_str());
    assert_eq!(by, Some("wang"));
    assert_eq!(
        dossier.checklist[1].text.en,
        "Close the underpass above 30 cm"
    );
    let numbers: Vec<u32> = dossier.timeline.iter().map(|deed| deed.n).collect();
    assert_eq!(
        numbers,
        (1..=12).collect::<Vec<u32>>(),
        "what was refused is no deed"
    );
    assert_eq!(
        desk.moves(),
        [
            "Road ponding · West 1: filed",
            "Road ponding · West 1: dispatched",
            "Road ponding · West 1: handled",
            "Road ponding · West 1: verified",
            "Road ponding · West 1: closed",
        ]
    );
    let (water, police) = (desk.tally("water"), desk.tally("police"));
    assert_eq!((water.given, water.in_time, water.late), (1, 1, 0));
    assert_eq!((water.judged, water.score), (1, 4));
    assert_eq!((police.given, police.in_time, police.judged), (1, 1, 0));
    let card = desk.story.city.scorecards().next().unwrap();
    assert_eq!(
        (card.month.as_str(), card.area.as_ref().unwrap().as_str()),
        ("2026-06", "900001")
    );
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_is_returned_comes_back_is_objected_to_and_decided() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Orange, CaseClass::Normal);
    desk.act(&chief(), &id, file(CaseClass::Normal));
    desk.act(&chief(), &id, dispatch("water", &[]));
    let give_back = || Act::Return {
        department: "water".into(),
        reason: why(),
    };
    let object = || Act::Dispute {
        department: "water".into(),
        reason: why(),
    };
    assert_eq!(desk.refused(&wang(), &id, object()), "not_returned");
    desk.act(&wang(), &id, give_back());
    assert_eq!(desk.incident(&id).state, IncidentState::Filed);
    desk.act(&chief(), &id, dispatch("water", &[]));
    assert_eq!(desk.refused(&wang(), &id, give_back()), "returned_before");
    desk.act(&wang(), &id, object());
    assert_eq!(desk.refused(&wang(), &id, accept("water")), "disputed");
    let decide = Act::Decide {
        lead: "west".into(),
        support: vec!["water".into()],
        reason: why(),
    };
    desk.act(&chief(), &id, decide);
    let decided = desk.incident(&id);
    assert_eq!(decided.responsible.as_ref().unwrap().as_str(), "west");
    assert_eq!(desk.refused(&wang(), &id, object()), "decided");
    let (water, west) = (desk.tally("water"), desk.tally("west"));
    assert_eq!((water.given, water.returned, west.given), (2, 1, 1));
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_is_not_verified_goes_back_and_is_counted_once() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let due = desk.incident(&id).due_at.unwrap();
    desk.act(&chief(), &id, file(CaseClass::Life));
    desk.act(&chief(), &id, dispatch("water", &[]));
    desk.act(&wang(), &id, accept("water"));
    desk.jump("30m");
    desk.act(&wang(), &id, feedback("water"));
    desk.jump("3h");
    assert!(
        !desk.incident(&id).clock.overdue,
        "feedback has stopped the clock"
    );
    desk.act(&chief(), &id, verify(false));
    desk.jump("1s");
    let back = desk.incident(&id);
    assert_eq!((back.state, back.reopened), (IncidentState::Handling, 1));
    assert_eq!(
        back.due_at,
        Some(due),
        "it runs on as if it had not stopped"
    );
    assert!(back.clock.overdue && back.supervised);
    desk.act(&wang(), &id, feedback("water"));
    desk.act(&chief(), &id, verify(true));
    desk.act(&chief(), &id, close());
    let water = desk.tally("water");
    assert_eq!(
        (water.given, water.in_time, water.late),
        (1, 1, 0),
        "a task counts once"
    );
    assert_eq!((water.reopened, water.supervised), (1, 1));
}

#[test]
fn a_command_is_obeyed_once_and_not_after_another() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    let command = |name: &str, version| {
        Entry::Command(Box::new(Command {
            id: name.into(),
            at: desk.story.now,
            by: chief(),
            order: Order::Case(CaseOrder {
                incident: id.clone(),
                version,
                act: Act::Comment { text: why() },
            }),
        }))
    };
    let (first, late) = (command("a", 1), command("b", 1));
    for entry in [&first, &first, &late] {
        desk.tell(entry.clone());
    }
    assert_eq!(desk.incident(&id).notes, 1);
    let outcome = |name| desk.story.city.outcome(name).cloned();
    assert_eq!(outcome("a"), Some(Outcome::Done(Some((id.clone(), 2)))));
    assert_eq!(outcome("b"), Some(Outcome::Changed(2)));
    assert_eq!(outcome("c"), None);
    desk.assert_restarts_do_not_show();
}

#[test]
fn what_the_city_does_not_know_is_refused() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Red, CaseClass::Life);
    desk.act(&chief(), &id, file(CaseClass::Life));
    assert_eq!(
        desk.refused(&chief(), &id, dispatch("parks", &[])),
        "no_department"
    );
    assert_eq!(
        desk.refused(&chief(), &id, dispatch("water", &["parks"])),
        "no_department"
    );
    let unknown = "20200101-0001".into();
    assert_eq!(desk.refused(&chief(), &unknown, close()), "no_incident");
    assert_eq!(
        desk.refused(&li(), &id, file(CaseClass::Life)),
        "not_granted"
    );
    assert_eq!(desk.incident(&id).version, 2);
}

#[test]
fn who_may_reports_an_incident_by_hand_and_the_ticker_keeps_its_words() {
    let mut desk = Desk::new();
    let code = |desk: &mut Desk, by: &Doer, change: &dyn Fn(&mut OpenOrder)| {
        let mut order = by_hand(Level::Orange, CaseClass::Normal);
        change(&mut order);
        match desk.open(by, order) {
            Outcome::Refused(refusal) => refusal.code(),
            other => panic!("{other:?}"),
        }
    };
    let chief = chief();
    assert_eq!(code(&mut desk, &li(), &|_| {}), "may_not_open");
    assert_eq!(
        code(&mut desk, &chief, &|order| order.title = " ".to_owned()),
        "no_text"
    );
    assert_eq!(
        code(&mut desk, &chief, &|order| order.title = "长".repeat(101)),
        "long_title"
    );
    assert_eq!(
        code(&mut desk, &chief, &|order| order.text = "长".repeat(2_001)),
        "long_text"
    );
    assert_eq!(
        code(&mut desk, &chief, &|order| order.level = Level::Normal),
        "bad_level"
    );
    assert_eq!(
        code(&mut desk, &chief, &|order| order.area = None),
        "no_place"
    );
    assert_eq!(
        code(&mut desk, &chief, &|order| order.area = Some("1".into())),
        "no_place"
    );
    assert!(desk.incidents().is_empty());

    let id = desk.report(Level::Orange, CaseClass::Normal);
    let incident = desk.incident(&id);
    assert_eq!(incident.rule.as_str(), BY_HAND);
    let areas: Vec<_> = incident.areas.iter().map(AreaCode::as_str).collect();
    assert_eq!(areas, ["900000", "900001", "900001001"]);
    assert!(incident.position.is_some(), "the area's centre");
    let first = &desk.dossier(&id).timeline[0];
    assert_eq!(first.by.as_ref().unwrap().id.as_str(), "chief");
    assert!(matches!(&first.what, What::Opened(text) if text.en == "He called at six."));
    desk.act(&chief, &id, file(CaseClass::Normal));
    let told: Vec<_> = desk.story.events.iter().collect();
    let about_it = |kind| {
        let mut lines = told.iter().filter(move |event| event.kind == kind);
        lines.next().unwrap()
    };
    for kind in [EventKind::IncidentOpened, EventKind::IncidentMoved] {
        let line = about_it(kind);
        assert_eq!(line.about, About::Incident(id.clone()));
        assert!(!format!("{line:?}").contains("Wang"), "{line:?}");
    }
    desk.assert_restarts_do_not_show();
}

#[test]
fn an_acknowledgement_lasts_until_the_end_of_the_shift() {
    let mut desk = Desk::new();
    let id = desk.report(Level::Orange, CaseClass::Normal);
    desk.act(&chief(), &id, Act::Acknowledge);
    let by = desk.incident(&id).acknowledged.unwrap();
    assert_eq!(by.until, super::desk::local_time("2026-06-22T08:00"));
    desk.jump_to("2026-06-22T07:59");
    assert!(desk.incident(&id).acknowledged.is_some());
    let version = desk.incident(&id).version;
    desk.jump_to("2026-06-22T08:00");
    assert_eq!(desk.incident(&id).acknowledged, None);
    assert_eq!(
        desk.own_deeds(&id).last(),
        Some(&What::AcknowledgementLapsed)
    );
    assert_eq!(desk.incident(&id).version, version, "nobody's doing");
}

#[test]
fn an_order_past_the_ordinary_way_is_a_case_at_once() {
    let mut desk = Desk::new();
    desk.pond(WEST_1, "G-1", 35.0);
    let id = desk.only();
    let order = Act::Command {
        departments: vec!["west".into(), "police".into()],
        order: "close the underpass".to_owned(),
    };
    desk.act(&chief(), &id, order);
    let ordered = desk.incident(&id);
    assert_eq!(ordered.state, IncidentState::Dispatched);
    assert_eq!(
        ordered.lead.as_ref().unwrap().as_str(),
        "west",
        "not the rule's proposal"
    );
    assert_eq!(ordered.support.len(), 1);
    let give_back = Act::Return {
        department: "police".into(),
        reason: why(),
    };
    assert_eq!(desk.refused(&li(), &id, give_back), "ordered");
    let programs = Doer {
        is_person: false,
        ..somebody("bot", &[Power::Supervise, Power::Dispatch], &["police"])
    };
    assert_eq!(
        desk.refused(&programs, &id, accept("police")),
        "not_a_person"
    );
}
