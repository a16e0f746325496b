//! To which group a firing alert goes: every effect is put down to its nearest cause.
//!
//! What has just fired joins the group of the nearest alert that it can come from. It draws to
//! itself what it can bring about: of each kind the nearest that nothing nearer explains, with all
//! that hangs on that; and others that stand alone, from half the distance. So each group is a
//! tree of reasons, and two places that are within reach of one another stay two groups as long as
//! each effect is nearer to its own.
//!
//! An incident is moved by nobody but officers: what belongs to it stays in it, and two incidents
//! never become one here.

use egret_shared::alert::AlertKey;
use egret_shared::incident::{Beside, Evidence};
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::group::{Group, Member, Tie};
use super::link::{Found, spot};
use crate::fold::Fold;
use crate::plan::{Role, Rule};

impl Fold<'_> {
    /// Finds the group for an alert that has just fired, and weighs it.
    pub(crate) fn correlate(&mut self, key: &AlertKey) {
        self.come_back(key);
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let known = row
            .group
            .and_then(|number| self.state.incidents.groups.get(&number));
        if known.is_some_and(|group| group.has(key)) {
            return self.weigh_group(key);
        }
        let found = self.find_linked(row);
        let bonds = self.bonds(row.rule, &found);
        let (message, area) = (row.alert.message.clone(), row.alert.areas.last().cloned());
        let (rule, position) = (row.rule, spot(row));
        // What begins a group gives no reason: it says what it is.
        let reason = bonds
            .iter()
            .find(|bond| bond.role != Role::Effect || self.is_incident(bond));
        let because = reason.map_or(message, |bond| self.reason(row, bond));
        let beside = reason.and_then(|bond| self.beside(&bond.key));
        let back: Vec<Text> = bonds
            .iter()
            .map(|bond| self.reason_back(row, bond))
            .collect();
        let cause = bonds
            .first()
            .filter(|bond| bond.role != Role::Effect)
            .map(|bond| bond.tie());
        let evidence = Evidence {
            alert: key.clone(),
            area,
            beside,
            joined_at: TimeMs(self.state.now_ms),
            because,
        };
        let member = Member {
            evidence,
            rule,
            position,
            cause,
        };
        let number = self.home_for(&bonds);
        self.join_group(number, member);
        for (bond, reason) in bonds.iter().zip(back) {
            self.draw(number, key, rule, bond, reason);
        }
        self.weigh_group(key);
    }

    /// The alerts that the one of `rule` is bound to, out of those that it is linked with, nearest
    /// first: its cause is the first, if it has one.
    fn bonds<'a>(&self, rule: Rule, found: &'a [Found]) -> Vec<&'a Found> {
        let of_role = |role: Role| found.iter().find(move |one| one.role == role);
        let cause = of_role(Role::Cause).or_else(|| of_role(Role::Same));
        let mut bonds: Vec<&Found> = cause.into_iter().collect();
        let mut kinds: Vec<Rule> = Vec::new();
        for one in found {
            if one.role != Role::Effect || bonds.iter().any(|bond| bond.key == one.key) {
                continue;
            }
            let is_nearest = !kinds.contains(&one.rule);
            if is_nearest {
                kinds.push(one.rule);
            }
            if self.is_close_and_alone(one) || (is_nearest && self.is_unexplained(rule, one)) {
                bonds.push(one);
            }
        }
        bonds
    }

    /// Whether the effect `one` has no cause yet that explains it as well as an alert of `rule`
    /// does.
    fn is_unexplained(&self, rule: Rule, one: &Found) -> bool {
        let Some(group) = self.group_of(one) else {
            return false;
        };
        let Some(member) = group.member(&one.key) else {
            return false;
        };
        let Some(tie) = &member.cause else {
            return true;
        };
        let may_change = group.incident.is_none() || tie.rule == rule;
        may_change && one.metres() < tie.distance_m
    }

    /// Whether the effect `one`, of which a nearer one of its kind was found, stands alone and so
    /// near that it can hardly be another's.
    fn is_close_and_alone(&self, one: &Found) -> bool {
        let alone = self.group_of(one).is_some_and(|group| group.len() == 1);
        alone && one.metres() <= one.reach_m / 2.0
    }

    fn is_incident(&self, one: &Found) -> bool {
        let group = self.group_of(one);
        group.is_some_and(|group| group.incident.is_some())
    }

    fn group_of(&self, one: &Found) -> Option<&Group> {
        self.state.incidents.groups.get(&one.group)
    }

    /// The group that an alert with these bonds goes to: the first that is an incident, else its
    /// cause's, else a new one.
    fn home_for(&mut self, bonds: &[&Found]) -> u32 {
        let cause = bonds.first().filter(|bond| bond.role != Role::Effect);
        let home = bonds.iter().find(|bond| self.is_incident(bond)).or(cause);
        if let Some(home) = home {
            return home.group;
        }
        let incidents = &mut self.state.incidents;
        let number = incidents.next_group;
        incidents.next_group += 1;
        incidents.groups.insert(number, Group::default());
        number
    }

    /// Draws the alert of `bond`, with all that hangs on it, to the group `home`, and puts it down
    /// to `key`, an alert of `rule`, if that can be its cause.
    fn draw(&mut self, home: u32, key: &AlertKey, rule: Rule, bond: &Found, reason: Text) {
        let beside = self.beside(key);
        let groups = &mut self.state.incidents.groups;
        let tie = (bond.role == Role::Effect).then(|| Tie {
            to: key.clone(),
            rule,
            distance_m: bond.metres(),
        });
        let is_home = bond.group == home;
        let Some(group) = groups.get_mut(&bond.group) else {
            return;
        };
        if is_home {
            let member = group.member_mut(&bond.key);
            if let (Some(member), Some(tie)) = (member, tie) {
                member.cause = Some(tie);
            }
            return;
        }
        if group.incident.is_some() {
            return;
        }
        let mut moving = if tie.is_some() {
            group.cut(&bond.key)
        } else {
            std::mem::take(group).into_members()
        };
        if group.len() == 0 {
            groups.remove(&bond.group);
        }
        // What has a reason of its own keeps it, unless this is a better one.
        if let Some(member) = moving.iter_mut().find(|member| {
            member.evidence.alert == bond.key && (tie.is_some() || member.cause.is_none())
        }) {
            member.evidence.because = reason;
            member.evidence.beside = beside;
            member.cause = tie;
        }
        for member in moving {
            self.join_group(home, member);
        }
    }

    fn beside(&self, key: &AlertKey) -> Option<Beside> {
        let row = self.state.alerts.get(key)?;
        Some(Beside {
            rule: row.alert.key.rule.clone(),
            area: row.alert.areas.last().cloned(),
        })
    }

    fn join_group(&mut self, number: u32, member: Member) {
        let key = member.evidence.alert.clone();
        let incidents = &mut self.state.incidents;
        let Some(group) = incidents.groups.get_mut(&number) else {
            return;
        };
        if group.has(&key) {
            return;
        }
        if let Some(row) = self.state.alerts.get_mut(&key) {
            row.group = Some(number);
            let places = &mut incidents.places;
            places.insert(member.rule, member.position, key);
        }
        let evidence = member.evidence.clone();
        group.join(member);
        if let Some(id) = group.incident.clone() {
            self.join_incident(&id, evidence);
        }
    }
}

impl Found {
    fn tie(&self) -> Tie {
        Tie {
            to: self.key.clone(),
            rule: self.rule,
            distance_m: self.metres(),
        }
    }
}
