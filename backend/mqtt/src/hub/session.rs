//! One client's session: its filters, the messages that wait for it, who sits in it, and the pass of
//! whoever sits or last sat in it.
//!
//! A session outlives its connection if the client asked for that. The connection that holds it has
//! a [`Seat`]; taking the session over makes every earlier seat void, so that an old connection can
//! neither take messages nor end the session under the new one.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use smol_str::SmolStr;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::flights::Flights;
use super::{Message, lock};
use crate::gate::{Pass, has_ended};
use crate::keep::ledger::{Ledger, Ticket};
use crate::keep::{SessionRow, SubscriptionRow};

/// What a session is found by. The identifier alone would let one principal into another's session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) owner: SmolStr,
    pub(crate) client: SmolStr,
}

/// A message for one subscriber.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) message: Arc<Message>,
    pub(crate) qos: u8,
    pub(crate) is_retained: bool,
    /// The subscription identifiers of what it matched.
    pub(crate) identifiers: Vec<u32>,
    /// The shared subscription that it came by: it is for this one subscriber as well as for any
    /// other of the group.
    pub(crate) share: Option<SmolStr>,
    /// By what it is kept, with the session; zero if it is not.
    pub(crate) place: u64,
}

/// Why a seat was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The same client identifier connected again.
    TakenOver,
    /// The subscriber did not keep up with its QoS 1 messages.
    Overrun,
    /// The pass was revoked.
    Revoked,
}

/// What became of a message at the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits; so many older ones made room for it, of QoS 0, and because the client may not
    /// receive them. It is kept with the ticket.
    Queued {
        n_dropped: usize,
        n_withheld: usize,
        ticket: Ticket,
    },
    /// There was no room for what the client may not receive.
    Withheld,
    /// It was of QoS 0 and found no room.
    Refused,
    /// It was of QoS 1 and found no room.
    Overrun,
}

/// What becomes of a session whose connection has left it.
pub(crate) enum Fate {
    /// Its client has come back to it.
    Resumed,
    /// It is over.
    Ended,
    /// It waits for its client.
    Open {
        until: Instant,
        /// Resolves when the client comes back; is closed when the session ends before.
        resumed: oneshot::Receiver<()>,
    },
}

/// A session.
pub(crate) struct Session {
    /// Unique for the run of the server.
    pub(super) number: u64,
    pub(super) key: Key,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) pass: Arc<dyn Pass>,
    pub(super) epoch: u64,
    wake: Arc<Notify>,
    pub(super) ending: Option<Ending>,
    pub(super) expiry: Duration,
    /// Where it is noted what of it is to be kept; absent while it is not to outlive its connection.
    pub(super) ledger: Option<Arc<Ledger>>,
    /// The last place that a delivery was given.
    pub(super) last_place: u64,
    /// Whether a connection sits in it, be it that its end is near.
    is_seated: bool,
    /// Set while nobody sits in the session: when it ends.
    pub(super) parked_until: Option<Instant>,
    /// Nothing is let in any more: nobody will ever find the session again.
    pub(super) is_over: bool,
    /// Who wants to know when the client comes back.
    pub(super) resumed: Option<oneshot::Sender<()>>,
    pub(super) filters: BTreeSet<SmolStr>,
    pub(super) waiting: VecDeque<Delivery>,
    pub(super) waiting_bytes: usize,
    pub(super) flights: Flights,
    pub(super) qos2_handled: BTreeSet<u16>,
}

/// A connection's hold on a session.
pub(crate) struct Seat {
    pub(crate) session: Arc<Session>,
    pub(crate) epoch: u64,
    /// Notified when something waits, or when the seat is lost.
    pub(crate) wake: Arc<Notify>,
    /// Whether the session was there before.
    pub(crate) is_resumed: bool,
    /// What CONNACK waits for.
    pub(crate) ticket: Ticket,
}

impl Session {
    pub(super) fn new(number: u64, key: Key, pass: Arc<dyn Pass>) -> Self {
        let state = State {
            pass,
            epoch: 0,
            wake: Arc::new(Notify::new()),
            ending: None,
            expiry: Duration::ZERO,
            ledger: None,
            last_place: 0,
            is_seated: false,
            parked_until: None,
            is_over: false,
            resumed: None,
            filters: BTreeSet::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flights: Flights::default(),
            qos2_handled: BTreeSet::new(),
        };
        Self {
            number,
            key,
            state: Mutex::new(state),
        }
    }

    /// Has it kept, once it is to outlive a connection. Before anybody sits in it.
    pub(super) fn kept_in(&self, ledger: Option<&Arc<Ledger>>) {
        lock(&self.state).ledger = ledger.cloned();
    }

