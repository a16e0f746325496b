//! Orders out to actuators: what the city holds as under way is published, on every way there is.
//!
//! A way is the embedded endpoint or an existing broker. Each asks the city for what has not gone by
//! it yet, publishes that in the order in which it was given, and notes in the journal that it has. So
//! an order that was in the journal when the server died goes out after the next start, and one that
//! had gone out without a note goes out again under the same id. What has expired goes nowhere.

pub(crate) mod filling;
pub(crate) mod ruling;
pub(crate) mod trail;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egret_city::City;
use egret_city::entry::Entry;
use egret_mqtt::bridge::ToBroker;
use egret_mqtt::gate::Label;
use egret_mqtt::{Handle, Order};
use egret_shared::actuation::{Actuation, ActuationTurn, Outgoing, Turn};
use egret_shared::id::ActuationId;
use egret_shared::package::sparkplug::{self, Unsayable};
use egret_shared::time::{Span, TimeMs};
use smol_str::SmolStr;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::auth::gate::Told;
use crate::clock;
use crate::folding::CityHandle;
use crate::intake::Intake;

/// How often what nobody has taken yet is tried again.
const EVERY: Duration = Duration::from_secs(1);

/// What the embedded endpoint is called among the ways.
const ENDPOINT: &str = "mqtt";

/// Tells every way that there is an order, so that none waits for its turn. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Wake(watch::Sender<u64>);

impl Default for Wake {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Wake {
    /// There is an order.
    pub(crate) fn wake(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }
}

/// What it takes to send orders by some way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Downlink {
    /// Where orders are.
    pub city: CityHandle,
    /// Where it is noted that they have gone.
    pub intake: Intake,
    /// Who says that there are some.
    pub wake: Wake,
}

/// A way to actuators.
pub(crate) enum Way {
    /// The embedded endpoint.
    Endpoint(Handle),
    /// An existing broker.
    Broker(ToBroker),
}

impl Way {
    fn name(&self) -> SmolStr {
        match self {
            Self::Endpoint(_) => ENDPOINT.into(),
            Self::Broker(broker) => broker.name().clone(),
        }
    }

    /// Publishes an order; when it was handed over, if somebody has taken it: an actuator that
    /// listens, or the broker. An actuator acts on it while it is still written down that it has it,
    /// and not while it waits for a connection.
    async fn publish(
        &self,
        actuation: &Actuation,
        (message, payload): (Outgoing, Bytes),
        left: Duration,
    ) -> Option<TimeMs> {
        let order = Order {
            topic: message.topic,
            payload,
            qos: message.qos,
            expiry: left,
            response_topic: message.reply,
            correlation: actuation.id.as_str().to_owned().into(),
        };
        match self {
            Self::Endpoint(handle) => {
                let label: Label = Arc::new(Told::Order(actuation.feed.clone()));
                let at = clock::now();
                (handle.order(order, label).await > 0).then_some(at)
            }
            Self::Broker(broker) => match broker.publish(order).await {
                Ok(handed_at) => Some(ago(clock::now(), handed_at.elapsed())),
                Err(error) => {
                    let broker = broker.name();
                    tracing::warn!(%broker, order = %actuation.id, %error, "an order is not published");
                    None
                }
            },
        }
    }
}

impl Downlink {
    /// Sends what is under way by `way`, until `shutdown`.
    pub(crate) async fn run(self, way: Way, shutdown: CancellationToken) {
        let name = way.name();
        let mut woken = self.wake.0.subscribe();
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What has gone, and of which the city has not heard yet.
        let mut gone: BTreeSet<ActuationId> = BTreeSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = every.tick() => {}
                changed = woken.changed() => if changed.is_err() { return },
            }
            let by = name.clone();
            let Ok(open) = self.city.ask(move |city| open(city, &by)).await else {
                return;
            };
            gone.retain(|id| open.iter().any(|(one, _)| one.id == *id));
            for (actuation, message) in open {
                if gone.contains(&actuation.id) {
                    continue;
                }
                let left_ms = actuation.expires_at.since(clock::now()).ms();
                let Some(left) = u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0) else {
                    continue;
                };
                let left = Duration::from_millis(left);
                let payload = match payload_of(&message, clock::now()) {
                    Ok(payload) => payload,
                    Err(error) => {
                        tracing::error!(order = %actuation.id, %error, "an order cannot be sent");
                        gone.insert(actuation.id);
                        continue;
                    }
                };
                let message = (message, payload);
                let handed_over = tokio::select! {
                    () = shutdown.cancelled() => return,
                    handed_over = way.publish(&actuation, message, left) => handed_over,
                };
                let Some(at) = handed_over else {
                    continue;
                };
                let turn = ActuationTurn {
                    id: actuation.id.clone(),
                    at,
                    turn: Turn::Sent(name.clone()),
                };
                gone.insert(actuation.id);
                if self
                    .intake
                    .note(Entry::Actuation(Box::new(turn)))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        }
    }
}

/// What goes over the line: the text of the order, or, to nodes and devices of Sparkplug, the protobuf
/// of it, which says that it is published `now`.
///
/// # Errors
/// The text is not one that can be told to those. It never will be, so that it is not tried again.
fn payload_of(message: &Outgoing, now: TimeMs) -> Result<Bytes, Unsayable> {
    if sparkplug::is_command(&message.topic) {
        egret_decode::command_payload(&message.payload, now).map(Bytes::from)
    } else {
        Ok(Bytes::from(message.payload.clone()))
    }
}

/// The time `elapsed` before `now`, in full milliseconds and never later: what an actuator does in
/// the same millisecond is done since.
fn ago(now: TimeMs, elapsed: Duration) -> TimeMs {
    let ms = elapsed.as_nanos().div_ceil(1_000_000);
    now.minus(Span(i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// What is under way and has not gone by the way called `name`.
fn open(city: &City, name: &SmolStr) -> Vec<(Actuation, Outgoing)> {
    let open = city.actuations_open().into_iter();
    let left = open.filter(|(actuation, _)| !actuation.ways.contains(name));
    left.map(|(actuation, message)| (actuation.clone(), message.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_out_as_it_is_and_what_sparkplug_is_told_as_protobuf() {
        let now = TimeMs(1);
        let message = |topic: &str, payload: &str| Outgoing {
            topic: topic.to_owned(),
            payload: payload.to_owned(),
            qos: 0,
            reply: None,
        };
        let text = r#"{"metrics":[{"name":"A","dataType":"Boolean","value":true}]}"#;
        let plain = payload_of(&message("p/set", text), now).unwrap();
        assert_eq!(&plain[..], text.as_bytes());
        let told = payload_of(&message("spBv1.0/g/DCMD/n/d", text), now).unwrap();
        let expected = [8, 1, 18, 7, 10, 1, b'A', 32, 11, 112, 1];
        assert_eq!(&told[..], expected);
        assert!(payload_of(&message("spBv1.0/g/NCMD/n", "{}"), now).is_err());
    }

    #[test]
    fn what_was_handed_over_a_part_of_a_millisecond_ago_was_so_before_this_one() {
        let now = TimeMs(1_782_057_600_000);
        let before = |micros| now.since(ago(now, Duration::from_micros(micros))).ms();
        assert_eq!([0, 1, 1_000, 1_001].map(before), [0, 1, 1, 2]);
        assert_eq!(before(2_500_000), 2_500);
    }
}
