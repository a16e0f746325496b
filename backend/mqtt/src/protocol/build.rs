//! Builds what the endpoint says, in the client's version. `None` means that the core refused a
//! field, which a test of this file would have shown.

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::packet::{
    AssignedClientIdentifier, MessageExpiryInterval, Packet, Property, Qos, ReasonString,
    ReceiveMaximum, ServerKeepAlive, SessionExpiryInterval, SubscriptionIdentifier,
    TopicAliasMaximum, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, PubackReasonCode, PubrecReasonCode,
    PubrelReasonCode, SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
};

use crate::limits::TOPIC_ALIAS_MAX;

/// Reason codes as MQTT 5 numbers them; 3.1.1 knows few of them.
pub(crate) mod code {
    pub(crate) const SUCCESS: u8 = 0x00;
    pub(crate) const NO_SUBSCRIPTION: u8 = 0x11;
    /// The first of those that say no.
    pub(crate) const FAILURE: u8 = 0x80;
    pub(crate) const NOT_AUTHORIZED: u8 = 0x87;
    pub(crate) const FILTER_INVALID: u8 = 0x8f;
    pub(crate) const TOPIC_INVALID: u8 = 0x90;
    pub(crate) const QUOTA_EXCEEDED: u8 = 0x97;
    pub(crate) const PAYLOAD_INVALID: u8 = 0x99;
}

/// What CONNACK tells beside success.
pub(crate) struct Welcome<'a> {
    pub(crate) is_session_present: bool,
    pub(crate) receive_maximum: u16,
    /// The identifier we gave the client, if it had none.
    pub(crate) assigned: Option<&'a str>,
    /// The session expiry in seconds, if it is not what the client asked for.
    pub(crate) session_expiry_s: Option<u32>,
    /// The keep-alive in seconds, if it is not what the client asked for.
    pub(crate) keep_alive_s: Option<u16>,
}

pub(crate) fn welcome(version: Version, welcome: &Welcome<'_>) -> Option<Packet> {
    if version != Version::V5_0 {
        let packet = v3_1_1::Connack::builder()
            .session_present(welcome.is_session_present)
            .return_code(ConnectReturnCode::Accepted);
        return Some(packet.build().ok()?.into());
    }
    let mut properties: Vec<Property> = vec![
        ReceiveMaximum::new(welcome.receive_maximum).ok()?.into(),
        TopicAliasMaximum::new(TOPIC_ALIAS_MAX).ok()?.into(),
    ];
    if let Some(client) = welcome.assigned {
        properties.push(AssignedClientIdentifier::new(client).ok()?.into());
    }
    if let Some(seconds) = welcome.session_expiry_s {
        properties.push(SessionExpiryInterval::new(seconds).ok()?.into());
    }
    if let Some(seconds) = welcome.keep_alive_s {
        properties.push(ServerKeepAlive::new(seconds).ok()?.into());
    }
    let packet = v5_0::Connack::builder()
        .session_present(welcome.is_session_present)
        .reason_code(ConnectReasonCode::Success)
        .props(properties);
    Some(packet.build().ok()?.into())
}

pub(crate) fn turned_away(
    version: Version,
    reason: ConnectReasonCode,
    return_code: ConnectReturnCode,
    why: Option<&str>,
) -> Option<Packet> {
    if version == Version::V5_0 {
        let packet = v5_0::Connack::builder()
            .session_present(false)
            .reason_code(reason)
            .props(in_words(why)?);
        return Some(packet.build().ok()?.into());
    }
    let packet = v3_1_1::Connack::builder()
        .session_present(false)
        .return_code(return_code);
    Some(packet.build().ok()?.into())
}

/// The property that says why.
fn in_words(why: Option<&str>) -> Option<Vec<Property>> {
    let why = why.map(ReasonString::new).transpose().ok()?;
    Some(why.into_iter().map(Property::from).collect())
}

pub(crate) fn puback(
    version: Version,
    identifier: u16,
    reason: u8,
    why: Option<&str>,
) -> Option<Packet> {
    if version != Version::V5_0 {
        return Some(
            v3_1_1::Puback::builder()
                .packet_id(identifier)
                .build()
                .ok()?
                .into(),
        );
    }
    let mut packet = v5_0::Puback::builder().packet_id(identifier);
    if reason != code::SUCCESS {
        packet = packet.reason_code(PubackReasonCode::try_from(reason).ok()?);
        if why.is_some() {
            packet = packet.props(in_words(why)?);
        }
    }
    Some(packet.build().ok()?.into())
}

pub(crate) fn pubrec(
    version: Version,
    identifier: u16,
    reason: u8,
    why: Option<&str>,
) -> Option<Packet> {
    if version != Version::V5_0 {
        return Some(
            v3_1_1::Pubrec::builder()
                .packet_id(identifier)
                .build()
                .ok()?
                .into(),
        );
    }
    let mut packet = v5_0::Pubrec::builder().packet_id(identifier);
    if reason != code::SUCCESS {
        packet = packet.reason_code(PubrecReasonCode::try_from(reason).ok()?);
        if why.is_some() {
            packet = packet.props(in_words(why)?);
        }
    }
    Some(packet.build().ok()?.into())
}

