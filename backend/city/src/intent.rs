//! What rules order: an alert that fires may have an actuator told something.
//!
//! The fold comes to it and gives nothing: it notes an [`Intent`], with all that decides. Whoever runs
//! live asks for those, fills them in and puts the order into the journal, and that takes the intent
//! away. So a replay and a dry run order nothing, and after a power cut an intent without its order is
//! still there, until its time has passed or its alert is over. Only what is so now counts: while the
//! package that the rule is of was in force, and of something seen a moment ago.

use std::collections::BTreeMap;

use egret_shared::actuation::{
    ActuationOrder, ActuationRefusal, Argument, ORDER_REASON_CHARS_MAX, Outgoing, RuleOrder,
    Wanted, rule_of,
};
use egret_shared::alert::{AlertKey, AlertState, Subject};
use egret_shared::command::{Command, Outcome};
use egret_shared::id::{ActuationId, AssetId, CommandId, FeedId, RuleId};
use egret_shared::package::command::CommandDef;
use egret_shared::package::rule::{RuleDef, RuleOrderDef};
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::alert::Row;
use crate::fold::Fold;
use crate::hash::hash_of;
use crate::limits::{INTENTS_MAX, RULED_ACTUATORS_MAX};

/// An order that a rule has come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The id that the order will have.
    pub id: ActuationId,
    /// The alert that it comes from, and so the rule.
    pub alert: AlertKey,
    /// The feed of the actuator.
    pub feed: FeedId,
    /// The actuator.
    pub asset: AssetId,
    /// What it is to do.
    pub command: CommandId,
    /// What is said with it.
    pub parameters: BTreeMap<SmolStr, Argument>,
    /// Why: the rule by its name. What the alert says is not for everybody who may see the actuator.
    pub reason: String,
    /// When the alert fired.
    pub at: TimeMs,
    /// From when on it is not ordered any more.
    pub expires_at: TimeMs,
}

impl Intent {
    /// The order that it comes to, with what is sent for it and the value that acknowledges it.
    pub fn order(&self, message: Outgoing, wanted: Option<Wanted>) -> ActuationOrder {
        ActuationOrder {
            id: self.id.clone(),
            feed: self.feed.clone(),
            asset: self.asset.clone(),
            command: self.command.clone(),
            parameters: self.parameters.clone(),
            reason: self.reason.clone(),
            expires_at: self.expires_at,
            message,
            wanted,
        }
    }

    fn is_of(&self, (rule, feed, asset): &Pair) -> bool {
        self.alert.rule == *rule && self.feed == *feed && self.asset == *asset
    }
}

/// A rule and an actuator that it orders.
type Pair = (RuleId, FeedId, AssetId);

/// What rules have come to, and what they ordered of late.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Intents {
    /// In the order in which they came to them.
    open: Vec<Intent>,
    /// Until when a rule does not order an actuator again.
    rests: BTreeMap<Pair, i64>,
    /// What is not to be ordered any more, the latest last. Whoever gives orders may have one of these
    /// on its way into the journal: that is a moment, in which as many as wait cannot all turn over.
    let_go: Vec<ActuationId>,
}

impl Intents {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Intent> + '_ {
        self.open.iter()
    }

    /// Whether `pair` may have an order at `now_ms`.
    fn is_free(&self, pair: &Pair, now_ms: i64) -> bool {
        let rests = self.rests.get(pair);
        let is_its = |intent: &Intent| intent.is_of(pair);
        rests.is_none_or(|until_ms| *until_ms <= now_ms) && !self.open.iter().any(is_its)
    }

    /// Whether there is room for one more.
    fn has_room(&self) -> bool {
        self.open.len() < INTENTS_MAX && self.rests.len() < RULED_ACTUATORS_MAX
    }

    /// Keeps in mind that these are not to be ordered any more.
    fn forgo(&mut self, over: Vec<Intent>) {
        self.let_go.extend(over.into_iter().map(|intent| intent.id));
        let n_old = self.let_go.len().saturating_sub(INTENTS_MAX);
        self.let_go.drain(..n_old);
    }
}

