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
use crate::keep::ledger::{self, Ledger};
use crate::keep::{Keep, Kept, Terms};
use crate::limits::{Limits, SWEEP_PERIOD};
use crate::lobby::{Lobby, Waiting};
use crate::order::Order;
use crate::taker::Taker;
use crate::transport::{Carried, From, Transport};

/// How long to wait when accepting fails, which is mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An MQTT endpoint that is not listening yet.
pub struct Endpoint {
    taker: Arc<dyn Taker>,
    gate: Arc<dyn Gate>,
    limits: Limits,
    keep: Option<Keeping>,
}

/// Where sessions are kept, what is there, and on what terms.
struct Keeping {
    keep: Box<dyn Keep>,
    kept: Kept,
    terms: Arc<dyn Terms>,
}

/// A running endpoint.
#[derive(Clone)]
pub struct Handle {
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    tracker: TaskTracker,
    /// What keeps sessions: it ends after everything else.
    keeping: TaskTracker,
}

/// A notice of the server's own, which it makes anew after every start.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// What it is about: of two notices about the same the later counts.
    pub key: &'a str,
    /// Where it is published, and retained.
    pub topic: &'a str,
    /// What it says.
    pub payload: Bytes,
    /// As for [`Handle::publish`].
    pub label: Option<Label>,
}

impl Endpoint {
    /// An endpoint that hands every message to `taker`, with the default limits and an open gate.
    pub fn new(taker: Arc<dyn Taker>) -> Self {
        Self {
            taker,
            gate: Arc::new(Open),
            limits: Limits::default(),
            keep: None,
        }
    }

    /// With sessions, and clients' retained messages, that outlive the process: goes on with `kept`,
    /// and keeps what changes, on these terms.
    #[must_use]
    pub fn with_keep(mut self, keep: Box<dyn Keep>, kept: Kept, terms: Arc<dyn Terms>) -> Self {
        self.keep = Some(Keeping { keep, kept, terms });
        self
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

    /// Serves a listener until `shutdown` is cancelled; see [`Self::start`].
    ///
    /// # Errors
    /// The listener has no address.
    pub fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<Handle> {
        let mut handle = self.start(shutdown);
        handle.local_addr = handle.listen(listener, None)?;
        Ok(handle)
    }

    /// Starts without a listener: [`Handle::listen`] and [`Handle::carry`] bring clients. Once
    /// `shutdown` is cancelled no more is read, commits under way are awaited and acknowledged within
    /// [`Limits::drain_max`], and clients are told. The taker must go on until [`Handle::stopped`].
    /// If sessions cannot be kept any more, `shutdown` is cancelled from here: [`Handle::failure`].
    pub fn start(self, shutdown: CancellationToken) -> Handle {
        let counters = Arc::new(Counters::default());
        let keeping = TaskTracker::new();
        let (hub, writing) = hub(&self.limits, &counters, self.keep, &*self.gate);
        if let Some((ledger, keep)) = writing {
            keeping.spawn(ledger::write(ledger, keep, shutdown.clone()));
        }
        keeping.close();
        let shared = Arc::new(Shared {
            hub,
            lobby: Lobby::new(&self.limits, Arc::clone(&counters)),
            limits: self.limits,
            gate: self.gate,
            taker: self.taker,
            counters,
            shutdown,
        });
        let tracker = TaskTracker::new();
        connection::wait_for_wills(&shared, &tracker);
        tracker.spawn(sweep(Arc::clone(&shared)));
        tracker.close();
        Handle {
            local_addr: SocketAddr::from(([0, 0, 0, 0], 0)),
            shared,
            tracker,
            keeping,
        }
    }
}

/// What is to be kept, and where.
pub(crate) type Writing = (Arc<Ledger>, Box<dyn Keep>);

fn hub(
    limits: &Limits,
    counters: &Arc<Counters>,
    keep: Option<Keeping>,
    gate: &dyn Gate,
) -> (Hub, Option<Writing>) {
    let new = |ledger| Hub::new(limits.clone(), Arc::clone(counters), ledger);
    let Some(Keeping { keep, kept, terms }) = keep else {
        return (new(None), None);
    };
    let ledger = Arc::new(Ledger::new(terms, &kept));
    let hub = new(Some(Arc::clone(&ledger)));
    hub.restore(kept, gate);
    (hub, Some((ledger, keep)))
}

impl Handle {
    /// The address of the listener that it was served with; unspecified without one.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves a listener, whose connections `transport` opens if there is one; where.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn listen(
        &self,
        listener: TcpListener,
        transport: Option<Arc<dyn Transport>>,
    ) -> io::Result<SocketAddr> {
        let local_addr = listener.local_addr()?;
        let shared = Arc::clone(&self.shared);
        let tracker = self.tracker.clone();
        self.tracker
            .spawn(accept(listener, transport, shared, tracker));
        Ok(local_addr)
    }

