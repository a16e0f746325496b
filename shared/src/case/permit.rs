//! What may be done: by whom, to an incident that stands where, and with which particulars.

use std::collections::BTreeSet;

use super::doer::Power;
use super::refusal::Refusal;
use super::task::{Part, TaskState};
use super::{Act, ActKind, DEPARTMENTS_MAX, Doer, TEXT_CHARS_MAX};
use crate::alert::AlertKey;
use crate::id::DepartmentId;
use crate::incident::{Incident, IncidentState};
use crate::level::Level;

/// Most tasks that an incident remembers, returned and withdrawn ones among them; the dispatch that
/// reaches it, and a decision after it, may go beyond by [`DEPARTMENTS_MAX`] each.
const TASKS_MAX: usize = 64;

/// The kinds of act that `doer` may do to `incident` as it stands, in the order of
/// [`ActKind::ALL`]. With good particulars [`super::step`] takes each of them.
pub fn moves(incident: &Incident, doer: &Doer) -> Vec<ActKind> {
    let kinds = ActKind::ALL.into_iter();
    kinds
        .filter(|kind| match kind {
            ActKind::Accept | ActKind::Return | ActKind::Dispute | ActKind::Feedback => {
                departments(incident, doer, *kind).next().is_some()
            }
            _ => allows(incident, doer, *kind).is_ok(),
        })
        .collect()
}

/// The departments in whose name `doer` may do an act of `kind`.
pub fn departments<'a>(
    incident: &'a Incident,
    doer: &'a Doer,
    kind: ActKind,
) -> impl Iterator<Item = &'a DepartmentId> {
    let named = incident.tasks.iter().map(|task| &task.department);
    let named: BTreeSet<&DepartmentId> = named.collect();
    named.into_iter().filter(move |department| {
        allows(incident, doer, kind).is_ok() && of_task(incident, doer, kind, department).is_ok()
    })
}

/// Whether `doer` may do `act` to `incident`.
pub(super) fn permit(incident: &Incident, doer: &Doer, act: &Act) -> Result<(), Refusal> {
    let kind = act.kind();
    allows(incident, doer, kind)?;
    let (text, may_be_empty) = act.text();
    if text.trim().is_empty() && !may_be_empty {
        return Err(Refusal::NoText);
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::LongText);
    }
    particulars(incident, doer, act)
}

/// Whether an act of `kind` fits the doer and where the incident stands.
fn allows(incident: &Incident, doer: &Doer, kind: ActKind) -> Result<(), Refusal> {
    if !doer.is_person && !is_for_programs(kind) {
        return Err(Refusal::NotAPerson { act: kind });
    }
    if !is_granted(incident, doer, kind) {
        return Err(Refusal::NotGranted { act: kind });
    }
    if !fits(kind, incident.state) {
        return Err(Refusal::WrongState {
            act: kind,
            state: incident.state,
        });
    }
    let is_disputed = incident.dispute.is_some();
    match kind {
        ActKind::Decide if !is_disputed => Err(Refusal::NotDisputed),
        ActKind::Dispatch
        | ActKind::Command
        | ActKind::Accept
        | ActKind::Return
        | ActKind::Dispute
        | ActKind::Feedback
        | ActKind::Merge
        | ActKind::Split
            if is_disputed =>
        {
            Err(Refusal::Disputed)
        }
        // Four eyes: nobody ends or judges what they have handled.
        ActKind::Verify | ActKind::Evaluate | ActKind::Dismiss if has_handled(incident, doer) => {
            Err(Refusal::SamePerson)
        }
        ActKind::Wait if incident.clock.paused_since.is_some() => Err(Refusal::Paused),
        ActKind::Resume if incident.clock.paused_since.is_none() => Err(Refusal::NotPaused),
        ActKind::Return | ActKind::Dispute if incident.decided => Err(Refusal::Decided),
        // A decision always finds room, or an objection could never be answered.
        ActKind::Dispatch | ActKind::Command if incident.tasks.len() >= TASKS_MAX => {
            Err(Refusal::Full)
        }
        ActKind::Tick if incident.checked.1 == 0 => Err(Refusal::NoItem(0)),
        ActKind::Split if own_alerts(incident).len() < 2 => Err(Refusal::BadSplit),
        _ => Ok(()),
    }
}

