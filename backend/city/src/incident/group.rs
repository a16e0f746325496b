//! A group of alerts that hang together: the candidate for an incident, and later its inside.
//!
//! Inside, it is a tree or a few: each alert points at the one that it is put down to, so that a
//! part can be taken out with all that hangs on it.

use std::collections::BTreeSet;

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::id::IncidentId;
use egret_shared::incident::Evidence;
use egret_shared::level::Level;
use egret_shared::position::Position;
use serde::{Deserialize, Serialize};

use crate::alert::{Alerts, Row};
use crate::plan::{Rule, RulePlan};

/// Alerts that hang together, each with its reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// In the order of joining.
    members: Vec<Member>,
    /// The incident that the group has become.
    pub(crate) incident: Option<IncidentId>,
}

/// An alert of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) evidence: Evidence,
    pub(crate) rule: Rule,
    /// Where it fired; absent for what is nowhere in particular.
    pub(crate) position: Option<Position>,
    /// What it is put down to.
    pub(crate) cause: Option<Tie>,
}

/// That an alert is put down to another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tie {
    pub(crate) to: AlertKey,
    pub(crate) rule: Rule,
    /// How far, in metres; infinite where only the area is the same.
    pub(crate) distance_m: f64,
}

/// What a group amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How many different rules.
    pub(crate) kinds: usize,
    /// How many alerts, also those resolved of late.
    pub(crate) alerts: usize,
    /// How many of them are firing.
    pub(crate) firing: usize,
    /// The highest level of those firing.
    pub(crate) level: Level,
}

impl Group {
    /// A group without members, of an incident or none.
    pub(super) fn of(incident: Option<IncidentId>) -> Self {
        Self {
            members: Vec::new(),
            incident,
        }
    }

    pub(super) fn join(&mut self, member: Member) {
        self.members.push(member);
    }

    /// Takes a member out; whether the group is empty now. What was put down to it stands by
    /// itself from then on.
    pub(super) fn leave(&mut self, key: &AlertKey) -> bool {
        self.members.retain(|member| member.evidence.alert != *key);
        for member in &mut self.members {
            if member.cause.as_ref().is_some_and(|tie| tie.to == *key) {
                member.cause = None;
            }
        }
        self.members.is_empty()
    }

    /// Takes a member out with all that is put down to it, in the order of joining.
    pub(super) fn cut(&mut self, root: &AlertKey) -> Vec<Member> {
        let mut taken = BTreeSet::from([root.clone()]);
        loop {
            let hangs = self.members.iter().filter(|member| {
                let cause = member.cause.as_ref();
                cause.is_some_and(|tie| taken.contains(&tie.to))
            });
            let more: Vec<AlertKey> = hangs
                .map(|member| member.evidence.alert.clone())
                .filter(|key| !taken.contains(key))
                .collect();
            if more.is_empty() {
                break;
            }
            taken.extend(more);
        }
        let members = std::mem::take(&mut self.members);
        let (out, kept) = members
            .into_iter()
            .partition(|member| taken.contains(&member.evidence.alert));
        self.members = kept;
        out
    }

    pub(super) fn has(&self, key: &AlertKey) -> bool {
        self.member(key).is_some()
    }

    pub(super) fn member(&self, key: &AlertKey) -> Option<&Member> {
        self.members
            .iter()
            .find(|member| member.evidence.alert == *key)
    }

    pub(super) fn member_mut(&mut self, key: &AlertKey) -> Option<&mut Member> {
        self.members
            .iter_mut()
            .find(|member| member.evidence.alert == *key)
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &AlertKey> {
        self.members.iter().map(|member| &member.evidence.alert)
    }

    /// The members, to be taken over by another group.
    pub(super) fn into_members(self) -> Vec<Member> {
        self.members
    }

    /// The first `n_max` members as evidence.
    pub(super) fn evidence(&self, n_max: usize) -> Vec<Evidence> {
        let first = self.members.iter().take(n_max);
        first.map(|member| member.evidence.clone()).collect()
    }

    /// What the group amounts to.
    pub(super) fn weight(&self, alerts: &Alerts) -> Weight {
        let rows = self
            .rows(alerts)
            .filter(|row| row.alert.state != AlertState::Pending);
        let mut rules: Vec<_> = rows.clone().map(|row| row.rule).collect();
        let alerts = rules.len();
        rules.sort_unstable();
        rules.dedup();
        let firing = rows.filter(|row| row.alert.state == AlertState::Firing);
        Weight {
            kinds: rules.len(),
            alerts,
            firing: firing.clone().count(),
            level: firing.map(|row| row.alert.level).max().unwrap_or_default(),
        }
    }

    /// The alert that speaks for the group: the worst; of equals one with a plan, then the first.
    pub(super) fn speaker<'a>(&self, alerts: &'a Alerts, rules: &[RulePlan]) -> Option<&'a Row> {
        let has_plan = |row: &Row| {
            rules
                .get(usize::from(row.rule))
                .is_some_and(|rule| rule.def.plan.is_some())
        };
        let firing = self
            .rows(alerts)
            .filter(|row| row.alert.state == AlertState::Firing);
        firing
            .enumerate()
            .max_by_key(|(at, row)| (row.alert.level, has_plan(row), std::cmp::Reverse(*at)))
            .map(|(_, row)| row)
    }

    /// Its alerts.
    pub(super) fn rows<'a>(&self, alerts: &'a Alerts) -> impl Iterator<Item = &'a Row> + Clone {
        self.members
            .iter()
            .filter_map(|member| alerts.get(&member.evidence.alert))
    }
}
