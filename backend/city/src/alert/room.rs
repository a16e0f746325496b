//! Who is on the list when there are more alerts than it holds.
//!
//! An alert that finds no room waits and lives as any other: it fires, is kept as history, and
//! resolves. It is told of and correlated once it is listed, which it is as soon as there is room.

use egret_shared::alert::AlertKey;
use egret_shared::level::Level;

use super::table::Place;
use crate::fold::Fold;
use crate::plan::Rule;

impl Fold<'_> {
    /// The place of an alert of `level` that begins; `None` if there is none at all.
    ///
    /// The longest resolved leaves for it, else the lowest and newest open one below its level
    /// waits instead.
    pub(super) fn make_room(&mut self, key: &AlertKey, rule: Rule, level: Level) -> Option<Place> {
        // What resolved of late begins again in its old place.
        if let Some(row) = self.state.alerts.get(key) {
            return Some(row.place);
        }
        if self.state.alerts.is_full() && !self.shed(level) {
            self.state.alerts.lose();
            return None;
        }
        let plan = self.plan.rule(rule)?;
        if plan.def.silent {
            return Some(Place::Part);
        }
        let place = if self.free_line(level) {
            Place::Listed
        } else {
            Place::Waiting
        };
        Some(place)
    }

    /// Whether there is a line on the list for an alert of `level`, freed if need be.
    fn free_line(&mut self, level: Level) -> bool {
        if self.state.alerts.has_line() {
            return true;
        }
        let Some((key, is_open)) = self.state.alerts.yielding(level) else {
            return false;
        };
        if is_open {
            self.show(&key);
            self.move_to(&key, Place::Waiting);
        } else {
            self.drop_alert(&key);
        }
        true
    }

    /// Lets the least of all go for an alert of `level`; whether there was one less than it.
    fn shed(&mut self, level: Level) -> bool {
        let Some(key) = self.state.alerts.least(level) else {
            return false;
        };
        self.state.alerts.lose();
        self.drop_alert(&key);
        true
    }

    /// Lists those that wait, as far as there is room.
    pub(super) fn fill_list(&mut self) {
        while let Some((key, level)) = self.state.alerts.first_waiting() {
            if !self.free_line(level) {
                return;
            }
            self.move_to(&key, Place::Listed);
            self.show(&key);
            self.note_on_asset(&key);
            self.speak_first(&key);
        }
    }

    fn move_to(&mut self, key: &AlertKey, place: Place) {
        self.dirty.urgent = true;
        self.state
            .alerts
            .change(self.plan, key, |row| row.place = place);
        self.note_on_asset(key);
    }
}
