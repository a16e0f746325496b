//! Every life with every act and every kind of doer: what is legal happens, what is not is refused
//! for the first reason of the page, in both languages.

use egret_shared::case::task::{Part, TaskState};
use egret_shared::case::{Act, ActKind, Doer, Refusal, moves, step};
use egret_shared::id::DepartmentId;
use egret_shared::incident::{Incident, IncidentState};

use crate::effects::{assert_consistent, assert_effect};
use crate::lives::{NOW, act, act_of, lives};
use crate::people::{PARKS, POLICE, WATER, everybody};
use crate::table::{is_granted, row};

/// Acts to try: one of each kind, and for departments' acts one for each department.
fn attempts() -> Vec<Act> {
    let mut acts: Vec<Act> = ActKind::ALL.into_iter().map(act).collect();
    for kind in [
        ActKind::Accept,
        ActKind::Return,
        ActKind::Dispute,
        ActKind::Feedback,
    ] {
        acts.extend([POLICE, PARKS].map(|department| act_of(kind, department)));
    }
    acts.push(Act::Verify {
        passed: false,
        note: "still wet".to_owned(),
    });
    acts.push(Act::Dispatch {
        lead: POLICE.into(),
        support: vec![],
        note: String::new(),
    });
    acts.push(Act::Command {
        departments: vec![PARKS.into(), WATER.into()],
        order: "now".to_owned(),
    });
    acts
}

/// What the page says of it: nothing, or the code of the first reason against it.
fn verdict(incident: &Incident, doer: &Doer, act: &Act) -> Result<(), &'static str> {
    let kind = act.kind();
    let (_, _, programs, states) = row(kind);
    if !doer.is_person && !programs {
        return Err("not_a_person");
    }
    if !is_granted(incident, doer, kind) {
        return Err("not_granted");
    }
    if !states.contains(&incident.state) {
        return Err("wrong_state");
    }
    in_the_way(incident, doer, kind)?;
    match act {
        Act::Accept { department }
        | Act::Return { department, .. }
        | Act::Dispute { department, .. }
        | Act::Feedback { department, .. } => of_department(incident, doer, kind, department),
        _ => Ok(()),
    }
}

fn in_the_way(incident: &Incident, doer: &Doer, kind: ActKind) -> Result<(), &'static str> {
    use ActKind::{
        Accept, Command, Decide, Dismiss, Dispatch, Dispute, Evaluate, Feedback, Merge, Resume,
        Return, Split, Tick, Verify, Wait,
    };
    let is_disputed = incident.dispute.is_some();
    let waits_for_decision = [
        Dispatch, Command, Accept, Return, Dispute, Feedback, Merge, Split,
    ];
    if kind == Decide && !is_disputed {
        return Err("not_disputed");
    }
    if is_disputed && waits_for_decision.contains(&kind) {
        return Err("disputed");
    }
    let mut handlers = incident.handlers.iter();
    if [Verify, Evaluate, Dismiss].contains(&kind)
        && handlers.any(|person| person.id == doer.person.id)
    {
        return Err("same_person");
    }
    match kind {
        Wait if incident.clock.paused_since.is_some() => Err("paused"),
        Resume if incident.clock.paused_since.is_none() => Err("not_paused"),
        Return | Dispute if incident.decided => Err("decided"),
        Tick if incident.checked.1 == 0 => Err("no_item"),
        Split if incident.evidence.len() < 2 => Err("bad_split"),
        _ => Ok(()),
    }
}

fn of_department(
    incident: &Incident,
    doer: &Doer,
    kind: ActKind,
    department: &DepartmentId,
) -> Result<(), &'static str> {
    if !doer.handles_for(department) {
        return Err("not_their_department");
    }
    let own = incident.tasks.iter();
    let own: Vec<_> = own.filter(|task| task.department == *department).collect();
    let wanted = if kind == ActKind::Feedback {
        TaskState::Accepted
    } else {
        TaskState::Given
    };
    let Some(task) = own.iter().find(|task| task.state == wanted) else {
        return Err("no_task");
    };
    let has_returned = own.iter().any(|task| task.state == TaskState::Returned);
    let mut others = incident.tasks.iter();
    let is_awaited = others.any(|task| {
        task.part == Part::Support && matches!(task.state, TaskState::Given | TaskState::Accepted)
    });
    match kind {
        ActKind::Return if task.skip_level => Err("ordered"),
        ActKind::Return if has_returned => Err("returned_before"),
        ActKind::Dispute if !task.skip_level && !has_returned => Err("not_returned"),
        ActKind::Feedback if task.part == Part::Lead && is_awaited => Err("open_tasks"),
        _ => Ok(()),
    }
}

