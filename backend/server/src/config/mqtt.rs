//! `[mqtt_limits]` of the settings file: what each client of the embedded MQTT endpoint may at most.

use std::time::Duration;

use egret_mqtt::Limits;
use egret_shared::time::Span;
use serde::Deserialize;

use super::BadConfig;

/// What is not said stays as it is; 0 is no limit where a limit is not needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MqttLimitsDef {
    /// Connections at the same time.
    connections: Option<usize>,
    /// Of them, those of one gateway or token; 0 for as many as there are.
    connections_per_owner: Option<usize>,
    /// Messages a second of one client; beyond it is read more slowly. 0 for as fast as it can.
    messages_per_second: Option<u32>,
    /// Bytes a second of one client, likewise.
    bytes_per_second: Option<u32>,
    /// Longest keep-alive of a client; 0s for any.
    keep_alive: Option<Span>,
    /// Subscriptions of one session.
    subscriptions: Option<usize>,
    /// Longest life of a session without a connection.
    session_expiry: Option<Span>,
    /// How long after a start the wills of those who were connected wait for them.
    will_grace: Option<Span>,
    /// Retained messages of all clients.
    retained_messages: Option<usize>,
}

impl MqttLimitsDef {
    /// The endpoint's limits with these.
    pub(super) fn resolve(&self) -> Result<Limits, BadConfig> {
        let default = Limits::default();
        let span = |name, span: Option<Span>, default| match span {
            None => Ok(default),
            Some(span) => {
                u64::try_from(span.ms())
                    .map(Duration::from_millis)
                    .map_err(|_negative| BadConfig::Value {
                        name,
                        value: span.to_string(),
                        why: "a length of time cannot be negative".to_owned(),
                    })
            }
        };
        if self.connections == Some(0) {
            return Err(BadConfig::Value {
                name: "[mqtt_limits] connections",
                value: "0".to_owned(),
                why: "nobody could connect; mqtt = \"off\" switches the endpoint off".to_owned(),
            });
        }
        Ok(Limits {
            connections_max: self.connections.unwrap_or(default.connections_max),
            connections_per_owner_max: self
                .connections_per_owner
                .unwrap_or(default.connections_per_owner_max),
            publishes_per_second_max: self
                .messages_per_second
                .unwrap_or(default.publishes_per_second_max),
            bytes_per_second_max: self
                .bytes_per_second
                .unwrap_or(default.bytes_per_second_max),
            keep_alive_max: span(
                "[mqtt_limits] keep_alive",
                self.keep_alive,
                default.keep_alive_max,
            )?,
            subscriptions_max: self.subscriptions.unwrap_or(default.subscriptions_max),
            session_expiry_max: span(
                "[mqtt_limits] session_expiry",
                self.session_expiry,
                default.session_expiry_max,
            )?,
            will_grace: span(
                "[mqtt_limits] will_grace",
                self.will_grace,
                default.will_grace,
            )?,
            retained_messages_max: self
                .retained_messages
                .unwrap_or(default.retained_messages_max),
            ..default
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_takes_the_place_of_the_usual_limit_and_nothing_else_does() {
        let def: MqttLimitsDef = toml::from_str(
            "connections_per_owner = 3\nmessages_per_second = 50\nkeep_alive = \"60s\"",
        )
        .unwrap();
        let (limits, usual) = (def.resolve().unwrap(), Limits::default());
        assert_eq!(limits.connections_per_owner_max, 3);
        assert_eq!(limits.publishes_per_second_max, 50);
        assert_eq!(limits.keep_alive_max, Duration::from_mins(1));
        assert_eq!(limits.subscriptions_max, usual.subscriptions_max);
        assert_eq!(limits.session_expiry_max, usual.session_expiry_max);
        let none = toml::from_str::<MqttLimitsDef>("connections = 0").unwrap();
        let why = none.resolve().unwrap_err().to_string();
        assert!(why.contains("[mqtt_limits] connections"), "{why}");
        assert!(toml::from_str::<MqttLimitsDef>("colour = 1").is_err());
    }
}
