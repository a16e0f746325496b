//! What connections share: sessions by owner and client identifier, the subscription tree, retained
//! messages.
//!
//! A kept message comes in through [`Hub::route`] and goes to the outboxes of the sessions that
//! subscribe to its topic; each connection empties its own outbox, and only there it is decided
//! whether the client may have the message. With no subscription and nothing retained, a message
//! costs one atomic load here. Lock order: sessions, tree, session, and the ledger of what is to be
//! kept last; the retained messages, and the wills of an earlier run, alone before it.

pub(crate) mod flights;
mod ordering;
mod restore;
mod retained;
mod seat;
pub(crate) mod session;
mod sharing;
mod telling;
mod tree;
pub(crate) mod wills;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::Property;
use smol_str::SmolStr;
use tokio::time::Instant;

use crate::counters::Counters;
use crate::gate::{Label, Pass};
use crate::keep::SubscriptionRow;
use crate::keep::ledger::{Ledger, Ticket};
use crate::limits::Limits;
use crate::protocol::build::code;
use crate::protocol::words::{Filter, Retained as RetainedWanted};
use crate::topic::Subscription;
use retained::Retained;
use session::{Delivery, Ending, Key, Pushed, Seat, Session};
use tree::{Match, Subscriber, Tree};

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
    /// By what it is kept, once it is.
    pub(crate) number: OnceLock<u64>,
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
    /// What is to outlive the process, if anything is.
    ledger: Option<Arc<Ledger>>,
    /// Digests of the server's own notices, by key.
    told: Mutex<BTreeMap<SmolStr, u64>>,
    /// Wills of an earlier run.
    wills: Mutex<wills::Wills>,
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
    /// One that has nothing yet, and notes in `ledger` what is to be kept.
    pub(crate) fn new(
        limits: Limits,
        counters: Arc<Counters>,
        ledger: Option<Arc<Ledger>>,
    ) -> Self {
        Self {
            retained: Mutex::new(Retained::new(
                limits.retained_messages_max,
                limits.retained_bytes_max,
                ledger.clone(),
            )),
            limits,
            counters,
            sessions: Mutex::default(),
            tree: RwLock::default(),
            n_subscriptions: AtomicUsize::new(0),
            next_session: AtomicU64::new(1),
            ledger,
            told: Mutex::default(),
            wills: Mutex::default(),
        }
    }

    /// What is to outlive the process, if anything is.
    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.ledger.as_ref()
    }

    /// Whether so much waits to be kept that nothing more is to be taken in.
    pub(crate) fn is_behind(&self) -> bool {
        self.ledger
            .as_ref()
            .is_some_and(|ledger| ledger.is_behind())
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
        let mut forgotten = 0;
        if let Some(existing) = existing {
            sessions.unseat(&existing);
            if existing.is_parked() {
                sessions.n_parked = sessions.n_parked.saturating_sub(1);
            } else {
                self.counters.takeovers.add(1);
            }
            if !is_clean && existing.survives(Instant::now()) {
                self.client_is_back(&key, true);
                sessions.seat(&key.owner);
                return Some(existing.attach(pass, expiry, true));
            }
            self.unsubscribe_all(&existing);
            forgotten = self.close(&existing);
            existing.evict(Ending::TakenOver);
        }
        self.client_is_back(&key, false);
        let number = self.next_session.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(number, key.clone(), Arc::clone(pass)));
        session.kept_in(self.ledger.as_ref());
        sessions.seat(&key.owner);
        sessions.by_key.insert(key, Arc::clone(&session));
        let seat = session.attach(pass, expiry, false);
        let ticket = seat.ticket.max(forgotten);
        Some(Seat { ticket, ..seat })
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
        let mut all = sessions.by_key.values();
        if let Some(ledger) = &self.ledger
            && (ledger.has_wills() || all.any(|session| session.is_kept_seated()))
        {
            ledger.alive();
        }
    }

    /// Subscribes a session to a filter that its pass allows, and queues what is retained. Gives
    /// the reason code for SUBACK, and what that waits for.
    pub(crate) fn subscribe(
        &self,
        session: &Arc<Session>,
        wanted: &Filter,
        subscription: Subscription<'_>,
        identifier: Option<u32>,
    ) -> (u8, Ticket) {
        let subscriber = Subscriber {
            session: Arc::clone(session),
            qos: wanted.qos,
            no_local: wanted.no_local,
            retain_as_published: wanted.retain_as_published,
            identifier,
        };
        let row = SubscriptionRow {
            qos: wanted.qos,
            no_local: wanted.no_local,
            retain_as_published: wanted.retain_as_published,
            identifier,
        };
        let mut tree = self.tree_mut();
        let filters_max = self.limits.subscriptions_max;
        let Some((is_new, ticket)) = session.add_filter(&wanted.filter, row, filters_max) else {
            return (code::QUOTA_EXCEEDED, 0);
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
        (wanted.qos, ticket)
    }

    /// Ends a subscription: what UNSUBACK waits for, or `None` if there was none.
    pub(crate) fn unsubscribe(&self, session: &Arc<Session>, filter: &str) -> Option<Ticket> {
        let mut tree = self.tree_mut();
        let ticket = session.remove_filter(filter)?;
        self.n_subscriptions.fetch_sub(1, Ordering::Relaxed);
        let Some(subscription) = Subscription::parse(filter) else {
            return Some(ticket);
        };
        tree.remove(subscription, session.number);
        drop(tree);
        if subscription.share.is_some() {
            self.give_on(session, Some(filter));
        }
        Some(ticket)
    }

    /// Retains the message if it asks for that, and queues it for every subscriber. Gives what its
    /// acknowledgement waits for: that it is kept for those whose sessions are.
    pub(crate) fn route(&self, message: &Arc<Message>) -> Ticket {
        self.retain(message);
        self.queue(message)
    }

    fn retain(&self, message: &Arc<Message>) {
        if message.is_retained && !lock(&self.retained).set(message) {
            tracing::warn!(topic = %message.topic, "not retained: the retained messages are full");
        }
    }

    fn queue(&self, message: &Arc<Message>) -> Ticket {
        if !self.has_subscriptions() {
            return 0;
        }
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let matching = tree.matching(message);
        drop(tree);
        let mut ticket = 0;
        for found in matching.each {
            ticket = ticket.max(self.deliver(found, message).unwrap_or(0));
        }
        for turn in &matching.turns {
            ticket = ticket.max(self.share(turn, message).unwrap_or(0));
        }
        ticket
    }

    /// Queues a message for one of its subscribers; `None` if it does not wait there.
    fn deliver(&self, found: Match, message: &Arc<Message>) -> Option<Ticket> {
        let delivery = Delivery {
            message: Arc::clone(message),
            qos: found.subscriber.qos.min(message.qos),
            is_retained: message.is_retained && found.subscriber.retain_as_published,
            identifiers: found.identifiers,
            share: None,
            place: 0,
        };
        self.push(&found.subscriber.session, delivery)
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
                place: 0,
            };
            self.push(session, delivery);
        }
    }

    fn push(&self, session: &Arc<Session>, delivery: Delivery) -> Option<Ticket> {
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
        match pushed {
            Pushed::Queued { ticket, .. } => Some(ticket),
            Pushed::Withheld | Pushed::Refused | Pushed::Overrun => None,
        }
    }

    fn count(&self, pushed: Pushed) {
        match pushed {
            Pushed::Queued {
                n_dropped,
                n_withheld,
                ticket: _,
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
