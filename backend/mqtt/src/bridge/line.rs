//! One connection to a broker, the same for both versions of `rumqttc`'s client.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{TlsConfiguration, Transport, v5};
use smol_str::SmolStr;

use super::{Bridge, BridgeVersion};
use crate::order::Order;
use crate::taker::Beside;

/// The largest packet MQTT has, in bytes. Below it a client loses its session over one message, is
/// sent it again, and loses its session over it again.
const PACKET_BYTES_MAX: u32 = 5 + 268_435_455;

/// How often the broker is pinged: half a minute finds a dead connection within one.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long the broker keeps messages for a node that is away, in seconds: over a night.
const SESSION_EXPIRY_S: u32 = 24 * 3_600;

/// Messages the broker may leave unacknowledged with us; MQTT 5 only.
pub(super) const RECEIVE_MAXIMUM: u16 = 1_024;

/// Requests that may wait in the client: an acknowledgement for every message there can be (3.1.1
/// brokers choose their own window), so that none of them ever has to wait for room.
const REQUESTS_MAX: usize = 65_535 + 16;

/// Publishes of our own under way: none, or one at a time; the default reserves room for 65,535.
const OUTGOING_MAX: u16 = 16;

/// What can be asked of a connection.
pub(super) enum Sender {
    V4(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// What drives a connection, and what comes from it.
pub(super) enum Receiver {
    V4(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// What comes from a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// The broker has accepted us.
    Connected,
    /// The broker has answered the subscription: granted, or what it refused.
    Subscribed(Result<(), String>),
    /// A message.
    Message(Message),
    /// The broker has taken our message, or says why it does not; one of QoS 0 has gone.
    Taken(Result<(), String>),
    /// Something of no interest.
    Other,
}

/// A message from the broker.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) topic: SmolStr,
    pub(super) payload: Bytes,
    /// Zero for QoS 0.
    pub(super) identifier: u16,
    pub(super) beside: Option<Box<Beside>>,
}

/// Prepares a connection; it is made when the receiver is first asked.
pub(super) fn open(bridge: &Bridge) -> (Sender, Receiver) {
    match bridge.broker.version {
        BridgeVersion::V4 => {
            let (client, driver) = rumqttc::AsyncClient::new(options_v4(bridge), REQUESTS_MAX);
            (Sender::V4(client), Receiver::V4(Box::new(driver)))
        }
        BridgeVersion::V5 => {
            let (client, driver) = v5::AsyncClient::new(options_v5(bridge), REQUESTS_MAX);
            (Sender::V5(client), Receiver::V5(Box::new(driver)))
        }
    }
}

fn options_v4(bridge: &Bridge) -> rumqttc::MqttOptions {
    let broker = &bridge.broker;
    let mut options =
        rumqttc::MqttOptions::new(&bridge.config.client_id, &broker.host, broker.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(!bridge.is_lasting())
        .set_manual_acks(true)
        .set_inflight(OUTGOING_MAX)
        .set_max_packet_size(PACKET_BYTES_MAX as usize, PACKET_BYTES_MAX as usize);
    if let Some(user) = &broker.user {
        options.set_credentials(user, broker.password.as_deref().unwrap_or_default());
    }
    if let Some(tls) = &bridge.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
            Arc::clone(tls),
        )));
    }
    options
}

fn options_v5(bridge: &Bridge) -> v5::MqttOptions {
    let broker = &bridge.broker;
    let mut options = v5::MqttOptions::new(&bridge.config.client_id, &broker.host, broker.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_start(!bridge.is_lasting())
        .set_manual_acks(true)
        .set_outgoing_inflight_upper_limit(OUTGOING_MAX)
        .set_session_expiry_interval(bridge.is_lasting().then_some(SESSION_EXPIRY_S))
        .set_receive_maximum(Some(RECEIVE_MAXIMUM))
        .set_max_packet_size(Some(PACKET_BYTES_MAX));
    if let Some(user) = &broker.user {
        options.set_credentials(user, broker.password.as_deref().unwrap_or_default());
    }
    if let Some(tls) = &bridge.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
            Arc::clone(tls),
        )));
    }
    options
}

impl Sender {
    /// Asks for every filter with QoS 1. False if the connection is gone.
    pub(super) fn subscribe(&self, filters: Vec<String>) -> bool {
        match self {
            Self::V4(client) => {
                let filters = filters
                    .into_iter()
                    .map(|path| rumqttc::SubscribeFilter::new(path, rumqttc::QoS::AtLeastOnce));
                client.try_subscribe_many(filters).is_ok()
            }
            Self::V5(client) => {
                let filters = filters.into_iter().map(|path| {
                    v5::mqttbytes::v5::Filter::new(path, v5::mqttbytes::QoS::AtLeastOnce)
                });
                client.try_subscribe_many(filters).is_ok()
            }
        }
    }

