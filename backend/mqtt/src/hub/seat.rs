//! A connection's hold on a session: what it takes out, what it has begun to deliver, and what it leaves.
//!
//! Steps that the standard counts on are noted before the packet that tells of them leaves; who says so
//! gets the ticket that the packet has to wait for.

use std::time::Duration;

use tokio::sync::oneshot;

use super::flights::{Flights, Stage, Standing};
use super::lock;
use super::session::{Delivery, Ending, Fate, Seat};
use crate::keep::StageRow;
use crate::keep::ledger::{Ledger, Ticket};

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

    /// Notes that a message that was taken out goes nowhere.
    pub(crate) fn let_go(&self, delivery: &Delivery) {
        let state = lock(&self.session.state);
        state.gone(self.session.number, delivery.place);
    }

    /// Notes that a message of QoS 1 or 2 is under way. One of QoS 2 must not leave before that is
    /// kept: its identifier is the client's, too, until both are done with it.
    pub(crate) fn sent(&self, identifier: u16, mut delivery: Delivery) -> Ticket {
        let is_exactly_once = delivery.qos == 2;
        let mut state = lock(&self.session.state);
        if state.epoch != self.epoch {
            return 0;
        }
        let ledger = state.ledger.clone();
        let Some(ledger) = ledger.filter(|_| is_exactly_once || delivery.place > 0) else {
            state.flights.begin(identifier, delivery, self.epoch);
            return 0;
        };
        let session = self.session.number;
        if delivery.place > 0 {
            let (place, stage) = state.flights.begin(identifier, delivery, self.epoch);
            return ledger.moved((session, place), stage, is_exactly_once);
        }
        // What may not be written down is as good as released if this run ends: the client is then
        // told to forget the identifier, before that is used for something else.
        state.last_place += 1;
        delivery.place = state.last_place;
        let noted = delivery.clone();
        let (_, stage) = state.flights.begin(identifier, delivery, self.epoch);
        ledger.put_released(session, noted, stage)
    }

    /// Notes that the PUBREL of a message is sent, which must not leave before that is kept: the client
    /// forgets the identifier with it.
    pub(crate) fn released(&self, identifier: u16) -> Ticket {
        self.on_flights(|flights, epoch, note| {
            let released = flights.release(identifier, epoch);
            released.map_or(0, |(place, stage)| note.moved(place, stage, true))
        })
    }

    /// Notes that a message is delivered, or will never be.
    pub(crate) fn settled(&self, identifier: u16) {
        self.on_flights(|flights, _, note| {
            if let Some(place) = flights.settle(identifier) {
                note.gone(place);
            }
            0
        });
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
        self.on_flights(|flights, epoch, _| {
            flights.sent_again(identifier, epoch);
            0
        });
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
    fn on_flights(&self, change: impl FnOnce(&mut Flights, u64, &Note<'_>) -> Ticket) -> Ticket {
        let mut state = lock(&self.session.state);
        if state.epoch != self.epoch {
            return 0;
        }
        let ledger = state.ledger.clone();
        let note = Note {
            ledger: ledger.as_deref(),
            session: self.session.number,
        };
        change(&mut state.flights, self.epoch, &note)
    }

    /// Notes that a QoS 2 identifier that the client publishes with is taken, once its message is kept
    /// and before the client is told so, or free again, before it is told that.
    pub(crate) fn handled(&self, identifier: u16, is_handled: bool) -> Ticket {
        let mut state = lock(&self.session.state);
        if state.epoch != self.epoch {
            return 0;
        }
        let is_changed = if is_handled {
            state.qos2_handled.insert(identifier)
        } else {
            state.qos2_handled.remove(&identifier)
        };
        let ledger = state.ledger.as_ref().filter(|_| is_changed);
        ledger.map_or(0, |ledger| {
            ledger.handled(self.session.number, identifier, is_handled)
        })
    }

    /// The QoS 2 identifiers that the client has published with and not released.
    pub(crate) fn qos2_handled(&self) -> Vec<u16> {
        let state = lock(&self.session.state);
        state.qos2_handled.iter().copied().collect()
    }

    /// The number of the session, for `no_local`.
    pub(crate) fn number(&self) -> u64 {
        self.session.number
    }
}

/// Notes what becomes of deliveries, if the session is kept.
struct Note<'a> {
    ledger: Option<&'a Ledger>,
    session: u64,
}

impl Note<'_> {
    fn moved(&self, place: u64, stage: StageRow, is_wanted: bool) -> Ticket {
        let ledger = self.ledger.filter(|_| place > 0);
        ledger.map_or(0, |ledger| {
            ledger.moved((self.session, place), stage, is_wanted)
        })
    }

    fn gone(&self, place: u64) {
        if let Some(ledger) = self.ledger.filter(|_| place > 0) {
            ledger.gone((self.session, place));
        }
    }
}
