//! The list of alerts: one row for each key, bounded, with room kept for what is worse.

use std::collections::BTreeMap;

use egret_shared::alert::{Alert, AlertKey, AlertState};
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use super::Row;
use crate::limits::ALERTS_MAX;
use crate::plan::{Rule, RulePlan};

/// All alerts by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Alerts {
    rows: BTreeMap<AlertKey, Row>,
}

impl Alerts {
    pub(crate) fn get(&self, key: &AlertKey) -> Option<&Row> {
        self.rows.get(key)
    }

    /// For changes of anything but state and level, which are counted.
    pub(crate) fn get_mut(&mut self, key: &AlertKey) -> Option<&mut Row> {
        self.rows.get_mut(key)
    }

    /// All alerts by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.rows.values().map(|row| &row.alert)
    }

    /// Keys of alerts that time can move: all but those that simply go on firing.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &AlertKey> {
        let goes_on = |row: &Row| row.alert.state == AlertState::Firing && row.ending_ms.is_none();
        self.rows
            .iter()
            .filter(move |(_, row)| !goes_on(row))
            .map(|(key, _)| key)
    }

    pub(super) fn put(&mut self, row: Row) {
        self.rows.insert(row.alert.key.clone(), row);
    }

    pub(super) fn set_level(&mut self, key: &AlertKey, level: Level) {
        if let Some(row) = self.rows.get_mut(key) {
            row.alert.level = level;
        }
    }

    pub(super) fn remove(&mut self, key: &AlertKey) -> Option<Row> {
        self.rows.remove(key)
    }

    /// Whether an alert of `rule` would find room, at the lowest level that the rule has.
    pub(crate) fn has_room(&self, rules: &[RulePlan], rule: Rule) -> bool {
        let level = rules.get(usize::from(rule)).map(|rule| rule.level(None));
        self.rows.len() < ALERTS_MAX || level.is_some_and(|level| self.yielding(level).is_some())
    }

    /// Keys that have to go so that an alert of `level` finds room; `None` if nothing may go.
    pub(super) fn make_room(&self, level: Level) -> Option<Vec<AlertKey>> {
        if self.rows.len() < ALERTS_MAX {
            return Some(Vec::new());
        }
        self.yielding(level).map(|key| vec![key])
    }

    /// Who goes first for an alert of `level`: the longest resolved, else the lowest and newest
    /// open one below that level.
    fn yielding(&self, level: Level) -> Option<AlertKey> {
        let resolved = self.rows.values().filter(|row| !row.is_open());
        let oldest = resolved.min_by_key(|row| row.alert.resolved_at);
        let lower = || {
            let open = self
                .rows
                .values()
                .filter(|row| row.is_open() && row.alert.level < level);
            open.min_by_key(|row| (row.alert.level, std::cmp::Reverse(row.alert.since)))
        };
        oldest.or_else(lower).map(|row| row.alert.key.clone())
    }
}
