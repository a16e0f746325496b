//! Incidents: alerts that hang together by the cause graph, in space and in time.
//!
//! A firing alert joins the group of what it is put down to, with the reason in words (`attach`);
//! groups that it bridges become one, as long as at most one of them is an incident. A group with
//! enough evidence opens an incident; without, it stays a group of alerts.

mod attach;
mod group;
mod link;
mod places;
mod reason;

use std::collections::BTreeMap;

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::event::{About, EventKind};
use egret_shared::id::IncidentId;
use egret_shared::incident::{Beside, Evidence, Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::alert::{Alerts, Row};
use crate::fold::Fold;
use crate::limits::{EVIDENCE_MAX, INCIDENTS_MAX, RESOLVED_KEPT_MS};
use crate::window::local_date;
use group::{Group, Weight};
use places::Places;

/// All incidents, and the groups of alerts that they come from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Incidents {
    rows: BTreeMap<IncidentId, Incident>,
    groups: BTreeMap<u32, Group>,
    next_group: u32,
    /// A function of groups and alerts.
    #[serde(skip)]
    places: Places,
    /// The local day of the newest id, as `YYYYMMDD`, and its serial.
    day: String,
    serial: u32,
}

impl Incidents {
    pub(crate) fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.rows.get(id)
    }

    /// Puts `incident` in, in place of the one with its id.
    pub(crate) fn put(&mut self, incident: Incident) {
        self.rows.insert(incident.id.clone(), incident);
    }

    /// All incidents by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Incident> {
        self.rows.values()
    }

    /// All groups by number: the incident that it has become, and its members.
    pub(crate) fn groups(
        &self,
    ) -> impl Iterator<Item = (u32, Option<&IncidentId>, impl Iterator<Item = &AlertKey>)> {
        let groups = self.groups.iter();
        groups.map(|(number, group)| (*number, group.incident.as_ref(), group.keys()))
    }

    /// Rebuilds what a checkpoint leaves out.
    pub(crate) fn index(&mut self, alerts: &Alerts) {
        self.places = Places::default();
        for member in self.groups.values().flat_map(Group::members) {
            let key = &member.evidence.alert;
            if alerts.get(key).is_some() {
                self.places
                    .insert(member.rule, member.position, key.clone());
            }
        }
    }

    fn next_id(&mut self, day: String) -> IncidentId {
        self.serial = if self.day == day { self.serial + 1 } else { 1 };
        self.day = day;
        IncidentId::new(format!("{}-{:04}", self.day, self.serial))
    }

    fn has_room(&self) -> bool {
        self.rows.len() < INCIDENTS_MAX
    }

    /// The incident that goes first when room is short: the one that cleared first, if any did.
    fn yielding(&self) -> Option<IncidentId> {
        let cleared = self.rows.values().filter(|row| row.cleared_at.is_some());
        let oldest = cleared.min_by_key(|row| row.cleared_at);
        oldest.map(|row| row.id.clone())
    }
}

