//! How existing brokers that messages are taken from stand.

use serde::{Deserialize, Serialize};

use crate::time::TimeMs;

/// How the connection to a broker stands: an element of `GET /api/v1/brokers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerStatus {
    /// Where it is, `mqtt://host:port` or `mqtts://host:port`: without user, password and options.
    pub url: String,
    /// Whether it is connected, and every topic is subscribed to.
    pub connected: bool,
    /// Since when it is, or is not.
    pub since: TimeMs,
    /// What went wrong last, since the server started; also while it is connected again. Absent if
    /// nothing did.
    pub error: Option<BrokerError>,
    /// When it is tried again; absent while it is connected, or is being tried.
    pub next_try_at: Option<TimeMs>,
    /// Messages taken from it and kept since the server started: refused ones among them, and what it
    /// sent twice twice.
    pub messages: u64,
}

/// Why a connection to a broker was lost, or never made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerError {
    /// When.
    pub at: TimeMs,
    /// In words, for people.
    pub text: String,
}
