//! The state of one admitted client, and what each packet does to it. No I/O and no waiting.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use smol_str::SmolStr;
use tokio::time::Instant;

use super::holds::Holds;
use super::rate::Rate;
use super::{End, Shared, Taking};
use crate::frame::{Body, Frame, Framer};
use crate::gate::Pass;
use crate::hub::Message;
use crate::hub::session::{Ending, Seat};
use crate::keep::ledger::Ticket;
use crate::lobby::Place;
use crate::pending::{Batch, Pending, Settled, Slot, Unkept};
use crate::protocol::build::{self, code};
use crate::protocol::words::{Filter, Inbound, Publish, Subscribe, Will, beside};
use crate::protocol::{Protocol, Violation, reasons};
use crate::taker::{Arrival, Closed, Receipt};
use crate::topic::{self, Subscription};

/// How far beyond the receive maximum packets are looked at. An MQTT 5 client that goes beyond it is
/// told so, by the core; a 3.1.1 client, and QoS 0, are held back by not reading.
const SLOTS_BEYOND_RECEIVE_MAXIMUM: usize = 64;

/// One client's connection, apart from its socket.
pub(super) struct Link {
    pub(super) shared: Arc<Shared>,
    pub(super) protocol: Protocol,
    pub(super) framer: Framer,
    /// What waits to be written.
    pub(super) out: BytesMut,
    /// How much of it waits until something is kept.
    pub(super) holds: Holds,
    pub(super) client: SmolStr,
    pub(super) seat: Seat,
    pub(super) pass: Arc<dyn Pass>,
    pub(super) keep_alive: Duration,
    pub(super) will: Option<Will>,
    /// By what the will is kept, if it is.
    pub(super) will_kept: Option<u64>,
    pub(super) pending: Pending,
    pub(super) rate: Rate,
    /// Packets received so far, to tell one from the next.
    pub(super) n_packets: u64,
    /// Whether there may be something left that an earlier connection began to deliver.
    pub(super) is_resuming: bool,
    /// Whether the client hears nothing any more. What it has said may still be on the way.
    pub(super) is_deaf: bool,
    /// Its place among the admitted.
    pub(super) place: Option<Place>,
    /// Set when the connection is to end.
    pub(super) end: Option<End>,
}

/// The slots of a batch whose arrivals are on their way to the taker.
#[derive(Default)]
pub(super) struct Gathered {
    slots: Vec<Slot>,
    payload_bytes: usize,
}

impl Gathered {
    /// The batch, with the taker's word for it.
    pub(super) fn batch(self, receipt: Option<Receipt>) -> Batch {
        Batch {
            receipt,
            slots: self.slots,
            payload_bytes: self.payload_bytes,
        }
    }
}

impl Link {
    /// Whether there is room for more packets.
    pub(super) fn may_read(&self) -> bool {
        let has_room = self.has_room(0, 0) && self.out.len() < self.shared.limits.out_bytes_max;
        has_room && !self.shared.hub.is_behind()
    }

    /// Has everything that waits to be written wait for the ticket.
    pub(super) fn hold(&mut self, ticket: Ticket) {
        self.holds.hold(ticket, self.out.len());
    }

    /// How much may be written, now that something may have been kept.
    pub(super) fn writable(&mut self) -> usize {
        if self.holds.let_go().is_err() {
            self.end = Some(End::Unkept);
        }
        self.holds.n_free(self.out.len())
    }

    /// Whether a commit would let the client's connection go on.
    pub(super) fn awaits_commit(&self) -> bool {
        self.holds.is_holding() || self.shared.hub.is_behind()
    }

    fn has_room(&self, n_slots: usize, payload_bytes: usize) -> bool {
        let limits = &self.shared.limits;
        let slots_max = usize::from(limits.receive_maximum) + SLOTS_BEYOND_RECEIVE_MAXIMUM;
        self.pending.n_slots() + n_slots < slots_max
            && self.pending.payload_bytes() + payload_bytes < limits.pending_bytes_max
    }

    /// Notes that the client hears nothing any more.
    pub(super) fn lose_hearing(&mut self) {
        self.is_deaf = true;
        self.out.clear();
        self.holds.clear();
    }

    /// Which packet stands incomplete in the input after [`Link::gather`]: the number of those before.
    pub(super) fn half(&self, input: &BytesMut) -> Option<u64> {
        self.framer.is_within(input).then_some(self.n_packets)
    }