impl Fold<'_> {
    /// Decides again what the group of `key` is, after one of its alerts changed.
    pub(crate) fn weigh_group(&mut self, key: &AlertKey) {
        let Some(number) = self.state.alerts.get(key).and_then(|row| row.group) else {
            return;
        };
        let Some(group) = self.state.incidents.groups.get(&number) else {
            return;
        };
        let incident = group.incident.clone();
        let weight = group.weight(&self.state.alerts);
        match incident {
            Some(id) => self.renew_incident(&id, &weight),
            None if self.is_enough(&weight) => self.open_incident(number, &weight),
            None => {}
        }
    }

    fn is_enough(&self, weight: &Weight) -> bool {
        let engine = &self.plan.engine;
        weight.firing > 0
            && self
                .plan
                .enough
                .holds(engine, weight.kinds, weight.alerts, weight.level)
    }

    /// Raises the level, clears the incident or brings it back, as its alerts are.
    fn renew_incident(&mut self, id: &IncidentId, weight: &Weight) {
        let now = TimeMs(self.state.now_ms);
        let Some(incident) = self.state.incidents.rows.get_mut(id) else {
            return;
        };
        if weight.level > incident.level {
            incident.level = weight.level;
            let limit = self.plan.incident.limits.get(&weight.level);
            incident.due_at = limit
                .map(|limit| incident.opened_at.plus(*limit))
                .or(incident.due_at);
        }
        let cleared = weight.firing == 0;
        let was_cleared = incident.state == IncidentState::Cleared;
        incident.state = if cleared {
            IncidentState::Cleared
        } else {
            IncidentState::Reported
        };
        incident.cleared_at = if cleared {
            incident.cleared_at.or(Some(now))
        } else {
            None
        };
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
        if was_cleared != cleared {
            let (kind, level) = if cleared {
                (EventKind::IncidentCleared, Level::Normal)
            } else {
                (EventKind::IncidentOpened, weight.level)
            };
            self.tell_incident(id, kind, level, None);
        }
    }

    fn open_incident(&mut self, number: u32, weight: &Weight) {
        if !self.state.incidents.has_room() {
            let Some(gone) = self.state.incidents.yielding() else {
                return;
            };
            self.forget_incident(&gone);
        }
        let Some(incident) = self.new_incident(number, weight) else {
            return;
        };
        let id = incident.id.clone();
        if let Some(group) = self.state.incidents.groups.get_mut(&number) {
            group.incident = Some(id.clone());
        }
        for evidence in &incident.evidence {
            self.tie_alert(&evidence.alert, &id);
        }
        let level = incident.level;
        self.state.incidents.rows.insert(id.clone(), incident);
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
        self.tell_incident(&id, EventKind::IncidentOpened, level, None);
    }

    fn new_incident(&mut self, number: u32, weight: &Weight) -> Option<Incident> {
        let now = TimeMs(self.state.now_ms);
        let group = self.state.incidents.groups.get(&number)?;
        let speaker = group.speaker(&self.state.alerts, &self.plan.rules)?;
        let rule = &self.plan.rule(speaker.rule)?.def;
        let area = self
            .target_area(&speaker.target)
            .and_then(|area| self.plan.areas.name(area));
        let title = area.map_or_else(
            || rule.name.clone(),
            |area| {
                Text::new(
                    format!("{} · {}", area.zh, rule.name.zh),
                    format!("{} · {}", rule.name.en, area.en),
                )
            },
        );
        let assign = rule.assign.as_ref();
        let limit = self.plan.incident.limits.get(&weight.level);
        let id = IncidentId::new("");
        let mut incident = Incident {
            areas: speaker.alert.areas.clone(),
            position: speaker.alert.position,
            due_at: limit.map(|limit| now.plus(*limit)),
            lead: assign.map(|assign| assign.lead.clone()),
            support: assign
                .map(|assign| assign.support.clone())
                .unwrap_or_default(),
            plan: rule.plan.clone(),
            evidence: group.evidence(EVIDENCE_MAX),
            ..Incident::opened(id, rule.id.clone(), weight.level, title, now)
        };
        let day = local_date(now.0, self.package.timezone)
            .format("%Y%m%d")
            .to_string();
        incident.id = self.state.incidents.next_id(day);
        Some(incident)
    }

    /// Adds evidence to an open incident.
    fn join_incident(&mut self, id: &IncidentId, evidence: Evidence) {
        self.tie_alert(&evidence.alert, id);
        let because = evidence.because.clone();
        let joiner = Beside {
            rule: evidence.alert.rule.clone(),
            area: evidence.area.clone(),
        };
        let told: Vec<Beside> = evidence.beside.iter().cloned().chain([joiner]).collect();
        let level = self
            .state
            .alerts
            .get(&evidence.alert)
            .map_or(Level::Normal, |row| row.alert.level);
        if let Some(incident) = self.state.incidents.rows.get_mut(id)
            && incident.evidence.len() < EVIDENCE_MAX
        {
            incident.evidence.push(evidence);
        }
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
        self.tell_incident(id, EventKind::IncidentJoined, level, Some((because, told)));
    }

    fn tie_alert(&mut self, key: &AlertKey, id: &IncidentId) {
        if let Some(row) = self.state.alerts.get_mut(key) {
            row.alert.incident = Some(id.clone());
            self.dirty.alerts.insert(key.clone());
        }
    }

    fn tell_incident(
        &mut self,
        id: &IncidentId,
        kind: EventKind,
        level: Level,
        joined: Option<(Text, Vec<Beside>)>,
    ) {
        let Some(incident) = self.state.incidents.rows.get(id) else {
            return;
        };
        let title = incident.title.clone();
        let area = incident.areas.last().cloned();
        let whole = Beside {
            rule: incident.rule.clone(),
            area: area.clone(),
        };
        let (about, source, text) = match joined {
            Some((text, mut told)) => {
                told.push(whole);
                (About::Joined(told), title, text)
            }
            None => (
                About::Rule(whole.rule),
                Text::new(format!("案件 {id}"), format!("Incident {id}")),
                title,
            ),
        };
        self.tell(kind, level, area, (about, source), text);
    }

    /// Lets incidents go that were cleared long enough ago.
    pub(crate) fn forget_incidents(&mut self) {
        let before = TimeMs(self.state.now_ms - RESOLVED_KEPT_MS);
        let long_cleared = |row: &&Incident| row.cleared_at.is_some_and(|at| at <= before);
        let rows = self.state.incidents.rows.values();
        let gone: Vec<IncidentId> = rows
            .filter(long_cleared)
            .map(|row| row.id.clone())
            .collect();
        for id in gone {
            self.forget_incident(&id);
        }
    }

    fn forget_incident(&mut self, id: &IncidentId) {
        self.state.incidents.rows.remove(id);
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
        let groups = &mut self.state.incidents.groups;
        let of_it = groups
            .iter()
            .find(|(_, group)| group.incident.as_ref() == Some(id));
        let number = of_it.map(|(number, _)| *number);
        let group = number.and_then(|number| groups.remove(&number));
        for member in group.iter().flat_map(Group::members) {
            let key = &member.evidence.alert;
            let places = &mut self.state.incidents.places;
            places.remove(member.rule, member.position, key);
            if let Some(row) = self.state.alerts.get_mut(key) {
                row.group = None;
                row.alert.incident = None;
                self.dirty.alerts.insert(key.clone());
            }
        }
    }

    /// Takes an alert that left the list out of its group. What an incident rests on stays with
    /// the incident.
    pub(crate) fn leave_group(&mut self, row: &Row) {
        let Some(number) = row.group else { return };
        let incidents = &mut self.state.incidents;
        let Some(group) = incidents.groups.get_mut(&number) else {
            return;
        };
        if let Some(member) = group.member(&row.alert.key) {
            let (rule, position) = (member.rule, member.position);
            incidents.places.remove(rule, position, &row.alert.key);
        }
        if let Some(id) = group.incident.clone() {
            // Beyond what is listed, what has left the list is forgotten, or a long incident's
            // group would grow for as long as it lasts.
            if group.len() > EVIDENCE_MAX {
                group.leave(&row.alert.key);
            }
            let weight = group.weight(&self.state.alerts);
            if row.alert.state == AlertState::Firing {
                self.renew_incident(&id, &weight);
            }
            return;
        }
        if group.leave(&row.alert.key) {
            self.state.incidents.groups.remove(&number);
        }
    }
}
