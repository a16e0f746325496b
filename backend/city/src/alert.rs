//! Alerts: one for each rule and subject, on its way from pending to resolved.
//!
//! Every kind of rule hands a [`Trigger`] to [`Fold::judge`]: whether its condition holds for a
//! subject. All that follows is the same for all kinds: the one open alert per key; `for`,
//! `keep_for` and flapping (`life`); who is listed when room is short (`table`, `room`); what is
//! kept quiet (`hush`, `quiet`); what it says (`row`).

mod hush;
mod life;
mod quiet;
mod room;
mod row;
mod table;

use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::id::{AssetId, FeedId};
use egret_shared::issued::Issued;
use egret_shared::level::Level;
use egret_shared::position::Position;
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};

pub(crate) use hush::{Hushes, refusal};
pub(crate) use row::Row;
pub(crate) use table::Alerts;
pub use table::Unlisted;

use crate::fold::Fold;
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
    /// UCUM unit of `v`, where it is not that of what the rule watches.
    pub(crate) unit: Option<String>,
    /// How bad, where the rule's limits do not say.
    pub(crate) level: Option<Level>,
    /// How many reports, assets or parts.
    pub(crate) count: u32,
    /// What else fills the message.
    pub(crate) facts: Vec<(&'static str, Text)>,
    /// Of a warning, what its issuer says of it.
    pub(crate) issued: Option<Box<Issued>>,
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
    /// An area as a whole.
    Area(Area),
}

impl Trigger {
    /// A verdict without a value.
    pub(crate) fn new(
        rule: Rule,
        subject: Subject,
        target: Target,
        holds: bool,
        at_ms: i64,
    ) -> Self {
        Self {
            rule,
            subject,
            target,
            holds,
            at_ms,
            v: None,
            unit: None,
            level: None,
            count: 1,
            facts: Vec::new(),
            issued: None,
        }
    }

    /// A verdict on the asset with this handle.
    pub(crate) fn on_asset(
        rule: Rule,
        feed: &FeedId,
        asset: &AssetId,
        handle: u32,
        holds: bool,
        at_ms: i64,
    ) -> Self {
        let subject = Subject::Asset {
            feed: feed.clone(),
            asset: asset.clone(),
        };
        Self::new(rule, subject, Target::Asset(handle), holds, at_ms)
    }
}

impl Fold<'_> {
    /// A verdict as of now on the asset with this handle.
    pub(crate) fn on_handle(&self, rule: Rule, handle: u32, holds: bool) -> Option<Trigger> {
        let asset = self.state.assets.get(handle)?;
        let feed = &self.plan.feed(asset.feed)?.def.id;
        let now_ms = self.state.now_ms;
        Some(Trigger::on_asset(
            rule, feed, &asset.id, handle, holds, now_ms,
        ))
    }

    /// A verdict as of now on a metric in an area.
    pub(crate) fn on_metric(
        &self,
        rule: Rule,
        (metric, area): (Metric, Area),
        holds: bool,
    ) -> Option<Trigger> {
        let subject = Subject::Metric {
            metric: self.plan.metric(metric)?.def.id.clone(),
            area: self.plan.areas.code(area)?.clone(),
        };
        let target = Target::Metric(metric, area);
        Some(Trigger::new(
            rule,
            subject,
            target,
            holds,
            self.state.now_ms,
        ))
    }

    /// Whether an alert of `rule` is open about the asset with this handle.
    pub(crate) fn is_open_on(&self, handle: u32, rule: Rule) -> bool {
        let asset = self.state.assets.get(handle);
        asset.is_some_and(|asset| asset.has_open(rule))
    }

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
        let level = self.level_of(trigger);
        let Some(place) = self.make_room(key, trigger.rule, level) else {
            return;
        };
        let row = self.new_row(key, trigger, level, place);
        self.state.alerts.put(self.plan, row);
        self.note_on_asset(key);
        self.show(key);
        self.ripen(key);
    }

    fn renew(&mut self, key: &AlertKey, trigger: &Trigger) {
        let level = self.level_of(trigger);
        let now_ms = self.state.now_ms;
        let evidence = self.evidence(key, trigger);
        let Some(before) = self.state.alerts.get(key).map(|row| row.alert.level) else {
            return;
        };
        self.state.alerts.change(self.plan, key, |row| {
            row.condition_turns(true, now_ms);
            row.say(trigger.v, evidence);
            row.seen_ms = row.seen_ms.max(trigger.at_ms);
            row.alert.level = level;
            row.alert.issued.clone_from(&trigger.issued);
        });
        self.show(key);
        let row = self.state.alerts.get(key);
        if row.is_some_and(|row| row.alert.state == AlertState::Firing) {
            self.renew_firing(key, before, level);
        }
        self.ripen(key);
    }

    fn renew_firing(&mut self, key: &AlertKey, before: Level, level: Level) {
        if level > before {
            self.end_shelf(key);
        }
        let spoke_up = self.quieten(key);
        if before == level {
            return;
        }
        self.log_turn(key);
        self.note_on_asset(key);
        self.turn_part(key, true);
        let row = self.state.alerts.get(key);
        let is_public = row.is_some_and(Row::is_public);
        if is_public && !spoke_up {
            self.dirty.urgent = true;
            if level > before {
                self.tell_fired(key);
            }
        }
        self.weigh_group(key);
    }

    fn end(&mut self, key: &AlertKey, at_ms: i64) {
        let Some(state) = self.state.alerts.get(key).map(|row| row.alert.state) else {
            return;
        };
        if state == AlertState::Pending {
            return self.drop_alert(key);
        }
        let now_ms = self.state.now_ms;
        self.state.alerts.change(self.plan, key, |row| {
            row.condition_turns(false, now_ms);
            row.ending_ms = row.ending_ms.or(Some(at_ms));
        });
        self.show(key);
        self.ripen(key);
    }

    fn level_of(&self, trigger: &Trigger) -> Level {
        let by_limits = || {
            let Some(plan) = self.plan.rule(trigger.rule) else {
                return Level::Normal;
            };
            let mode = self.state.cases.mode.mode;
            let others = self.plan.terms.levels(&plan.def.id, mode);
            plan.level_by(trigger.v, others)
        };
        trigger.level.unwrap_or_else(by_limits)
    }

    /// Notes that a listed alert is another.
    fn show(&mut self, key: &AlertKey) {
        if self.state.alerts.is_listed(key) {
            self.dirty.alerts.insert(key.clone());
        }
    }
}
