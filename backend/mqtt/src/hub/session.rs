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

use super::flights::{Flights, Stage, Standing};
use super::{Message, lock};
use crate::gate::{Pass, has_ended};

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
    /// receive them.
    Queued { n_dropped: usize, n_withheld: usize },
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
    state: Mutex<State>,
}

struct State {
    pass: Arc<dyn Pass>,
    epoch: u64,
    wake: Arc<Notify>,
    ending: Option<Ending>,
    expiry: Duration,
    /// Whether a connection sits in it, be it that its end is near.
    is_seated: bool,
    /// Set while nobody sits in the session: when it ends.
    parked_until: Option<Instant>,
    /// Nothing is let in any more: nobody will ever find the session again.
    is_over: bool,
    /// Who wants to know when the client comes back.
    resumed: Option<oneshot::Sender<()>>,
    filters: BTreeSet<SmolStr>,
    waiting: VecDeque<Delivery>,
    waiting_bytes: usize,
    flights: Flights,
    qos2_handled: Vec<u16>,
}

/// A connection's hold on a session.
pub(crate) struct Seat {
    pub(crate) session: Arc<Session>,
    pub(crate) epoch: u64,
    /// Notified when something waits, or when the seat is lost.
    pub(crate) wake: Arc<Notify>,
    /// Whether the session was there before.
    pub(crate) is_resumed: bool,
}

impl Session {
    pub(super) fn new(number: u64, key: Key, pass: Arc<dyn Pass>) -> Self {
        let state = State {
            pass,
            epoch: 0,
            wake: Arc::new(Notify::new()),
            ending: None,
            expiry: Duration::ZERO,
            is_seated: false,
            parked_until: None,
            is_over: false,
            resumed: None,
            filters: BTreeSet::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flights: Flights::default(),
            qos2_handled: Vec::new(),
        };
        Self {
            number,
            key,
            state: Mutex::new(state),
        }
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
        Seat {
            session: Arc::clone(self),
            epoch: state.epoch,
            wake: Arc::clone(&state.wake),
            is_resumed,
        }
    }

    /// Ends the session for whoever sits in it.
    pub(super) fn evict(&self, ending: Ending) {
        let mut state = lock(&self.state);
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
        true
    }

    /// Notes a filter: whether it is new, or `None` if there are too many.
    pub(super) fn add_filter(&self, filter: &SmolStr, filters_max: usize) -> Option<bool> {
        let mut state = lock(&self.state);
        let is_new = !state.filters.contains(filter);
        if is_new && (state.ending.is_some() || state.filters.len() >= filters_max) {
            return None;
        }
        state.filters.insert(filter.clone());
        Some(is_new)
    }

