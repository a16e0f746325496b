//! The listener: accepts connections within the limits, and stops them in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{self, Shared};
use crate::counters::Counters;
use crate::gate::{Gate, Label, Open};
use crate::hub::{Hub, Message};
use crate::limits::{Limits, SWEEP_PERIOD};
use crate::lobby::Lobby;
use crate::taker::Taker;

/// How long to wait when accepting fails, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An MQTT endpoint that is not listening yet.
pub struct Endpoint {
    taker: Arc<dyn Taker>,
    gate: Arc<dyn Gate>,
    limits: Limits,
}

/// A running endpoint.
#[derive(Clone)]
pub struct Handle {
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    tracker: TaskTracker,
}

impl Endpoint {
    /// An endpoint that hands every message to `taker`, with the default limits and an open gate.
    pub fn new(taker: Arc<dyn Taker>) -> Self {
        Self {
            taker,
            gate: Arc::new(Open),
            limits: Limits::default(),
        }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With a gate that decides who may do what.
    #[must_use]
    pub fn with_gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.gate = gate;
        self
    }

    /// Binds `addr` and serves it.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn bind(
        self,
        addr: impl ToSocketAddrs,
        shutdown: CancellationToken,
    ) -> io::Result<Handle> {
        self.serve(TcpListener::bind(addr).await?, shutdown)
    }

    /// Serves a listener until `shutdown` is cancelled: then no more is read, commits under way are
    /// awaited and acknowledged within [`Limits::drain_max`], and clients are told. The taker must
    /// go on until [`Handle::stopped`].
    ///
    /// # Errors
    /// The listener has no address.
    pub fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<Handle> {
        let local_addr = listener.local_addr()?;
        let counters = Arc::new(Counters::default());
        let shared = Arc::new(Shared {
            hub: Hub::new(self.limits.clone(), Arc::clone(&counters)),
            lobby: Lobby::new(&self.limits, Arc::clone(&counters)),
            limits: self.limits,
            gate: self.gate,
            taker: self.taker,
            counters,
            shutdown,
        });
        let tracker = TaskTracker::new();
        tracker.spawn(accept(listener, Arc::clone(&shared), tracker.clone()));
        tracker.close();
        Ok(Handle {
            local_addr,
            shared,
            tracker,
        })
    }
}

impl Handle {
    /// The address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What it has counted.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Publishes a message of the server's own to subscribers, with QoS 1. It does not go through
    /// the taker. A retained message stays until the next, or one with an empty payload. The label
    /// stays with the message, and is what [`crate::gate::Pass::may_receive`] is asked with for
    /// every subscriber and at every delivery.
    pub fn publish(&self, topic: &str, payload: Bytes, is_retained: bool, label: Option<Label>) {
        self.shared.hub.route(&Arc::new(Message {
            topic: topic.into(),
            payload,
            qos: 1,
            is_retained,
            label,
            ..Message::default()
        }));
    }

    /// Waits until every connection has ended, after `shutdown` was cancelled.
    pub async fn stopped(&self) {
        self.tracker.wait().await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tracker: TaskTracker) {
    let mut sweep = tokio::time::interval(SWEEP_PERIOD);
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            _ = sweep.tick() => shared.hub.sweep(),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(stream, peer, &shared, &tracker),
                Err(error) => {
                    tracing::error!(%error, "cannot accept MQTT connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

fn admit(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>, tracker: &TaskTracker) {
    let counters = &shared.counters;
    let Some(waiting) = shared.lobby.enter(peer.ip()) else {
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
    }
    counters.connections_total.add(1);
    counters.connections_open.add(1);
    let (reader, writer) = stream.into_split();
    tracker.spawn(connection::run(
        reader,
        writer,
        Some(peer),
        waiting,
        Arc::clone(shared),
    ));
}