    /// Publishes `order`. False if the connection is gone.
    pub(super) fn publish(&self, order: Order) -> bool {
        match self {
            Self::V4(client) => {
                let qos = match order.qos {
                    0 => rumqttc::QoS::AtMostOnce,
                    _ => rumqttc::QoS::AtLeastOnce,
                };
                let sent = client.try_publish(order.topic, qos, false, order.payload);
                sent.is_ok()
            }
            Self::V5(client) => {
                let qos = match order.qos {
                    0 => v5::mqttbytes::QoS::AtMostOnce,
                    _ => v5::mqttbytes::QoS::AtLeastOnce,
                };
                let properties = v5::mqttbytes::v5::PublishProperties {
                    message_expiry_interval: Some(order.expiry_s()),
                    response_topic: order.response_topic,
                    correlation_data: Some(order.correlation),
                    ..Default::default()
                };
                let (topic, payload) = (order.topic, order.payload);
                let sent =
                    client.try_publish_with_properties(topic, qos, false, payload, properties);
                sent.is_ok()
            }
        }
    }

    /// Acknowledges the QoS 1 message with this identifier. False if the connection is gone.
    pub(super) fn acknowledge(&self, identifier: u16) -> bool {
        // The client reads nothing of the message but its identifier and QoS.
        match self {
            Self::V4(client) => {
                let mut publish =
                    rumqttc::Publish::from_bytes("", rumqttc::QoS::AtLeastOnce, Bytes::new());
                publish.pkid = identifier;
                client.try_ack(&publish).is_ok()
            }
            Self::V5(client) => {
                let qos = v5::mqttbytes::QoS::AtLeastOnce;
                let mut publish = v5::mqttbytes::v5::Publish::new("", qos, Bytes::new(), None);
                publish.pkid = identifier;
                client.try_ack(&publish).is_ok()
            }
        }
    }

    /// Says goodbye, after what was asked before. False if the connection is gone.
    pub(super) fn disconnect(&self) -> bool {
        match self {
            Self::V4(client) => client.try_disconnect().is_ok(),
            Self::V5(client) => client.try_disconnect().is_ok(),
        }
    }
}

impl Receiver {
    /// The next event. Must not be dropped before it is there: a packet could be lost half-written.
    ///
    /// # Errors
    /// The connection is lost, in words for people.
    pub(super) async fn next(&mut self) -> Result<Event, String> {
        match self {
            Self::V4(driver) => match driver.poll().await {
                Ok(rumqttc::Event::Incoming(packet)) => Ok(event_from_v4(packet)),
                // What is of QoS 0 has no number.
                Ok(rumqttc::Event::Outgoing(rumqttc::Outgoing::Publish(0))) => {
                    Ok(Event::Taken(Ok(())))
                }
                Ok(rumqttc::Event::Outgoing(_)) => Ok(Event::Other),
                Err(error) => Err(error.to_string()),
            },
            Self::V5(driver) => match driver.poll().await {
                Ok(v5::Event::Incoming(packet)) => Ok(event_from_v5(packet)),
                Ok(v5::Event::Outgoing(rumqttc::Outgoing::Publish(0))) => Ok(Event::Taken(Ok(()))),
                Ok(v5::Event::Outgoing(_)) => Ok(Event::Other),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Whether the next event is there already, so that it can join the batch.
    pub(super) fn has_more(&self) -> bool {
        match self {
            Self::V4(driver) => !driver.state.events.is_empty(),
            Self::V5(driver) => !driver.state.events.is_empty(),
        }
    }
}

fn event_from_v4(packet: rumqttc::Packet) -> Event {
    match packet {
        rumqttc::Packet::ConnAck(_) => Event::Connected,
        rumqttc::Packet::SubAck(suback) => {
            let is_refused = suback
                .return_codes
                .iter()
                .any(|code| !matches!(code, rumqttc::SubscribeReasonCode::Success(_)));
            Event::Subscribed(if is_refused {
                Err("not granted".into())
            } else {
                Ok(())
            })
        }
        rumqttc::Packet::PubAck(_) => Event::Taken(Ok(())),
        rumqttc::Packet::Publish(publish) => Event::Message(Message {
            topic: publish.topic.into(),
            payload: publish.payload,
            identifier: publish.pkid,
            beside: None,
        }),
        _ => Event::Other,
    }
}

fn event_from_v5(packet: v5::mqttbytes::v5::Packet) -> Event {
    use v5::mqttbytes::v5::{Packet, PubAckReason, SubscribeReasonCode};
    match packet {
        Packet::ConnAck(_) => Event::Connected,
        Packet::SubAck(suback) => {
            let refused = suback
                .return_codes
                .iter()
                .find(|code| !matches!(code, SubscribeReasonCode::Success(_)));
            Event::Subscribed(refused.map_or(Ok(()), |code| Err(format!("{code:?}"))))
        }
        Packet::PubAck(puback) => Event::Taken(match puback.reason {
            PubAckReason::Success => Ok(()),
            reason => Err(format!("{reason:?}")),
        }),
        Packet::Publish(publish) => Event::Message(Message {
            topic: String::from_utf8_lossy(&publish.topic).into(),
            payload: publish.payload,
            identifier: publish.pkid,
            beside: publish.properties.and_then(|properties| {
                let beside = Beside {
                    content_type: properties.content_type.unwrap_or_default(),
                    properties: properties.user_properties,
                    correlation: properties.correlation_data.unwrap_or_default(),
                };
                (beside != Beside::default()).then(|| Box::new(beside))
            }),
        }),
        _ => Event::Other,
    }
}
