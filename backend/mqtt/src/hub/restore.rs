//! What is kept, back in its place when the endpoint starts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mqtt_protocol_core::mqtt::packet::Property;
use smol_str::SmolStr;
use tokio::time::Instant;

use super::flights::Stage;
use super::session::{Delivery, Key, Session};
use super::tree::Subscriber;
use super::{Hub, Message, lock};
use crate::gate::Gate;
use crate::keep::ledger::Ledger;
use crate::keep::{DeliveryRow, Kept, MessageRow, SessionRow, StageRow, SubscriptionRow, UnderWay};
use crate::limits::SWEEP_PERIOD;
use crate::topic::Subscription;

/// Messages by number.
type Messages = BTreeMap<u64, Arc<Message>>;

/// What is kept of one session.
struct One {
    number: u64,
    row: SessionRow,
    left: Duration,
    subscriptions: Vec<(SmolStr, SubscriptionRow)>,
    deliveries: Vec<(u64, DeliveryRow)>,
    handled: Vec<(u16, ())>,
}

impl Hub {
    /// Takes over what an earlier run has kept, as far as it is of use: sessions whose time has not
    /// passed and whose owner the gate still knows, within the limits. The rest is forgotten.
    pub(crate) fn restore(&self, kept: Kept, gate: &dyn Gate) {
        let Some(ledger) = &self.ledger else { return };
        let now_ms = ledger.wall_ms(Instant::now());
        let Kept {
            at_ms,
            sessions,
            subscriptions,
            messages,
            deliveries,
            handled,
            retained,
            told,
            wills,
        } = kept;
        let last_session = sessions.keys().next_back().copied().unwrap_or(0);
        self.next_session.store(last_session + 1, Ordering::Relaxed);
        *lock(&self.told) = told;
        self.restore_retained(retained, now_ms, ledger);
        self.restore_wills(wills, (at_ms, now_ms), ledger);
        let messages: Messages = messages
            .into_iter()
            .map(|(number, row)| (number, message(row, Some(number), now_ms)))
            .filter(|(_, message)| ledger.may_keep(message))
            .collect();

        let ended_ms = now_ms.min(at_ms.saturating_add(ms(SWEEP_PERIOD)));
        let mut subscriptions = by_session(subscriptions);
        let mut deliveries = by_session(deliveries);
        let mut handled = by_session(handled.into_iter().map(|key| (key, ())));
        let mut all: Vec<One> = sessions
            .into_iter()
            .map(|(number, row)| One {
                number,
                left: left(&row, now_ms, ended_ms).min(self.limits.session_expiry_max),
                row,
                subscriptions: subscriptions.remove(&number).unwrap_or_default(),
                deliveries: deliveries.remove(&number).unwrap_or_default(),
                handled: handled.remove(&number).unwrap_or_default(),
            })
            .collect();
        // Where there is no room for all: first those that something can be missed by.
        all.sort_by_key(|one| std::cmp::Reverse((!one.subscriptions.is_empty(), one.left)));
        let (n_all, mut n_back) = (all.len(), 0_usize);
        for one in all {
            let number = one.number;
            if self.restore_session(one, &messages, gate) {
                n_back += 1;
            } else {
                ledger.forget(number);
            }
        }
        if n_all > 0 {
            tracing::info!(n_all, n_back, "MQTT sessions are back");
        }
    }

    /// False if it is of no use any more, or there is no room.
    fn restore_session(&self, one: One, messages: &Messages, gate: &dyn Gate) -> bool {
        let mut sessions = lock(&self.sessions);
        if one.left.is_zero() || sessions.n_parked >= self.limits.sessions_parked_max {
            return false;
        }
        let Some(pass) = gate.recall(&one.row.owner) else {
            return false;
        };
        let key = Key {
            owner: one.row.owner,
            client: one.row.client,
        };
        let session = Arc::new(Session::new(one.number, key.clone(), pass));
        session.kept_in(self.ledger.as_ref());
        let mut tree = self.tree_mut();
        for (filter, row) in one.subscriptions {
            let Some(subscription) = Subscription::parse(&filter) else {
                continue;
            };
            let subscriber = Subscriber {
                session: Arc::clone(&session),
                qos: row.qos,
                no_local: row.no_local,
                retain_as_published: row.retain_as_published,
                identifier: row.identifier,
            };
            tree.insert(subscription, subscriber);
            self.n_subscriptions.fetch_add(1, Ordering::Relaxed);
            lock(&session.state).filters.insert(filter);
        }
        drop(tree);
        let expiry = Duration::from_millis(u64::try_from(one.row.expiry_ms).unwrap_or(0));
        let until = Instant::now() + one.left;
        session.restore(expiry, until, one.deliveries, messages);
        lock(&session.state).qos2_handled = one.handled.into_iter().map(|(id, ())| id).collect();
        // The time of one that was connected has begun; the next start is to know that.
        session.note();
        sessions.by_key.insert(key, session);
        sessions.n_parked += 1;
        true
    }

