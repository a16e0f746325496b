//! What a refusal says in words, beside its code: for whoever reads a gateway's log.

use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, DisconnectReasonCode};

use super::build::code;

/// Why a PUBLISH was refused.
pub(crate) fn publish(reason: u8) -> &'static str {
    match reason {
        code::NOT_AUTHORIZED => "this client may not publish to this topic",
        code::TOPIC_INVALID => "no feed listens to this topic",
        code::QUOTA_EXCEEDED => "the payload is longer than the limit",
        code::PAYLOAD_INVALID => "the payload cannot be used; it is kept in quarantine",
        _ => "refused",
    }
}

/// Why a subscription was refused.
pub(crate) fn subscribe(reason: u8) -> &'static str {
    match reason {
        code::NOT_AUTHORIZED => "this client may not subscribe to this filter",
        code::FILTER_INVALID => "the filter is malformed or too deep",
        code::QUOTA_EXCEEDED => "the session has as many subscriptions as it may have",
        _ => "refused",
    }
}

/// Why a connection was refused.
pub(crate) fn connect(reason: ConnectReasonCode) -> &'static str {
    match reason {
        ConnectReasonCode::BadUserNameOrPassword => "user name or password are wrong",
        ConnectReasonCode::NotAuthorized => "not allowed to connect, or to leave this will",
        ConnectReasonCode::TopicNameInvalid => "the topic of the will is invalid",
        ConnectReasonCode::BadAuthenticationMethod => {
            "there is no enhanced authentication; use a user name and a password"
        }
        ConnectReasonCode::QuotaExceeded => "too many connections with these credentials",
        ConnectReasonCode::ServerBusy => "too many connections; come back later",
        ConnectReasonCode::ServerUnavailable => "cannot be decided now; come back later",
        _ => "refused",
    }
}

/// Why a connection is ended.
pub(crate) fn disconnect(reason: DisconnectReasonCode) -> &'static str {
    match reason {
        DisconnectReasonCode::SessionTakenOver => "another connection has this client identifier",
        DisconnectReasonCode::NotAuthorized => "the credentials are not valid any more",
        DisconnectReasonCode::QuotaExceeded => "too slow for the messages subscribed to",
        DisconnectReasonCode::KeepAliveTimeout => "no complete packet came in time",
        DisconnectReasonCode::ServerShuttingDown => "the server stops, or cannot keep messages now",
        DisconnectReasonCode::MalformedPacket => "a packet is malformed",
        DisconnectReasonCode::PacketTooLarge => "a packet is too large",
        DisconnectReasonCode::TopicNameInvalid => "a topic is invalid",
        DisconnectReasonCode::ReceiveMaximumExceeded => {
            "more messages are unacknowledged than the receive maximum in CONNACK allows"
        }
        DisconnectReasonCode::TopicAliasInvalid => "a topic alias is invalid",
        DisconnectReasonCode::ProtocolError => "a packet breaks the protocol",
        _ => "ended",
    }
}
