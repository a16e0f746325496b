//! MQTT in both directions of the dial: the embedded endpoint that gateways connect to, and the
//! bridge that takes messages from an existing broker. Both acknowledge a message only after the
//! [`taker::Taker`] has kept it.
//!
//! Modules in the order in which data flows through the endpoint: `frame` cuts the byte stream into
//! packets, `protocol` turns packets into words that do not depend on the MQTT version (and back),
//! `connection` runs one client, [`taker`] is where messages leave, `pending` keeps acknowledgements in
//! order until the commit, `hub` carries kept messages, and `order`s of the
//! server's own, to the subscribers, [`keep`] has what of that outlives the process. [`gate`] says who may do
//! what, `lobby` is where connections wait until they are admitted, [`limits`] bounds everything,
//! [`counters`] counts.

pub mod bridge;
mod connection;
pub mod counters;
pub mod endpoint;
mod frame;
pub mod gate;
mod hub;
pub mod keep;
pub mod limits;
mod lobby;
mod order;
mod pending;
mod protocol;
pub mod taker;
#[cfg(test)]
mod testing;
mod topic;
pub mod transport;

pub use bridge::{Bridge, BridgeConfig, BridgeState};
pub use endpoint::{Endpoint, Handle, Notice};
pub use limits::Limits;
pub use order::Order;
