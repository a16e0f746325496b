//! What a client can say, without the version it says it in.

use std::time::Duration;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacket, Packet, Property, RetainHandling, SubEntry, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubrecReasonCode};
use smol_str::SmolStr;

use crate::taker::Beside;

/// What a packet says.
pub(crate) enum Inbound {
    Connect(Box<Connect>),
    Publish(Publish),
    /// The client has a QoS 1 delivery, or does not want it.
    Puback(u16),
    /// The client has a QoS 2 delivery, or does not want it.
    Pubrec {
        identifier: u16,
        is_refused: bool,
    },
    /// The client has our PUBREL.
    Pubcomp(u16),
    /// The client has our PUBREC.
    Pubrel(u16),
    Subscribe(Subscribe),
    Unsubscribe {
        identifier: u16,
        filters: Vec<SmolStr>,
    },
    Ping,
    Disconnect {
        with_will: bool,
        /// A new session expiry, if the client sets one.
        session_expiry: Option<Duration>,
    },
    /// Something a client has no business saying to this endpoint.
    Unexpected,
}

/// CONNECT.
pub(crate) struct Connect {
    /// Empty if the client leaves it to us.
    pub(crate) client: SmolStr,
    pub(crate) is_clean: bool,
    /// Zero means never.
    pub(crate) keep_alive: Duration,
    /// How long the session outlives the connection, as asked for.
    pub(crate) session_expiry: Duration,
    pub(crate) will: Option<Will>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    /// It wants the enhanced authentication of MQTT 5.
    pub(crate) wants_auth_method: bool,
    /// It wants reasons in words, which MQTT 5 does unless it says otherwise.
    pub(crate) wants_reasons: bool,
    /// The longest packet it takes.
    pub(crate) packet_bytes_max: Option<u32>,
}

/// What to publish if the client is lost.
#[derive(Clone)]
pub(crate) struct Will {
    pub(crate) topic: SmolStr,
    pub(crate) payload: Bytes,
    pub(crate) is_retained: bool,
    pub(crate) qos: u8,
    pub(crate) properties: Vec<Property>,
    /// How long it is of use once it is published.
    pub(crate) expiry: Option<Duration>,
    /// How long to wait whether the client comes back.
    pub(crate) delay: Duration,
}

/// PUBLISH without its payload, which does not come through the core.
pub(crate) struct Publish {
    pub(crate) topic: SmolStr,
    /// Zero for QoS 0.
    pub(crate) identifier: u16,
    pub(crate) qos: u8,
    pub(crate) is_retained: bool,
    /// What MQTT 5 forwards to subscribers as it is.
    pub(crate) properties: Vec<Property>,
    /// How long it is of use.
    pub(crate) expiry: Option<Duration>,
    /// It carries a subscription identifier, which only a server may send.
    pub(crate) has_subscription_identifier: bool,
}

/// SUBSCRIBE.
pub(crate) struct Subscribe {
    pub(crate) identifier: u16,
    pub(crate) filters: Vec<Filter>,
    /// The subscription identifiers it sets; more than one is a breach of the protocol.
    pub(crate) subscription_identifiers: Vec<u32>,
}

/// One filter of a SUBSCRIBE.
pub(crate) struct Filter {
    pub(crate) filter: SmolStr,
    pub(crate) qos: u8,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) retained: Retained,
}

/// Which retained messages a new subscription gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retained {
    Always,
    IfNew,
    Never,
}

