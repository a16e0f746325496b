//! Groups of alerts moved by hand: incidents that are merged, split, over, or opened again.

use egret_shared::alert::AlertKey;
use egret_shared::id::IncidentId;
use egret_shared::incident::{Evidence, Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::time::TimeMs;

use super::Incidents;
use super::group::{Group, Member, Tie, Weight};
use super::link::spot;
use crate::fold::Fold;
use crate::limits::EVIDENCE_MAX;

impl Incidents {
    /// The group that `incident` has come from.
    fn group_of(&self, incident: &IncidentId) -> Option<u32> {
        let mut groups = self.groups.iter();
        let of_it = groups.find(|(_, group)| group.incident.as_ref() == Some(incident));
        of_it.map(|(number, _)| *number)
    }

    /// The newest incident that is over and rested on one of `alerts`.
    fn follows(&self, alerts: &[Evidence]) -> Option<IncidentId> {
        let over = self.rows.values().filter(|row| {
            let mut evidence = row.evidence.iter();
            row.state.is_over()
                && row.state != IncidentState::Merged
                && evidence.any(|old| alerts.iter().any(|new| new.alert == old.alert))
        });
        over.max_by_key(|row| row.closed_at)
            .map(|row| row.id.clone())
    }
}

impl Fold<'_> {
    /// Gives an alert that had left the list, and fires again, back to its group.
    pub(super) fn come_back(&mut self, key: &AlertKey) {
        let incidents = &mut self.state.incidents;
        let Some(number) = incidents.left.remove(key) else {
            return;
        };
        let Some(group) = incidents.groups.get(&number) else {
            return;
        };
        let (Some(member), incident) = (group.member(key), group.incident.clone()) else {
            return;
        };
        let (rule, position) = (member.rule, member.position);
        if let Some(row) = self.state.alerts.get_mut(key) {
            row.group = Some(number);
            incidents.places.insert(rule, position, key.clone());
        }
        if let Some(incident) = incident {
            self.tie_alert(key, &incident);
        }
    }

    /// Puts a group in that `members` make up, and lets them know.
    fn found_group(&mut self, incident: Option<IncidentId>, members: Vec<Member>) -> u32 {
        let incidents = &mut self.state.incidents;
        let number = incidents.next_group;
        incidents.next_group += 1;
        incidents.groups.insert(number, Group::of(incident));
        for member in members {
            self.add_member(number, member);
        }
        number
    }

    /// Makes an alert a member of the group `number`, whether it is on the list or has left it.
    fn add_member(&mut self, number: u32, member: Member) {
        let key = member.evidence.alert.clone();
        let incidents = &mut self.state.incidents;
        let Some(group) = incidents.groups.get_mut(&number) else {
            return;
        };
        if let Some(row) = self.state.alerts.get_mut(&key) {
            row.group = Some(number);
            let places = &mut incidents.places;
            places.insert(member.rule, member.position, key.clone());
        } else {
            incidents.left.insert(key.clone(), number);
        }
        if !group.has(&key) {
            group.join(member);
        }
    }

    /// A member for what an incident rests on, put down to nothing.
    fn member_of(&self, evidence: Evidence) -> Option<Member> {
        let row = self.state.alerts.get(&evidence.alert);
        Some(Member {
            rule: self.plan.rule_number(&evidence.alert.rule)?,
            position: row.and_then(spot),
            cause: None,
            evidence,
        })
    }

    /// The incident that is over and had rested on one of `alerts`.
    pub(super) fn followed(&self, alerts: &[Evidence]) -> Option<IncidentId> {
        self.state.incidents.follows(alerts)
    }

    fn weight_of(&self, incident: &IncidentId) -> Option<Weight> {
        let incidents = &self.state.incidents;
        let group = incidents.groups.get(&incidents.group_of(incident)?)?;
        Some(group.weight(&self.state.alerts))
    }

    /// How bad the signals of `incident` are.
    pub(crate) fn signals_level(&self, incident: &IncidentId) -> Level {
        self.weight_of(incident)
            .map_or(Level::Normal, |weight| weight.level)
    }

    /// Brings `incident` in line with its signals, if it has any.
    pub(crate) fn weigh_incident(&mut self, incident: &IncidentId) {
        if let Some(weight) = self.weight_of(incident) {
            self.renew_incident(incident, &weight);
        }
    }

    /// Gives the alerts of `from` to `into`.
    pub(crate) fn join_groups(&mut self, from: &IncidentId, into: &IncidentId) {
        let incidents = &mut self.state.incidents;
        let (source, target) = (incidents.group_of(from), incidents.group_of(into));
        if let Some(source) = source {
            let group = incidents.groups.remove(&source);
            let members = group.map(Group::into_members).unwrap_or_default();
            match target {
                None => {
                    self.found_group(Some(into.clone()), members);
                }
                Some(target) => {
                    for member in members {
                        self.add_member(target, member);
                    }
                }
            }
        }
        self.tie_alerts(into);
    }

    /// Ties all alerts of the group of `incident` to it.
    pub(crate) fn tie_alerts(&mut self, incident: &IncidentId) {
        let incidents = &self.state.incidents;
        let group = incidents
            .group_of(incident)
            .and_then(|number| incidents.groups.get(&number));
        let keys: Vec<AlertKey> = group
            .iter()
            .flat_map(|group| group.keys())
            .cloned()
            .collect();
        for key in keys {
            self.tie_alert(&key, incident);
        }
    }

    /// Takes the members that `off` tells of out of the group of `old`, and what hangs on others no
    /// longer hangs on them.
    fn take_members(&mut self, old: &IncidentId, off: &[Evidence]) -> Vec<Member> {
        let incidents = &mut self.state.incidents;
        let number = incidents.group_of(old);
        let mut members = Vec::new();
        for one in off {
            let group = number.and_then(|number| self.state.incidents.groups.get_mut(&number));
            let known = group.and_then(|group| {
                let member = group.member(&one.alert).cloned();
                group.leave(&one.alert);
                member
            });
            members.extend(known.or_else(|| self.member_of(one.clone())));
        }
        for member in &mut members {
            let is_off = |tie: &Tie| off.iter().any(|one| one.alert == tie.to);
            member.cause = member.cause.take().filter(is_off);
        }
        if let Some(number) = number
            && let groups = &mut self.state.incidents.groups
            && groups.get(&number).is_some_and(|group| group.len() == 0)
        {
            groups.remove(&number);
        }
        members
    }

    /// An incident of its own for `off`, which leaves the group of `old`.
    pub(crate) fn split_group(&mut self, old: &Incident, off: Vec<Evidence>) -> Incident {
        let now = TimeMs(self.state.now_ms);
        let members = self.take_members(&old.id, &off);
        let number = self.found_group(None, members);
        let group = self.state.incidents.groups.get(&number);
        let weight = group.map(|group| group.weight(&self.state.alerts));
        let weight = weight.filter(|weight| weight.firing > 0);
        let new = weight.and_then(|weight| self.new_incident(number, &weight));
        let mut new = new.unwrap_or_else(|| {
            // Nothing of it fires any more: it is called as what it was part of.
            let id = self.new_incident_id();
            let rule = off.first().map(|one| one.alert.rule.clone());
            let rule = rule.unwrap_or_else(|| old.rule.clone());
            Incident {
                state: IncidentState::Cleared,
                cleared_at: Some(now),
                areas: old.areas.clone(),
                position: old.position,
                ..Incident::opened(id, rule, old.level, old.title.clone(), now)
            }
        });
        new.evidence = off.into_iter().take(EVIDENCE_MAX).collect();
        if let Some(group) = self.state.incidents.groups.get_mut(&number) {
            group.incident = Some(new.id.clone());
        }
        new
    }

    /// Lets an incident that is over take no new evidence: its alerts hang together no more.
    pub(crate) fn let_signals_go(&mut self, incident: &IncidentId) {
        let number = self.state.incidents.group_of(incident);
        let group = number.and_then(|number| self.state.incidents.groups.remove(&number));
        let incidents = &mut self.state.incidents;
        for member in group.iter().flat_map(Group::members) {
            let key = &member.evidence.alert;
            incidents.left.remove(key);
            incidents.places.remove(member.rule, member.position, key);
            if let Some(row) = self.state.alerts.get_mut(key) {
                row.group = None;
            }
        }
    }

    /// Gives an incident that was opened again those of its alerts that no other has taken.
    pub(crate) fn regroup(&mut self, incident: &IncidentId) {
        let evidence = self.state.incidents.get(incident);
        let evidence = evidence.map(|row| row.evidence.clone()).unwrap_or_default();
        let (alerts, left) = (&self.state.alerts, &self.state.incidents.left);
        let is_free = |one: &Evidence| match alerts.get(&one.alert) {
            Some(row) => row.group.is_none(),
            None => !left.contains_key(&one.alert),
        };
        let free: Vec<Evidence> = evidence.into_iter().filter(is_free).collect();
        let free = free.into_iter();
        let free: Vec<Member> = free.filter_map(|one| self.member_of(one)).collect();
        if free.is_empty() {
            return;
        }
        self.found_group(Some(incident.clone()), free);
        self.tie_alerts(incident);
        self.weigh_incident(incident);
    }
}