    pub(super) fn remove_filter(&self, filter: &str) -> bool {
        lock(&self.state).filters.remove(filter)
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
    pub(super) fn push(&self, delivery: Delivery, messages_max: usize, bytes_max: usize) -> Pushed {
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
                let found = state.withhold();
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
        state.waiting.push_back(delivery);
        state.wake.notify_one();
        Pushed::Queued {
            n_dropped,
            n_withheld,
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
}

impl State {
    /// Drops what waits and may not be received, or is of no use any more; says how many.
    fn withhold(&mut self) -> usize {
        let n_before = self.waiting.len();
        self.waiting
            .retain(|waiting| waiting.is_allowed(&*self.pass) && !waiting.message.has_expired());
        self.count_bytes();
        n_before - self.waiting.len()
    }

    fn count_bytes(&mut self) {
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

impl Seat {
    /// Whether this connection still holds the session.
    pub(crate) fn is_holder(&self) -> bool {
        lock(&self.session.state).epoch == self.epoch
    }

    /// Whether the seat is lost, and why.
    pub(crate) fn ending(&self) -> Option<Ending> {
        let state = lock(&self.session.state);
        if state.epoch == self.epoch {
            state.ending
        } else {
            Some(Ending::TakenOver)
        }
    }

    /// Sets how long the session is to outlive the connection. False if it was not to at all, which
    /// cannot be changed any more.
    ///
    /// # Source
    /// MQTT 5.0 section 3.14.2.2.2.
    #[must_use]
    pub(crate) fn set_expiry(&self, expiry: Duration) -> bool {
        let mut state = lock(&self.session.state);
        let is_allowed = !state.expiry.is_zero() || expiry.is_zero();
        if is_allowed {
            state.expiry = expiry;
        }
        is_allowed
    }

    /// What becomes of the session, once the connection has left it.
    pub(crate) fn fate(&self) -> Fate {
        let mut state = lock(&self.session.state);
        if state.epoch != self.epoch {
            return Fate::Resumed;
        }
        match state.parked_until {
            Some(until) if state.ending.is_none() && !state.is_over => {
                let (sender, resumed) = oneshot::channel();
                state.resumed = Some(sender);
                Fate::Open { until, resumed }
            }
            Some(_) | None => Fate::Ended,
        }
    }

    /// Takes the next message that may be delivered with `window` messages of QoS 1 and 2 under way,
    /// and so many bytes of payload with them.
    pub(crate) fn next(&self, window: usize, bytes_max: usize) -> Option<Delivery> {
        let mut state = lock(&self.session.state);
        if state.epoch != self.epoch {
            return None;
        }
        let front = state.waiting.front()?;
        let payload_bytes = front.message.payload.len();
        if front.qos > 0 && state.flights.is_full(window, payload_bytes, bytes_max) {
            return None;
        }
        let delivery = state.waiting.pop_front()?;
        state.waiting_bytes -= delivery.message.payload.len();
        Some(delivery)
    }

    /// Notes that a message of QoS 1 or 2 is under way.
    pub(crate) fn sent(&self, identifier: u16, delivery: Delivery) {
        self.on_flights(|flights| flights.begin(identifier, delivery, self.epoch));
    }

    /// Notes that the PUBREL of a message is sent.
    pub(crate) fn released(&self, identifier: u16) {
        self.on_flights(|flights| flights.release(identifier, self.epoch));
    }

    /// Notes that a message is delivered, or will never be.
    pub(crate) fn settled(&self, identifier: u16) {
        self.on_flights(|flights| flights.settle(identifier));
    }

    /// What an earlier connection of the session left under way and this one has not sent yet, the
    /// oldest of it.
    pub(crate) fn again(&self) -> Option<(u16, Stage)> {
        let state = lock(&self.session.state);
        let is_holder = state.epoch == self.epoch;
        is_holder.then(|| state.flights.again(self.epoch)).flatten()
    }

    /// Notes that this connection has sent it too.
    pub(crate) fn sent_again(&self, identifier: u16) {
        self.on_flights(|flights| flights.sent_again(identifier, self.epoch));
    }

    /// What the client's answer with this packet identifier is about.
    pub(crate) fn standing(&self, identifier: u16) -> Standing {
        let state = lock(&self.session.state);
        state.flights.standing(identifier, self.epoch)
    }

    /// The packet identifiers that are taken.
    pub(crate) fn identifiers(&self) -> Vec<u16> {
        lock(&self.session.state).flights.identifiers()
    }

    /// Without effect if another connection has taken the session over.
    fn on_flights(&self, change: impl FnOnce(&mut Flights)) {
        let mut state = lock(&self.session.state);
        if state.epoch == self.epoch {
            change(&mut state.flights);
        }
    }

    /// Keeps the QoS 2 identifiers that are committed and not yet released.
    pub(crate) fn keep_qos2_handled(&self, identifiers: Vec<u16>) {
        let mut state = lock(&self.session.state);
        if state.epoch == self.epoch {
            state.qos2_handled = identifiers;
        }
    }

    /// The QoS 2 identifiers of the session's earlier connection.
    pub(crate) fn qos2_handled(&self) -> Vec<u16> {
        lock(&self.session.state).qos2_handled.clone()
    }

    /// The number of the session, for `no_local`.
    pub(crate) fn number(&self) -> u64 {
        self.session.number
    }
}

#[cfg(test)]
mod tests;
