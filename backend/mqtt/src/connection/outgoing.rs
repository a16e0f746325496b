//! Deliveries to a client: what waits, what an earlier connection of its session left under way, and
//! the answers to both.

use super::link::Link;
use crate::hub::flights::{Stage, Standing};
use crate::hub::session::Delivery;
use crate::limits::DELIVERY_WINDOW;
use crate::protocol::build::{self, Outgoing};
use crate::protocol::{self, kind};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    /// It is written.
    Sent,
    /// The client may not receive it.
    Withheld,
    /// The client does not take it: it is longer than it said.
    Unsent,
}

impl Link {
    /// Takes over the packet identifiers of what an earlier connection of the session left under way.
    pub(super) fn resume(&mut self) {
        for identifier in self.seat.identifiers() {
            self.is_resuming |= self.protocol.register_identifier(identifier);
        }
    }

    /// Moves waiting messages to the output while there is room.
    pub(super) fn deliver(&mut self) {
        if self.is_deaf {
            // Acknowledgements, which nobody will read.
            self.out.clear();
            self.holds.clear();
            return;
        }
        self.deliver_again();
        while !self.is_resuming && self.has_room_to_deliver() {
            let window = if self.is_full() { 0 } else { DELIVERY_WINDOW };
            let bytes_max = self.shared.limits.outbox_bytes_max;
            let Some(delivery) = self.seat.next(window, bytes_max) else {
                return;
            };
            if delivery.message.has_expired() {
                self.shared.counters.deliveries_expired.add(1);
                self.seat.let_go(&delivery);
            } else if delivery.qos == 0 {
                self.send_delivery(&delivery, None, false);
            } else if let Some(identifier) = self.protocol.acquire_identifier() {
                match self.send_delivery(&delivery, Some(identifier), false) {
                    Sending::Sent => {
                        let ticket = self.seat.sent(identifier, delivery);
                        self.hold(ticket);
                    }
                    // The standard has a packet dropped that is longer than the client takes.
                    Sending::Withheld | Sending::Unsent => {
                        self.protocol.release_identifier(identifier);
                        self.seat.let_go(&delivery);
                    }
                }
            }
        }
    }

    /// Sends again what an earlier connection left under way, in the order in which that was begun.
    /// Nothing new is sent before.
    fn deliver_again(&mut self) {
        while self.is_resuming && self.has_room_to_deliver() {
            let Some((identifier, stage)) = self.seat.again() else {
                self.is_resuming = false;
                return;
            };
            match stage {
                Stage::Released => self.release(identifier),
                Stage::Published(_) if self.is_full() => return,
                Stage::Published(delivery) => {
                    match self.send_delivery(&delivery, Some(identifier), true) {
                        Sending::Sent => self.seat.sent_again(identifier),
                        // The client may have the message, and keep its identifier until PUBREL.
                        Sending::Withheld | Sending::Unsent if delivery.qos == 2 => {
                            self.release(identifier);
                        }
                        Sending::Withheld | Sending::Unsent => {
                            self.protocol.release_identifier(identifier);
                            self.seat.settled(identifier);
                        }
                    }
                }
            }
        }
    }

    fn has_room_to_deliver(&self) -> bool {
        self.out.len() < self.shared.limits.out_bytes_max
    }

    /// Whether the client takes no more messages of QoS 1 and 2 for now.
    fn is_full(&self) -> bool {
        self.protocol.delivery_vacancy() == Some(0)
    }

    /// Says PUBREL for what an earlier connection published. The core would count its PUBCOMP against
    /// a PUBLISH that this connection never sent.
    fn release(&mut self, identifier: u16) {
        let pubrel = build::pubrel(self.protocol.version(), identifier, true);
        protocol::send_past(pubrel, &mut self.out);
        let ticket = self.seat.released(identifier);
        self.hold(ticket);
    }

    /// The client has answered a PUBLISH of this connection with PUBREC.
    pub(super) fn received(&mut self, identifier: u16, is_refused: bool) {
        if is_refused {
            self.seat.settled(identifier);
            return;
        }
        let pubrel = build::pubrel(self.protocol.version(), identifier, true);
        self.protocol.send(pubrel, &mut self.out);
        let ticket = self.seat.released(identifier);
        self.hold(ticket);
    }

    /// Answers a PUBREC or PUBCOMP that is not about a PUBLISH of this connection, which the core
    /// takes for a breach of the protocol. False if it is for the core.
    pub(super) fn answered_past_the_core(&mut self) -> bool {
        let Some((kind, identifier)) = kind::answer(self.framer.packet()) else {
            return false;
        };
        match (kind, self.seat.standing(identifier)) {
            (kind::PUBREC, Standing::Released | Standing::Inherited) => {
                self.release(identifier);
                true
            }
            (kind::PUBREC, Standing::Unknown) => {
                let pubrel = build::pubrel(self.protocol.version(), identifier, false);
                protocol::send_past(pubrel, &mut self.out);
                true
            }
            (kind::PUBCOMP, Standing::Inherited) => {
                self.protocol.release_identifier(identifier);
                self.seat.settled(identifier);
                true
            }
            // The second answer to a PUBREL that was said twice.
            (kind::PUBCOMP, Standing::Unknown) => true,
            _ => false,
        }
    }

    /// Writes a delivery, if the client may receive it now. Every message to a client comes through
    /// here, however long it has waited and whichever way it came, so nothing else has to ask.
    fn send_delivery(
        &mut self,
        delivery: &Delivery,
        identifier: Option<u16>,
        is_duplicate: bool,
    ) -> Sending {
        if !delivery.is_allowed(&*self.pass) {
            self.shared.counters.deliveries_withheld.add(1);
            return Sending::Withheld;
        }
        let packet = build::publish(
            self.protocol.version(),
            &Outgoing {
                topic: &delivery.message.topic,
                payload: &delivery.message.payload,
                qos: delivery.qos,
                identifier,
                is_retained: delivery.is_retained,
                is_duplicate,
                properties: &delivery.message.properties,
                identifiers: &delivery.identifiers,
                expiry_s: delivery.message.expiry_s(),
            },
        );
        if self.protocol.publish(packet, &mut self.out) {
            Sending::Sent
        } else {
            self.shared.counters.deliveries_too_large.add(1);
            Sending::Unsent
        }
    }
}
