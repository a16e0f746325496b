//! The listener: accepts connections within the limits, and stops them in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::{self, House};
use crate::counters::Counters;
use crate::hall::{Full, Hall};
use crate::limits::{ACCEPT_PAUSE, COMPLAINT_PERIOD, HEAD_BYTES_MIN, Limits};
use crate::tls::Tls;

/// Whether a request came over TLS: an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secure(pub bool);

/// Serves `router` on `listener` until `shutdown` is cancelled: HTTP/1.1 and HTTP/2 (over TLS by
/// ALPN), with WebSockets over HTTP/1.1.
///
/// Every request has the extensions `ConnectInfo<SocketAddr>`, with an IPv4 address as such even on an
/// IPv6 socket, and [`Secure`]. A request whose body came too slowly gives its handler an error, and
/// its client a 408 where the handler answers with a client's error.
///
/// At `shutdown` no more is accepted, connections without a request end, and the others, and
/// WebSockets, have [`Limits::drain`] to finish. WebSockets are not ended: their handlers must see the
/// same token.
///
/// # Errors
/// A limit is out of range; nothing is served.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    counters: Arc<Counters>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    if limits.head_bytes_max < HEAD_BYTES_MIN {
        let problem = format!(
            "head_bytes_max is {}; it must be at least {HEAD_BYTES_MIN}",
            limits.head_bytes_max
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    let tasks = TaskTracker::new();
    let hall = Hall::new(
        limits.connections_max,
        limits.per_address_max,
        Arc::clone(&counters),
    );
    let drain = limits.drain;
    let house = Arc::new(House {
        // Once and for all, instead of at every request.
        router: router.with_state(()),
        tls: tls.map(|tls| TlsAcceptor::from(tls.config())),
        http: connection::http(&limits, tasks.clone()),
        limits,
        counters,
        shutdown,
        kill: CancellationToken::new(),
    });
    accept(&listener, &house, &hall, &tasks).await;
    drop(listener);
    tasks.close();
    let left = async { tokio::join!(tasks.wait(), hall.empty()) };
    if tokio::time::timeout(drain, left).await.is_err() {
        let n_open = house.counters.connections_open.get();
        tracing::warn!(n_open, "connections are ended in the middle of a request");
        house.kill.cancel();
        tasks.wait().await;
    }
    Ok(())
}

async fn accept(listener: &TcpListener, house: &Arc<House>, hall: &Arc<Hall>, tasks: &TaskTracker) {
    let (mut failures, mut refusals) = (Complaint::default(), Complaint::default());
    loop {
        let accepted = tokio::select! {
            () = house.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match hall.admit(peer.ip()) {
                Ok(seat) => {
                    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                    prepare(&stream, peer);
                    tasks.spawn(connection::run(stream, peer, seat, Arc::clone(house)));
                }
                Err(full) => refused(full, peer, house, &mut refusals),
            },
            // The client's affair: it went away between knocking and coming in.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                house.counters.accept_errors.increase();
                if let Some(n_times) = failures.say(Instant::now()) {
                    tracing::error!(%error, n_times, "cannot accept HTTP connections");
                }
                // Out of file descriptors, it would fail again at once: some may close meanwhile.
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn prepare(stream: &TcpStream, peer: SocketAddr) {
    // A frame goes out at once: held back until the one before it is acknowledged, which a client
    // that has nothing to say puts off, it would be 40 ms late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "a connection sends its frames late");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) =
        socket2::SockRef::from(stream).set_tcp_notsent_lowat(crate::limits::UNSENT_BYTES)
    {
        tracing::debug!(%peer, %error, "a connection's kernel keeps as much as it likes");
    }
}

fn refused(full: Full, peer: SocketAddr, house: &House, refusals: &mut Complaint) {
    let Some(n_times) = refusals.say(Instant::now()) else {
        return;
    };
    match full {
        Full::Hall => tracing::warn!(
            %peer, n_times, limit = house.limits.connections_max, "too many HTTP connections"
        ),
        Full::Address => tracing::warn!(
            %peer, n_times, limit = house.limits.per_address_max,
            "too many HTTP connections from one address"
        ),
    }
}

/// Something that is logged once in a [`COMPLAINT_PERIOD`], with how often it was.
#[derive(Default)]
struct Complaint {
    said_at: Option<Instant>,
    n_times: u64,
}

impl Complaint {
    /// How often it was since it was last said, if it is to be said now.
    fn say(&mut self, now: Instant) -> Option<u64> {
        self.n_times += 1;
        if self.said_at.is_some_and(|at| now < at + COMPLAINT_PERIOD) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.n_times))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_same_complaint_is_said_once_a_minute_with_its_number() {
        let start = Instant::now();
        let mut complaint = Complaint::default();
        assert_eq!(complaint.say(start), Some(1));
        assert_eq!(complaint.say(start + Duration::from_secs(1)), None);
        assert_eq!(complaint.say(start + Duration::from_secs(59)), None);
        assert_eq!(complaint.say(start + Duration::from_mins(1)), Some(3));
    }
}