    fn restore_retained(&self, rows: BTreeMap<SmolStr, MessageRow>, now_ms: i64, ledger: &Ledger) {
        let mut retained = lock(&self.retained);
        for (topic, row) in rows {
            let message = message(row, None, now_ms);
            let is_kept = ledger.may_keep(&message) && !message.has_expired();
            if !is_kept || !retained.restore(&message) {
                ledger.retained(&topic, None);
            }
        }
    }
}

impl Session {
    fn restore(
        &self,
        expiry: Duration,
        until: Instant,
        deliveries: Vec<(u64, DeliveryRow)>,
        messages: &Messages,
    ) {
        let mut state = lock(&self.state);
        state.expiry = expiry;
        state.parked_until = Some(until);
        let mut under_way: Vec<(u64, UnderWay, Stage)> = Vec::new();
        let mut waiting = VecDeque::new();
        for (place, row) in deliveries {
            state.last_place = state.last_place.max(place);
            let message = row.message.and_then(|number| messages.get(&number));
            let delivery = message.map(|message| Delivery {
                message: Arc::clone(message),
                qos: row.qos,
                is_retained: row.is_retained,
                identifiers: row.identifiers,
                share: row.share,
                place,
            });
            match (row.stage, delivery) {
                (StageRow::Released(at), _) => under_way.push((place, at, Stage::Released)),
                (StageRow::Published(at), Some(delivery)) => {
                    under_way.push((place, at, Stage::Published(delivery)));
                }
                (StageRow::Waiting, Some(delivery)) => waiting.push_back(delivery),
                // Whatever it was of is gone, so it is over.
                (StageRow::Published(_) | StageRow::Waiting, None) => {
                    state.gone(self.number, place);
                }
            }
        }
        under_way.sort_by_key(|(_, at, _)| at.nth);
        for (place, at, stage) in under_way {
            state.flights.restore(place, at, stage);
        }
        state.waiting = waiting;
        state.count_bytes();
    }
}

/// How long a session has left, whose connection, if it had one, was lost when the last run ended.
fn left(row: &SessionRow, now_ms: i64, ended_ms: i64) -> Duration {
    let ends_at_ms = row
        .ends_at_ms
        .unwrap_or(ended_ms.saturating_add(row.expiry_ms));
    // A clock that was put back makes no session longer.
    let left_ms = ends_at_ms.saturating_sub(now_ms).min(row.expiry_ms);
    Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
}

fn message(row: MessageRow, number: Option<u64>, now_ms: i64) -> Arc<Message> {
    let left_ms =
        |at: i64| u64::from(u32::try_from(at.saturating_sub(now_ms).max(0)).unwrap_or(u32::MAX));
    Arc::new(Message {
        topic: row.topic,
        payload: row.payload,
        qos: row.qos,
        is_retained: row.is_retained,
        properties: properties(&row.properties),
        from: 0,
        expires_at: row
            .expires_at_ms
            .map(|at| Instant::now() + Duration::from_millis(left_ms(at))),
        label: row.label,
        number: number.map_or_else(OnceLock::new, OnceLock::from),
    })
}

/// Properties one after the other, as far as they can be read.
pub(super) fn properties(mut bytes: &[u8]) -> Vec<Property> {
    let mut properties = Vec::new();
    while let Ok((property, n_bytes)) = Property::parse(bytes) {
        properties.push(property);
        bytes = bytes.get(n_bytes..).unwrap_or_default();
    }
    properties
}

fn by_session<K, V>(rows: impl IntoIterator<Item = ((u64, K), V)>) -> BTreeMap<u64, Vec<(K, V)>> {
    let mut found = BTreeMap::<u64, Vec<(K, V)>>::new();
    for ((session, key), value) in rows {
        found.entry(session).or_default().push((key, value));
    }
    found
}

pub(super) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