    /// Serves a client on a connection that somebody else has accepted and opened, such as a
    /// WebSocket, until it ends. Where there are too many others it ends at once.
    pub async fn carry(&self, carried: Carried, peer: SocketAddr) {
        let Some(waiting) = self.shared.lobby.enter(peer.ip()) else {
            return;
        };
        let counters = &self.shared.counters;
        counters.connections_total.add(1);
        counters.connections_open.add(1);
        // Counted with the others, so that the shutdown waits for it.
        let served = run(carried, peer, waiting, Arc::clone(&self.shared));
        let served = self.tracker.spawn(served);
        if let Err(error) = served.await {
            tracing::error!(%error, "a connection ended badly");
        }
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

    /// Publishes an order to those subscribers who may have it now; how many of them had room for it.
    /// To nobody, if there are none: it is neither retained nor kept for whoever comes. A session that
    /// waits for its client counts, and keeps it until its time is over; where sessions outlive the
    /// process this returns once it is kept for it.
    pub async fn order(&self, order: Order, label: Label) -> usize {
        self.shared.hub.order(order, label).await
    }

    /// Publishes a notice of the server's own as [`Self::publish`] does, retained; to nobody if the last
    /// one with the same key said the same. Where sessions are kept that holds over a restart, so that
    /// a session hears of what has changed meanwhile, and of nothing twice.
    pub fn tell(&self, notice: Notice<'_>) {
        let message = Message {
            topic: notice.topic.into(),
            payload: notice.payload,
            qos: 1,
            is_retained: true,
            label: notice.label,
            ..Message::default()
        };
        self.shared.hub.tell(&notice.key.into(), &Arc::new(message));
    }

    /// Forgets what was told by notices with these keys: there will be no more about the same.
    pub fn forget_told(&self, is_of_no_use: impl Fn(&str) -> bool) {
        self.shared.hub.forget_told(is_of_no_use);
    }

    /// Waits until every connection has ended, after `shutdown` was cancelled, and until everything is
    /// kept that is to be.
    pub async fn stopped(&self) {
        self.tracker.wait().await;
        if let Some(ledger) = self.shared.hub.ledger() {
            ledger.close();
        }
        self.keeping.wait().await;
    }

    /// Why sessions could not be kept any more, if that has stopped the endpoint.
    pub fn failure(&self) -> Option<&str> {
        self.shared.hub.ledger().and_then(|ledger| ledger.failure())
    }
}

/// Lets parked sessions go that have expired.
async fn sweep(shared: Arc<Shared>) {
    let mut sweep = tokio::time::interval(SWEEP_PERIOD);
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            _ = sweep.tick() => shared.hub.sweep(),
        }
    }
}

async fn accept(
    listener: TcpListener,
    transport: Option<Arc<dyn Transport>>,
    shared: Arc<Shared>,
    tracker: TaskTracker,
) {
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(stream, peer, transport.as_ref(), &shared, &tracker),
                Err(error) => {
                    tracing::error!(%error, "cannot accept MQTT connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

fn admit(
    stream: TcpStream,
    peer: SocketAddr,
    transport: Option<&Arc<dyn Transport>>,
    shared: &Arc<Shared>,
    tracker: &TaskTracker,
) {
    let counters = &shared.counters;
    let Some(waiting) = shared.lobby.enter(peer.ip()) else {
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
    }
    counters.connections_total.add(1);
    counters.connections_open.add(1);
    let shared = Arc::clone(shared);
    let Some(transport) = transport else {
        let from = From {
            peer: Some(peer),
            certificate: None,
        };
        let (reader, writer) = stream.into_split();
        tracker.spawn(connection::run(reader, writer, from, waiting, shared));
        return;
    };
    let opening = transport.open(stream);
    tracker.spawn(async move {
        let opened = tokio::select! {
            opened = tokio::time::timeout(shared.limits.connect_timeout, opening) => opened,
            () = shared.shutdown.cancelled() => return shared.counters.connections_open.decrease(),
            () = waiting.put_out() => return shared.counters.connections_open.decrease(),
        };
        match opened {
            Ok(Ok(carried)) => run(carried, peer, waiting, shared).await,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "an MQTT connection was not opened");
                shared.counters.transports_failed.add(1);
                shared.counters.connections_open.decrease();
            }
            Err(_elapsed) => {
                shared.counters.transports_failed.add(1);
                shared.counters.connections_open.decrease();
            }
        }
    });
}

async fn run(carried: Carried, peer: SocketAddr, waiting: Waiting, shared: Arc<Shared>) {
    let from = From {
        peer: Some(peer),
        certificate: carried.certificate,
    };
    let (reader, writer) = tokio::io::split(carried.stream);
    connection::run(reader, writer, from, waiting, shared).await;
}
