//! Which alerts one that has just fired is linked with, by the cause graph, in space and in time.

use std::cmp::Ordering;

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::position::Position;
use egret_shared::text::Text;

use crate::alert::{Row, Target};
use crate::fold::Fold;
use crate::plan::{Areas, Link, Role, Rule};

/// Another alert that is near enough, and why that matters.
pub(super) struct Found {
    pub(super) key: AlertKey,
    pub(super) rule: Rule,
    pub(super) group: u32,
    /// What the other one is to the one that fired.
    pub(super) role: Role,
    /// Metres; absent between an area and what lies in it.
    pub(super) distance_m: Option<f64>,
    /// How far it might have been, metres.
    pub(super) reach_m: f64,
    /// How much later the firing alert began than this one, milliseconds.
    pub(super) later_ms: i64,
    /// Why, in the package's words.
    pub(super) because: Text,
}

impl Found {
    /// How far, infinite where only the area is the same.
    pub(super) fn metres(&self) -> f64 {
        self.distance_m.unwrap_or(f64::INFINITY)
    }

    /// Nearest first: by distance, then by time, then by key.
    fn order(&self, other: &Self) -> Ordering {
        let by_place = self.metres().total_cmp(&other.metres());
        let by_time = self.later_ms.abs().cmp(&other.later_ms.abs());
        by_place
            .then(by_time)
            .then_with(|| self.key.cmp(&other.key))
    }
}

/// Where an alert is for its neighbours; nowhere if it is of all of an area.
pub(super) fn spot(row: &Row) -> Option<Position> {
    match row.target {
        Target::Metric(..) | Target::Area(_) => None,
        Target::Asset(_) | Target::Place(..) => row.alert.position,
    }
}

impl Fold<'_> {
    /// Alerts that are linked and near, nearest first, each once.
    pub(super) fn find_linked(&self, row: &Row) -> Vec<Found> {
        let Some(plan) = self.plan.rule(row.rule) else {
            return Vec::new();
        };
        let spot = spot(row);
        let places = &self.state.incidents.places;
        let mut found: Vec<Found> = Vec::new();
        for link in &plan.links {
            let keys = places.near(link.other, spot, link.within.distance.0);
            let others = keys
                .filter(|key| **key != row.alert.key)
                .filter_map(|key| self.state.alerts.get(key));
            found.extend(others.filter_map(|other| self.near(row, other, link)));
        }
        found.sort_by(Found::order);
        // Two causes may link the same two kinds, each way.
        found.dedup_by(|later, earlier| later.key == earlier.key);
        found
    }

    /// How `other` is near `row`, if it is, as far as `link` asks.
    fn near(&self, row: &Row, other: &Row, link: &Link) -> Option<Found> {
        if other.alert.state == AlertState::Pending {
            return None;
        }
        // One that still fires is near in time, however long ago it began.
        let ended = other.alert.resolved_at.map_or(self.state.now_ms, |at| at.0);
        if self.state.now_ms - ended > link.within.time.ms() {
            return None;
        }
        let distance_m = match (&row.target, &other.target) {
            (Target::Metric(..) | Target::Area(_), _)
            | (_, Target::Metric(..) | Target::Area(_)) => {
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
            _ => Some(row.alert.position?.distance_m(self.fired_at(other)?)),
        };
        if distance_m.is_some_and(|metres| metres > link.within.distance.0) {
            return None;
        }
        Some(Found {
            key: other.alert.key.clone(),
            rule: other.rule,
            group: other.group?,
            role: link.role,
            distance_m,
            reach_m: link.within.distance.0,
            later_ms: row.alert.since.0 - other.alert.since.0,
            because: link.because.clone(),
        })
    }

    /// Where an alert of a group was when it fired.
    fn fired_at(&self, row: &Row) -> Option<Position> {
        let group = self.state.incidents.groups.get(&row.group?)?;
        group.member(&row.alert.key)?.position
    }
}
