//! Orders to actuators: taken, sent, answered, expired.
//!
//! What is sent stands in the order itself; the fold says how far it has come. It ends by an answer,
//! by a value that the order wants, or by a tick after its time. An answer that comes later is noted
//! and changes nothing: who saw "expired" must be able to rely on it.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::actuation::{
    Actuation, ActuationOrder, ActuationRefusal, ActuationState, ActuationTurn, Outgoing, Turn,
    Wanted,
};
use egret_shared::command::{Command, Outcome};
use egret_shared::id::{ActuationId, AssetId, FeedId, PropertyId};
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::entry::Seq;
use crate::fold::{Fold, State};
use crate::limits::{
    ACTUATION_WAYS_MAX, ACTUATIONS_KEPT, ACTUATIONS_OPEN_MAX, ASSET_ACTUATIONS_MAX,
};

/// Orders under way, and those that ended last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Actuations {
    /// By their place in the journal, which is the order in which they were given.
    rows: BTreeMap<Seq, Row>,
    by_id: BTreeMap<ActuationId, Seq>,
    /// Those under way, the one that expires first at the front.
    open: BTreeSet<(i64, Seq)>,
    /// Those under way that a value acknowledges.
    wanting: BTreeMap<(FeedId, AssetId), BTreeSet<Seq>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    actuation: Actuation,
    message: Outgoing,
    wanted: Option<Wanted>,
    /// Event time of the newest value that it wants: it may be here before the word that the order was
    /// sent is.
    shown_ms: Option<i64>,
}

impl Actuations {
    /// The order with this id, while it is kept.
    pub(crate) fn get(&self, id: &ActuationId) -> Option<&Actuation> {
        let row = self.rows.get(self.by_id.get(id)?)?;
        Some(&row.actuation)
    }

    /// All that are kept, the newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Actuation> {
        self.rows.values().rev().map(|row| &row.actuation)
    }

    /// Those under way with what is to be sent, in the order in which they were given.
    pub(crate) fn open(&self) -> Vec<(&Actuation, &Outgoing)> {
        let mut seqs: Vec<Seq> = self.open.iter().map(|(_, seq)| *seq).collect();
        seqs.sort_unstable();
        let rows = seqs.iter().filter_map(|seq| self.rows.get(seq));
        rows.map(|row| (&row.actuation, &row.message)).collect()
    }

    /// Ends the order with this id, if it is under way; which it was.
    pub(crate) fn withdraw(&mut self, id: &ActuationId, now: TimeMs) -> Option<&Actuation> {
        let seq = *self.by_id.get(id)?;
        let row = self.rows.get(&seq)?;
        if !row.actuation.state.is_open() {
            return None;
        }
        self.end(seq, ActuationState::Expired, now, None);
        self.get(id)
    }

    /// Whether any order waits for a value.
    pub(crate) fn want_values(&self) -> bool {
        !self.wanting.is_empty()
    }

    fn put(&mut self, actuation: Actuation, message: Outgoing, wanted: Option<Wanted>) {
        while self.rows.len() >= ACTUATIONS_KEPT {
            let mut rows = self.rows.iter();
            let ended = rows.find(|(_, row)| !row.actuation.state.is_open());
            let Some(seq) = ended.map(|(seq, _)| *seq) else {
                break;
            };
            if let Some(row) = self.rows.remove(&seq) {
                self.by_id.remove(&row.actuation.id);
            }
        }
        let seq = actuation.seq;
        self.by_id.insert(actuation.id.clone(), seq);
        self.open.insert((actuation.expires_at.0, seq));
        if wanted.is_some() {
            let asset = (actuation.feed.clone(), actuation.asset.clone());
            self.wanting.entry(asset).or_default().insert(seq);
        }
        let row = Row {
            actuation,
            message,
            wanted,
            shown_ms: None,
        };
        self.rows.insert(seq, row);
    }

    /// Ends an order that is under way.
    fn end(&mut self, seq: Seq, state: ActuationState, now: TimeMs, said: Option<String>) {
        let Some(row) = self.rows.get_mut(&seq) else {
            return;
        };
        let actuation = &mut row.actuation;
        actuation.state = state;
        actuation.ended_at = Some(now);
        actuation.said = said;
        self.open.remove(&(actuation.expires_at.0, seq));
        let asset = (actuation.feed.clone(), actuation.asset.clone());
        if let Some(wanting) = self.wanting.get_mut(&asset) {
            wanting.remove(&seq);
            if wanting.is_empty() {
                self.wanting.remove(&asset);
            }
        }
    }
}

