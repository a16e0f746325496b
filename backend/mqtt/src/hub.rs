//! What connections share: sessions by owner and client identifier, the subscription tree, retained
//! messages.
//!
//! A kept message comes in through [`Hub::route`] and goes to the outboxes of the sessions that
//! subscribe to its topic; each connection empties its own outbox, and only there it is decided
//! whether the client may have the message. With no subscription and nothing retained, a message
//! costs one atomic load here. Lock order: sessions, tree, session; the retained messages alone.

pub(crate) mod flights;
mod retained;
pub(crate) mod session;
mod sharing;
mod tree;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::Property;
use smol_str::SmolStr;
use tokio::time::Instant;

use crate::counters::Counters;
use crate::gate::{Label, Pass};
use crate::limits::Limits;
use crate::order::Order;
use crate::protocol::build::code;
use crate::protocol::words::{Filter, Retained as RetainedWanted};
use crate::topic::Subscription;
use retained::Retained;
use session::{Delivery, Ending, Key, Pushed, Seat, Session};
use tree::{Subscriber, Tree};

/// A message on its way to subscribers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) topic: SmolStr,
    pub(crate) payload: Bytes,
    pub(crate) qos: u8,
    pub(crate) is_retained: bool,
    pub(crate) properties: Vec<Property>,
    /// The session that published it; zero for the server itself.
    pub(crate) from: u64,
    /// When it is of no use any more, if its publisher said so.
    pub(crate) expires_at: Option<Instant>,
    /// What the server says about it, for [`Pass::may_receive`]; never of a client's message.
    pub(crate) label: Option<Label>,
}

impl Message {
    /// Whether it is of no use any more.
    pub(crate) fn has_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Instant::now())
    }

    /// How long it is still of use, in whole seconds, of which the last is a begun one.
    pub(crate) fn expiry_s(&self) -> Option<u32> {
        let left = self.expires_at?.saturating_duration_since(Instant::now());
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }
}

/// The shared state of the endpoint.
pub(crate) struct Hub {
    limits: Limits,
    counters: Arc<Counters>,
    sessions: Mutex<Sessions>,
    tree: RwLock<Tree>,
    n_subscriptions: AtomicUsize,
    retained: Mutex<Retained>,
    next_session: AtomicU64,
}

#[derive(Default)]
struct Sessions {
    by_key: BTreeMap<Key, Arc<Session>>,
    n_parked: usize,
    /// How many connections each owner has; none is zero.
    n_seated: BTreeMap<SmolStr, usize>,
}

impl Sessions {
    fn seat(&mut self, owner: &SmolStr) {
        *self.n_seated.entry(owner.clone()).or_default() += 1;
    }

    /// Notes that the connection of a session is none any more, unless that has been noted before.
    fn unseat(&mut self, session: &Session) {
        if !session.unseat() {
            return;
        }
        let owner = &session.key.owner;
        if let Some(n_seated) = self.n_seated.get_mut(owner) {
            *n_seated -= 1;
            if *n_seated == 0 {
                self.n_seated.remove(owner);
            }
        }
    }
}

