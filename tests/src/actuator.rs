//! An actuator: a paho client that hears orders and answers what it is told to.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::mosquitto::{self, Version};
use crate::paho::python;
use crate::process::Process;
use crate::{clock, message};

/// Where the tiny city's ponding gauges listen: each has a warning light.
pub const COMMANDS: &str = "vendor-x/+/command";

/// A reading of one as of now, by which it becomes known.
pub fn gauge(depth_mm: f64) -> String {
    let now = clock::now();
    message::ponding(&now.0.to_string(), now, depth_mm).to_string()
}

/// Has one tell how deep its water is.
#[track_caller]
pub fn tell_depth(broker: SocketAddr, gauge_id: &str, depth_mm: f64) {
    let topic = message::ponding_topic(gauge_id);
    let told = mosquitto::publish(broker, Version::V5, &topic, &gauge(depth_mm));
    assert!(told.success, "{told:?}");
}

/// A paho client that listens to a topic filter, and comes back by itself.
#[derive(Debug)]
pub struct Actuator {
    process: Process,
    /// What SUBACK said to the filter: 0 to 2, or a refusal of 0x80 and more.
    pub granted: u64,
    n_answers: u64,
}

impl Actuator {
    /// Connects where everything is open, and waits for SUBACK.
    #[track_caller]
    pub fn connect(broker: SocketAddr, version: Version, filter: &str) -> Self {
        Self::open(broker, version, &[filter])
    }

    /// As [`Self::connect`], with a user name and password.
    #[track_caller]
    pub fn connect_as(
        broker: SocketAddr,
        version: Version,
        filter: &str,
        (user, password): (&str, &str),
    ) -> Self {
        Self::open(broker, version, &[filter, user, password])
    }

    #[track_caller]
    fn open(broker: SocketAddr, version: Version, more: &[&str]) -> Self {
        let process = python("paho_actuator.py", broker, |command| {
            let version = if version == Version::V5 { "5" } else { "4" };
            command.arg(version).args(more);
        });
        let mut actuator = Self {
            process,
            granted: 0,
            n_answers: 0,
        };
        actuator.granted = actuator.event("SUBACK", |event| {
            let granted = event["granted"].as_array()?.first()?.as_u64()?;
            (event["event"] == "subscribed").then_some(granted)
        });
        actuator
    }

    /// The order that fits, as soon as it has come: `topic`, `payload` as JSON, and of MQTT 5 `response`,
    /// `correlation` and `expiry_s`.
    #[track_caller]
    pub fn order(&self, fits: impl Fn(&Value) -> bool) -> Value {
        self.event("an order", |event| order_of(event).filter(&fits))
    }

    /// Every order so far.
    pub fn orders(&self) -> Vec<Value> {
        let lines = self.process.out.all();
        let events = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        events.filter_map(|event| order_of(&event)).collect()
    }

    /// Publishes an answer, or whatever else; the reason code of its PUBACK (0 in MQTT 3.1.1).
    #[track_caller]
    pub fn answer(&mut self, topic: &str, payload: &str, correlation: Option<&str>) -> u64 {
        self.n_answers += 1;
        let n = self.n_answers;
        let answer = json!({
            "n": n, "topic": topic, "payload": payload, "correlation": correlation,
        });
        self.process.tell(&answer.to_string());
        self.event("the answer is acknowledged", |event| {
            (event["event"] == "acked" && event["n"] == n).then(|| event["reason"].as_u64())
        })
        .expect("a reason code is a number")
    }

    #[track_caller]
    fn event<T>(&self, what: &str, mut pick: impl FnMut(&Value) -> Option<T>) -> T {
        let pick = |line: &str| pick(&serde_json::from_str(line).ok()?);
        let found = self.process.out.find(what, pick);
        found.unwrap_or_else(|| panic!("paho ended: {}", self.process.err.text()))
    }
}

/// An order out of an event, with its payload read.
fn order_of(event: &Value) -> Option<Value> {
    let mut order = (event["event"] == "order").then(|| event.clone())?;
    let payload = serde_json::from_str(event["payload"].as_str()?).ok()?;
    order["payload"] = payload;
    Some(order)
}
