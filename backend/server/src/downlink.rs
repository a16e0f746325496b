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

use egret_city::City;
use egret_city::entry::Entry;
use egret_mqtt::bridge::ToBroker;
use egret_mqtt::gate::Label;
use egret_mqtt::{Handle, Order};
use egret_shared::actuation::{Actuation, ActuationTurn, Outgoing, Turn};
use egret_shared::id::ActuationId;
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

    /// Publishes an order; whether somebody has taken it: an actuator that listens, or the broker.
    async fn publish(&self, actuation: &Actuation, message: Outgoing, left: Duration) -> bool {
        let order = Order {
            topic: message.topic,
            payload: message.payload.into(),
            qos: message.qos,
            expiry: left,
            response_topic: message.reply,
            correlation: actuation.id.as_str().to_owned().into(),
        };
        match self {
            Self::Endpoint(handle) => {
                let label: Label = Arc::new(Told::Order(actuation.feed.clone()));
                handle.order(order, label).await > 0
            }
            Self::Broker(broker) => match broker.publish(order).await {
                Ok(()) => true,
                Err(error) => {
                    let broker = broker.name();
                    tracing::warn!(%broker, order = %actuation.id, %error, "an order is not published");
                    false
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
                // An actuator acts on it while it is still written down that it has it.
                let at = clock::now();
                let published = tokio::select! {
                    () = shutdown.cancelled() => return,
                    published = way.publish(&actuation, message, left) => published,
                };
                if !published {
                    continue;
                }
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

/// What is under way and has not gone by the way called `name`.
fn open(city: &City, name: &SmolStr) -> Vec<(Actuation, Outgoing)> {
    let open = city.actuations_open().into_iter();
    let left = open.filter(|(actuation, _)| !actuation.ways.contains(name));
    left.map(|(actuation, message)| (actuation.clone(), message.clone()))
        .collect()
}
