//! What keeps alerts quiet, and when they speak up.

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::time::TimeMs;

use super::Row;
use crate::fold::Fold;

impl Fold<'_> {
    /// Lets hushes begin and end as time passes.
    pub(crate) fn tick_hushes(&mut self) {
        let now = TimeMs(self.state.now_ms);
        if self.state.hushes.come_to(self.plan.zone, now) {
            self.quieten_all();
        }
    }

    /// Decides again what keeps each alert that fires quiet.
    pub(super) fn quieten_all(&mut self) {
        for key in self.state.alerts.firing() {
            self.quieten(&key);
        }
    }

    /// Decides again what keeps an alert that fires quiet; whether it has spoken up.
    pub(super) fn quieten(&mut self, key: &AlertKey) -> bool {
        let Some(row) = self.state.alerts.get(key).filter(|row| !row.is_part()) else {
            return false;
        };
        let before = &row.alert.hushed;
        if before.is_none() && self.state.hushes.is_empty() {
            return false;
        }
        let now = self.state.hushes.of(self.plan, row).cloned();
        if *before == now {
            return false;
        }
        let ends = now.is_none();
        if let Some(id) = &now {
            self.state.hushes.count(id);
        }
        self.state.alerts.change(self.plan, key, |row| {
            row.alert.hushed = now;
            // Whoever was kept quiet speaks up, also if it had been told before.
            row.is_told &= !ends;
        });
        self.note_on_asset(key);
        self.show(key);
        self.dirty.urgent = true;
        ends && self.speak_first(key)
    }

    /// Tells and correlates an alert that fires in public and has not been told yet; whether it did.
    pub(super) fn speak_first(&mut self, key: &AlertKey) -> bool {
        let speaks =
            |row: &Row| row.alert.state == AlertState::Firing && row.is_public() && !row.is_told;
        if !self.state.alerts.get(key).is_some_and(speaks) {
            return false;
        }
        self.state
            .alerts
            .change(self.plan, key, |row| row.is_told = true);
        self.dirty.urgent = true;
        self.tell_fired(key);
        self.correlate(key);
        true
    }

    /// Ends the shelf of an alert that has resolved or become worse.
    pub(super) fn end_shelf(&mut self, key: &AlertKey) {
        self.state.hushes.end_shelf(key);
    }
}
