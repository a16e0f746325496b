//! Casework: what people order, done to incidents as the shared transition function allows.
//!
//! A command is obeyed once, and it is known for a while what became of it. What the transition
//! function leaves open is done here: clocks (`clock`, by the `calendar` and the package's `terms`),
//! files (`file`), what is merged, split or opened by hand (`hand`, `open`), the city's `mode`,
//! scorecards (`score`) and the ticker (`said`).

mod calendar;
mod clock;
mod file;
mod hand;
mod mode;
mod open;
mod said;
mod score;
mod terms;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use egret_shared::case::{Act, Dossier, Refusal, What, step};
use egret_shared::command::{CaseOrder, Command, Order, Outcome};
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::{Acknowledged, Incident, IncidentState, Person};
use egret_shared::mode::ModeState;
use egret_shared::scorecard::Scorecard;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::fold::Fold;
use crate::limits::OUTCOMES_KEPT;
pub(crate) use file::File;
use mode::Calls;
pub(crate) use said::title;
use score::Scores;
pub(crate) use terms::Terms;

/// What is kept of casework beside the incidents themselves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cases {
    files: BTreeMap<IncidentId, File>,
    /// When time does something to an incident next, the nearest first.
    wakes: BTreeSet<(i64, IncidentId)>,
    /// What became of the newest commands, oldest first.
    outcomes: VecDeque<(SmolStr, Outcome)>,
    pub(crate) mode: ModeState,
    calls: Calls,
    scores: Scores,
}

impl Cases {
    /// What became of the command with this id; `None` if it is not known, or no longer.
    pub(crate) fn outcome(&self, id: &str) -> Option<&Outcome> {
        let mut known = self.outcomes.iter().rev();
        known
            .find(|(known, _)| known == id)
            .map(|(_, outcome)| outcome)
    }

    /// The file of `incident`, together with it.
    pub(crate) fn dossier(&self, incident: Incident, children: Vec<IncidentId>) -> Dossier {
        let file = self.files.get(&incident.id);
        Dossier {
            timeline: file.map(|file| file.timeline.clone()).unwrap_or_default(),
            checklist: file.map(|file| file.checklist.clone()).unwrap_or_default(),
            incident,
            children,
        }
    }

    /// Scorecards, by month, department and district.
    pub(crate) fn scorecards(&self) -> impl Iterator<Item = Scorecard> + '_ {
        self.scores.cards()
    }

    pub(crate) fn file_mut(&mut self, id: &IncidentId) -> &mut File {
        self.files.entry(id.clone()).or_default()
    }

    /// How bad the signals of `incident` were when it was graded by hand, if it was.
    pub(crate) fn graded_over(&self, incident: &IncidentId) -> Option<egret_shared::level::Level> {
        self.files.get(incident)?.graded_over
    }

    /// Forgets the file and the wake of `incident`.
    pub(crate) fn remove(&mut self, incident: &IncidentId) {
        let wake = self.files.remove(incident).and_then(|file| file.wake_ms);
        if let Some(wake_ms) = wake {
            self.wakes.remove(&(wake_ms, incident.clone()));
        }
    }
}

