//! A group of alerts that hang together: the candidate for an incident, and later its inside.

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::id::IncidentId;
use egret_shared::incident::Evidence;
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use crate::alert::{Alerts, Row};
use crate::plan::RulePlan;

/// Alerts that hang together, each with its reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// In the order of joining.
    members: Vec<Evidence>,
    /// The incident that the group has become.
    pub(crate) incident: Option<IncidentId>,
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
    pub(super) fn join(&mut self, evidence: Evidence) {
        self.members.push(evidence);
    }

    /// Takes a member out; whether the group is empty now.
    pub(super) fn leave(&mut self, key: &AlertKey) -> bool {
        self.members.retain(|member| member.alert != *key);
        self.members.is_empty()
    }

    pub(super) fn has(&self, key: &AlertKey) -> bool {
        self.members.iter().any(|member| member.alert == *key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &AlertKey> {
        self.members.iter().map(|member| &member.alert)
    }

    /// The members, to be taken over by another group.
    pub(super) fn into_members(self) -> Vec<Evidence> {
        self.members
    }

    /// The first `n_max` members as evidence.
    pub(super) fn evidence(&self, n_max: usize) -> Vec<Evidence> {
        self.members.iter().take(n_max).cloned().collect()
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

    fn rows<'a>(&self, alerts: &'a Alerts) -> impl Iterator<Item = &'a Row> + Clone {
        self.members
            .iter()
            .filter_map(|member| alerts.get(&member.alert))
    }
}
