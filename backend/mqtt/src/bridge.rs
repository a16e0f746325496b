//! The intake from an existing broker: subscribes there, and acknowledges each message only after
//! the taker has kept it.
//!
//! One connection, which only subscribes: in `rumqttc` acknowledgements share a queue with publishes
//! and stall with them. The session at the broker is persistent, so that what arrives while this node
//! is away waits there. Every lost connection gets a new client and event loop: nothing of the old
//! one, above all no acknowledgement, can leak into the new, and a client that is stuck in a
//! collision is gone. What the broker delivers twice is recognised by identity further on.

mod backoff;
mod line;
mod publisher;
mod talk;
mod tls;
mod url;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::taker::Taker;
use crate::topic;
use backoff::Backoff;
pub use publisher::{NotPublished, Publisher, ToBroker};
use url::BrokerUrl;

/// The MQTT version spoken with the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgeVersion {
    /// MQTT 3.1.1.
    V4,
    /// MQTT 5.
    V5,
}

/// Which broker to take messages from.
#[derive(Clone, Debug)]
pub struct BridgeConfig {
    /// `mqtt://[user[:password]@]host[:port]`, or `mqtts://` for TLS, with percent-encoding in user and
    /// password. Behind `?` and with `&` between them: `version` (`3.1.1` or `5`, which is the default),
    /// `share` (the group of a shared subscription, so that several nodes split the messages),
    /// and for TLS `ca` (authorities, PEM; without it those that the system trusts), `certificate` and
    /// `key` (our own, PEM).
    pub url: String,
    /// The client identifier. It names the session at the broker, so it must stay the same over
    /// restarts and differ between nodes.
    pub client_id: String,
    /// The topic filters to subscribe to, with QoS 1.
    pub filters: Vec<String>,
    /// Longest payload that is handed on whole, in bytes; of a longer one only the head is.
    pub payload_bytes_max: usize,
}

/// Why a bridge cannot be configured like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// The URL does not name a broker.
    #[error("broker URL {url:?}: {reason}")]
    Url {
        /// The URL, without user and password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A filter is not a topic filter.
    #[error("{0:?} is not a topic filter")]
    Filter(String),
    /// There is nothing to subscribe to.
    #[error("the bridge has no topic filter")]
    NoFilter,
    /// A session at the broker needs a name.
    #[error("the bridge has no client identifier")]
    NoClientId,
    /// TLS cannot be spoken with these files.
    #[error("TLS with the broker: {0}")]
    Tls(String),
    /// The group of a shared subscription must be one plain topic level.
    #[error("{0:?} is not a name for a shared subscription")]
    ShareGroup(String),
}

/// How the connection to the broker stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BridgeState {
    /// Trying to connect and subscribe.
    Connecting,
    /// Connected, and every filter is granted.
    Connected,
    /// Without a connection; it is tried again.
    Lost {
        /// What happened, for people.
        reason: String,
        /// After how long.
        pause: Duration,
    },
    /// Ended on shutdown.
    Stopped,
}

/// A bridge that is not running yet.
pub struct Bridge {
    config: BridgeConfig,
    broker: BrokerUrl,
    tls: Option<Arc<ClientConfig>>,
    state: watch::Sender<BridgeState>,
    settled: Arc<AtomicU64>,
}

impl Bridge {
    /// Checks the configuration.
    ///
    /// # Errors
    /// Says what is wrong with it; passwords do not appear.
    pub fn new(config: BridgeConfig) -> Result<Self, BridgeError> {
        let broker = BrokerUrl::parse(&config.url)?;
        if config.client_id.is_empty() {
            return Err(BridgeError::NoClientId);
        }
        if config.filters.is_empty() {
            return Err(BridgeError::NoFilter);
        }
        if let Some(filter) = config
            .filters
            .iter()
            .find(|filter| !topic::is_valid_filter(filter))
        {
            return Err(BridgeError::Filter(filter.clone()));
        }
        if let Some(group) = &broker.share
            && (group.is_empty() || group.contains(['/', '+', '#', '\0']))
        {
            return Err(BridgeError::ShareGroup(group.clone()));
        }
        Ok(Self {
            tls: broker.tls.as_ref().map(tls::client).transpose()?,
            config,
            broker,
            state: watch::Sender::new(BridgeState::Connecting),
            settled: Arc::default(),
        })
    }

    /// The same, which adds the messages that are kept and acknowledged to `settled`.
    #[must_use]
    pub fn counting(self, settled: Arc<AtomicU64>) -> Self {
        Self { settled, ..self }
    }

    /// Its state, from now on.
    pub fn state(&self) -> watch::Receiver<BridgeState> {
        self.state.subscribe()
    }

    /// Takes messages until `shutdown` is cancelled, connecting again whenever the connection is
    /// lost. On shutdown, commits under way are awaited and acknowledged, within five seconds.
    pub async fn run(self, taker: Arc<dyn Taker>, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            self.state.send_replace(BridgeState::Connecting);
            let began = Instant::now();
            match talk::talk(&self, &*taker, &shutdown).await {
                talk::Ended::Stopped => break,
                talk::Ended::Lost(reason) => {
                    let pause = backoff.next_pause(began.elapsed());
                    tracing::warn!(broker = %self.broker, %reason, ?pause, "broker lost");
                    self.state.send_replace(BridgeState::Lost { reason, pause });
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = shutdown.cancelled() => {}
                    }
                }
            }
        }
        self.state.send_replace(BridgeState::Stopped);
    }

    /// Whether the broker is to keep a session for it: what subscribes needs one, what publishes
    /// does not.
    fn is_lasting(&self) -> bool {
        !self.config.filters.is_empty()
    }

    /// The filters as the broker is to see them.
    fn subscriptions(&self) -> Vec<String> {
        let prefix = match &self.broker.share {
            Some(group) => format!("$share/{group}/"),
            None => String::new(),
        };
        self.config
            .filters
            .iter()
            .map(|filter| format!("{prefix}{filter}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> BridgeConfig {
        BridgeConfig {
            url: "mqtt://broker?share=egret".into(),
            client_id: "egret-1".into(),
            filters: vec!["egret/v1/#".into()],
            payload_bytes_max: 1_000,
        }
    }

    #[test]
    fn a_share_group_becomes_a_shared_subscription() {
        let bridge = Bridge::new(config()).unwrap();
        assert_eq!(bridge.subscriptions(), ["$share/egret/egret/v1/#"]);
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |change: fn(&mut BridgeConfig)| {
            let mut config = config();
            change(&mut config);
            Bridge::new(config).err().unwrap().to_string()
        };
        assert!(wrong(|config| config.filters = vec!["a/#/b".into()]).contains("a/#/b"));
        assert!(wrong(|config| config.url = "mqtt://broker?share=a%2Fb".into()).contains("a/b"));
        assert!(wrong(|config| config.filters.clear()).contains("no topic filter"));
        assert!(wrong(|config| config.client_id.clear()).contains("client identifier"));
    }
}
