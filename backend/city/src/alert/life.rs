//! What becomes of an alert as time passes: it fires, flaps, resolves, and is forgotten.

use egret_shared::alert::{AlertKey, AlertState, AlertTurn, Subject};
use egret_shared::event::{About, EventKind};
use egret_shared::level::Level;
use egret_shared::time::TimeMs;

use super::row::Due;
use super::{Row, Target};
use crate::fold::Fold;
use crate::plan::{Rule, RulePlan};

impl Fold<'_> {
    /// Does what is due for one alert.
    pub(super) fn ripen(&mut self, key: &AlertKey) {
        let now_ms = self.state.now_ms;
        let row = self.state.alerts.get(key);
        let due = row.and_then(|row| row.due(self.plan));
        match due {
            Some((due_ms, what)) if due_ms <= now_ms => match what {
                Due::Fire => self.fire(key),
                Due::Resolve => self.resolve(key),
                Due::Calm => self.calm(key),
                Due::Forget => self.drop_alert(key),
            },
            _ => {}
        }
    }

    /// Does what is due for all alerts but those made of others, in the order in which their rules
    /// are declared.
    pub(crate) fn ripen_alerts(&mut self) {
        for (rule, key) in self.state.alerts.due(self.state.now_ms) {
            if !self.is_composed(rule) {
                self.ripen(&key);
            }
        }
    }

    /// Does what is due for alerts that are made of others, all of which have come to rest.
    pub(crate) fn ripen_composed(&mut self) {
        self.settle_composed();
        for (rule, key) in self.state.alerts.due(self.state.now_ms) {
            if self.is_composed(rule) {
                self.ripen(&key);
                // A later one may be made of it.
                self.settle_composed();
            }
        }
        self.fill_list();
    }

    fn is_composed(&self, rule: Rule) -> bool {
        self.plan.rule(rule).is_some_and(RulePlan::is_composed)
    }

    fn fire(&mut self, key: &AlertKey) {
        let now = TimeMs(self.state.now_ms);
        self.state.alerts.change(self.plan, key, |row| {
            row.alert.state = AlertState::Firing;
            row.alert.fired_at = Some(now);
            row.turned_ms = now.0;
        });
        self.change_state(key);
        self.quieten(key);
        self.log_turn(key);
        self.note_on_asset(key);
        self.show(key);
        self.turn_part(key, true);
        self.speak_first(key);
        self.intend(key);
    }

    /// Counts a change of state; whether the alert flaps by it.
    fn change_state(&mut self, key: &AlertKey) -> bool {
        let now_ms = self.state.now_ms;
        let rule = self.state.alerts.get(key).map(|row| row.rule);
        let Some(flap) = rule.and_then(|rule| Some(self.plan.rule(rule)?.def.flap)) else {
            return false;
        };
        let counted = self
            .state
            .alerts
            .change(self.plan, key, |row| row.count_change(now_ms, flap));
        counted.is_some_and(|n_changes| n_changes >= flap.changes)
    }

    /// Ends the alert, unless it has come and gone so often that it flaps.
    fn resolve(&mut self, key: &AlertKey) {
        let now_ms = self.state.now_ms;
        let was_flapping = self
            .state
            .alerts
            .get(key)
            .is_some_and(|row| row.alert.flapping);
        if !was_flapping && self.change_state(key) {
            self.state.alerts.change(self.plan, key, |row| {
                row.alert.flapping = true;
                row.turned_ms = now_ms;
            });
            return self.show(key);
        }
        self.state.alerts.change(self.plan, key, |row| {
            row.alert.state = AlertState::Resolved;
            row.alert.resolved_at = Some(TimeMs(now_ms));
            row.stop_flapping();
        });
        self.log_turn(key);
        self.note_on_asset(key);
        self.show(key);
        self.turn_part(key, false);
        self.end_shelf(key);
        let row = self.state.alerts.get(key);
        if row.is_some_and(Row::is_public) {
            self.dirty.urgent = true;
            self.tell_alert(key, EventKind::AlertResolved);
        }
        self.weigh_group(key);
        if self.state.alerts.is_unseen(key) {
            self.drop_alert(key);
        }
    }

    /// A flapping alert whose condition has held for long is an alert like others again.
    fn calm(&mut self, key: &AlertKey) {
        self.state.alerts.change(self.plan, key, Row::stop_flapping);
        self.show(key);
    }

    /// Takes an alert off the list.
    pub(super) fn drop_alert(&mut self, key: &AlertKey) {
        let was_firing = self
            .state
            .alerts
            .get(key)
            .is_some_and(|row| row.alert.state == AlertState::Firing);
        if was_firing {
            self.turn_part(key, false);
        }
        self.show(key);
        let Some(row) = self.state.alerts.remove(self.plan, key) else {
            return;
        };
        self.dirty.urgent |= was_firing;
        if let Target::Asset(handle) = row.target {
            self.note_asset(handle, row.rule, None);
        }
        self.leave_group(&row);
    }

    /// Brings the asset's marker in line with its alert.
    pub(super) fn note_on_asset(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let level = match row.alert.state {
            AlertState::Firing if row.is_public() => Some(row.alert.level),
            AlertState::Pending | AlertState::Firing => Some(Level::Normal),
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

    /// Tells the rules that an alert is a part of that it fires, or no longer does.
    pub(super) fn turn_part(&mut self, key: &AlertKey, fires: bool) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let plan = self.plan.rule(row.rule);
        if plan.is_some_and(|plan| !plan.part_of.is_empty()) {
            let row = row.clone();
            self.show_part(&row, fires);
        }
    }

    /// Hands the alert as it stands to whoever keeps histories.
    pub(super) fn log_turn(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key).filter(|row| !row.is_part()) else {
            return;
        };
        let alert = &row.alert;
        let turn = AlertTurn {
            n: 0,
            key: alert.key.clone(),
            state: alert.state,
            level: alert.level,
            areas: alert.areas.clone(),
            at: TimeMs(self.state.now_ms),
            since: alert.since,
            v: alert.v,
            unit: alert.unit.clone(),
            message: alert.message.clone(),
            hushed: alert.hushed.clone(),
        };
        let n = self.state.alerts.next_turn();
        self.dirty.alert_log.push(AlertTurn { n, ..turn });
    }

    /// Tells that an alert fires.
    pub(super) fn tell_fired(&mut self, key: &AlertKey) {
        self.tell_alert(key, EventKind::AlertFired);
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
        let about = match &key.subject {
            // A rule may be about every feed; whoever may hear of this one hears of it.
            Subject::Feed { feed } => About::Feed(feed.clone()),
            _ => About::Rule(plan.def.id.clone()),
        };
        let from = (about, plan.def.name.clone());
        self.tell(kind, level, area, from, text);
    }
}
