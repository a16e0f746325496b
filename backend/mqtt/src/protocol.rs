//! The protocol core of one connection: packets in, words out, and back.
//!
//! Wraps `mqtt-protocol-core`, which keeps packet identifiers, topic aliases, the receive maximum
//! and the QoS 2 state of both versions. What leaves here ([`words`]) no longer shows the version.

pub(crate) mod build;
pub(crate) mod connect;
pub(crate) mod kind;
pub(crate) mod reasons;
pub(crate) mod words;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::{GenericPacket, GenericPacketTrait, Packet};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, MqttError};
use mqtt_protocol_core::mqtt::{Connection, Version, role};

use crate::frame::FrameError;
use words::Inbound;

/// A breach of the protocol: the connection must be closed, and if the version can say why, that
/// has been written already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}")]
pub(crate) struct Violation(pub(crate) DisconnectReasonCode);

impl From<FrameError> for Violation {
    fn from(error: FrameError) -> Self {
        Self(match error {
            FrameError::Malformed => DisconnectReasonCode::MalformedPacket,
            FrameError::TooLarge => DisconnectReasonCode::PacketTooLarge,
            FrameError::NotConnect => DisconnectReasonCode::ProtocolError,
        })
    }
}

/// One connection's protocol state.
pub(crate) struct Protocol {
    core: Connection<role::Server>,
    wishes: Wishes,
}

/// What a client said in CONNECT about what it wants to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    /// Reason strings.
    pub(crate) wants_reasons: bool,
    /// Topic aliases.
    pub(crate) takes_aliases: bool,
    /// The longest packet.
    pub(crate) packet_bytes_max: usize,
}

/// By how much a topic alias can make a packet longer: identifier, value, and one byte more for each
/// of two lengths.
const ALIAS_BYTES: usize = 5;

impl Protocol {
    pub(crate) fn new() -> Self {
        Self {
            core: Connection::new(Version::Undetermined),
            wishes: Wishes {
                wants_reasons: false,
                takes_aliases: false,
                packet_bytes_max: usize::MAX,
            },
        }
    }

    /// Notes what the client said in CONNECT.
    pub(crate) fn set_wishes(&mut self, wishes: Wishes) {
        self.wishes = wishes;
    }

    /// Whether the client speaks MQTT 5; false until CONNECT has told.
    pub(crate) fn is_v5(&self) -> bool {
        self.core.get_protocol_version() == Version::V5_0
    }

