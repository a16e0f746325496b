//! The wiring of orders to actuators: what gives those of rules, and what sends them all.

use egret_mqtt::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Context;
use crate::downlink::ruling::Ruling;
use crate::downlink::{Downlink, Way};

/// Gives the orders of rules from now on, and sends orders by the embedded endpoint; what sends them
/// by other ways.
pub(super) fn start(
    context: &Context,
    endpoint: Option<&Handle>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> Downlink {
    let downlink = Downlink {
        city: context.city.clone(),
        intake: context.intake.clone(),
        wake: context.orders.clone(),
    };
    if let Some(endpoint) = endpoint {
        let way = Way::Endpoint(endpoint.clone());
        tracker.spawn(downlink.clone().run(way, shutdown.clone()));
    }
    let ruling = Ruling {
        city: context.city.clone(),
        intake: context.intake.clone(),
        wake: context.orders.clone(),
        people: context.access.people.clone(),
    };
    tracker.spawn(ruling.run(shutdown.clone()));
    downlink
}