    /// Takes the session; whoever sat in it is woken and finds out.
    pub(super) fn attach(
        self: &Arc<Self>,
        pass: &Arc<dyn Pass>,
        expiry: Duration,
        is_resumed: bool,
    ) -> Seat {
        let mut state = lock(&self.state);
        state.pass = Arc::clone(pass);
        state.wake.notify_one();
        state.epoch += 1;
        state.wake = Arc::new(Notify::new());
        state.expiry = expiry;
        if let Some(resumed) = state.resumed.take() {
            // Whoever asked may have stopped waiting.
            resumed.send(()).ok();
        }
        state.is_seated = true;
        state.parked_until = None;
        let ticket = if !expiry.is_zero() {
            state.note(self)
        } else if is_resumed {
            state.forget(self.number)
        } else {
            // It has never been to outlive its connection, and never will.
            state.ledger = None;
            0
        };
        Seat {
            session: Arc::clone(self),
            epoch: state.epoch,
            wake: Arc::clone(&state.wake),
            is_resumed,
            ticket,
        }
    }

    /// Ends the session for whoever sits in it.
    pub(super) fn evict(&self, ending: Ending) {
        let mut state = lock(&self.state);
        state.forget(self.number);
        state.ending = Some(ending);
        state.resumed = None;
        state.waiting.clear();
        state.waiting_bytes = 0;
        state.wake.notify_one();
    }

    /// Whether a connection sits in it.
    pub(super) fn is_seated(&self) -> bool {
        lock(&self.state).is_seated
    }

    /// Notes that whoever sat in it left. False if nobody did.
    pub(super) fn unseat(&self) -> bool {
        std::mem::take(&mut lock(&self.state).is_seated)
    }

    pub(super) fn is_parked(&self) -> bool {
        lock(&self.state).parked_until.is_some()
    }

    /// Whether a client that comes back now finds it: it was asked to outlive its connection, its
    /// time has not passed, and the pass of its last connection was not revoked.
    pub(super) fn survives(&self, now: Instant) -> bool {
        let state = lock(&self.state);
        state.ending.is_none()
            && !state.expiry.is_zero()
            && state.parked_until.is_none_or(|until| now < until)
            && !has_ended(&*state.pass)
    }

    /// Parks the session for its expiry. False if it has none, or was ended.
    pub(super) fn park(&self, epoch: u64, now: Instant, expiry_max: Duration) -> bool {
        if !self.survives(now) {
            return false;
        }
        let mut state = lock(&self.state);
        if state.epoch != epoch {
            return false;
        }
        state.parked_until = Some(now + state.expiry.min(expiry_max));
        state.note(self);
        true
    }

    /// Whether it is kept, and has a connection.
    pub(super) fn is_kept_seated(&self) -> bool {
        let state = lock(&self.state);
        state.ledger.is_some() && state.is_seated
    }

    /// Notes a filter: whether it is new, or `None` if there are too many.
    pub(super) fn add_filter(
        &self,
        filter: &SmolStr,
        row: SubscriptionRow,
        filters_max: usize,
    ) -> Option<(bool, Ticket)> {
        let mut state = lock(&self.state);
        let is_new = !state.filters.contains(filter);
        if is_new && (state.ending.is_some() || state.filters.len() >= filters_max) {
            return None;
        }
        state.filters.insert(filter.clone());
        let ledger = state.ledger.as_ref();
        let noted = ledger.map(|ledger| ledger.subscription(self.number, filter, Some(row)));
        Some((is_new, noted.unwrap_or(0)))
    }

    /// Forgets a filter; `None` if there was none.
    pub(super) fn remove_filter(&self, filter: &str) -> Option<Ticket> {
        let mut state = lock(&self.state);
        let filter = state.filters.take(filter)?;
        let ledger = state.ledger.as_ref();
        let noted = ledger.map(|ledger| ledger.subscription(self.number, &filter, None));
        Some(noted.unwrap_or(0))
    }

    pub(super) fn take_filters(&self) -> BTreeSet<SmolStr> {
        std::mem::take(&mut lock(&self.state).filters)
    }

    /// Queues a message within the bounds. QoS 0 gives way: the oldest of it is dropped first.
    ///
    /// Whether the client may receive a message is decided when it is delivered. Before the session
    /// is lost for want of room it is asked here too: what is not for the client must neither end its
    /// session nor tell it, by the end, how much there was. First about the new message alone, so
    /// that a full outbox costs whoever publishes no search of it for each message.
    pub(super) fn push(
        &self,
        mut delivery: Delivery,
        messages_max: usize,
        bytes_max: usize,
    ) -> Pushed {
        let mut state = lock(&self.state);
        let is_closed = state.ending.is_some() || state.is_over;
        if is_closed || (delivery.qos == 0 && state.parked_until.is_some()) {
            return Pushed::Refused;
        }
        let bytes = delivery.message.payload.len();
        let (mut n_dropped, mut n_withheld) = (0, 0);
        while state.waiting.len() >= messages_max || state.waiting_bytes + bytes > bytes_max {
            let Some(oldest) = state.waiting.iter().position(|waiting| waiting.qos == 0) else {
                if delivery.qos == 0 {
                    return Pushed::Refused;
                }
                if !delivery.is_allowed(&*state.pass) {
                    return Pushed::Withheld;
                }
                let found = state.withhold(self.number);
                if found == 0 {
                    return Pushed::Overrun;
                }
                n_withheld += found;
                continue;
            };
            if let Some(dropped) = state.waiting.remove(oldest) {
                state.waiting_bytes -= dropped.message.payload.len();
            }
            n_dropped += 1;
        }
        state.waiting_bytes += bytes;
        let ticket = state.place(self.number, &mut delivery);
        state.waiting.push_back(delivery);
        state.wake.notify_one();
        Pushed::Queued {
            n_dropped,
            n_withheld,
            ticket,
        }
    }
}