    /// Takes in one whole packet. What must be answered at once is appended to `out`.
    ///
    /// # Errors
    /// The connection must be closed; the reason is in `out` if the version can say it.
    pub(crate) fn receive(
        &mut self,
        packet: &[u8],
        out: &mut BytesMut,
    ) -> Result<Option<Inbound>, Violation> {
        let events = self.core.recv(&mut Cursor::new(packet));
        let mut inbound = None;
        let mut error = None;
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => inbound = Some(words::from_packet(packet)),
                Event::RequestSendPacket { packet, .. } => self.write_with_reason(&packet, out),
                Event::NotifyError(reason) => error = Some(reason),
                Event::RequestClose
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::NotifyPacketIdReleased(_) => {}
            }
        }
        match error {
            None => Ok(inbound),
            Some(error) => Err(self.violate(reason_from_error(error), out)),
        }
    }

    /// Ends the connection for a reason, saying so in `out` if the version can.
    pub(crate) fn violate(
        &mut self,
        reason: DisconnectReasonCode,
        out: &mut BytesMut,
    ) -> Violation {
        self.disconnect(reason, out);
        Violation(reason)
    }

    /// Says DISCONNECT in MQTT 5, unless that was said already; 3.1.1 has no word for it.
    pub(crate) fn disconnect(&mut self, reason: DisconnectReasonCode, out: &mut BytesMut) {
        if self.is_v5() {
            // Refused by the core when the connection is not, or no longer, established.
            let why = reasons::disconnect(reason);
            self.send_with_reason(why, |why| build::disconnect(reason, why), out);
        }
    }

    /// Encodes a packet into `out`, if the core lets it pass. False if it does not.
    pub(crate) fn send(&mut self, packet: Option<Packet>, out: &mut BytesMut) -> bool {
        let Some(packet) = packet else { return false };
        let mut is_sent = false;
        for event in self.core.send(packet) {
            match event {
                Event::RequestSendPacket { packet, .. } => {
                    write(&packet, out);
                    is_sent = true;
                }
                Event::NotifyError(error) => tracing::debug!(%error, "packet not sent"),
                Event::NotifyPacketReceived(_)
                | Event::RequestClose
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::NotifyPacketIdReleased(_) => {}
            }
        }
        is_sent
    }

    /// Encodes a packet into `out` with a reason in words, if the client wants those and the packet is
    /// not too long for it by that; else without.
    pub(crate) fn send_with_reason(
        &mut self,
        why: &'static str,
        build: impl Fn(Option<&'static str>) -> Option<Packet>,
        out: &mut BytesMut,
    ) {
        let is_told = self.is_v5() && self.wishes.wants_reasons;
        if !(is_told && self.send(build(Some(why)), out)) {
            self.send(build(None), out);
        }
    }

    /// Encodes what the core says by itself: its DISCONNECT with a reason in words, in the same way.
    fn write_with_reason(&self, packet: &Packet, out: &mut BytesMut) {
        let GenericPacket::V5_0Disconnect(disconnect) = packet else {
            return write(packet, out);
        };
        let reason = disconnect
            .reason_code()
            .filter(|_| self.wishes.wants_reasons);
        let told =
            reason.and_then(|reason| build::disconnect(reason, Some(reasons::disconnect(reason))));
        match told {
            Some(told) if told.size() <= self.wishes.packet_bytes_max => write(&told, out),
            Some(_) | None => write(packet, out),
        }
    }

    /// Encodes a PUBLISH into `out`, by topic alias if the client takes those. False if the packet is
    /// longer than the client takes.
    pub(crate) fn publish(&mut self, packet: Option<Packet>, out: &mut BytesMut) -> bool {
        let Some(packet) = packet else { return false };
        // The core looks at the length before it adds the alias.
        let has_room = packet.size() + ALIAS_BYTES <= self.wishes.packet_bytes_max;
        self.core
            .set_auto_map_topic_alias_send(self.wishes.takes_aliases && has_room);
        self.send(Some(packet), out)
    }

    /// The version the client speaks; `Undetermined` until CONNECT has told.
    pub(crate) fn version(&self) -> Version {
        self.core.get_protocol_version()
    }

    /// How many more deliveries of QoS 1 and 2 the client takes; `None` without a limit.
    pub(crate) fn delivery_vacancy(&self) -> Option<u16> {
        self.core.get_receive_maximum_vacancy_for_send()
    }

    /// A free packet identifier for a delivery.
    pub(crate) fn acquire_identifier(&mut self) -> Option<u16> {
        self.core.acquire_packet_id().ok()
    }

    /// Takes the identifier a delivery had on an earlier connection of its session.
    pub(crate) fn register_identifier(&mut self, identifier: u16) -> bool {
        self.core.register_packet_id(identifier).is_ok()
    }

    /// Gives back the identifier of a delivery that was not sent.
    pub(crate) fn release_identifier(&mut self, identifier: u16) {
        drop(self.core.release_packet_id(identifier));
    }

    /// Takes over the QoS 2 identifiers of the session's earlier connection.
    pub(crate) fn restore_qos2_handled(&mut self, identifiers: &[u16]) {
        self.core
            .restore_qos2_publish_handled(identifiers.iter().copied().collect());
    }
}

/// Encodes a packet into `out` past the core, which has no part in what it is about.
pub(crate) fn send_past(packet: Option<Packet>, out: &mut BytesMut) {
    if let Some(packet) = packet {
        write(&packet, out);
    }
}

fn write(packet: &Packet, out: &mut BytesMut) {
    out.extend_from_slice(&packet.to_continuous_buffer());
}

/// The core's own errors about the peer carry the DISCONNECT reason in their low byte.
fn reason_from_error(error: MqttError) -> DisconnectReasonCode {
    u8::try_from(error as u16)
        .ok()
        .and_then(|code| DisconnectReasonCode::try_from(code).ok())
        .unwrap_or(DisconnectReasonCode::ProtocolError)
}

#[cfg(test)]
mod tests;