fn has_handled(incident: &Incident, doer: &Doer) -> bool {
    let handlers = &incident.handlers;
    handlers.iter().any(|person| person.id == doer.person.id)
}

fn own_alerts(incident: &Incident) -> BTreeSet<&AlertKey> {
    incident.evidence.iter().map(|one| &one.alert).collect()
}

/// What a program may do. All else is answered for by a person.
fn is_for_programs(kind: ActKind) -> bool {
    matches!(
        kind,
        ActKind::File
            | ActKind::Dispatch
            | ActKind::Evaluate
            | ActKind::Supervise
            | ActKind::Grade
            | ActKind::Wait
            | ActKind::Resume
            | ActKind::Comment
            | ActKind::Attach
            | ActKind::Link
    )
}

fn is_granted(incident: &Incident, doer: &Doer, kind: ActKind) -> bool {
    let takes_part = || {
        let mut tasks = incident.tasks.iter();
        tasks.any(|task| doer.handles_for(&task.department))
    };
    let has_open_task = || {
        let mut tasks = incident.tasks.iter();
        tasks.any(|task| task.is_open() && doer.handles_for(&task.department))
    };
    match kind {
        // What has been filed is taken back only by who commands.
        ActKind::Dismiss if incident.state == IncidentState::Filed => doer.may(Power::Dispatch),
        ActKind::File
        | ActKind::Dismiss
        | ActKind::Verify
        | ActKind::Close
        | ActKind::Evaluate
        | ActKind::Reopen
        | ActKind::Grade
        | ActKind::Merge
        | ActKind::Split
        | ActKind::Parent => doer.may(Power::Supervise),
        ActKind::Dispatch | ActKind::Command | ActKind::Supervise => doer.may(Power::Dispatch),
        ActKind::Decide => doer.may(Power::Decide),
        ActKind::Accept | ActKind::Feedback | ActKind::Return | ActKind::Dispute => takes_part(),
        ActKind::Acknowledge | ActKind::Wait | ActKind::Resume | ActKind::Tick => {
            doer.may(Power::Supervise) || has_open_task()
        }
        ActKind::Comment | ActKind::Attach | ActKind::Link => {
            doer.may(Power::Supervise) || takes_part()
        }
    }
}

/// Where an incident must stand for an act of `kind`.
fn fits(kind: ActKind, state: IncidentState) -> bool {
    use IncidentState::{
        Cleared, Closed, Dismissed, Dispatched, Evaluated, Feedback, Filed, Handling, Merged,
        Reported, Verified,
    };
    match kind {
        ActKind::File => matches!(state, Reported | Cleared),
        ActKind::Dismiss => matches!(state, Reported | Cleared | Filed),
        ActKind::Dispatch | ActKind::Wait | ActKind::Resume => {
            matches!(state, Filed | Dispatched | Handling)
        }
        ActKind::Command => matches!(state, Reported | Cleared | Filed | Dispatched | Handling),
        ActKind::Accept
        | ActKind::Return
        | ActKind::Dispute
        | ActKind::Decide
        | ActKind::Feedback => matches!(state, Dispatched | Handling),
        ActKind::Verify => state == Feedback,
        ActKind::Close => state == Verified,
        ActKind::Evaluate => state == Closed,
        ActKind::Reopen => matches!(state, Closed | Evaluated | Dismissed),
        ActKind::Acknowledge
        | ActKind::Supervise
        | ActKind::Grade
        | ActKind::Tick
        | ActKind::Merge
        | ActKind::Split => !state.is_over(),
        ActKind::Comment | ActKind::Attach | ActKind::Link | ActKind::Parent => state != Merged,
    }
}

