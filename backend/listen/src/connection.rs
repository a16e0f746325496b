//! One client, from the handshake to the end of its connection, or to its WebSocket.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::body::{Answer, Asked, TooSlow, Visit};
use crate::counters::Counters;
use crate::hall::Seat;
use crate::limits::{H2_SEND_BUFFER_BYTES, H2_WINDOW_BYTES, HEADERS_INLINE, Limits};
use crate::pulse::{Look, Pulse, Timeout};
use crate::serve::Secure;
use crate::wire::Wire;

/// The first byte of every TLS connection: a record of the handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What all connections of a listener use.
pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) http: auto::Builder<Tracked>,
    pub(crate) limits: Limits,
    pub(crate) counters: Arc<Counters>,
    /// Asks connections to end.
    pub(crate) shutdown: CancellationToken,
    /// Ends them.
    pub(crate) kill: CancellationToken,
}

/// Runs hyper's HTTP/2 streams as tasks that the shutdown waits for.
#[derive(Clone)]
pub(crate) struct Tracked(pub(crate) TaskTracker);

impl<F> hyper::rt::Executor<F> for Tracked
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

/// hyper within `limits`.
pub(crate) fn http(limits: &Limits, tasks: TaskTracker) -> auto::Builder<Tracked> {
    let mut http = auto::Builder::new(Tracked(tasks));
    http.http1()
        .timer(TokioTimer::new())
        // `pulse` does it; see there.
        .header_read_timeout(None)
        // The head must fit into the buffer: hyper answers 431 to a longer one.
        .max_buf_size(limits.head_bytes_max);
    if limits.headers_max != HEADERS_INLINE {
        http.http1().max_headers(limits.headers_max);
    }
    let head_bytes_max = u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(head_bytes_max)
        .max_concurrent_streams(limits.h2_streams_max)
        .max_pending_accept_reset_streams(limits.h2_resets_max)
        .max_local_error_reset_streams(limits.h2_resets_max)
        .initial_stream_window_size(H2_WINDOW_BYTES)
        .initial_connection_window_size(H2_WINDOW_BYTES)
        .max_send_buf_size(H2_SEND_BUFFER_BYTES)
        .keep_alive_interval(limits.h2_ping_period)
        .keep_alive_timeout(limits.h2_ping_timeout);
    http
}

/// Runs a client's connection to its end.
pub(crate) async fn run(stream: TcpStream, peer: SocketAddr, seat: Seat, house: Arc<House>) {
    let pulse = Arc::new(Pulse::new(Instant::now(), house.limits.progress_bytes_min));
    let Some(acceptor) = house.tls.clone() else {
        let wire = Wire::new(stream, Arc::clone(&pulse), seat);
        return talk(wire, false, peer, &pulse, &house).await;
    };
    let handshake = async {
        if !speaks_tls(&stream).await? {
            return Err(std::io::Error::other("the client does not speak TLS"));
        }
        acceptor
            .accept(Wire::new(stream, Arc::clone(&pulse), seat))
            .await
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(house.limits.handshake_timeout, handshake) => shaken,
        () = house.shutdown.cancelled() => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            pulse.begin(Instant::now(), is_h2);
            talk(stream, true, peer, &pulse, &house).await;
        }
        Ok(Err(error)) => {
            house.counters.tls_failures.increase();
            tracing::debug!(%peer, %error, "a TLS handshake failed");
        }
        Err(_elapsed) => {
            house.counters.timeouts_handshake.increase();
            tracing::debug!(%peer, "a TLS handshake took too long");
        }
    }
}

/// Whether a client begins as TLS does. One that speaks plain HTTP would get an alert from rustls,
/// bytes that its browser would show.
async fn speaks_tls(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0];
    let n_bytes = stream.peek(&mut first).await?;
    Ok(n_bytes == 1 && first == [TLS_HANDSHAKE])
}

/// Speaks HTTP until the connection ends, its client is too slow, or it has become a WebSocket, which
/// is from then on the business of its handler.
async fn talk<S>(stream: S, is_tls: bool, peer: SocketAddr, pulse: &Arc<Pulse>, house: &Arc<House>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let visit = Visit::begin(pulse, request.version() == Version::HTTP_2);
        answer(request, visit, ConnectInfo(peer), Secure(is_tls), house)
    });
    let connection = house
        .http
        .serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let timer = tokio::time::sleep(house.limits.look_period());
    tokio::pin!(timer);
    let (mut is_asked, mut is_idle) = (false, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended in an error");
                }
                return;
            }
            () = timer.as_mut() => {
                let now = Instant::now();
                match pulse.look(now, &house.limits) {
                    Look::Fine(next) => timer.as_mut().reset(next),
                    Look::Over(Timeout::Idle) if !is_idle => {
                        is_idle = true;
                        house.counters.timeouts_idle.increase();
                        // HTTP/2 is told before, so that no request is lost on the way; one that is
                        // on the way is answered.
                        connection.as_mut().graceful_shutdown();
                        timer.as_mut().reset(now + house.limits.drain);
                    }
                    Look::Over(timeout) => return give_up(timeout, peer, pulse, &house.counters),
                }
            }
            () = house.shutdown.cancelled(), if !is_asked => {
                is_asked = true;
                connection.as_mut().graceful_shutdown();
            }
            () = house.kill.cancelled() => return,
        }
    }
}

fn give_up(timeout: Timeout, peer: SocketAddr, pulse: &Pulse, counters: &Counters) {
    match timeout {
        Timeout::Head => counters.timeouts_head.increase(),
        // Counted when it was asked to end.
        Timeout::Idle => {}
        Timeout::Write => {
            counters.timeouts_write.increase();
            pulse.give_up();
        }
    }
    tracing::debug!(%peer, ?timeout, "a connection was ended because its client was too slow");
}

/// The router's answer to a request.
fn answer(
    request: Request<Incoming>,
    visit: Visit,
    peer: ConnectInfo<SocketAddr>,
    secure: Secure,
    house: &Arc<House>,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
    house.counters.requests_total.increase();
    let has_stalled = Arc::new(AtomicBool::new(false));
    let version = request.version();
    let mut request = request.map(|body| {
        if body.is_end_stream() {
            return Body::empty();
        }
        let (stalled, counters) = (Arc::clone(&has_stalled), Arc::clone(&house.counters));
        let is_h2 = version == Version::HTTP_2;
        Body::new(Asked::new(body, is_h2, &house.limits, stalled, counters))
    });
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(secure);
    let answered = house.router.clone().oneshot(request);
    let too_slow = TooSlow::by(&house.limits);
    async move {
        let Ok(mut response) = answered.await;
        if has_stalled.load(Ordering::Relaxed) && response.status().is_client_error() {
            response = request_timeout(too_slow, version);
        }
        Ok(response.map(|body| Answer::new(body, visit)))
    }
}

/// What a client hears whose body came too slowly. To the handler that is a broken body, and "bad
/// request" would tell a gateway not to send it again.
fn request_timeout(too_slow: TooSlow, version: Version) -> Response<Body> {
    let status = StatusCode::REQUEST_TIMEOUT;
    let detail = format!(
        r#"{{"title":"Request Timeout","status":{},"detail":"{too_slow}"}}"#,
        status.as_u16()
    );
    let mut response = Response::new(Body::from(detail));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    // It never saw the router, which arms every other answer.
    let armour = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ];
    for (name, value) in armour {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if version < Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
