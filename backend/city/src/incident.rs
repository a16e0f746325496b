//! Incidents: alerts that hang together by the cause graph, in space and in time.
//!
//! A firing alert joins the group of what it is put down to, with the reason in words (`attach`);
//! groups that it bridges become one, as long as at most one of them is an incident. A group with
//! enough evidence opens an incident; without, it stays a group of alerts.

mod attach;
mod group;
mod hand;
mod link;
mod places;
mod reason;

use std::collections::BTreeMap;

use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::case::What;
use egret_shared::event::{About, EventKind};
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::{BY_HAND, Beside, Evidence, Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::alert::{Alerts, Row, Target};
use crate::case::{File, title};
use crate::fold::Fold;
use crate::limits::{EVIDENCE_MAX, INCIDENTS_MAX};
use crate::plan::{Feed, MetricKind, RulePlan};
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
    /// Alerts that have left the list while their group is an incident, by that group.
    left: BTreeMap<AlertKey, u32>,
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

    /// The incidents that are parts of `id`.
    pub(crate) fn parts(&self, id: &IncidentId) -> Vec<IncidentId> {
        let rows = self.rows.values();
        let parts = rows.filter(|row| row.parent.as_ref() == Some(id));
        parts.map(|row| row.id.clone()).collect()
    }

    fn next_id(&mut self, day: String) -> IncidentId {
        self.serial = if self.day == day { self.serial + 1 } else { 1 };
        self.day = day;
        IncidentId::new(format!("{}-{:04}", self.day, self.serial))
    }

    fn has_room(&self) -> bool {
        self.rows.len() < INCIDENTS_MAX
    }

    /// The incident that goes first when room is short, other than `but`: the one that cleared
    /// first, or else the one that has been over for longest.
    fn yielding(&self, but: &IncidentId) -> Option<IncidentId> {
        let rows = self.rows.values().filter(|row| row.id != *but);
        let cleared = rows
            .clone()
            .filter(|row| row.state == IncidentState::Cleared);
        let over = rows.filter(|row| row.state.is_over());
        let oldest = cleared.min_by_key(|row| row.cleared_at);
        let oldest = oldest.or_else(|| over.min_by_key(|row| row.closed_at));
        oldest.map(|row| row.id.clone())
    }
}