/// Reads a packet the core has accepted.
pub(crate) fn from_packet(packet: Packet) -> Inbound {
    match packet {
        GenericPacket::V3_1_1Publish(packet) => Inbound::Publish(publish_v3(&packet)),
        GenericPacket::V5_0Publish(packet) => Inbound::Publish(publish_v5(&packet)),
        GenericPacket::V3_1_1Puback(packet) => Inbound::Puback(packet.packet_id()),
        GenericPacket::V5_0Puback(packet) => Inbound::Puback(packet.packet_id()),
        GenericPacket::V3_1_1Pubrec(packet) => Inbound::Pubrec {
            identifier: packet.packet_id(),
            is_refused: false,
        },
        GenericPacket::V5_0Pubrec(packet) => Inbound::Pubrec {
            identifier: packet.packet_id(),
            // As the core sees it, which has freed the identifier then.
            is_refused: packet
                .reason_code()
                .is_some_and(|code| code != PubrecReasonCode::Success),
        },
        GenericPacket::V3_1_1Pubcomp(packet) => Inbound::Pubcomp(packet.packet_id()),
        GenericPacket::V5_0Pubcomp(packet) => Inbound::Pubcomp(packet.packet_id()),
        GenericPacket::V3_1_1Pubrel(packet) => Inbound::Pubrel(packet.packet_id()),
        GenericPacket::V5_0Pubrel(packet) => Inbound::Pubrel(packet.packet_id()),
        GenericPacket::V3_1_1Pingreq(_) | GenericPacket::V5_0Pingreq(_) => Inbound::Ping,
        GenericPacket::V3_1_1Connect(packet) => Inbound::Connect(Box::new(connect_v3(&packet))),
        GenericPacket::V5_0Connect(packet) => Inbound::Connect(Box::new(connect_v5(&packet))),
        GenericPacket::V3_1_1Subscribe(packet) => Inbound::Subscribe(Subscribe {
            identifier: packet.packet_id(),
            filters: packet.entries().iter().map(filter).collect(),
            subscription_identifiers: Vec::new(),
        }),
        GenericPacket::V5_0Subscribe(packet) => Inbound::Subscribe(Subscribe {
            identifier: packet.packet_id(),
            filters: packet.entries().iter().map(filter).collect(),
            subscription_identifiers: subscription_identifiers(packet.props()),
        }),
        GenericPacket::V3_1_1Unsubscribe(packet) => Inbound::Unsubscribe {
            identifier: packet.packet_id(),
            filters: packet
                .entries()
                .iter()
                .map(|filter| filter.as_str().into())
                .collect(),
        },
        GenericPacket::V5_0Unsubscribe(packet) => Inbound::Unsubscribe {
            identifier: packet.packet_id(),
            filters: packet
                .entries()
                .iter()
                .map(|filter| filter.as_str().into())
                .collect(),
        },
        GenericPacket::V3_1_1Disconnect(_) => Inbound::Disconnect {
            with_will: false,
            session_expiry: None,
        },
        GenericPacket::V5_0Disconnect(packet) => Inbound::Disconnect {
            with_will: packet
                .reason_code()
                .is_some_and(|code| code != DisconnectReasonCode::NormalDisconnection),
            session_expiry: packet
                .props()
                .as_ref()
                .and_then(|properties| expiry(properties)),
        },
        _ => Inbound::Unexpected,
    }
}

fn publish_v3(packet: &v3_1_1::Publish) -> Publish {
    Publish {
        topic: packet.topic_name().into(),
        identifier: packet.packet_id().unwrap_or(0),
        qos: packet.qos() as u8,
        is_retained: packet.retain(),
        properties: Vec::new(),
        expiry: None,
        has_subscription_identifier: false,
    }
}

fn publish_v5(packet: &v5_0::Publish) -> Publish {
    Publish {
        topic: packet.topic_name().into(),
        identifier: packet.packet_id().unwrap_or(0),
        qos: packet.qos() as u8,
        is_retained: packet.retain(),
        properties: forwarded(packet.props()),
        expiry: message_expiry(packet.props()),
        has_subscription_identifier: !subscription_identifiers(packet.props()).is_empty(),
    }
}

fn connect_v3(packet: &v3_1_1::Connect) -> Connect {
    let will = packet.will_topic().map(|topic| Will {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
        is_retained: packet.will_retain(),
        qos: packet.will_qos() as u8,
        properties: Vec::new(),
        expiry: None,
        delay: Duration::ZERO,
    });
    Connect {
        client: packet.client_id().into(),
        is_clean: packet.clean_session(),
        keep_alive: Duration::from_secs(packet.keep_alive().into()),
        session_expiry: if packet.clean_session() {
            Duration::ZERO
        } else {
            Duration::MAX
        },
        will,
        user: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        wants_auth_method: false,
        wants_reasons: false,
        packet_bytes_max: None,
    }
}

