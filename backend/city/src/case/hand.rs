//! What people do to correlation: merge, split, parts, and what an incident that is over gives up.

use std::collections::BTreeSet;

use egret_shared::alert::AlertKey;
use egret_shared::case::{Act, Refusal, What};
use egret_shared::event::EventKind;
use egret_shared::id::IncidentId;
use egret_shared::incident::{Incident, Person};

use super::File;
use crate::fold::Fold;
use crate::limits::{EVIDENCE_MAX, INCIDENTS_MAX};

impl Fold<'_> {
    /// Whether `incident` may be merged into `other`, or become a part of it.
    pub(super) fn may_take(
        &self,
        incident: &Incident,
        other: &IncidentId,
        act: &Act,
    ) -> Result<(), Refusal> {
        let Some(target) = self.state.incidents.get(other) else {
            return Err(Refusal::NoIncident(other.clone()));
        };
        if target.state.is_over() {
            return Err(Refusal::WrongState {
                act: act.kind(),
                state: target.state,
            });
        }
        let mut above = Some(other);
        for _ in 0..INCIDENTS_MAX {
            let Some(id) = above else { break };
            if *id == incident.id {
                return Err(Refusal::Circle);
            }
            above = self
                .state
                .incidents
                .get(id)
                .and_then(|row| row.parent.as_ref());
        }
        Ok(())
    }

    /// Gives everything that `from` rests on to `into`.
    pub(super) fn take_over(&mut self, from: &IncidentId, into: &IncidentId, by: &Person) {
        let (Some(source), Some(before)) = (
            self.state.incidents.get(from).cloned(),
            self.state.incidents.get(into).cloned(),
        ) else {
            return;
        };
        self.join_groups(from, into);
        self.adopt_parts(from, into);
        let mut target = before.clone();
        target.version += 1;
        // Whoever handled it must not verify it there either.
        for person in &source.handlers {
            if !target.handlers.iter().any(|known| known.id == person.id) {
                target.handlers.push(person.clone());
            }
        }
        let known: BTreeSet<AlertKey> = before
            .evidence
            .iter()
            .map(|one| one.alert.clone())
            .collect();
        let new = source.evidence.iter();
        let new = new.filter(|one| !known.contains(&one.alert)).cloned();
        let room = EVIDENCE_MAX.saturating_sub(target.evidence.len());
        target.evidence.extend(new.take(room));
        let is_worse = source.level > target.level;
        target.level = target.level.max(source.level);
        self.renew_clock(&before, target);
        self.write_down_of(into, Some(by.clone()), What::Took(from.clone()));
        if is_worse {
            self.write_down(into, What::LevelRaised(source.level));
        }
        self.weigh_incident(into);
    }

    fn adopt_parts(&mut self, from: &IncidentId, into: &IncidentId) {
        let rows = self.state.incidents.iter();
        let parts = rows.filter(|row| row.parent.as_ref() == Some(from));
        let parts: Vec<Incident> = parts.cloned().collect();
        for mut part in parts {
            part.parent = Some(into.clone());
            self.put_incident(part);
        }
    }

    /// Makes an incident of its own of `alerts`.
    pub(super) fn split_off(&mut self, from: &IncidentId, alerts: &[AlertKey], by: &Person) {
        self.make_incident_room(from);
        let Some(mut old) = self.state.incidents.get(from).cloned() else {
            return;
        };
        let (off, stays) = old
            .evidence
            .into_iter()
            .partition(|one| alerts.contains(&one.alert));
        old.evidence = stays;
        let new = self.split_group(&old, off);
        let (id, level) = (new.id.clone(), new.level);
        let plan = new.plan.as_ref();
        let checklist = self.plan.terms.checklist(plan);
        let file = File::opened(new.opened_at, checklist);
        let mut new = new;
        new.class = old.class;
        // Whoever handled it handled this part of it, too: four eyes stay four.
        new.handlers.clone_from(&old.handlers);
        new.checked = file.checked();
        self.set_clock(&mut new, &file);
        *self.state.cases.file_mut(&id) = file;
        self.put_incident(new);
        self.put_incident(old);
        self.write_down_of(&id, Some(by.clone()), What::SplitFrom(from.clone()));
        self.write_down(from, What::SplitOff(id.clone()));
        self.tie_alerts(&id);
        self.tell_incident(&id, EventKind::IncidentOpened, level, None);
        self.weigh_incident(from);
        self.weigh_incident(&id);
    }
}