/// What concerns shared subscriptions, whose messages may as well go to somebody else.
impl Session {
    /// Whether its client may have the message now.
    pub(super) fn may_receive(&self, message: &Message) -> bool {
        let pass = Arc::clone(&lock(&self.state).pass);
        pass.may_receive(&message.topic, message.label.as_ref())
    }

    /// Takes out what waits by a shared subscription, if it is one of those asked for.
    pub(super) fn take_shared(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Delivery> {
        let mut state = lock(&self.state);
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition(|waiting| waiting.share.as_deref().is_some_and(&is_meant));
        state.waiting = left.into();
        state.count_bytes();
        taken
    }

    /// Notes that what was taken out is with another session now.
    pub(super) fn gave(&self, delivery: &Delivery) {
        lock(&self.state).gone(self.number, delivery.place);
    }

    /// Puts back what was taken out and nobody else wants, before everything that waits.
    pub(super) fn put_back(&self, deliveries: Vec<Delivery>) {
        let mut state = lock(&self.state);
        if state.ending.is_none() && !state.is_over {
            for delivery in deliveries.into_iter().rev() {
                state.waiting.push_front(delivery);
            }
            state.count_bytes();
            state.wake.notify_one();
        }
    }

    /// Ends the session, and takes out what others are to get in its stead: of shared subscriptions
    /// what waits, and what was published with QoS 1 and not acknowledged. What was published with
    /// QoS 2 must not go to anybody else.
    ///
    /// # Source
    /// MQTT 5.0 section 4.8.2, MQTT-4.8.2-5.
    pub(super) fn close(&self) -> Vec<Delivery> {
        let mut state = lock(&self.state);
        state.is_over = true;
        state.resumed = None;
        let under_way = std::mem::take(&mut state.flights).into_unacknowledged();
        let waiting = std::mem::take(&mut state.waiting);
        state.waiting_bytes = 0;
        let left = under_way.into_iter().chain(waiting);
        left.filter(|delivery| delivery.share.is_some()).collect()
    }

    /// Has it kept as it stands now.
    pub(super) fn note(&self) -> Ticket {
        lock(&self.state).note(self)
    }

    /// Has it kept no longer: after what others get in its stead is kept for them.
    pub(super) fn forget(&self) -> Ticket {
        lock(&self.state).forget(self.number)
    }
}

impl State {
    /// Drops what waits and may not be received, or is of no use any more; says how many.
    fn withhold(&mut self, number: u64) -> usize {
        let (left, dropped): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.is_allowed(&*self.pass) && !waiting.message.has_expired());
        self.waiting = left;
        for delivery in &dropped {
            self.gone(number, delivery.place);
        }
        self.count_bytes();
        dropped.len()
    }

    /// Has the session kept as it stands now.
    fn note(&self, session: &Session) -> Ticket {
        let Some(ledger) = &self.ledger else { return 0 };
        let row = SessionRow {
            owner: session.key.owner.clone(),
            client: session.key.client.clone(),
            expiry_ms: i64::try_from(self.expiry.as_millis()).unwrap_or(i64::MAX),
            ends_at_ms: self.parked_until.map(|until| ledger.wall_ms(until)),
        };
        ledger.session(session.number, row)
    }

    /// Has the session kept no longer, nor anything that happens to it from now on.
    pub(super) fn forget(&mut self, number: u64) -> Ticket {
        let ledger = self.ledger.take();
        ledger.map_or(0, |ledger| ledger.forget(number))
    }

    /// Has a message that is about to wait kept, if it is one of those that are. What its client may
    /// not have as things stand is not written down for it.
    fn place(&mut self, number: u64, delivery: &mut Delivery) -> Ticket {
        delivery.place = 0;
        let may_keep = |ledger: &&Arc<Ledger>| {
            delivery.qos > 0
                && ledger.may_keep(&delivery.message)
                && delivery.is_allowed(&*self.pass)
        };
        let Some(ledger) = self.ledger.as_ref().filter(may_keep) else {
            return 0;
        };
        self.last_place += 1;
        delivery.place = self.last_place;
        ledger.put(number, delivery)
    }

    /// Has a delivery kept no longer.
    pub(super) fn gone(&self, number: u64, place: u64) {
        if let Some(ledger) = self.ledger.as_ref().filter(|_| place > 0) {
            ledger.gone((number, place));
        }
    }

    pub(super) fn count_bytes(&mut self) {
        let payloads = self.waiting.iter().map(|waiting| &waiting.message.payload);
        self.waiting_bytes = payloads.map(Bytes::len).sum();
    }
}

impl Delivery {
    /// Whether the holder of the pass may receive it now.
    pub(crate) fn is_allowed(&self, pass: &dyn Pass) -> bool {
        pass.may_receive(&self.message.topic, self.message.label.as_ref())
    }
}

#[cfg(test)]
mod tests;