impl Fold<'_> {
    /// Does what a command orders, once, and keeps what became of it.
    pub(crate) fn obey(&mut self, command: &Command) {
        if self.state.cases.outcome(&command.id).is_some() {
            return;
        }
        let outcome = match &command.order {
            Order::Case(order) => self.act(command, order),
            Order::Hush(order) => self.hush(&command.by, order),
            Order::Actuate(order) => self.actuate(command, order),
            Order::Rule(order) => self.actuate_by_rule(command, order),
            Order::Open(order) => self.open_by_hand(&command.by, order),
            Order::Mode(order) => self.order_mode(&command.by, order),
        };
        let outcomes = &mut self.state.cases.outcomes;
        if outcomes.len() >= OUTCOMES_KEPT {
            outcomes.pop_front();
        }
        outcomes.push_back((command.id.clone(), outcome));
    }

    fn act(&mut self, command: &Command, order: &CaseOrder) -> Outcome {
        let Some(before) = self.state.incidents.get(&order.incident).cloned() else {
            return Outcome::Refused(Refusal::NoIncident(order.incident.clone()));
        };
        if before.version != order.version {
            return Outcome::Changed(before.version);
        }
        let at = TimeMs(self.state.now_ms);
        let next = step(&before, &command.by, &order.act, at);
        let next = next.and_then(|next| self.allows(&before, &order.act).map(|()| next));
        match next {
            Ok(next) => {
                let (id, version) = (next.id.clone(), next.version);
                self.carry_out(&before, next, &command.by.person, &order.act);
                Outcome::Done(Some((id, version)))
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// What only the city knows of an act: its departments, other incidents, and room.
    fn allows(&self, incident: &Incident, act: &Act) -> Result<(), Refusal> {
        let stranger = departments(act)
            .into_iter()
            .find(|id| self.package.department(id).is_none());
        if let Some(stranger) = stranger {
            return Err(Refusal::NoDepartment(stranger.clone()));
        }
        match act {
            Act::Merge { into, .. } => self.may_take(incident, into, act)?,
            Act::Parent { of: Some(of) } => self.may_take(incident, of, act)?,
            Act::Split { .. } if !self.has_incident_room(&incident.id) => {
                return Err(Refusal::TooMany);
            }
            _ => {}
        }
        let file = self.state.cases.files.get(&incident.id);
        file.map_or(Ok(()), |file| file.has_room(act))
    }

    /// Puts `next` in the place of `before`, with all that comes of `act`.
    fn carry_out(&mut self, before: &Incident, mut next: Incident, by: &Person, act: &Act) {
        let id = next.id.clone();
        let now = TimeMs(self.state.now_ms);
        let mut file = std::mem::take(self.state.cases.file_mut(&id));
        match act {
            Act::Acknowledge => {
                next.acknowledged = Some(Acknowledged {
                    by: by.clone(),
                    at: now,
                    until: self.plan.terms.shift_end(now),
                });
            }
            Act::Tick { item, done } => {
                if let Some(item) = file.checklist.get_mut(usize::from(*item)) {
                    item.done = done.then(|| (by.clone(), now));
                }
                next.checked = file.checked();
            }
            Act::Grade { .. } | Act::File { level: Some(_), .. } => {
                file.graded_over = Some(self.signals_level(&id));
            }
            Act::Reopen { .. } => file.start_anew(now),
            _ => {}
        }
        self.run_clock(before, &mut next, &mut file);
        self.score(before, &next, act, &mut file);
        file.write(now, Some(by.clone()), next.version, What::Act(act.clone()));
        *self.state.cases.file_mut(&id) = file;
        let (is_over, was_over) = (next.state.is_over(), before.state.is_over());
        self.put_incident(next);
        match act {
            Act::Merge { into, .. } => self.take_over(&id, into, by),
            Act::Split { alerts, .. } => self.split_off(&id, alerts, by),
            Act::Reopen { .. } => self.regroup(&id),
            _ if is_over && !was_over => self.let_signals_go(&id),
            _ => {}
        }
        self.tell_act(&id, act);
    }

    /// Puts `incident` in the place of the one with its id, and notes when time moves it next.
    pub(crate) fn put_incident(&mut self, incident: Incident) {
        let id = incident.id.clone();
        self.state.incidents.put(incident);
        self.note_incident(&id);
    }

    /// Notes that `incident` has changed, and when time moves it next.
    pub(crate) fn note_incident(&mut self, id: &IncidentId) {
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
        let wake_ms = self.state.incidents.get(id).and_then(clock::wake_ms);
        let cases = &mut self.state.cases;
        let before_ms = std::mem::replace(&mut cases.file_mut(id).wake_ms, wake_ms);
        if before_ms == wake_ms {
            return;
        }
        if let Some(wake_ms) = before_ms {
            cases.wakes.remove(&(wake_ms, id.clone()));
        }
        if let Some(wake_ms) = wake_ms {
            cases.wakes.insert((wake_ms, id.clone()));
        }
    }

    /// Writes down what nobody did.
    pub(crate) fn write_down(&mut self, id: &IncidentId, what: What) {
        self.write_down_of(id, None, what);
    }

    fn write_down_of(&mut self, id: &IncidentId, by: Option<Person>, what: What) {
        let at = TimeMs(self.state.now_ms);
        let version = self.state.incidents.get(id).map_or(1, |row| row.version);
        self.state.cases.file_mut(id).write(at, by, version, what);
    }
}

/// The departments that an act names.
fn departments(act: &Act) -> Vec<&DepartmentId> {
    match act {
        Act::Dispatch { lead, support, .. } | Act::Decide { lead, support, .. } => {
            std::iter::once(lead).chain(support).collect()
        }
        Act::Command { departments, .. } => departments.iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether somebody has taken `incident` as a case, or it is over.
fn is_taken(incident: &Incident) -> bool {
    !matches!(
        incident.state,
        IncidentState::Reported | IncidentState::Cleared
    )
}
