//! The site that is served, and the plainest of clients.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest as _, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use egret_listen::{Counters, Limits, Secure, Tls};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// Longer than anything here may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What `/big` answers with, in bytes: more than the sockets of both sides take.
pub(crate) const BIG_BYTES: usize = 64 * 1024 * 1024;

/// What `/ample` answers with, in bytes.
pub(crate) const AMPLE_BYTES: usize = 16 * 1024 * 1024;

/// A running listener.
pub(crate) struct Site {
    pub(crate) addr: SocketAddr,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shutdown: CancellationToken,
    /// Lets a request to `/wait` go on, and a WebSocket say goodbye.
    pub(crate) go_on: Arc<Notify>,
    /// Says that one is there.
    pub(crate) is_there: Arc<Notify>,
    /// What requests to `/tell` had for a body: its length, or why there is none.
    pub(crate) told: Told,
    serving: JoinSet<std::io::Result<()>>,
}

type Told = Arc<Mutex<Vec<Result<usize, String>>>>;

#[derive(Clone)]
struct Gates {
    go_on: Arc<Notify>,
    is_there: Arc<Notify>,
    told: Told,
    shutdown: CancellationToken,
}

pub(crate) fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Limits that no test waits for.
pub(crate) fn generous() -> Limits {
    Limits {
        handshake_timeout: PATIENCE,
        head_timeout: PATIENCE,
        idle: PATIENCE,
        body_stall: PATIENCE,
        write_stall: PATIENCE,
        ..Limits::default()
    }
}

impl Site {
    pub(crate) async fn open(limits: Limits) -> Self {
        Self::open_with(limits, None).await
    }

    pub(crate) async fn open_with(limits: Limits, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::open_at(listener, limits, tls)
    }

    pub(crate) fn open_at(listener: TcpListener, limits: Limits, tls: Option<Tls>) -> Self {
        let addr = listener.local_addr().unwrap();
        let counters = Arc::new(Counters::default());
        let shutdown = CancellationToken::new();
        let gates = Gates {
            go_on: Arc::default(),
            is_there: Arc::default(),
            told: Arc::default(),
            shutdown: shutdown.clone(),
        };
        let (go_on, is_there) = (Arc::clone(&gates.go_on), Arc::clone(&gates.is_there));
        let told = Arc::clone(&gates.told);
        let mut serving = JoinSet::new();
        serving.spawn(egret_listen::serve(
            listener,
            router(gates),
            tls,
            limits,
            Arc::clone(&counters),
            shutdown.clone(),
        ));
        Self {
            addr,
            counters,
            shutdown,
            go_on,
            is_there,
            told,
            serving,
        }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// Connects and sends.
    pub(crate) async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// The answer to a GET on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> String {
        let mut stream = self.send(&get_and_close(path)).await;
        text(&rest(&mut stream).await)
    }

    /// Whether `serve` has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.serving.try_join_next().is_some()
    }

    /// Waits for the end of `serve`.
    pub(crate) async fn ended(&mut self) {
        within(self.serving.join_next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

fn router(gates: Gates) -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/who",
            get(
                async |ConnectInfo(peer): ConnectInfo<SocketAddr>,
                       Extension(Secure(is_secure)): Extension<Secure>| {
                    format!("{} secure={is_secure}", peer.ip())
                },
            ),
        )
        .route("/take", post(async |body: Bytes| body.len().to_string()))
        .route(
            "/late",
            post(async |State(gates): State<Gates>, request: Request| {
                gates.is_there.notify_one();
                gates.go_on.notified().await;
                let mut body = request.into_body().into_data_stream();
                let mut n_bytes = 0;
                while let Some(Ok(chunk)) = body.next().await {
                    n_bytes += chunk.len();
                }
                n_bytes.to_string()
            }),
        )
        .route(
            "/tell",
            post(async |State(gates): State<Gates>, request: Request| {
                let body = Bytes::from_request(request, &()).await;
                let body = body.map(|body| body.len()).map_err(|why| why.body_text());
                gates.told.lock().unwrap().push(body);
            }),
        )
        .route("/ignore", post(async || "ignored"))
        .route("/big", get(async || flood(BIG_BYTES)))
        .route("/ample", get(async || flood(AMPLE_BYTES)))
        .route("/lump", get(async || Bytes::from(vec![b'.'; AMPLE_BYTES])))
        .route(
            "/wait",
            get(async |State(gates): State<Gates>| {
                gates.is_there.notify_one();
                gates.go_on.notified().await;
                "done"
            }),
        )
        .route("/ws", get(socket))
        .layer(DefaultBodyLimit::disable())
        .with_state(gates)
}

/// Many chunks.
fn flood(n_bytes: usize) -> Body {
    const CHUNK: usize = 64 * 1024;
    let chunk = Bytes::from(vec![b'.'; CHUNK]);
    let chunks = std::iter::repeat_n(chunk, n_bytes / CHUNK).map(Ok::<_, Infallible>);
    Body::from_stream(futures_util::stream::iter(chunks))
}

/// Says everything back, until the server stops.
async fn socket(State(gates): State<Gates>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let echo = async {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
                    return;
                }
            }
        };
        if gates.shutdown.run_until_cancelled(echo).await.is_none() {
            gates.go_on.notified().await;
            let _told = socket.send(Message::Close(None)).await;
        }
    })
}

pub(crate) fn get_and_close(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
}

pub(crate) fn get_and_stay(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

pub(crate) fn post_head(path: &str, n_bytes: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {n_bytes}\r\n\r\n").into_bytes()
}

/// Paces a client that is slow.
pub(crate) fn every(n_millis: u64) -> Interval {
    let mut pace = interval(millis(n_millis));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

/// Fails a test instead of hanging.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it took too long")
}

/// Everything until the server closes, by FIN or by RST.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset takes nothing back of what was read before.
    let (Ok(_) | Err(_)) = within(stream.read_to_end(&mut bytes)).await;
    bytes
}

/// What comes until `end`, which must come.
pub(crate) async fn until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        bytes.push(within(stream.read_u8()).await.expect("closed too early"));
    }
    text(&bytes)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How long the server takes to close.
pub(crate) async fn time_to_close(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    rest(stream).await;
    start.elapsed()
}

/// Waits for a condition that nobody announces.
pub(crate) async fn eventually(condition: impl Fn() -> bool) {
    let mut pace = every(5);
    within(async {
        while !condition() {
            pace.tick().await;
        }
    })
    .await;
}
