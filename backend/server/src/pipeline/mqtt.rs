//! The embedded MQTT endpoint on its ports: in clear, under TLS, and by WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use egret_listen::Tls;
use egret_mqtt::Handle;
use egret_mqtt::gate::Gate;
use egret_mqtt::taker::Taker;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::renewal::Ends;
use crate::api::Context;
use crate::auth::gate::Door;
use crate::config::Config;
use crate::kept::{self, KeptFile};
use crate::source::{self, UnderTls};

/// Serves the embedded MQTT endpoint, unless it is off; and where, in clear and under TLS.
pub(super) async fn serve_mqtt(
    config: &Config,
    (context, ends): (&Context, &Ends),
    (taker, tls): (&Arc<dyn Taker>, Option<&Tls>),
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<(Option<Handle>, MqttAddresses)> {
    let mut addresses = MqttAddresses::default();
    if config.mqtt.is_none() && config.mqtts.is_none() {
        return Ok((None, addresses));
    }
    let door = || Door::new(ends.view.clone(), context.audit.clone());
    let gate = (!context.access.open).then(|| Arc::new(door()) as Arc<dyn Gate>);
    let (file, kept) = KeptFile::open(&config.data)?;
    let endpoint = source::endpoint(
        Arc::clone(taker),
        config.mqtt_limits.clone(),
        gate,
        (file, kept, kept::terms(ends.view.clone())),
        tracker,
        shutdown,
    );
    if let Some(address) = config.mqtt {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("--mqtt {address} cannot be listened on"))?;
        let mqtt = endpoint.listen(listener, None)?;
        if !mqtt.ip().is_loopback() {
            tracing::warn!(%mqtt, "MQTT is spoken in clear: whoever is on the line reads secrets and messages");
        }
        addresses.clear = Some(mqtt);
    }
    if let Some((mqtts, tls)) = config.mqtts.as_ref().zip(tls) {
        let address = mqtts.address;
        let clients = mqtts.clients.as_ref();
        let opener = tls.opener(clients.map(|(path, showing)| (path.as_path(), *showing)))?;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("--mqtts {address} cannot be listened on"))?;
        let transport = Arc::new(UnderTls(opener));
        addresses.tls = Some(endpoint.listen(listener, Some(transport))?);
    }
    // By WebSocket, on the port of HTTP.
    drop(context.endpoint.set(endpoint.clone()));
    Ok((Some(endpoint), addresses))
}

/// Where the embedded MQTT endpoint is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MqttAddresses {
    /// In clear.
    pub clear: Option<SocketAddr>,
    /// Under TLS.
    pub tls: Option<SocketAddr>,
}