pub(crate) fn pubcomp(version: Version, identifier: u16) -> Option<Packet> {
    if version != Version::V5_0 {
        return Some(
            v3_1_1::Pubcomp::builder()
                .packet_id(identifier)
                .build()
                .ok()?
                .into(),
        );
    }
    Some(
        v5_0::Pubcomp::builder()
            .packet_id(identifier)
            .build()
            .ok()?
            .into(),
    )
}

/// PUBREL, for a delivery of ours; or for one that we do not know, as the answer to its PUBREC.
pub(crate) fn pubrel(version: Version, identifier: u16, is_known: bool) -> Option<Packet> {
    if version != Version::V5_0 {
        let packet = v3_1_1::Pubrel::builder().packet_id(identifier);
        return Some(packet.build().ok()?.into());
    }
    let mut packet = v5_0::Pubrel::builder().packet_id(identifier);
    if !is_known {
        packet = packet.reason_code(PubrelReasonCode::PacketIdentifierNotFound);
    }
    Some(packet.build().ok()?.into())
}

pub(crate) fn suback(
    version: Version,
    identifier: u16,
    reasons: &[u8],
    why: Option<&str>,
) -> Option<Packet> {
    if version == Version::V5_0 {
        let codes: Vec<_> = reasons
            .iter()
            .flat_map(|&r| SubackReasonCode::try_from(r))
            .collect();
        let packet = v5_0::Suback::builder()
            .packet_id(identifier)
            .reason_codes(codes)
            .props(in_words(why)?);
        return Some(packet.build().ok()?.into());
    }
    let codes = reasons
        .iter()
        .map(|&reason| SubackReturnCode::try_from(reason).unwrap_or(SubackReturnCode::Failure))
        .collect();
    Some(
        v3_1_1::Suback::builder()
            .packet_id(identifier)
            .return_codes(codes)
            .build()
            .ok()?
            .into(),
    )
}

pub(crate) fn unsuback(version: Version, identifier: u16, reasons: &[u8]) -> Option<Packet> {
    if version != Version::V5_0 {
        return Some(
            v3_1_1::Unsuback::builder()
                .packet_id(identifier)
                .build()
                .ok()?
                .into(),
        );
    }
    let codes: Vec<_> = reasons
        .iter()
        .flat_map(|&r| UnsubackReasonCode::try_from(r))
        .collect();
    let packet = v5_0::Unsuback::builder()
        .packet_id(identifier)
        .reason_codes(codes);
    Some(packet.build().ok()?.into())
}

pub(crate) fn pong(version: Version) -> Option<Packet> {
    Some(match version {
        Version::V5_0 => v5_0::Pingresp::builder().build().ok()?.into(),
        _ => v3_1_1::Pingresp::builder().build().ok()?.into(),
    })
}

/// DISCONNECT, which only MQTT 5 lets a server say.
pub(crate) fn disconnect(reason: DisconnectReasonCode, why: Option<&str>) -> Option<Packet> {
    let packet = v5_0::Disconnect::builder().reason_code(reason);
    let packet = match why {
        Some(_) => packet.props(in_words(why)?),
        None => packet,
    };
    Some(packet.build().ok()?.into())
}

/// A PUBLISH to a subscriber.
pub(crate) struct Outgoing<'a> {
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) qos: u8,
    /// The packet identifier, unless the QoS is 0.
    pub(crate) identifier: Option<u16>,
    pub(crate) is_retained: bool,
    pub(crate) is_duplicate: bool,
    pub(crate) properties: &'a [Property],
    /// The subscription identifiers of the subscriptions it goes out for.
    pub(crate) identifiers: &'a [u32],
    /// How many seconds it is still of use, if that was limited.
    pub(crate) expiry_s: Option<u32>,
}

pub(crate) fn publish(version: Version, out: &Outgoing<'_>) -> Option<Packet> {
    let qos = Qos::try_from(out.qos).ok()?;
    if version == Version::V5_0 {
        let mut properties = out.properties.to_vec();
        if let Some(seconds) = out.expiry_s {
            properties.push(MessageExpiryInterval::new(seconds).ok()?.into());
        }
        for &identifier in out.identifiers {
            properties.push(SubscriptionIdentifier::new(identifier).ok()?.into());
        }
        let mut packet = v5_0::Publish::builder()
            .topic_name(out.topic)
            .ok()?
            .qos(qos)
            .retain(out.is_retained)
            .dup(out.is_duplicate)
            .payload(out.payload)
            .props(properties);
        if let Some(identifier) = out.identifier {
            packet = packet.packet_id(identifier);
        }
        return Some(packet.build().ok()?.into());
    }
    let mut packet = v3_1_1::Publish::builder()
        .topic_name(out.topic)
        .ok()?
        .qos(qos)
        .retain(out.is_retained)
        .dup(out.is_duplicate)
        .payload(out.payload);
    if let Some(identifier) = out.identifier {
        packet = packet.packet_id(identifier);
    }
    Some(packet.build().ok()?.into())
}
