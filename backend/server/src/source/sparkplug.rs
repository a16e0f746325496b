//! What Sparkplug nodes want to hear from a host: that it is there, and the wish that they say again what
//! they measure.
//!
//! On the embedded endpoint alone: at an existing broker Egret publishes orders to actuators and no
//! more ([`crate::downlink`]).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egret_decode::Rebirth;
use egret_mqtt::Handle;
use egret_shared::package::feed::Format;
use serde_json::json;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::auth::gate::Told;
use crate::clock;
use crate::intake::Intake;
use crate::live::Live;

/// What nodes that wait for their host know this one by.
const HOST: &str = "egret";

/// How often it is looked whether anybody is to be asked.
const EVERY: Duration = Duration::from_secs(1);

/// Tells nodes what they want to hear, until `shutdown`.
pub(crate) async fn run(intake: Live<Intake>, endpoint: Handle, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut is_told = false;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = every.tick() => {}
        }
        let intake = intake.get();
        let mut feeds = intake.package().feeds.iter();
        if !is_told && feeds.any(|feed| feed.format == Format::SparkplugB) {
            is_told = true;
            tell_state(&endpoint, true);
        }
        for (feed, rebirth) in intake.rebirths() {
            let label: egret_mqtt::gate::Label = Arc::new(Told::Order(feed));
            let payload = Rebirth::payload(clock::now());
            endpoint.publish(&rebirth.topic(), payload.into(), false, Some(label));
        }
    }
    if is_told {
        tell_state(&endpoint, false);
    }
}

/// Says whether the host is there, for whoever comes, too.
///
/// # Source
/// Sparkplug 3.0.0, section 6.4.27, STATE: a retained JSON object with `online` and `timestamp`.
fn tell_state(endpoint: &Handle, is_online: bool) {
    let state = json!({ "online": is_online, "timestamp": clock::now().0 });
    let topic = format!("spBv1.0/STATE/{HOST}");
    let payload = Bytes::from(state.to_string());
    endpoint.publish(&topic, payload, true, Some(Arc::new(Told::State)));
}
