//! The one transition function of casework.

use super::permit::permit;
use super::refusal::Refusal;
use super::task::{Dispute, Part, Task, TaskState};
use super::{Act, Doer};
use crate::id::DepartmentId;
use crate::incident::{Clock, Incident, IncidentState, Person};
use crate::time::TimeMs;

/// `incident` after `doer` did `act` at `at`.
///
/// What needs more than the incident is left to the fold: when time is over (it knows the
/// calendar), when an acknowledgement lapses, the checklist, and where evidence goes that is merged
/// or split off.
///
/// # Errors
/// A [`Refusal`] says why it cannot be done.
pub fn step(incident: &Incident, doer: &Doer, act: &Act, at: TimeMs) -> Result<Incident, Refusal> {
    permit(incident, doer, act)?;
    let mut next = incident.clone();
    next.version += 1;
    take(&mut next, doer, act, at);
    if next.state.is_over() {
        next.closed_at = next.closed_at.or(Some(at));
        next.acknowledged = None;
    }
    Ok(next)
}

fn take(next: &mut Incident, doer: &Doer, act: &Act, at: TimeMs) {
    match act {
        Act::File { class, level, .. } => {
            next.state = IncidentState::Filed;
            next.class = *class;
            next.level = level.unwrap_or(next.level);
        }
        Act::Grade { class, level, .. } => {
            next.class = *class;
            next.level = *level;
        }
        Act::Dismiss { .. } => end(next, IncidentState::Dismissed, at),
        Act::Merge { into, .. } => {
            next.merged_into = Some(into.clone());
            end(next, IncidentState::Merged, at);
        }
        Act::Dispatch { lead, support, .. } => give(next, lead, support, at),
        Act::Decide { lead, support, .. } => {
            next.dispute = None;
            next.decided = true;
            give(next, lead, support, at);
            next.responsible = Some(lead.clone());
        }
        Act::Command { departments, .. } => order(next, departments, at),
        Act::Accept { department } => accept(next, doer, department),
        Act::Return { department, .. } => give_back(next, department, at),
        Act::Dispute { department, .. } => {
            next.dispute = Some(Dispute {
                department: department.clone(),
                by: doer.person.clone(),
                at,
            });
        }
        Act::Feedback { department, .. } => feed_back(next, doer, department, at),
        Act::Verify { passed: true, .. } => next.state = IncidentState::Verified,
        Act::Verify { passed: false, .. } => rework(next),
        Act::Close { .. } => end(next, IncidentState::Closed, at),
        Act::Evaluate { score, .. } => {
            next.score = Some(*score);
            next.state = IncidentState::Evaluated;
        }
        Act::Reopen { .. } => reopen(next),
        Act::Supervise { .. } => next.supervised = true,
        Act::Wait { .. } => next.clock.paused_since = Some(at),
        Act::Resume { .. } => next.clock.paused_since = None,
        Act::Comment { .. } | Act::Attach { .. } | Act::Link { .. } => next.notes += 1,
        Act::Parent { of } => next.parent.clone_from(of),
        // Whoever ticks a point for a department that has it takes part in handling it.
        Act::Tick { .. } => {
            if next
                .tasks
                .iter()
                .any(|task| doer.handles_for(&task.department))
            {
                take_part(next, &doer.person);
            }
        }
        // What remains of these is the fold's.
        Act::Acknowledge | Act::Split { .. } => {}
    }
}

/// Ends the incident, and the clock with it, if it has not been stopped before.
fn end(next: &mut Incident, state: IncidentState, at: TimeMs) {
    next.state = state;
    next.dispute = None;
    for task in next.tasks.iter_mut().filter(|task| task.is_open()) {
        task.state = TaskState::Withdrawn;
        task.ended_at = Some(at);
    }
    next.clock.paused_since = None;
    next.clock.stopped_at = next.clock.stopped_at.or(Some(at));
}

/// Gives the incident to `lead` and `support`. Who has a task already keeps it.
fn give(next: &mut Incident, lead: &DepartmentId, support: &[DepartmentId], at: TimeMs) {
    for task in next.tasks.iter_mut().filter(|task| task.is_open()) {
        if task.department != *lead && !support.contains(&task.department) {
            task.state = TaskState::Withdrawn;
            task.ended_at = Some(at);
        }
    }
    next.lead = Some(lead.clone());
    next.support = support.to_vec();
    let parts = std::iter::once((lead, Part::Lead));
    let parts = parts.chain(support.iter().map(|one| (one, Part::Support)));
    for (department, part) in parts {
        put_task(next, department, part, false, at);
    }
    lead_on(next, lead);
}