fn particulars(incident: &Incident, doer: &Doer, act: &Act) -> Result<(), Refusal> {
    match act {
        Act::Dispatch { lead, support, .. } | Act::Decide { lead, support, .. } => {
            are_departments(std::iter::once(lead).chain(support))
        }
        Act::Command { departments, .. } => are_departments(departments.iter()),
        Act::Accept { department }
        | Act::Return { department, .. }
        | Act::Dispute { department, .. }
        | Act::Feedback { department, .. } => of_task(incident, doer, act.kind(), department),
        Act::Evaluate { score, .. } if !(1..=5).contains(score) => Err(Refusal::BadScore),
        Act::File {
            level: Some(Level::Normal),
            ..
        }
        | Act::Grade {
            level: Level::Normal,
            ..
        } => Err(Refusal::BadLevel),
        Act::Tick { item, .. } if *item >= incident.checked.1 => Err(Refusal::NoItem(*item)),
        Act::Link { to, .. } => is_link(to),
        Act::Merge { into, .. } if *into == incident.id => Err(Refusal::Circle),
        Act::Parent { of: Some(of) } if *of == incident.id => Err(Refusal::Circle),
        Act::Split { alerts, .. } => {
            let own = own_alerts(incident);
            let wanted: BTreeSet<_> = alerts.iter().collect();
            let is_part = !wanted.is_empty() && wanted.len() < own.len();
            if is_part && wanted.is_subset(&own) {
                Ok(())
            } else {
                Err(Refusal::BadSplit)
            }
        }
        _ => Ok(()),
    }
}

fn are_departments<'a>(named: impl Iterator<Item = &'a DepartmentId>) -> Result<(), Refusal> {
    let named: Vec<_> = named.collect();
    let each: BTreeSet<_> = named.iter().collect();
    if named.is_empty() || named.len() > DEPARTMENTS_MAX || each.len() < named.len() {
        return Err(Refusal::BadDepartments);
    }
    Ok(())
}

/// An id is a day and a serial; anything else must be an address that a browser may open.
fn is_link(to: &str) -> Result<(), Refusal> {
    let is_id = !to.is_empty() && to.chars().all(|c| c.is_ascii_digit() || c == '-');
    let is_address = to.starts_with("https://") || to.starts_with("http://");
    let is_plain = to.len() <= TEXT_CHARS_MAX && !to.chars().any(|c| c.is_control() || c == ' ');
    if (is_id || is_address) && is_plain {
        Ok(())
    } else {
        Err(Refusal::BadLink)
    }
}

/// Whether `department` has a task to which an act of `kind` can be done, by `doer`.
fn of_task(
    incident: &Incident,
    doer: &Doer,
    kind: ActKind,
    department: &DepartmentId,
) -> Result<(), Refusal> {
    if !doer.handles_for(department) {
        return Err(Refusal::NotTheirDepartment(department.clone()));
    }
    let task = incident.task(department);
    let none = || Refusal::NoTask(department.clone());
    let task = task.ok_or_else(none)?;
    let is_fit = match kind {
        ActKind::Feedback => task.state == TaskState::Accepted,
        _ => task.state == TaskState::Given,
    };
    if !is_fit {
        return Err(none());
    }
    let mut tasks = incident.tasks.iter();
    let mut has_returned =
        || tasks.any(|one| one.department == *department && one.state == TaskState::Returned);
    match kind {
        ActKind::Return if task.skip_level => Err(Refusal::Ordered(department.clone())),
        ActKind::Return if has_returned() => Err(Refusal::ReturnedBefore(department.clone())),
        // Giving it back is the ordinary way; who has that way left does not object.
        ActKind::Dispute if !task.skip_level && !has_returned() => {
            Err(Refusal::NotReturned(department.clone()))
        }
        ActKind::Feedback if task.part == Part::Lead => {
            let others = incident.tasks.iter();
            let others = others.filter(|one| one.part == Part::Support && one.is_open());
            let open: Vec<DepartmentId> = others.map(|one| one.department.clone()).collect();
            if open.is_empty() {
                Ok(())
            } else {
                Err(Refusal::OpenTasks(open))
            }
        }
        _ => Ok(()),
    }
}