impl Fold<'_> {
    /// Decides again what the group of `key` is, after one of its alerts changed.
    pub(crate) fn weigh_group(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let Some(number) = row.group else {
            return self.weigh_spent(key);
        };
        if row.alert.incident.is_some() {
            self.untie_alert(key, number);
        }
        let Some(group) = self.state.incidents.groups.get(&number) else {
            return;
        };
        let incident = group.incident.clone();
        let weight = group.weight(&self.state.alerts);
        match incident {
            Some(id) => self.renew_incident(&id, &weight),
            None if self.is_enough(group, &weight) => self.open_incident(number, &weight),
            None => {}
        }
    }

    /// An alert whose incident is over fires on. When it gets worse than that incident was, that
    /// is something new.
    fn weigh_spent(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let incidents = &self.state.incidents;
        let of_it = row.alert.incident.as_ref().and_then(|id| incidents.get(id));
        let is_worse = of_it.is_some_and(|of_it| row.alert.level > of_it.level);
        if row.alert.state == AlertState::Firing && is_worse {
            self.correlate(key);
        }
    }

    /// Takes from an alert the incident that it had before, if its group is none or another.
    fn untie_alert(&mut self, key: &AlertKey, number: u32) {
        let groups = &self.state.incidents.groups;
        let incident = groups.get(&number).and_then(|group| group.incident.clone());
        if let Some(row) = self.state.alerts.get_mut(key)
            && row.alert.incident != incident
        {
            row.alert.incident = incident;
            self.dirty.alerts.insert(key.clone());
        }
    }

    fn is_enough(&self, group: &Group, weight: &Weight) -> bool {
        let engine = &self.plan.engine;
        let (kinds, alerts, level) = (weight.kinds, weight.alerts, weight.level);
        let is_alone = |row: &Row| {
            let plan = self.plan.rule(row.rule);
            row.alert.state == AlertState::Firing && plan.is_some_and(RulePlan::is_enough_alone)
        };
        weight.firing > 0
            && (self.plan.enough.holds(engine, kinds, alerts, level)
                || group.rows(&self.state.alerts).any(is_alone))
    }

    /// Raises the level, and clears the incident or brings it back while nobody has taken it, as
    /// its alerts are.
    fn renew_incident(&mut self, id: &IncidentId, weight: &Weight) {
        let now = TimeMs(self.state.now_ms);
        let Some(before) = self.state.incidents.get(id).cloned() else {
            return;
        };
        let mut next = before.clone();
        // What was graded by hand stays so until its signals are worse than they were then.
        let graded = self.state.cases.graded_over(id);
        let is_worse = weight.level > next.level.max(graded.unwrap_or_default());
        if is_worse {
            next.level = weight.level;
        }
        let cleared = weight.firing == 0;
        let was_cleared = next.cleared_at.is_some();
        next.cleared_at = next.cleared_at.or(Some(now)).filter(|_| cleared);
        let is_taken =
            next.state != IncidentState::Reported && next.state != IncidentState::Cleared;
        if !is_taken {
            next.state = if cleared {
                IncidentState::Cleared
            } else {
                IncidentState::Reported
            };
        }
        self.renew_clock(&before, next);
        if is_worse {
            self.write_down(id, What::LevelRaised(weight.level));
        }
        if was_cleared == cleared {
            return;
        }
        let (what, kind, level) = if cleared {
            let kind = EventKind::IncidentCleared;
            (What::SignalsCleared, kind, Level::Normal)
        } else {
            (What::SignalsBack, EventKind::IncidentOpened, weight.level)
        };
        self.write_down(id, what);
        if !is_taken {
            self.tell_incident(id, kind, level, None);
        }
    }

    /// Whether another incident finds room, if need be in place of one other than `but`.
    pub(crate) fn has_incident_room(&self, but: &IncidentId) -> bool {
        let incidents = &self.state.incidents;
        incidents.has_room() || incidents.yielding(but).is_some()
    }

    /// Makes room for another incident, if there is none, in place of one other than `but`.
    /// Whether there is room now.
    pub(crate) fn make_incident_room(&mut self, but: &IncidentId) -> bool {
        if !self.state.incidents.has_room()
            && let Some(gone) = self.state.incidents.yielding(but)
        {
            self.forget_incident(&gone);
        }
        self.state.incidents.has_room()
    }

    /// The next incident's id: the local day and a serial.
    pub(crate) fn new_incident_id(&mut self) -> IncidentId {
        let date = local_date(self.state.now_ms, self.package.timezone);
        let day = date.format("%Y%m%d").to_string();
        self.state.incidents.next_id(day)
    }

    fn open_incident(&mut self, number: u32, weight: &Weight) {
        if !self.make_incident_room(&IncidentId::new("")) {
            return;
        }
        let Some(mut incident) = self.new_incident(number, weight) else {
            return;
        };
        let id = incident.id.clone();
        if let Some(group) = self.state.incidents.groups.get_mut(&number) {
            group.incident = Some(id.clone());
        }
        let follows = self.followed(&incident.evidence);
        for evidence in &incident.evidence {
            self.tie_alert(&evidence.alert, &id);
        }
        let (level, says) = (incident.level, incident.title.clone());
        let checklist = self.plan.terms.checklist(incident.plan.as_ref());
        let file = File::opened(incident.opened_at, checklist);
        incident.checked = file.checked();
        self.set_clock(&mut incident, &file);
        *self.state.cases.file_mut(&id) = file;
        self.put_incident(incident);
        self.write_down(&id, What::Opened(says));
        if let Some(follows) = follows {
            self.write_down(&id, What::Follows(follows));
        }
        self.tell_incident(&id, EventKind::IncidentOpened, level, None);
    }

    fn new_incident(&mut self, number: u32, weight: &Weight) -> Option<Incident> {
        let now = TimeMs(self.state.now_ms);
        let group = self.state.incidents.groups.get(&number)?;
        let speaker = group.speaker(&self.state.alerts, &self.plan.rules)?;
        let rule = &self.plan.rule(speaker.rule)?.def;
        let place = self.place_name(speaker);
        let title = place.map_or_else(
            || rule.name.clone(),
            |place| {
                Text::new(
                    format!("{} · {}", place.zh, rule.name.zh),
                    format!("{} · {}", rule.name.en, place.en),
                )
            },
        );
        let assign = rule.assign.as_ref();
        let lead = assign.map(|assign| &assign.lead);
        let plan = rule.plan.as_ref();
        let id = IncidentId::new("");
        let mut incident = Incident {
            areas: speaker.alert.areas.clone(),
            position: speaker.alert.position,
            lead: lead.or_else(|| self.answering(speaker)).cloned(),
            support: assign
                .map(|assign| assign.support.clone())
                .unwrap_or_default(),
            plan: plan.or_else(|| self.plan.terms.plan_for(&rule.id)).cloned(),
            evidence: group.evidence(EVIDENCE_MAX),
            ..Incident::opened(id, rule.id.clone(), weight.level, title, now)
        };
        incident.id = self.new_incident_id();
        Some(incident)
    }

    /// What an incident's title says of where: the feed if it is about one, else the area.
    fn place_name(&self, speaker: &Row) -> Option<&Text> {
        if let Subject::Feed { feed } = &speaker.alert.key.subject {
            let feed = self.plan.feed(self.plan.feed_number(feed)?)?;
            return Some(&feed.def.name);
        }
        let area = self.target_area(&speaker.target)?;
        self.plan.areas.name(area)
    }

    /// The department that leads where the rule names none: of how a feed delivers its owner, of a
    /// number about that whoever answers for the number, or else owns all of its feeds.
    fn answering(&self, speaker: &Row) -> Option<&DepartmentId> {
        let owner = |feed: Feed| self.plan.feed(feed).map(|feed| &feed.def.department);
        match (&speaker.alert.key.subject, &speaker.target) {
            (Subject::Feed { feed }, _) => owner(self.plan.feed_number(feed)?),
            (_, Target::Metric(metric, _)) => {
                let metric = self.plan.metric(*metric)?;
                let MetricKind::Quality { feeds, .. } = &metric.kind else {
                    return None;
                };
                let first = feeds.first().and_then(|feed| owner(*feed));
                let is_one = feeds.iter().all(|feed| owner(*feed) == first);
                metric.def.owner.as_ref().or(first.filter(|_| is_one))
            }
            _ => None,
        }
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

    pub(crate) fn tell_incident(
        &mut self,
        id: &IncidentId,
        kind: EventKind,
        level: Level,
        joined: Option<(Text, Vec<Beside>)>,
    ) {
        let Some(incident) = self.state.incidents.rows.get(id) else {
            return;
        };
        let title = title(incident);
        let is_by_hand = incident.rule.as_str() == BY_HAND;
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
                // Its rule does not say whose it is: nobody's, or that of one feed among many.
                if is_by_hand || incident.feed().is_some() {
                    About::Incident(id.clone())
                } else {
                    About::Rule(whole.rule)
                },
                Text::new(format!("案件 {id}"), format!("Incident {id}")),
                title,
            ),
        };
        self.tell(kind, level, area, (about, source), text);
    }

    /// Takes an incident off the list, for the archive.
    pub(crate) fn forget_incident(&mut self, id: &IncidentId) {
        self.let_signals_go(id);
        let rows = self.state.alerts.rows();
        let tied = rows.filter(|row| row.alert.incident.as_ref() == Some(id));
        let tied: Vec<AlertKey> = tied.map(|row| row.alert.key.clone()).collect();
        for key in tied {
            if let Some(row) = self.state.alerts.get_mut(&key) {
                row.alert.incident = None;
                self.dirty.alerts.insert(key);
            }
        }
        let parts = self.state.incidents.parts(id);
        if let Some(incident) = self.state.incidents.rows.remove(id) {
            let dossier = self.state.cases.dossier(incident, parts);
            self.dirty.archived.push(dossier);
        }
        self.state.cases.remove(id);
        self.dirty.incidents.insert(id.clone());
        self.dirty.urgent = true;
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
            } else {
                incidents.left.insert(row.alert.key.clone(), number);
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