/// Why an order to this actuator would be refused at `state`; `None` if it would be taken.
pub(crate) fn refusal(state: &State, feed: &FeedId, asset: &AssetId) -> Option<ActuationRefusal> {
    let actuations = &state.actuations;
    if actuations.open.len() >= ACTUATIONS_OPEN_MAX {
        return Some(ActuationRefusal::TooMany(most(ACTUATIONS_OPEN_MAX)));
    }
    let open = actuations.open();
    let mut own = open.iter().map(|(open, _)| open);
    let is_own = |open: &&&Actuation| open.feed == *feed && open.asset == *asset;
    let is_busy = own.by_ref().filter(is_own).count() >= ASSET_ACTUATIONS_MAX;
    is_busy.then(|| ActuationRefusal::Busy(most(ASSET_ACTUATIONS_MAX)))
}

fn most(max: usize) -> u32 {
    u32::try_from(max).unwrap_or(u32::MAX)
}

impl Fold<'_> {
    /// Takes an order to an actuator, or says why not: nothing has changed then.
    pub(crate) fn actuate(&mut self, command: &Command, order: &ActuationOrder) -> Outcome {
        if self.state.actuations.get(&order.id).is_some() {
            return Outcome::Actuated(order.id.clone());
        }
        if let Some(refusal) = refusal(self.state, &order.feed, &order.asset) {
            return Outcome::NotActuated(refusal);
        }
        let actuation = Actuation {
            id: order.id.clone(),
            seq: self.state.seq,
            feed: order.feed.clone(),
            asset: order.asset.clone(),
            command: order.command.clone(),
            parameters: order.parameters.clone(),
            by: command.by.person.clone(),
            reason: order.reason.clone(),
            at: TimeMs(self.state.now_ms),
            expires_at: order.expires_at,
            state: ActuationState::Waiting,
            sent_at: None,
            ways: Vec::new(),
            ended_at: None,
            said: None,
            late_at: None,
        };
        let (message, wanted) = (order.message.clone(), order.wanted.clone());
        self.state.actuations.put(actuation, message, wanted);
        Outcome::Actuated(order.id.clone())
    }

    /// Takes note of what has become of an order.
    pub(crate) fn turn_actuation(&mut self, turn: &ActuationTurn) {
        match &turn.turn {
            Turn::Sent(way) => self.sent(&turn.id, way, turn.at),
            Turn::Answered {
                feed,
                asset,
                refused,
            } => self.answered(&turn.id, feed, asset.as_ref(), refused.as_ref()),
            Turn::Withdrawn => self.withdraw(&turn.id),
        }
    }

    /// It was handed over `at` this time, which had to be written down before it was known of.
    fn sent(&mut self, id: &ActuationId, way: &SmolStr, at: TimeMs) {
        let now = TimeMs(self.state.now_ms);
        let actuations = &mut self.state.actuations;
        let seq = actuations.by_id.get(id).copied();
        let row = seq.and_then(|seq| Some((seq, actuations.rows.get_mut(&seq)?)));
        let Some((seq, row)) = row else {
            return;
        };
        let actuation = &mut row.actuation;
        if actuation.state == ActuationState::Waiting {
            actuation.state = ActuationState::Sent;
        }
        // A clock that was set back sends nothing before it was ordered.
        let at = at.min(now).max(actuation.at);
        let sent_at = actuation.sent_at.map_or(at, |before| before.min(at));
        actuation.sent_at = Some(sent_at);
        if !actuation.ways.contains(way) && actuation.ways.len() < ACTUATION_WAYS_MAX {
            actuation.ways.push(way.clone());
        }
        let is_shown = row.shown_ms.is_some_and(|shown_ms| sent_at.0 <= shown_ms);
        if is_shown && actuation.state.is_open() {
            actuations.end(seq, ActuationState::Acknowledged, now, None);
        }
    }

    fn answered(
        &mut self,
        id: &ActuationId,
        feed: &FeedId,
        asset: Option<&AssetId>,
        refused: Option<&String>,
    ) {
        let now = TimeMs(self.state.now_ms);
        let actuations = &mut self.state.actuations;
        let seq = actuations.by_id.get(id).copied();
        let row = seq.and_then(|seq| Some((seq, actuations.rows.get_mut(&seq)?)));
        let is_its = |actuation: &Actuation| {
            actuation.feed == *feed && asset.is_none_or(|asset| actuation.asset == *asset)
        };
        let Some((seq, row)) = row.filter(|(_, row)| is_its(&row.actuation)) else {
            // Nobody ordered it, or it was ordered of somebody else.
            return self.refuse(Some(feed), "fold", "unknown_command");
        };
        let actuation = &mut row.actuation;
        match (actuation.state, refused) {
            (ActuationState::Waiting | ActuationState::Sent, None) => {
                actuations.end(seq, ActuationState::Acknowledged, now, None);
            }
            (ActuationState::Waiting | ActuationState::Sent, Some(said)) => {
                actuations.end(seq, ActuationState::Refused, now, Some(said.clone()));
            }
            (ActuationState::Expired, said) => {
                if actuation.late_at.is_none() {
                    actuation.late_at = Some(now);
                    actuation.said = said.cloned();
                }
            }
            // It has answered before.
            (ActuationState::Acknowledged | ActuationState::Refused, _) => {}
        }
    }

    /// Acknowledges the orders that want this value of an actuator: of a time since they were sent,
    /// so that what was so before does not pass for what they did.
    pub(crate) fn show_actuations(
        &mut self,
        (feed, asset): (&FeedId, &AssetId),
        property: &PropertyId,
        v: f64,
        at_ms: i64,
    ) {
        let now = TimeMs(self.state.now_ms);
        let actuations = &mut self.state.actuations;
        let key = (feed.clone(), asset.clone());
        let Some(wanting) = actuations.wanting.get(&key) else {
            return;
        };
        let is_wanted = |row: &Row| {
            row.wanted.as_ref().is_some_and(|wanted| {
                wanted.property == *property && (v - wanted.v).abs() <= wanted.tolerance
            })
        };
        let mut met: Vec<Seq> = Vec::new();
        for seq in wanting {
            let row = actuations.rows.get_mut(seq);
            let Some(row) = row.filter(|row| is_wanted(row)) else {
                continue;
            };
            row.shown_ms = row.shown_ms.max(Some(at_ms));
            if row
                .actuation
                .sent_at
                .is_some_and(|sent_at| sent_at.0 <= at_ms)
            {
                met.push(*seq);
            }
        }
        for seq in met {
            actuations.end(seq, ActuationState::Acknowledged, now, None);
        }
    }

    /// Ends the orders whose time has come.
    pub(crate) fn expire_actuations(&mut self) {
        let now_ms = self.state.now_ms;
        let actuations = &mut self.state.actuations;
        while let Some((expires_ms, seq)) = actuations.open.first().copied() {
            if expires_ms > now_ms {
                break;
            }
            actuations.end(seq, ActuationState::Expired, TimeMs(now_ms), None);
            // Whatever row there is, or is not: this must end.
            actuations.open.remove(&(expires_ms, seq));
        }
    }
}
