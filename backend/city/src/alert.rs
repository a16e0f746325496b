//! Alerts: one for each rule and subject, on its way from pending to resolved.
//!
//! Every kind of rule hands a [`Trigger`] to [`Fold::judge`]: whether its condition holds for a
//! subject. All that follows is the same for all kinds: `for` and `keep_for`, levels, messages,
//! the one open alert per key, and that a higher level gets through when room is short.

mod row;
mod table;

use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::event::{About, EventKind};
use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

pub(crate) use row::Row;
pub(crate) use table::Alerts;

use crate::fold::Fold;
use crate::limits::RESOLVED_KEPT_MS;
use crate::plan::{Area, Metric, Rule};

/// A rule's verdict on a subject.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) rule: Rule,
    pub(crate) subject: Subject,
    pub(crate) target: Target,
    /// Whether the condition holds.
    pub(crate) holds: bool,
    /// As of when: event time of what was seen, or the time of the tick.
    pub(crate) at_ms: i64,
    pub(crate) v: Option<f64>,
    /// How many reports.
    pub(crate) count: u32,
}

/// The subject in the fold's own numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Target {
    /// The asset with this handle.
    Asset(u32),
    /// A metric in an area.
    Metric(Metric, Area),
    /// A place on the map.
    Place(Position, Option<Area>),
}

/// What time has made due.
enum Due {
    Fire,
    Resolve,
    Forget,
}