fn connect_v5(packet: &v5_0::Connect) -> Connect {
    let will = packet.will_topic().map(|topic| Will {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(packet.will_payload().unwrap_or_default()),
        is_retained: packet.will_retain(),
        qos: packet.will_qos() as u8,
        properties: forwarded(packet.will_props()),
        expiry: message_expiry(packet.will_props()),
        delay: will_delay(packet.will_props()),
    });
    Connect {
        client: packet.client_id().into(),
        is_clean: packet.clean_start(),
        keep_alive: Duration::from_secs(packet.keep_alive().into()),
        session_expiry: expiry(packet.props()).unwrap_or(Duration::ZERO),
        will,
        user: packet.user_name().map(str::to_owned),
        password: packet.password().map(<[u8]>::to_vec),
        wants_auth_method: packet
            .props()
            .iter()
            .any(|property| matches!(property, Property::AuthenticationMethod(_))),
        wants_reasons: !packet.props().iter().any(
            |property| matches!(property, Property::RequestProblemInformation(wants) if wants.val() == 0),
        ),
        packet_bytes_max: packet.props().iter().find_map(|property| match property {
            Property::MaximumPacketSize(bytes) => Some(bytes.val()),
            _ => None,
        }),
    }
}

/// The session expiry among the properties.
fn expiry(properties: &[Property]) -> Option<Duration> {
    properties.iter().find_map(|property| match property {
        Property::SessionExpiryInterval(seconds) => Some(Duration::from_secs(seconds.val().into())),
        _ => None,
    })
}

fn message_expiry(properties: &[Property]) -> Option<Duration> {
    properties.iter().find_map(|property| match property {
        Property::MessageExpiryInterval(seconds) => Some(Duration::from_secs(seconds.val().into())),
        _ => None,
    })
}

fn will_delay(properties: &[Property]) -> Duration {
    let delay = properties.iter().find_map(|property| match property {
        Property::WillDelayInterval(seconds) => Some(Duration::from_secs(seconds.val().into())),
        _ => None,
    });
    delay.unwrap_or_default()
}

fn subscription_identifiers(properties: &[Property]) -> Vec<u32> {
    let identifiers = properties.iter().filter_map(|property| match property {
        Property::SubscriptionIdentifier(identifier) => Some(identifier.val()),
        _ => None,
    });
    identifiers.collect()
}

/// The properties of a PUBLISH or will that go on to subscribers unchanged, in their order.
fn forwarded(properties: &[Property]) -> Vec<Property> {
    properties
        .iter()
        .filter(|property| {
            matches!(
                property,
                Property::PayloadFormatIndicator(_)
                    | Property::ContentType(_)
                    | Property::ResponseTopic(_)
                    | Property::CorrelationData(_)
                    | Property::UserProperty(_)
            )
        })
        .cloned()
        .collect()
}

fn filter(entry: &SubEntry) -> Filter {
    let options = entry.sub_opts();
    Filter {
        filter: entry.topic_filter().into(),
        qos: options.qos() as u8,
        no_local: options.nl(),
        retain_as_published: options.rap(),
        retained: match options.rh() {
            RetainHandling::SendRetained => Retained::Always,
            RetainHandling::SendRetainedIfNotExists => Retained::IfNew,
            RetainHandling::DoNotSendRetained => Retained::Never,
        },
    }
}
/// What properties say of a message to whoever keeps it; nothing if they say nothing.
pub(crate) fn beside(properties: &[Property]) -> Option<Box<Beside>> {
    let mut beside = Beside::default();
    for property in properties {
        match property {
            Property::ContentType(kind) => kind.val().clone_into(&mut beside.content_type),
            Property::UserProperty(pair) => beside
                .properties
                .push((pair.key().to_owned(), pair.val().to_owned())),
            Property::CorrelationData(correlation) => {
                beside.correlation = Bytes::copy_from_slice(correlation.val());
            }
            _ => {}
        }
    }
    (beside != Beside::default()).then(|| Box::new(beside))
}