#[test]
fn every_legal_act_happens_and_every_other_is_refused_with_its_reason() {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (name, incident) in lives() {
        for doer in everybody() {
            for act in attempts() {
                let place = || format!("{act:?} on {name} by {doer:?}");
                let wants = verdict(&incident, &doer, &act);
                match (step(&incident, &doer, &act, NOW), wants) {
                    (Ok(next), Ok(())) => {
                        assert_effect(&incident, &next, &doer, &act, &place());
                        assert_consistent(&next, &place());
                        taken.push((incident.state, act.kind()));
                    }
                    (Err(refusal), Err(code)) => {
                        assert_eq!(refusal.code(), code, "{}", place());
                        assert_words(&refusal);
                        refused.push(refusal.code());
                    }
                    (got, wants) => panic!("{}: {wants:?}, but {got:?}", place()),
                }
            }
        }
    }
    // The walk has been everywhere: each cell of the table was taken at least once.
    for kind in ActKind::ALL {
        for state in row(kind).3 {
            assert!(
                taken.contains(&(*state, kind)),
                "{kind:?} at {state:?} was never taken"
            );
        }
    }
    for code in [
        "not_a_person",
        "not_granted",
        "wrong_state",
        "not_disputed",
        "disputed",
        "same_person",
        "paused",
        "not_paused",
        "decided",
        "no_item",
        "bad_split",
        "not_their_department",
        "no_task",
        "ordered",
        "returned_before",
        "not_returned",
        "open_tasks",
    ] {
        assert!(refused.contains(&code), "nothing was refused for {code}");
    }
}

fn assert_words(refusal: &Refusal) {
    let words = refusal.words();
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    assert!(
        words.zh.chars().any(is_chinese),
        "{refusal:?}: {}",
        words.zh
    );
    assert!(
        !words.en.chars().any(is_chinese),
        "{refusal:?}: {}",
        words.en
    );
    assert!(
        words.en.contains(' '),
        "{refusal:?} has a code only: {}",
        words.en
    );
}

#[test]
fn every_refusal_has_words_in_both_languages() {
    let of = |kind| kind;
    let department = || DepartmentId::new(WATER);
    for refusal in [
        Refusal::WrongState {
            act: of(ActKind::Close),
            state: IncidentState::Reported,
        },
        Refusal::NotGranted {
            act: of(ActKind::File),
        },
        Refusal::NotAPerson {
            act: of(ActKind::Verify),
        },
        Refusal::NotTheirDepartment(department()),
        Refusal::NoTask(department()),
        Refusal::OpenTasks(vec![department()]),
        Refusal::ReturnedBefore(department()),
        Refusal::NotReturned(department()),
        Refusal::Ordered(department()),
        Refusal::NoDepartment(department()),
        Refusal::NoIncident("20260622-0009".into()),
        Refusal::NoItem(7),
        Refusal::SamePerson,
        Refusal::Disputed,
        Refusal::NotDisputed,
        Refusal::Decided,
        Refusal::Paused,
        Refusal::NotPaused,
        Refusal::NoText,
        Refusal::LongText,
        Refusal::LongTitle,
        Refusal::BadDepartments,
        Refusal::BadScore,
        Refusal::BadLevel,
        Refusal::BadLink,
        Refusal::Circle,
        Refusal::BadSplit,
        Refusal::Full,
        Refusal::TooMany,
        Refusal::NoPlace,
        Refusal::MayNotOpen,
        Refusal::MayNotSwitch,
    ] {
        assert_words(&refusal);
    }
    for kind in ActKind::ALL {
        for state in IncidentState::ALL {
            assert_words(&Refusal::WrongState { act: kind, state });
        }
    }
}

#[test]
fn the_moves_that_are_offered_are_those_that_are_taken() {
    for (name, incident) in lives() {
        for doer in everybody() {
            let offered = moves(&incident, &doer);
            for kind in ActKind::ALL {
                let good = [WATER, POLICE, PARKS].map(|department| act_of(kind, department));
                let is_taken = good
                    .iter()
                    .any(|act| step(&incident, &doer, act, NOW).is_ok());
                assert_eq!(
                    offered.contains(&kind),
                    is_taken,
                    "{kind:?} on {name} by {doer:?}"
                );
            }
        }
    }
}
