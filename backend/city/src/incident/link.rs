//! What a firing alert belongs to: the nearest alert that the cause graph links it with, and the
//! reason in words.

use std::cmp::Ordering;

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::incident::{Beside, Evidence};
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::group::Group;
use crate::alert::{Row, Target};
use crate::fold::Fold;
use crate::plan::{Areas, Link};
use crate::words;

const MINUTE_MS: i64 = 60_000;

/// Another alert that is near enough, and why that matters.
struct Found {
    key: AlertKey,
    group: u32,
    /// Metres; absent between an area and what lies in it.
    distance_m: Option<f64>,
    /// How much later the firing alert began than this one, milliseconds.
    later_ms: i64,
    because: Text,
    /// Whom `because` tells of.
    beside: Beside,
}

impl Found {
    /// Nearest first: by distance, then by time, then by key.
    fn order(&self, other: &Self) -> Ordering {
        let metres = |found: &Self| found.distance_m.unwrap_or(f64::MAX);
        let by_place = metres(self).total_cmp(&metres(other));
        let by_time = self.later_ms.abs().cmp(&other.later_ms.abs());
        by_place
            .then(by_time)
            .then_with(|| self.key.cmp(&other.key))
    }
}

impl Fold<'_> {
    /// Finds the group for an alert that has just fired, and weighs it.
    pub(crate) fn correlate(&mut self, key: &AlertKey) {
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
        let because = match found.first() {
            Some(nearest) => nearest.because.clone(),
            None => row.alert.message.clone(),
        };
        let beside = found.first().map(|nearest| nearest.beside.clone());
        let area = row.alert.areas.last().cloned();
        let number = self.group_for(&found);
        let evidence = Evidence {
            alert: key.clone(),
            area,
            beside,
            joined_at: TimeMs(self.state.now_ms),
            because,
        };
        self.join_group(number, evidence);
        self.weigh_group(key);
    }

    /// Alerts that are linked and near, nearest first.
    fn find_linked(&self, row: &Row) -> Vec<Found> {
        let Some(plan) = self.plan.rule(row.rule) else {
            return Vec::new();
        };
        let others = self.state.alerts.rows().filter(|other| {
            other.alert.state != AlertState::Pending && other.alert.key != row.alert.key
        });
        let mut found: Vec<Found> = others
            .filter_map(|other| {
                let links = plan.links.iter().filter(|link| link.other == other.rule);
                links
                    .filter_map(|link| self.near(row, other, link))
                    .min_by(Found::order)
            })
            .collect();
        found.sort_by(Found::order);
        found
    }

    /// How `other` is near `row`, if it is, as far as `link` asks.
    fn near(&self, row: &Row, other: &Row, link: &Link) -> Option<Found> {
        // One that still fires is near in time, however long ago it began.
        let ended = other.alert.resolved_at.map_or(self.state.now_ms, |at| at.0);
        if self.state.now_ms - ended > link.within.time.ms() {
            return None;
        }
        let distance_m = match (&row.target, &other.target) {
            (Target::Metric(..), _) | (_, Target::Metric(..)) => {
                let (a, b) = (
                    self.target_area(&row.target)?,
                    self.target_area(&other.target)?,
                );
                let together = self.plan.areas.holds(a, b) || self.plan.areas.holds(b, a);
                // Everything lies in the city: that alone links nothing.
                if !together || a == Areas::ROOT || b == Areas::ROOT {
                    return None;
                }
                None
            }
            _ => Some(row.alert.position?.distance_m(other.alert.position?)),
        };
        if distance_m.is_some_and(|metres| metres > link.within.distance.0) {
            return None;
        }
        let later_ms = row.alert.since.0 - other.alert.since.0;
        Some(Found {
            key: other.alert.key.clone(),
            group: other.group?,
            distance_m,
            later_ms,
            because: self.because(other, link, distance_m, later_ms),
            beside: Beside {
                rule: other.alert.key.rule.clone(),
                area: other.alert.areas.last().cloned(),
            },
        })
    }

    /// "M-212 is 180 m away, 6 min earlier: drain surcharge floods the road".
    fn because(&self, other: &Row, link: &Link, distance_m: Option<f64>, later_ms: i64) -> Text {
        let rule = self
            .plan
            .rule(other.rule)
            .map(|rule| rule.def.name.clone())
            .unwrap_or_default();
        let name = match &other.target {
            // Reports have no name of their own; what they tell of has.
            Target::Place(..) => rule.clone(),
            target => self.target_name(target),
        };
        let place = match distance_m {
            Some(metres) => {
                let distance = words::distance(metres);
                Text::new(
                    format!("距 {}", distance.zh),
                    format!("is {} away", distance.en),
                )
            }
            None => Text::new("在同一区域", "is in the same area"),
        };
        let minutes = (later_ms.abs() + MINUTE_MS / 2) / MINUTE_MS;
        let time = match (minutes, later_ms > 0) {
            (0, _) => Text::new("同时", "at the same time"),
            (_, true) => Text::new(
                format!("早 {minutes} 分钟"),
                format!("{minutes} min earlier"),
            ),
            (_, false) => Text::new(format!("晚 {minutes} 分钟"), format!("{minutes} min later")),
        };
        let why = link.because.clone().unwrap_or_else(|| {
            Text::new(
                format!("同为{}", rule.zh),
                format!("the same kind, {}", rule.en),
            )
        });
        Text::new(
            format!("{} {}，{}：{}", name.zh, place.zh, time.zh, why.zh),
            format!("{} {}, {}: {}", name.en, place.en, time.en, why.en),
        )
    }

    /// The group of the nearest, or of the nearest that is an incident; groups beside it that are
    /// none become part of it. Without any, a new group.
    fn group_for(&mut self, found: &[Found]) -> u32 {
        let incidents = &mut self.state.incidents;
        let is_incident = |found: &&Found| {
            let group = incidents.groups.get(&found.group);
            group.is_some_and(|group| group.incident.is_some())
        };
        let chosen = found.iter().find(is_incident).or(found.first());
        let Some(chosen) = chosen.map(|found| found.group) else {
            let number = incidents.next_group;
            incidents.next_group += 1;
            incidents.groups.insert(number, Group::default());
            return number;
        };
        for other in found
            .iter()
            .map(|found| found.group)
            .filter(|group| *group != chosen)
        {
            self.absorb(chosen, other);
        }
        chosen
    }

    /// Makes the group `other` part of `chosen`, unless it is an incident of its own, or is gone.
    fn absorb(&mut self, chosen: u32, other: u32) {
        let groups = &mut self.state.incidents.groups;
        if groups
            .get(&other)
            .is_none_or(|group| group.incident.is_some())
        {
            return;
        }
        let members = groups.remove(&other).map(Group::into_members);
        for evidence in members.into_iter().flatten() {
            self.join_group(chosen, evidence);
        }
    }

    fn join_group(&mut self, number: u32, evidence: Evidence) {
        if let Some(row) = self.state.alerts.get_mut(&evidence.alert) {
            row.group = Some(number);
        }
        let Some(group) = self.state.incidents.groups.get_mut(&number) else {
            return;
        };
        if group.has(&evidence.alert) {
            return;
        }
        group.join(evidence.clone());
        if let Some(id) = group.incident.clone() {
            self.join_incident(&id, evidence);
        }
    }
}
