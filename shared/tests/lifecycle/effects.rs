//! What a legal act does, and what holds of every incident.

use egret_shared::case::task::{Part, Task, TaskState};
use egret_shared::case::{Act, Doer, step};
use egret_shared::id::DepartmentId;
use egret_shared::incident::{Clock, Incident, IncidentState};
use egret_shared::level::Level;

use crate::lives::{NOW, act, after, alert, reported};
use crate::people::{PARKS, POLICE, WATER, chief, hand};
use egret_shared::case::ActKind;

fn open_of<'a>(incident: &'a Incident, department: &DepartmentId) -> Vec<&'a Task> {
    let tasks = incident.tasks.iter();
    tasks
        .filter(|task| task.department == *department && task.is_open())
        .collect()
}

/// Where an incident stands whose lead has just been named.
fn led(incident: &Incident, lead: &DepartmentId) -> IncidentState {
    let open = open_of(incident, lead);
    if open.iter().any(|task| task.state == TaskState::Accepted) {
        IncidentState::Handling
    } else {
        IncidentState::Dispatched
    }
}

/// Where `act` brings an incident, by the page.
fn state_after(before: &Incident, act: &Act) -> IncidentState {
    let task_of =
        |department: &DepartmentId| open_of(before, department).first().map(|task| task.part);
    let has_lead = before
        .tasks
        .iter()
        .any(|task| task.part == Part::Lead && task.is_open());
    match act {
        Act::File { .. } | Act::Reopen { .. } => IncidentState::Filed,
        Act::Dismiss { .. } => IncidentState::Dismissed,
        Act::Dispatch { lead, .. } | Act::Decide { lead, .. } => led(before, lead),
        Act::Command { departments, .. } if !has_lead => led(before, departments.first().unwrap()),
        Act::Accept { department } if task_of(department) == Some(Part::Lead) => {
            IncidentState::Handling
        }
        Act::Return { department, .. } if task_of(department) == Some(Part::Lead) => {
            IncidentState::Filed
        }
        Act::Feedback { department, .. } if task_of(department) == Some(Part::Lead) => {
            IncidentState::Feedback
        }
        Act::Verify { passed: true, .. } => IncidentState::Verified,
        Act::Verify { passed: false, .. } => IncidentState::Handling,
        Act::Close { .. } => IncidentState::Closed,
        Act::Evaluate { .. } => IncidentState::Evaluated,
        Act::Merge { .. } => IncidentState::Merged,
        _ => before.state,
    }
}

/// Asserts that `after` is what the page says comes of `act`.
pub(crate) fn assert_effect(
    before: &Incident,
    after: &Incident,
    doer: &Doer,
    act: &Act,
    place: &str,
) {
    assert_eq!(after.version, before.version + 1, "{place}");
    assert_eq!(after.state, state_after(before, act), "{place}");
    assert_eq!(after.closed_at.is_some(), after.state.is_over(), "{place}");
    let handles = |person: &Incident| person.handlers.iter().any(|one| one.id == doer.person.id);
    match act {
        Act::Accept { department } => {
            let task = open_of(after, department).first().copied().unwrap();
            assert_eq!(task.accepted_by.as_ref(), Some(&doer.person), "{place}");
            assert!(handles(after), "{place}");
        }
        Act::Feedback { .. } => assert!(handles(after), "{place}"),
        Act::Return { department, .. } => {
            assert_eq!(after.returned, before.returned + 1, "{place}");
            assert!(open_of(after, department).is_empty(), "{place}");
            assert_eq!(after.responsible, before.responsible, "首接负责: {place}");
        }
        Act::Dispute { department, .. } => {
            let dispute = after.dispute.as_ref().unwrap();
            assert_eq!(
                (&dispute.department, &dispute.by),
                (department, &doer.person)
            );
        }
        Act::Decide { lead, support, .. } => {
            assert!(after.decided && after.dispute.is_none(), "{place}");
            assert_eq!(after.responsible.as_ref(), Some(lead), "{place}");
            assert_given(after, lead, support, place);
        }
        Act::Dispatch { lead, support, .. } => assert_given(after, lead, support, place),
        Act::Command { departments, .. } => {
            for department in departments {
                let open = open_of(after, department);
                assert!(
                    open.len() == 1 && open.iter().all(|task| task.skip_level),
                    "{place}"
                );
            }
        }
        Act::Verify { passed: false, .. } | Act::Reopen { .. } => {
            assert_eq!(after.reopened, before.reopened + 1, "{place}");
        }
        Act::Supervise { .. } => assert!(after.supervised, "{place}"),
        Act::Grade { class, level, .. } => {
            assert_eq!((after.class, after.level), (*class, *level), "{place}");
        }
        Act::Wait { .. } => assert_eq!(after.clock.paused_since, Some(NOW), "{place}"),
        Act::Resume { .. } => assert_eq!(after.clock.paused_since, None, "{place}"),
        Act::Comment { .. } | Act::Attach { .. } | Act::Link { .. } => {
            assert_eq!(after.notes, before.notes + 1, "{place}");
        }
        Act::Merge { into, .. } => assert_eq!(after.merged_into.as_ref(), Some(into), "{place}"),
        Act::Parent { of } => assert_eq!(after.parent, *of, "{place}"),
        Act::Evaluate { score, .. } => assert_eq!(after.score, Some(*score), "{place}"),
        Act::Tick { .. } => {
            let takes_part = before
                .tasks
                .iter()
                .any(|task| doer.handles_for(&task.department));
            assert_eq!(handles(after), takes_part || handles(before), "{place}");
        }
        Act::File { class, .. } => assert_eq!(after.class, *class, "{place}"),
        Act::Acknowledge | Act::Dismiss { .. } | Act::Close { .. } | Act::Split { .. } => {}
        Act::Verify { .. } => assert_eq!(after.tasks, before.tasks, "{place}"),
    }
}

