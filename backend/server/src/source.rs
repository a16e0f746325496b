//! The ways in by MQTT: the embedded endpoint, and existing brokers.

use std::sync::Arc;

use egret_mqtt::bridge::{Bridge, BridgeConfig, BridgeError, BridgeState, BridgeVersion};
use egret_mqtt::gate::Gate;
use egret_mqtt::taker::Taker;
use egret_mqtt::{Endpoint, Handle};
use egret_package::Package;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::limits::PAYLOAD_BYTES_MAX;

/// Serves the embedded endpoint on `listener` until `shutdown`, to whomever `gate` lets in; to
/// everybody without one.
///
/// # Errors
/// The listener has no address.
pub(crate) fn endpoint(
    listener: TcpListener,
    taker: Arc<dyn Taker>,
    gate: Option<Arc<dyn Gate>>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> std::io::Result<Handle> {
    let mut endpoint = Endpoint::new(taker);
    if let Some(gate) = gate {
        endpoint = endpoint.with_gate(gate);
    }
    let handle = endpoint.serve(listener, shutdown.clone())?;
    let stopping = handle.clone();
    // Commits under way are still acknowledged: the run waits for the endpoint's connections.
    tracker.spawn(async move { stopping.stopped().await });
    Ok(handle)
}

/// Several nodes on one broker split its messages by this shared subscription.
const SHARE_GROUP: &str = "egret";

/// Takes messages of every feed that has a topic from an existing broker, until `shutdown`.
///
/// The session at the broker is named after the city, so that it is the same after a restart.
///
/// # Errors
/// The URL, or a feed's topic, cannot be used.
pub(crate) fn broker(
    url: &Url,
    package: &Package,
    taker: &Arc<dyn Taker>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> Result<(), BridgeError> {
    let bridge = Bridge::new(BridgeConfig {
        url: url.to_string(),
        client_id: format!("egret-{}", package.city.id),
        filters: package
            .feeds
            .iter()
            .filter_map(|feed| feed.topic.clone())
            .collect(),
        share_group: Some(SHARE_GROUP.to_owned()),
        version: BridgeVersion::V5,
        payload_bytes_max: PAYLOAD_BYTES_MAX,
    })?;
    tracker.spawn(log_state(
        bridge.state(),
        url.host_str().unwrap_or_default().to_owned(),
    ));
    tracker.spawn(bridge.run(Arc::clone(taker), shutdown.clone()));
    Ok(())
}

/// Tells the log how the connection to a broker stands, until it ends.
async fn log_state(mut state: watch::Receiver<BridgeState>, host: String) {
    while state.changed().await.is_ok() {
        let now = state.borrow_and_update().clone();
        match now {
            BridgeState::Connected => tracing::info!(broker = host, "connected to the broker"),
            BridgeState::Stopped => return,
            // The bridge itself logs why a connection was lost.
            BridgeState::Connecting | BridgeState::Lost { .. } => {}
        }
    }
}
