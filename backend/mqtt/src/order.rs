//! A message of the server's own to a device that is to do something, and may answer.

use std::time::Duration;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{CorrelationData, Property, ResponseTopic};
use tokio::time::Instant;

use crate::gate::Label;
use crate::hub::Message;

/// An order. It is of use for a time only, and dropped wherever it waits when that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Where the device listens.
    pub topic: String,
    /// What it is to do.
    pub payload: Bytes,
    /// 0 or 1.
    pub qos: u8,
    /// How long it is of use from now on.
    pub expiry: Duration,
    /// Where the answer goes; MQTT 5 alone tells it.
    pub response_topic: Option<String>,
    /// What the answer is to repeat; MQTT 5 alone tells it.
    pub correlation: Bytes,
}

impl Order {
    /// The order once it has waited so long; absent if it is of no use any more.
    pub(crate) fn after(self, waited: Duration) -> Option<Self> {
        let expiry = self.expiry.checked_sub(waited);
        let expiry = expiry.filter(|left| !left.is_zero())?;
        Some(Self { expiry, ..self })
    }

    /// How long it is of use, in whole seconds: never longer than it is, as long as that is one.
    pub(crate) fn expiry_s(&self) -> u32 {
        let seconds = u32::try_from(self.expiry.as_secs()).unwrap_or(u32::MAX);
        seconds.max(1)
    }

    /// As the endpoint routes it.
    pub(crate) fn into_message(self, label: Label) -> Message {
        let response = self.response_topic.as_deref();
        // A topic that cannot be told is none: the order itself is still an order.
        let response = response.and_then(|topic| ResponseTopic::new(topic).ok());
        let correlation = CorrelationData::new(self.correlation.to_vec()).ok();
        let properties = response.map(Property::from).into_iter();
        let properties = properties.chain(correlation.map(Property::from));
        Message {
            topic: self.topic.into(),
            payload: self.payload,
            qos: self.qos.min(1),
            properties: properties.collect(),
            expires_at: Some(Instant::now() + self.expiry),
            label: Some(label),
            ..Message::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_waits_is_of_use_for_less_long_and_then_for_nothing() {
        let order = Order {
            topic: "pump/P-1/set".into(),
            payload: "on".into(),
            qos: 1,
            expiry: Duration::from_secs(8),
            response_topic: None,
            correlation: Bytes::new(),
        };
        let left = |waited| {
            let order = order.clone().after(Duration::from_secs(waited));
            order.map(|order| order.expiry_s())
        };
        assert_eq!([0, 5, 8, 30].map(left), [Some(8), Some(3), None, None]);
    }
}