    /// Whether nothing is under way any more.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.out.is_empty()
    }

    /// Works through the complete packets of the input. Gives the batch to hand to the taker; a
    /// batch of refusals alone needs no taker and is queued at once.
    pub(super) fn gather(&mut self, input: &mut BytesMut) -> Option<(Vec<Arrival>, Gathered)> {
        let mut arrivals = Vec::new();
        let mut gathered = Gathered::default();
        while self.end.is_none()
            && self.has_room(gathered.slots.len(), gathered.payload_bytes)
            && self.rate.waits_until().is_none()
        {
            match self.framer.next(input) {
                Ok(None) => break,
                Ok(Some(frame)) => self.frame(frame, &mut arrivals, &mut gathered),
                Err(error) => self.violate(Violation::from(error).0),
            }
        }
        if arrivals.is_empty() {
            if !gathered.slots.is_empty() {
                self.pending.push(gathered.batch(None));
            }
            return None;
        }
        Some((arrivals, gathered))
    }

    fn frame(&mut self, frame: Frame, arrivals: &mut Vec<Arrival>, gathered: &mut Gathered) {
        self.shared.counters.packets_in.add(1);
        self.n_packets += 1;
        let body = match frame {
            Frame::Control => None,
            Frame::Publish(body) => Some(body),
        };
        if body
            .as_ref()
            .is_some_and(|body| self.is_awaited(body.identifier, gathered))
        {
            // The PUBREC comes with the commit; the core would send it now.
            return;
        }
        if body.is_none() && self.answered_past_the_core() {
            return;
        }
        match (
            self.protocol.receive(self.framer.packet(), &mut self.out),
            body,
        ) {
            (Err(Violation(reason)), _) => self.note_violation(reason),
            (Ok(None), _) => {}
            (Ok(Some(Inbound::Publish(publish))), Some(body)) => {
                self.publish(publish, body, arrivals, gathered);
            }
            (Ok(Some(inbound)), _) => self.inbound(inbound),
        }
    }

    /// Whether a QoS 2 message with this identifier is under way already.
    fn is_awaited(&self, identifier: u16, gathered: &Gathered) -> bool {
        let is_exactly_once = self
            .framer
            .packet()
            .first()
            .is_some_and(|first| first & 0b0100 != 0);
        is_exactly_once
            && (self.pending.has_qos2(identifier)
                || gathered
                    .slots
                    .iter()
                    .any(|slot| slot.qos == 2 && slot.identifier == identifier))
    }

    fn publish(
        &mut self,
        publish: Publish,
        body: Body,
        arrivals: &mut Vec<Arrival>,
        gathered: &mut Gathered,
    ) {
        let counters = &self.shared.counters;
        counters.publishes_in.add(1);
        self.rate.publish();
        if publish.has_subscription_identifier {
            return self.violate(DisconnectReasonCode::ProtocolError);
        }
        if !topic::is_valid_name(&publish.topic) {
            return self.violate(DisconnectReasonCode::TopicNameInvalid);
        }
        let Publish {
            topic,
            identifier,
            qos,
            is_retained,
            properties,
            expiry,
            has_subscription_identifier: _,
        } = publish;
        let mut slot = Slot {
            identifier,
            qos,
            refused: None,
            message: None,
        };
        gathered.payload_bytes += body.payload.len();
        let beside = beside(&properties);
        if topic::is_reserved(&topic) || !self.pass.may_publish(&topic) {
            counters.publishes_denied.add(1);
            tracing::warn!(client = %self.client, %topic, "publish refused: not authorized");
            slot.refused = Some(code::NOT_AUTHORIZED);
        } else {
            if !body.is_whole() {
                counters.payloads_oversized.add(1);
            } else if is_retained || self.shared.hub.has_subscriptions() {
                slot.message = Some(Arc::new(Message {
                    topic: topic.clone(),
                    payload: body.payload.clone(),
                    qos,
                    is_retained,
                    properties,
                    from: self.seat.number(),
                    expires_at: expiry.map(|expiry| Instant::now() + expiry),
                    label: None,
                    number: OnceLock::new(),
                }));
            }
            arrivals.push(Arrival {
                topic,
                payload: body.payload,
                payload_bytes: body.payload_bytes,
                client: self.client.clone(),
                beside,
            });
        }
        gathered.slots.push(slot);
    }

    fn inbound(&mut self, inbound: Inbound) {
        let version = self.protocol.version();
        match inbound {
            Inbound::Ping => {
                self.protocol.send(build::pong(version), &mut self.out);
            }
            Inbound::Puback(identifier) | Inbound::Pubcomp(identifier) => {
                self.seat.settled(identifier);
            }
            Inbound::Pubrec {
                identifier,
                is_refused,
            } => self.received(identifier, is_refused),
            Inbound::Pubrel(identifier) => {
                self.protocol
                    .send(build::pubcomp(version, identifier), &mut self.out);
                // The client may use the identifier for another message from then on.
                let ticket = self.seat.handled(identifier, false);
                self.hold(ticket);
            }
            Inbound::Subscribe(subscribe) => self.subscribe(&subscribe),
            Inbound::Unsubscribe {
                identifier,
                filters,
            } => self.unsubscribe(identifier, &filters),
            Inbound::Disconnect {
                with_will,
                session_expiry,
            } => {
                if let Some(expiry) = session_expiry
                    && !self.seat.set_expiry(expiry)
                {
                    return self.violate(DisconnectReasonCode::ProtocolError);
                }
                self.end = Some(if with_will { End::WithWill } else { End::Clean });
            }
            Inbound::Connect(_) | Inbound::Publish(_) | Inbound::Unexpected => {
                self.violate(DisconnectReasonCode::ProtocolError);
            }
        }
    }

    fn unsubscribe(&mut self, identifier: u16, filters: &[SmolStr]) {
        let session = &self.seat.session;
        let ended: Vec<_> = filters
            .iter()
            .map(|filter| self.shared.hub.unsubscribe(session, filter))
            .collect();
        let reasons: Vec<u8> = ended
            .iter()
            .map(|ended| match ended {
                Some(_) => code::SUCCESS,
                None => code::NO_SUBSCRIPTION,
            })
            .collect();
        let unsuback = build::unsuback(self.protocol.version(), identifier, &reasons);
        self.protocol.send(unsuback, &mut self.out);
        self.hold(ended.into_iter().flatten().max().unwrap_or(0));
    }

    fn subscribe(&mut self, subscribe: &Subscribe) {
        // A shared subscription with no_local makes no sense, and the standard says so.
        let is_nonsense = |wanted: &Filter| {
            wanted.no_local
                && Subscription::parse(&wanted.filter).is_some_and(|to| to.share.is_some())
        };
        if subscribe.subscription_identifiers.len() > 1 || subscribe.filters.iter().any(is_nonsense)
        {
            return self.violate(DisconnectReasonCode::ProtocolError);
        }
        let identifier = subscribe.subscription_identifiers.first().copied();
        let mut reasons = Vec::with_capacity(subscribe.filters.len());
        let mut kept_by = 0;
        for wanted in &subscribe.filters {
            let reason = match Subscription::parse(&wanted.filter) {
                None => code::FILTER_INVALID,
                Some(to) if !self.pass.may_subscribe(to.filter) => code::NOT_AUTHORIZED,
                Some(to) => {
                    let session = &self.seat.session;
                    let hub = &self.shared.hub;
                    let (reason, ticket) = hub.subscribe(session, wanted, to, identifier);
                    kept_by = kept_by.max(ticket);
                    reason
                }
            };
            reasons.push(reason);
        }
        let version = self.protocol.version();
        let suback = |why| build::suback(version, subscribe.identifier, &reasons, why);
        match reasons.iter().find(|&&reason| reason >= code::FAILURE) {
            None => {
                self.protocol.send(suback(None), &mut self.out);
            }
            Some(&reason) => {
                let why = reasons::subscribe(reason);
                self.protocol.send_with_reason(why, suback, &mut self.out);
            }
        }
        self.hold(kept_by);
    }

    /// The taker has taken the batch, or never will.
    pub(super) fn taken(
        &mut self,
        taken: Result<Receipt, Closed>,
        taking: &mut Option<Taking<'_>>,
    ) {
        let Some(Taking { gathered, .. }) = taking.take() else {
            return;
        };
        match taken {
            Ok(receipt) => self.pending.push(gathered.batch(Some(receipt))),
            Err(Closed) => self.end = Some(End::Unkept),
        }
    }

    /// Routes what is kept, and acknowledges what is settled, in order: for sessions that are kept, once
    /// the message is kept for them, too.
    pub(super) fn settle(&mut self, settled: Result<Vec<Settled>, Unkept>) {
        let Ok(settled) = settled else {
            self.end = Some(End::Unkept);
            return;
        };
        for Settled { slot, reason } in settled {
            let mut ticket = 0;
            if let (code::SUCCESS, Some(message)) = (reason, &slot.message) {
                ticket = self.shared.hub.route(message);
            }
            if slot.qos == 2 && reason < code::FAILURE {
                ticket = ticket.max(self.seat.handled(slot.identifier, true));
            }
            self.acknowledge(&slot, reason);
            if slot.qos > 0 {
                self.hold(ticket);
            }
        }
    }

    fn acknowledge(&mut self, slot: &Slot, reason: u8) {
        if slot.qos == 0 {
            return;
        }
        let version = self.protocol.version();
        let ack = |why| match slot.qos {
            1 => build::puback(version, slot.identifier, reason, why),
            _ => build::pubrec(version, slot.identifier, reason, why),
        };
        self.shared.counters.acks_out.add(1);
        if reason == code::SUCCESS {
            self.protocol.send(ack(None), &mut self.out);
            return;
        }
        self.shared.counters.refusals_out.add(1);
        let why = reasons::publish(reason);
        self.protocol.send_with_reason(why, ack, &mut self.out);
    }

    /// Looks whether the seat is lost.
    pub(super) fn check_seat(&mut self) {
        match self.seat.ending() {
            Some(Ending::TakenOver) => self.end = Some(End::TakenOver),
            Some(Ending::Overrun) => self.end = Some(End::Overrun),
            Some(Ending::Revoked) => self.end = Some(End::Revoked),
            None => {}
        }
    }

    fn violate(&mut self, reason: DisconnectReasonCode) {
        self.protocol.disconnect(reason, &mut self.out);
        self.note_violation(reason);
    }

    fn note_violation(&mut self, reason: DisconnectReasonCode) {
        self.shared.counters.protocol_errors.add(1);
        tracing::warn!(client = %self.client, ?reason, "protocol error: connection closed");
        self.end = Some(End::Violation(reason));
    }
}