/// Locks, taking over what a panicked holder left: every critical section here leaves its data
/// usable at each step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn new(limits: Limits, counters: Arc<Counters>) -> Self {
        Self {
            retained: Mutex::new(Retained::new(
                limits.retained_messages_max,
                limits.retained_bytes_max,
            )),
            limits,
            counters,
            sessions: Mutex::default(),
            tree: RwLock::default(),
            n_subscriptions: AtomicUsize::new(0),
            next_session: AtomicU64::new(1),
        }
    }

    /// Whether anybody subscribes to anything.
    pub(crate) fn has_subscriptions(&self) -> bool {
        self.n_subscriptions.load(Ordering::Relaxed) > 0
    }

    /// Seats a client: on its owner's earlier session of this identifier, if there is one and it does
    /// not start clean. A connection of the same owner that holds the identifier loses it. `None` if
    /// the owner has as many connections as may be.
    pub(crate) fn attach(
        &self,
        client: &SmolStr,
        pass: &Arc<dyn Pass>,
        is_clean: bool,
        expiry: Duration,
    ) -> Option<Seat> {
        let key = Key {
            owner: pass.owner().into(),
            client: client.clone(),
        };
        let mut sessions = lock(&self.sessions);
        let existing = sessions.by_key.get(&key).cloned();
        let n_own = sessions.n_seated.get(&key.owner).copied().unwrap_or(0);
        let is_takeover = existing
            .as_ref()
            .is_some_and(|existing| existing.is_seated());
        let n_max = self.limits.connections_per_owner_max;
        if n_max > 0 && n_own >= n_max && !is_takeover {
            self.counters.owners_refused.add(1);
            return None;
        }
        if let Some(existing) = existing {
            sessions.unseat(&existing);
            if existing.is_parked() {
                sessions.n_parked = sessions.n_parked.saturating_sub(1);
            } else {
                self.counters.takeovers.add(1);
            }
            if !is_clean && existing.survives(Instant::now()) {
                sessions.seat(&key.owner);
                return Some(existing.attach(pass, expiry, true));
            }
            self.unsubscribe_all(&existing);
            self.close(&existing);
            existing.evict(Ending::TakenOver);
        }
        let number = self.next_session.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(number, key.clone(), Arc::clone(pass)));
        sessions.seat(&key.owner);
        sessions.by_key.insert(key, Arc::clone(&session));
        Some(session.attach(pass, expiry, false))
    }

    /// Leaves a session: it is parked for its expiry, or dropped. Without effect if another
    /// connection has taken it over.
    pub(crate) fn detach(&self, seat: &Seat) {
        let mut sessions = lock(&self.sessions);
        if !seat.is_holder() {
            return;
        }
        sessions.unseat(&seat.session);
        let has_room = sessions.n_parked < self.limits.sessions_parked_max;
        if has_room
            && seat
                .session
                .park(seat.epoch, Instant::now(), self.limits.session_expiry_max)
        {
            sessions.n_parked += 1;
            self.give_on(&seat.session, None);
        } else {
            self.drop_session(&mut sessions, &seat.session);
        }
    }

    /// Drops a session whose pass was revoked, with all that waits in it. Without effect if another
    /// connection has taken it over.
    pub(crate) fn discard(&self, seat: &Seat) {
        let mut sessions = lock(&self.sessions);
        if seat.is_holder() {
            seat.session.evict(Ending::Revoked);
            self.drop_session(&mut sessions, &seat.session);
        }
    }

    /// Drops the parked sessions whose time has passed, or whose pass was revoked, and the retained
    /// messages whose time has passed.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        lock(&self.retained).sweep();
        let mut sessions = lock(&self.sessions);
        let expired: Vec<_> = sessions
            .by_key
            .values()
            .filter(|session| session.is_parked() && !session.survives(now))
            .cloned()
            .collect();
        for session in expired {
            sessions.n_parked = sessions.n_parked.saturating_sub(1);
            self.drop_session(&mut sessions, &session);
        }
    }

    /// Subscribes a session to a filter that its pass allows, and queues what is retained. Gives
    /// the reason code for SUBACK.
    pub(crate) fn subscribe(
        &self,
        session: &Arc<Session>,
        wanted: &Filter,
        subscription: Subscription<'_>,
        identifier: Option<u32>,
    ) -> u8 {
        let subscriber = Subscriber {
            session: Arc::clone(session),
            qos: wanted.qos,
            no_local: wanted.no_local,
            retain_as_published: wanted.retain_as_published,
            identifier,
        };
        let mut tree = self.tree_mut();
        let Some(is_new) = session.add_filter(&wanted.filter, self.limits.subscriptions_max) else {
            return code::QUOTA_EXCEEDED;
        };
        tree.insert(subscription, subscriber);
        if is_new {
            self.n_subscriptions.fetch_add(1, Ordering::Relaxed);
        }
        drop(tree);
        let wants_retained = match wanted.retained {
            RetainedWanted::Always => true,
            RetainedWanted::IfNew => is_new,
            RetainedWanted::Never => false,
        };
        // What is retained is for everybody: a group has none of it.
        if wants_retained && subscription.share.is_none() {
            self.deliver_retained(session, wanted, identifier);
        }
        wanted.qos
    }

    /// Ends a subscription; false if there was none.
    pub(crate) fn unsubscribe(&self, session: &Arc<Session>, filter: &str) -> bool {
        let mut tree = self.tree_mut();
        let is_removed = session.remove_filter(filter);
        if !is_removed {
            return false;
        }
        self.n_subscriptions.fetch_sub(1, Ordering::Relaxed);
        let Some(subscription) = Subscription::parse(filter) else {
            return true;
        };
        tree.remove(subscription, session.number);
        drop(tree);
        if subscription.share.is_some() {
            self.give_on(session, Some(filter));
        }
        true
    }

    /// Retains the message if it asks for that, and queues it for every subscriber.
    pub(crate) fn route(&self, message: &Arc<Message>) {
        if message.is_retained && !lock(&self.retained).set(message) {
            tracing::warn!(topic = %message.topic, "not retained: the retained messages are full");
        }
        if !self.has_subscriptions() {
            return;
        }
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let matching = tree.matching(message);
        drop(tree);
        for found in matching.each {
            let delivery = Delivery {
                message: Arc::clone(message),
                qos: found.subscriber.qos.min(message.qos),
                is_retained: message.is_retained && found.subscriber.retain_as_published,
                identifiers: found.identifiers,
                share: None,
            };
            self.push(&found.subscriber.session, delivery);
        }
        for turn in &matching.turns {
            self.share(turn, message);
        }
    }

    /// Routes an order, unless nobody would have it; how many do.
    pub(crate) fn order(&self, order: Order, label: Label) -> usize {
        let message = Arc::new(order.into_message(label));
        let n_reached = self.reach(&message);
        if n_reached > 0 {
            self.route(&message);
        }
        n_reached
    }

    /// How many subscribers would have the message if it were routed now: a group counts as one.
    fn reach(&self, message: &Message) -> usize {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let matching = tree.matching(message);
        drop(tree);
        let may_have = |session: &Session| {
            session.may_receive(message) && (message.qos > 0 || !session.is_parked())
        };
        let each = matching.each.iter();
        let each = each.filter(|found| may_have(&found.subscriber.session));
        let turns = matching.turns.iter();
        let turns = turns.filter(|turn| turn.members.iter().any(|one| may_have(&one.session)));
        each.count() + turns.count()
    }

    fn deliver_retained(&self, session: &Arc<Session>, wanted: &Filter, identifier: Option<u32>) {
        let retained = lock(&self.retained).matching(&wanted.filter);
        for message in retained {
            let qos = wanted.qos.min(message.qos);
            let delivery = Delivery {
                message,
                qos,
                is_retained: true,
                identifiers: identifier.into_iter().collect(),
                share: None,
            };
            self.push(session, delivery);
        }
    }

    fn push(&self, session: &Arc<Session>, delivery: Delivery) {
        let pushed = session.push(
            delivery,
            self.limits.outbox_messages_max,
            self.limits.outbox_bytes_max,
        );
        self.count(pushed);
        if pushed == Pushed::Overrun {
            self.counters.subscribers_overrun.add(1);
            tracing::warn!(
                client = %session.key.client,
                "subscriber is too slow for its QoS 1 and 2 messages: session ended"
            );
            session.evict(Ending::Overrun);
            self.unsubscribe_all(session);
        }
    }

    fn count(&self, pushed: Pushed) {
        match pushed {
            Pushed::Queued {
                n_dropped,
                n_withheld,
            } => {
                self.counters.deliveries_queued.add(1);
                self.counters.deliveries_dropped.add(n_dropped);
                self.counters.deliveries_withheld.add(n_withheld);
            }
            Pushed::Withheld => self.counters.deliveries_withheld.add(1),
            Pushed::Refused => self.counters.deliveries_dropped.add(1),
            Pushed::Overrun => {}
        }
    }

    fn drop_session(&self, sessions: &mut Sessions, session: &Arc<Session>) {
        self.unsubscribe_all(session);
        self.close(session);
        let is_current = sessions
            .by_key
            .get(&session.key)
            .is_some_and(|current| Arc::ptr_eq(current, session));
        if is_current {
            sessions.by_key.remove(&session.key);
        }
    }

    fn unsubscribe_all(&self, session: &Arc<Session>) {
        let mut tree = self.tree_mut();
        let filters = session.take_filters();
        for subscription in filters
            .iter()
            .filter_map(|filter| Subscription::parse(filter))
        {
            tree.remove(subscription, session.number);
        }
        self.n_subscriptions
            .fetch_sub(filters.len(), Ordering::Relaxed);
    }

    /// The tree and a session's list of filters change together, under this lock.
    fn tree_mut(&self) -> RwLockWriteGuard<'_, Tree> {
        self.tree.write().unwrap_or_else(PoisonError::into_inner)
    }
}
