//! Casework: what people order, done to incidents as the shared transition function allows.

use std::collections::{BTreeMap, VecDeque};

use egret_shared::case::{CheckItem, Deed, Dossier, Refusal, What, step};
use egret_shared::command::{CaseOrder, Command, Order, Outcome};
use egret_shared::id::IncidentId;
use egret_shared::incident::Person;
use egret_shared::mode::ModeState;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::fold::Fold;
use crate::limits::OUTCOMES_KEPT;

/// What is kept of casework beside the incidents themselves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cases {
    files: BTreeMap<IncidentId, File>,
    /// What became of the newest commands, oldest first.
    outcomes: VecDeque<(SmolStr, Outcome)>,
    pub(crate) mode: ModeState,
}

/// An incident's file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct File {
    timeline: Vec<Deed>,
    checklist: Vec<CheckItem>,
}

impl Cases {
    /// What became of the command with this id; `None` if it is not known, or no longer.
    pub(crate) fn outcome(&self, id: &str) -> Option<&Outcome> {
        let mut known = self.outcomes.iter().rev();
        known
            .find(|(known, _)| known == id)
            .map(|(_, outcome)| outcome)
    }

    /// The file of `incident`.
    pub(crate) fn dossier(&self, incident: egret_shared::incident::Incident) -> Dossier {
        let file = self.files.get(&incident.id);
        let file = file.cloned().unwrap_or_default();
        Dossier {
            incident,
            timeline: file.timeline,
            checklist: file.checklist,
            children: Vec::new(),
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
            Order::Open(_) | Order::Mode(_) => Outcome::Refused(Refusal::TooMany),
        };
        let outcomes = &mut self.state.cases.outcomes;
        if outcomes.len() >= OUTCOMES_KEPT {
            outcomes.pop_front();
        }
        outcomes.push_back((command.id.clone(), outcome));
    }

    fn act(&mut self, command: &Command, order: &CaseOrder) -> Outcome {
        let Some(incident) = self.state.incidents.get(&order.incident) else {
            return Outcome::Refused(Refusal::NoIncident(order.incident.clone()));
        };
        if incident.version != order.version {
            return Outcome::Changed(incident.version);
        }
        let at = TimeMs(self.state.now_ms);
        match step(incident, &command.by, &order.act, at) {
            Ok(next) => {
                let (id, version) = (next.id.clone(), next.version);
                self.state.incidents.put(next);
                let what = What::Act(order.act.clone());
                self.write_down(&id, version, Some(command.by.person.clone()), what);
                self.dirty.incidents.insert(id.clone());
                self.dirty.urgent = true;
                Outcome::Done(Some((id, version)))
            }
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    fn write_down(&mut self, id: &IncidentId, version: u64, by: Option<Person>, what: What) {
        let at = TimeMs(self.state.now_ms);
        let file = self.state.cases.files.entry(id.clone()).or_default();
        let n = file.timeline.last().map_or(1, |deed| deed.n + 1);
        file.timeline.push(Deed {
            n,
            at,
            by,
            version,
            what,
        });
    }
}