/// Only who is named has an open task.
fn assert_given(after: &Incident, lead: &DepartmentId, support: &[DepartmentId], place: &str) {
    assert_eq!(after.lead.as_ref(), Some(lead), "{place}");
    assert_eq!(after.support, support, "{place}");
    let open = after.tasks.iter().filter(|task| task.is_open());
    let mut open: Vec<_> = open.map(|task| &task.department).collect();
    let mut named: Vec<_> = std::iter::once(lead).chain(support).collect();
    open.sort_unstable();
    named.sort_unstable();
    assert_eq!(open, named, "{place}");
}

/// What holds of every incident, whatever was done to it.
pub(crate) fn assert_consistent(incident: &Incident, place: &str) {
    let open: Vec<&Task> = incident
        .tasks
        .iter()
        .filter(|task| task.is_open())
        .collect();
    let leads: Vec<&Task> = open
        .iter()
        .copied()
        .filter(|task| task.part == Part::Lead)
        .collect();
    for task in &open {
        let of_it = open_of(incident, &task.department);
        assert_eq!(
            of_it.len(),
            1,
            "two open tasks of {}: {place}",
            task.department
        );
        let is_named = match task.part {
            Part::Lead => incident.lead.as_ref() == Some(&task.department),
            Part::Support => incident.support.contains(&task.department),
        };
        assert!(is_named, "{task:?} is not named: {place}");
    }
    let lead_state = leads.first().map(|task| task.state);
    match incident.state {
        IncidentState::Reported | IncidentState::Cleared => assert!(open.is_empty(), "{place}"),
        IncidentState::Filed => assert_eq!(leads.len(), 0, "{place}"),
        IncidentState::Dispatched => assert_eq!(lead_state, Some(TaskState::Given), "{place}"),
        IncidentState::Handling => assert_eq!(lead_state, Some(TaskState::Accepted), "{place}"),
        IncidentState::Feedback | IncidentState::Verified => {
            assert!(open.is_empty(), "{place}");
            assert!(incident.clock.stopped_at.is_some(), "{place}");
            let lead = incident.lead.as_ref().and_then(|lead| incident.task(lead));
            assert_eq!(
                lead.map(|task| task.state),
                Some(TaskState::Done),
                "{place}"
            );
        }
        _ => {
            assert!(open.is_empty(), "{place}");
            assert!(
                incident.acknowledged.is_none() && incident.dispute.is_none(),
                "{place}"
            );
            assert!(incident.clock.stopped_at.is_some(), "{place}");
        }
    }
    assert!(leads.len() < 2, "two leads: {place}");
    if !leads.is_empty() {
        assert!(
            incident.responsible.is_some(),
            "nobody answers for it: {place}"
        );
    }
    if incident.state == IncidentState::Handling {
        assert_eq!(incident.responsible, incident.lead, "{place}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of particulars")]
fn particulars_are_looked_at_last() {
    let chief = chief();
    let code = |incident: &Incident, act: &Act| {
        let refusal = step(incident, &chief, act, NOW).unwrap_err();
        refusal.code()
    };
    let filed = after(&reported(), &chief, &act(ActKind::File));
    let dispatch = |lead: &str, support: &[&str]| Act::Dispatch {
        lead: lead.into(),
        support: support.iter().map(|id| DepartmentId::new(*id)).collect(),
        note: String::new(),
    };
    let many: Vec<String> = (0..16).map(|n| format!("d-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "长".repeat(2_001);
    let link = |to: &str| Act::Link {
        to: to.to_owned(),
        note: String::new(),
    };
    let split = |assets: &[&str]| Act::Split {
        alerts: assets.iter().map(|asset| alert(asset)).collect(),
        reason: "two things".to_owned(),
    };
    for (act, wants) in [
        (dispatch(WATER, &[WATER]), "bad_departments"),
        (dispatch(WATER, &[POLICE, POLICE]), "bad_departments"),
        (dispatch(WATER, &many), "bad_departments"),
        (
            Act::Comment {
                text: "  ".to_owned(),
            },
            "no_text",
        ),
        (Act::Comment { text: long }, "long_text"),
        (
            Act::Tick {
                item: 3,
                done: true,
            },
            "no_item",
        ),
        (link("javascript:alert(1)"), "bad_link"),
        (link("https://example.org/a b"), "bad_link"),
        (split(&[]), "bad_split"),
        (split(&["G-1", "G-2"]), "bad_split"),
        (split(&["G-3"]), "bad_split"),
        (
            Act::Merge {
                into: filed.id.clone(),
                reason: "itself".to_owned(),
            },
            "circle",
        ),
        (
            Act::Parent {
                of: Some(filed.id.clone()),
            },
            "circle",
        ),
        (
            Act::Grade {
                class: filed.class,
                level: Level::Normal,
                reason: "harmless".to_owned(),
            },
            "bad_level",
        ),
    ] {
        assert_eq!(code(&filed, &act), wants, "{act:?}");
    }
    for good in [link("20260622-0002"), split(&["G-2"]), dispatch(PARKS, &[])] {
        assert!(step(&filed, &chief, &good, NOW).is_ok(), "{good:?}");
    }
}

#[test]
fn a_first_lead_answers_for_it_until_another_has_accepted() {
    let chief = chief();
    let filed = after(&reported(), &chief, &act(ActKind::File));
    assert_eq!(filed.responsible, None, "a proposal is no task");
    let dispatched = after(&filed, &chief, &act(ActKind::Dispatch));
    let give_back = Act::Return {
        department: WATER.into(),
        reason: "not ours".to_owned(),
    };
    let returned = after(&dispatched, &hand(WATER), &give_back);
    assert_eq!(returned.lead, None);
    let to_parks = Act::Dispatch {
        lead: PARKS.into(),
        support: vec![],
        note: String::new(),
    };
    let given = after(&returned, &chief, &to_parks);
    assert_eq!(given.responsible, Some(WATER.into()));
    let accept = Act::Accept {
        department: PARKS.into(),
    };
    let accepted = after(&given, &hand(PARKS), &accept);
    assert_eq!(accepted.responsible, Some(PARKS.into()));
}

#[test]
fn a_verifier_who_says_no_lets_the_clock_run_on_as_if_it_had_not_stopped() {
    let chief = chief();
    let mut incident = after(&reported(), &chief, &act(ActKind::File));
    incident.clock = Clock {
        from: Some(NOW),
        due_at: Some(NOW),
        ..Clock::default()
    };
    let to_water = Act::Dispatch {
        lead: WATER.into(),
        support: vec![],
        note: String::new(),
    };
    incident = after(&incident, &chief, &to_water);
    incident = after(&incident, &hand(WATER), &act(ActKind::Accept));
    incident = after(&incident, &hand(WATER), &act(ActKind::Feedback));
    assert_eq!(incident.clock.stopped_at, Some(NOW));
    let no = Act::Verify {
        passed: false,
        note: "still wet".to_owned(),
    };
    incident = after(&incident, &chief, &no);
    assert_eq!(incident.clock.stopped_at, None);
    assert_eq!(incident.clock.from, Some(NOW));
    incident = after(&incident, &hand(WATER), &act(ActKind::Feedback));
    assert_eq!(incident.state, IncidentState::Feedback);
}