impl Fold<'_> {
    /// Takes a rule's verdict: begins, renews or ends the alert of its key.
    pub(crate) fn judge(&mut self, trigger: &Trigger) {
        let Some(rule) = self.plan.rule(trigger.rule) else {
            return;
        };
        let key = AlertKey {
            rule: rule.def.id.clone(),
            subject: trigger.subject.clone(),
        };
        let is_open = self.state.alerts.get(&key).is_some_and(Row::is_open);
        match (trigger.holds, is_open) {
            (true, false) => self.begin(&key, trigger),
            (true, true) => self.renew(&key, trigger),
            (false, true) => self.end(&key, trigger.at_ms),
            (false, false) => {}
        }
    }

    fn begin(&mut self, key: &AlertKey, trigger: &Trigger) {
        let Some(plan) = self.plan.rule(trigger.rule) else {
            return;
        };
        let level = plan.level(trigger.v);
        let Some(gone) = self.state.alerts.make_room(level) else {
            return;
        };
        for gone in gone {
            self.drop_alert(&gone);
        }
        let again = self.state.alerts.get(key);
        let group = again.and_then(|row| row.group);
        let incident = again.and_then(|row| row.alert.incident.clone());
        let row = self.new_row(key, trigger, level, group, incident);
        self.state.alerts.put(row);
        self.note_on_asset(key);
        self.dirty.alerts.insert(key.clone());
        self.ripen(key);
    }

    fn renew(&mut self, key: &AlertKey, trigger: &Trigger) {
        let Some(plan) = self.plan.rule(trigger.rule) else {
            return;
        };
        let level = plan.level(trigger.v);
        let (message, unit, areas, position) = self.evidence(trigger);
        let Some(row) = self.state.alerts.get_mut(key) else {
            return;
        };
        let before = row.alert.level;
        row.ending_ms = None;
        row.alert.v = trigger.v;
        row.alert.unit = unit;
        row.alert.message = message;
        row.alert.areas = areas;
        row.alert.position = position;
        let fired = row.alert.state == AlertState::Firing;
        self.state.alerts.set_level(key, level);
        self.dirty.alerts.insert(key.clone());
        if fired && before != level {
            self.dirty.urgent = true;
            self.note_on_asset(key);
            if level > before {
                self.tell_alert(key, EventKind::AlertFired);
            }
            self.weigh_group(key);
        }
        self.ripen(key);
    }

    fn end(&mut self, key: &AlertKey, at_ms: i64) {
        let Some(row) = self.state.alerts.get_mut(key) else {
            return;
        };
        if row.alert.state == AlertState::Pending {
            return self.drop_alert(key);
        }
        row.ending_ms = row.ending_ms.or(Some(at_ms));
        self.ripen(key);
    }

    /// Does what is due for one alert.
    fn ripen(&mut self, key: &AlertKey) {
        let now_ms = self.state.now_ms;
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let Some(plan) = self.plan.rule(row.rule) else {
            return;
        };
        let passed = |since_ms: i64, span_ms: i64| now_ms - since_ms >= span_ms;
        let due = match (row.alert.state, row.ending_ms) {
            (AlertState::Pending, _) => {
                passed(row.alert.since.0, plan.def.hold.ms()).then_some(Due::Fire)
            }
            (AlertState::Firing, Some(ending_ms)) => {
                passed(ending_ms, plan.def.keep_for.ms()).then_some(Due::Resolve)
            }
            (AlertState::Firing, None) => None,
            (AlertState::Resolved, _) => {
                let resolved = row.alert.resolved_at.unwrap_or_default();
                passed(resolved.0, RESOLVED_KEPT_MS).then_some(Due::Forget)
            }
        };
        match due {
            Some(Due::Fire) => self.fire(key),
            Some(Due::Resolve) => self.resolve(key),
            Some(Due::Forget) => self.drop_alert(key),
            None => {}
        }
    }

    /// Does what is due for all alerts, in the order of their keys.
    pub(crate) fn ripen_alerts(&mut self) {
        let waiting: Vec<AlertKey> = self.state.alerts.waiting().cloned().collect();
        for key in waiting {
            self.ripen(&key);
        }
    }

    fn fire(&mut self, key: &AlertKey) {
        let now = TimeMs(self.state.now_ms);
        if let Some(row) = self.state.alerts.get_mut(key) {
            row.alert.state = AlertState::Firing;
            row.alert.fired_at = Some(now);
        }
        self.dirty.alerts.insert(key.clone());
        self.dirty.urgent = true;
        self.note_on_asset(key);
        self.tell_alert(key, EventKind::AlertFired);
        self.correlate(key);
    }

    fn resolve(&mut self, key: &AlertKey) {
        let now = TimeMs(self.state.now_ms);
        if let Some(row) = self.state.alerts.get_mut(key) {
            row.alert.state = AlertState::Resolved;
            row.alert.resolved_at = Some(now);
        }
        self.dirty.alerts.insert(key.clone());
        self.dirty.urgent = true;
        self.note_on_asset(key);
        self.tell_alert(key, EventKind::AlertResolved);
        self.weigh_group(key);
    }

    /// Takes an alert off the list.
    fn drop_alert(&mut self, key: &AlertKey) {
        let was_firing = self
            .state
            .alerts
            .get(key)
            .is_some_and(|row| row.alert.state == AlertState::Firing);
        let Some(row) = self.state.alerts.remove(key) else {
            return;
        };
        self.dirty.alerts.insert(key.clone());
        self.dirty.urgent |= was_firing;
        if let Target::Asset(handle) = row.target {
            self.note_asset(handle, row.rule, None);
        }
        self.leave_group(&row);
    }

    /// Brings the asset's marker in line with its alert.
    fn note_on_asset(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let level = match row.alert.state {
            AlertState::Pending => Some(Level::Normal),
            AlertState::Firing => Some(row.alert.level),
            AlertState::Resolved => None,
        };
        if let Target::Asset(handle) = row.target {
            self.note_asset(handle, row.rule, level);
        }
    }

    fn note_asset(&mut self, handle: u32, rule: Rule, level: Option<Level>) {
        if let Some(asset) = self.state.assets.get_mut(handle) {
            asset.note_alert(rule, level);
            self.dirty.assets.insert(handle);
        }
    }

    fn tell_alert(&mut self, key: &AlertKey, kind: EventKind) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let Some(plan) = self.plan.rule(row.rule) else {
            return;
        };
        let level = if kind == EventKind::AlertResolved {
            Level::Normal
        } else {
            row.alert.level
        };
        let (area, text) = (row.alert.areas.last().cloned(), row.alert.message.clone());
        let from = (About::Rule(plan.def.id.clone()), plan.def.name.clone());
        self.tell(kind, level, area, from, text);
    }
}