impl Fold<'_> {
    /// Notes what the rule of an alert orders that has just fired. What is kept quiet orders nothing:
    /// who works at a pump has silenced what would start it.
    pub(crate) fn intend(&mut self, key: &AlertKey) {
        let Some(row) = self.state.alerts.get(key) else {
            return;
        };
        let Some(rule) = self.plan.rule(row.rule).map(|rule| &rule.def) else {
            return;
        };
        let Some(def) = &rule.order else {
            return;
        };
        if !speaks(row) || !self.is_now(row, def) {
            return;
        }
        let command = self.package.feed(&def.feed);
        let command = command.and_then(|feed| feed.command(&def.command));
        let intent = command.and_then(|command| self.intent(row, rule, command));
        let (Some(command), Some(intent)) = (command, intent) else {
            return;
        };
        if !command.reaches(intent.asset.as_str()) {
            return self.refuse_order(&intent.feed, "no_topic");
        }
        let pair = (key.rule.clone(), intent.feed.clone(), intent.asset.clone());
        if !self.state.intents.is_free(&pair, self.state.now_ms) {
            return;
        }
        if !self.state.intents.has_room() {
            return self.refuse_order(&intent.feed, "too_many_orders");
        }
        self.state.intents.open.push(intent);
    }

    /// Whether the journal has this package in force, and what was seen is not long ago.
    fn is_now(&self, row: &Row, def: &RuleOrderDef) -> bool {
        let age_ms = self.state.now_ms.saturating_sub(self.seen_ms(row));
        self.state.package == Some(self.package.digest) && age_ms <= def.fresh.ms()
    }

    fn intent(&self, row: &Row, rule: &RuleDef, command: &CommandDef) -> Option<Intent> {
        let def = rule.order.as_ref()?;
        let key = &row.alert.key;
        let asset = match &key.subject {
            _ if !def.is_to_alerted() => AssetId::new(&def.asset),
            Subject::Asset { feed, asset } if *feed == def.feed => asset.clone(),
            _ => return None,
        };
        let at = TimeMs(self.state.now_ms);
        let reason = format!("{} / {}", rule.name.zh, rule.name.en);
        Some(Intent {
            id: ActuationId::new(hash_of(&(key, self.state.seq)).to_string()),
            alert: key.clone(),
            feed: def.feed.clone(),
            asset,
            command: def.command.clone(),
            parameters: def.parameters.clone(),
            reason: reason.chars().take(ORDER_REASON_CHARS_MAX).collect(),
            at,
            expires_at: at.plus(command.expires),
        })
    }

    /// Takes a rule's order: what it came to is done with, and it rests, unless the order is refused.
    /// Whoever gives it was told that it is due; that was before it was on its way into the journal.
    pub(crate) fn actuate_by_rule(&mut self, command: &Command, ruled: &RuleOrder) -> Outcome {
        let order = &ruled.order;
        let now_ms = self.state.now_ms;
        let rules = &self.package.rules.rules;
        let rule = rules.iter().find(|rule| rule.id == ruled.rule);
        let every = rule.and_then(|rule| Some(rule.order.as_ref()?.every));
        let is_late = self.comes_too_late(ruled);
        let open = &mut self.state.intents.open;
        open.retain(|intent| intent.id != order.id);
        if is_late {
            return Outcome::NotActuated(ActuationRefusal::Over);
        }
        let outcome = self.actuate(command, order);
        if let (Outcome::Actuated(_), Some(every)) = (&outcome, every) {
            let pair = (ruled.rule.clone(), order.feed.clone(), order.asset.clone());
            let until_ms = now_ms.saturating_add(every.ms());
            let intents = &mut self.state.intents;
            // What was come to under one package may be given when under the next the rule has come
            // to the same: that is once within `every`, too.
            intents.open.retain(|intent| !intent.is_of(&pair));
            intents.rests.insert(pair, until_ms);
        }
        outcome
    }

    /// Takes note that a rule's order was not taken by the city at work when it came. Under the same
    /// package it was not taken here either; under another it may be under way, and the rule rest for
    /// it: neither any more.
    pub(crate) fn withdraw(&mut self, id: &ActuationId) {
        let now = TimeMs(self.state.now_ms);
        let Some(order) = self.state.actuations.withdraw(id, now) else {
            return;
        };
        if let Some(rule) = rule_of(&order.by) {
            let pair = (RuleId::new(rule), order.feed.clone(), order.asset.clone());
            self.state.intents.rests.remove(&pair);
        }
    }

    /// Whether a rule's order comes too late: its alert is kept quiet, on which people rely, or it is
    /// to be ordered no more.
    ///
    /// That is so of what was come to here and let go of, or would be by the next tick. Under another
    /// package than was in force then, nothing came to the order here, and alerts may end at other
    /// times than where it was given. So it is taken for what it was, also by who came to it when
    /// another package has been named meanwhile; unless its alert is kept quiet: that is people's
    /// doing, whatever the package.
    fn comes_too_late(&self, ruled: &RuleOrder) -> bool {
        let (state, id) = (&*self.state, &ruled.order.id);
        if state.actuations.get(id).is_some() {
            // Told again, it is what it was.
            return false;
        }
        let row = state.alerts.get(&ruled.alert);
        if row.is_some_and(|row| row.is_open() && row.alert.hushed.is_some()) {
            return true;
        }
        let mut own = state.intents.iter().filter(|intent| intent.id == *id);
        let is_over = state.intents.let_go.contains(id) || own.any(|intent| !self.stands(intent));
        is_over && state.package == Some(self.package.digest)
    }

    /// Forgets what rules came to and nobody put into the journal in time, what is so no longer, and
    /// rests that are over.
    pub(crate) fn drop_intents(&mut self) {
        let now_ms = self.state.now_ms;
        let open = std::mem::take(&mut self.state.intents.open);
        let (open, over) = open.into_iter().partition(|intent| self.stands(intent));
        let intents = &mut self.state.intents;
        intents.open = open;
        intents.forgo(over);
        intents.rests.retain(|_, until_ms| *until_ms > now_ms);
    }

    /// Whether what a rule came to is still to be ordered: it may be, its alert speaks, and it has not
    /// been waiting for longer than what the rule saw may be old.
    fn stands(&self, intent: &Intent) -> bool {
        let now = TimeMs(self.state.now_ms);
        let row = self.state.alerts.get(&intent.alert);
        let fresh = row.filter(|row| speaks(row)).and_then(|row| {
            let rule = self.plan.rule(row.rule)?;
            Some(rule.def.order.as_ref()?.fresh)
        });
        now < intent.expires_at && fresh.is_some_and(|fresh| now.since(intent.at) <= fresh)
    }
}

/// Whether an alert fires, and nothing keeps it quiet.
fn speaks(row: &Row) -> bool {
    row.alert.state == AlertState::Firing && row.is_public()
}
