//! The queue of the duty desk: which incidents it shows, in which order, and how many there are of
//! each kind. Pure.

use std::cmp::Reverse;
use std::sync::Arc;

use egret_shared::access::{Grant, Role, Scope};
use egret_shared::id::{AreaCode, DepartmentId, IncidentId};
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::people::Who;
use egret_shared::time::TimeMs;

use super::standing::standing;

/// What makes an incident somebody's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Own {
    /// The account.
    id: String,
    /// The departments that they handle for.
    handles: Vec<Scope<DepartmentId>>,
}

impl Own {
    /// Of the part that somebody plays where everything is open.
    pub(crate) fn played(name: &str) -> Self {
        Self {
            id: name.to_owned(),
            handles: Vec::new(),
        }
    }

    /// Of somebody who is signed in.
    pub(crate) fn of(who: &Who) -> Self {
        let handles = |grant: &&Grant| grant.role == Role::Handler;
        let grants = who.grants.iter().filter(handles);
        Self {
            id: who.id.clone(),
            handles: grants.map(|grant| grant.departments.clone()).collect(),
        }
    }

    /// Whether they look after it, took part in it, or one of their departments has to do something.
    fn has(&self, incident: &Incident) -> bool {
        let looks_after = incident
            .acknowledged
            .as_ref()
            .is_some_and(|ack| ack.by.id == *self.id);
        let mut tasks = incident.tasks.iter().filter(|task| task.is_open());
        looks_after
            || incident.handlers.iter().any(|one| one.id == *self.id)
            || tasks.any(|task| self.handles_for(&task.department))
    }

    fn handles_for(&self, department: &DepartmentId) -> bool {
        self.handles
            .iter()
            .any(|scope| scope.is_all() || scope.named().contains(department))
    }
}

/// Where in its life an incident is, as a desk asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Whatever is left to be done.
    #[default]
    Open,
    /// Nobody has taken it yet.
    New,
    /// Given to departments, or to be.
    Worked,
    /// Done, to be verified or closed.
    Done,
    /// Nothing is left to be done.
    Over,
}

impl Phase {
    /// All of them, in the order of a life.
    pub(crate) const ALL: [Self; 5] = [Self::Open, Self::New, Self::Worked, Self::Done, Self::Over];

    /// Its name in a URL.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::New => "new",
            Self::Worked => "worked",
            Self::Done => "done",
            Self::Over => "over",
        }
    }

    /// The one with that name.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.code() == code)
    }

    /// Whether an incident that stands there is meant.
    pub(crate) const fn has(self, state: IncidentState) -> bool {
        match self {
            Self::Open => !Self::Over.has(state),
            Self::New => matches!(state, IncidentState::Reported),
            Self::Worked => matches!(
                state,
                IncidentState::Filed | IncidentState::Dispatched | IncidentState::Handling
            ),
            Self::Done => matches!(state, IncidentState::Feedback | IncidentState::Verified),
            Self::Over => state.is_over() || matches!(state, IncidentState::Cleared),
        }
    }
}

/// Which incidents are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Only one's own.
    pub(crate) mine: bool,
    /// Only those whose time is over.
    pub(crate) overdue: bool,
    /// Where in their life.
    pub(crate) phase: Phase,
    /// Only these bad.
    pub(crate) level: Option<Level>,
    /// Only those that a department leads or supports.
    pub(crate) department: Option<DepartmentId>,
    /// Only those within an area.
    pub(crate) area: Option<AreaCode>,
    /// Only those with these words, in small letters, in their title or id.
    pub(crate) words: String,
}

impl Filter {
    /// Whether `incident` is asked for.
    pub(crate) fn keeps(&self, incident: &Incident, own: &Own, now: TimeMs) -> bool {
        self.phase.has(incident.state) && self.keeps_beside_phase(incident, own, now)
    }

    fn keeps_beside_phase(&self, incident: &Incident, own: &Own, now: TimeMs) -> bool {
        self.level.is_none_or(|level| incident.level == level)
            && (!self.mine || own.has(incident))
            && (!self.overdue || standing(incident, now).is_overdue())
            && self
                .area
                .as_ref()
                .is_none_or(|area| incident.areas.contains(area))
            && self
                .department
                .as_ref()
                .is_none_or(|department| takes_part(incident, department))
            && self.has_words(incident)
    }

    fn has_words(&self, incident: &Incident) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let has = |text: &str| text.to_lowercase().contains(&self.words);
        incident.id.as_str().contains(&self.words)
            || has(&incident.title.zh)
            || has(&incident.title.en)
    }
}

fn takes_part(incident: &Incident, department: &DepartmentId) -> bool {
    incident.lead.as_ref() == Some(department)
        || incident.support.contains(department)
        || incident
            .tasks
            .iter()
            .any(|task| task.is_open() && task.department == *department)
}

/// The queue: what is asked for, the most urgent first.
pub(crate) fn queue(
    incidents: &[Arc<Incident>],
    filter: &Filter,
    own: &Own,
    now: TimeMs,
) -> Arc<[Arc<Incident>]> {
    let keeps = |incident: &&Arc<Incident>| filter.keeps(incident, own, now);
    let mut kept: Vec<&Arc<Incident>> = incidents.iter().filter(keeps).collect();
    kept.sort_by_cached_key(|incident| urgency(incident));
    kept.into_iter().cloned().collect()
}

/// The order of the queue: what is to be done, by level, then by the time that is left; what has
/// none comes after what has, the oldest first.
fn urgency(incident: &Incident) -> (bool, Reverse<Level>, bool, i64, i64, IncidentId) {
    let is_over = Phase::Over.has(incident.state);
    let runs = incident.clock.stopped_at.is_none() && incident.clock.paused_since.is_none();
    let due = incident.due_at.filter(|_| runs);
    (
        is_over,
        Reverse(incident.level),
        due.is_none(),
        due.map_or(0, |due_at| due_at.0),
        incident.opened_at.0,
        incident.id.clone(),
    )
}

/// How many incidents each filter would show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By phase, in the order of [`Phase::ALL`].
    pub(crate) phases: [usize; 5],
    /// One's own that are open.
    pub(crate) mine: usize,
    /// Open ones whose time is over.
    pub(crate) overdue: usize,
    /// Open ones by level, in the order of [`Level::ALL`].
    pub(crate) levels: [usize; 5],
}

/// Counts all incidents, whatever is asked for at the moment.
pub(crate) fn counts(incidents: &[Arc<Incident>], own: &Own, now: TimeMs) -> Counts {
    let mut counts = Counts::default();
    for incident in incidents {
        for (count, phase) in counts.phases.iter_mut().zip(Phase::ALL) {
            *count += usize::from(phase.has(incident.state));
        }
        if !Phase::Open.has(incident.state) {
            continue;
        }
        counts.mine += usize::from(own.has(incident));
        counts.overdue += usize::from(standing(incident, now).is_overdue());
        for (count, level) in counts.levels.iter_mut().zip(Level::ALL) {
            *count += usize::from(incident.level == level);
        }
    }
    counts
}

/// The place of an incident in the queue.
pub(crate) fn place_of(queue: &[Arc<Incident>], id: &str) -> Option<usize> {
    queue.iter().position(|one| one.id.as_str() == id)
}

#[cfg(test)]
mod tests;