/// Stands where the new lead's task does. Who had that task accepted already goes on with it.
fn lead_on(next: &mut Incident, lead: &DepartmentId) {
    let task = next.task(lead);
    if task.is_some_and(|task| task.state == TaskState::Accepted) {
        next.responsible = Some(lead.clone());
        next.state = IncidentState::Handling;
    } else {
        // 首接负责: whoever was given it first answers for it until another has accepted.
        next.responsible = next.responsible.take().or_else(|| Some(lead.clone()));
        next.state = IncidentState::Dispatched;
    }
}

fn put_task(
    next: &mut Incident,
    department: &DepartmentId,
    part: Part,
    skip_level: bool,
    at: TimeMs,
) {
    let open = next
        .tasks
        .iter_mut()
        .find(|task| task.department == *department && task.is_open());
    if let Some(task) = open {
        task.part = part;
        task.skip_level |= skip_level;
        return;
    }
    next.tasks.push(Task {
        department: department.clone(),
        part,
        state: TaskState::Given,
        given_at: at,
        skip_level,
        accepted_by: None,
        ended_at: None,
    });
}

/// Orders departments directly, beside those that have it. Without a lead that has a task, the
/// first of them leads.
fn order(next: &mut Incident, departments: &[DepartmentId], at: TimeMs) {
    let mut tasks = next.tasks.iter();
    let has_lead = tasks.any(|task| task.part == Part::Lead && task.is_open());
    let lead = departments.first().filter(|_| !has_lead);
    if let Some(lead) = lead {
        next.lead = Some(lead.clone());
        // What a rule has proposed is no task.
        let open = next.tasks.iter().filter(|task| task.is_open());
        let open: Vec<DepartmentId> = open.map(|task| task.department.clone()).collect();
        next.support.retain(|one| one != lead && open.contains(one));
    }
    for department in departments {
        let part = if next.lead.as_ref() == Some(department) {
            Part::Lead
        } else {
            Part::Support
        };
        if part == Part::Support && !next.support.contains(department) {
            next.support.push(department.clone());
        }
        put_task(next, department, part, true, at);
    }
    if let Some(lead) = lead {
        lead_on(next, lead);
    }
}

fn task_mut<'a>(next: &'a mut Incident, department: &DepartmentId) -> Option<&'a mut Task> {
    let mut tasks = next.tasks.iter_mut().rev();
    tasks.find(|task| task.department == *department)
}

fn accept(next: &mut Incident, doer: &Doer, department: &DepartmentId) {
    let Some(task) = task_mut(next, department) else {
        return;
    };
    task.state = TaskState::Accepted;
    task.accepted_by = Some(doer.person.clone());
    let leads = task.part == Part::Lead;
    take_part(next, &doer.person);
    if leads {
        next.responsible = Some(department.clone());
        next.state = IncidentState::Handling;
    }
}

fn give_back(next: &mut Incident, department: &DepartmentId, at: TimeMs) {
    let Some(task) = task_mut(next, department) else {
        return;
    };
    task.state = TaskState::Returned;
    task.ended_at = Some(at);
    let leads = task.part == Part::Lead;
    next.returned += 1;
    next.support.retain(|one| one != department);
    if leads {
        next.lead = None;
        next.state = IncidentState::Filed;
    }
}

fn feed_back(next: &mut Incident, doer: &Doer, department: &DepartmentId, at: TimeMs) {
    let Some(task) = task_mut(next, department) else {
        return;
    };
    task.state = TaskState::Done;
    task.ended_at = Some(at);
    let leads = task.part == Part::Lead;
    take_part(next, &doer.person);
    if leads {
        next.state = IncidentState::Feedback;
        next.clock.paused_since = None;
        next.clock.stopped_at = Some(at);
    }
}

fn take_part(next: &mut Incident, person: &Person) {
    if !next.handlers.iter().any(|known| known.id == person.id) {
        next.handlers.push(person.clone());
    }
}

/// What was not verified goes back to the lead, and the clock runs on as if it had not stopped.
fn rework(next: &mut Incident) {
    next.reopened += 1;
    next.state = IncidentState::Handling;
    next.clock.stopped_at = None;
    if let Some(lead) = next.lead.clone()
        && let Some(task) = task_mut(next, &lead)
    {
        task.state = TaskState::Accepted;
        task.ended_at = None;
    }
}

fn reopen(next: &mut Incident) {
    next.reopened += 1;
    next.state = IncidentState::Filed;
    next.closed_at = None;
    next.score = None;
    next.decided = false;
    next.supervised = false;
    // The fold starts it anew.
    next.clock = Clock::default();
}
