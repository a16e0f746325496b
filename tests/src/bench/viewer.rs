//! Screens: WebSocket clients that count what they are sent and how old it is.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use egret_shared::codec::{self, Encoding};
use egret_shared::delta::Delta;
use egret_shared::message::{ClientMessage, ServerMessage};
use serde_json::Value;
use tungstenite::{Message, WebSocket};

use super::city::{MAX_METRIC, ROOT};
use super::load::now_us;
use super::report::Delays;
use crate::socket::channel;
use crate::wait;

/// How long a read waits before the client looks whether it is over.
const READ_MAX: Duration = Duration::from_millis(200);

/// Stack of a client's thread: hundreds of them run at once.
const STACK_BYTES: usize = 256 * 1024;

/// What all clients of a measurement share.
#[derive(Debug)]
pub struct Measurement {
    marks_from_us: i64,
    /// What was sent before then does not count.
    from_us: AtomicI64,
    /// Clients that hold a snapshot of each of their channels.
    n_ready: AtomicUsize,
    over: AtomicBool,
}

/// What a client saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Frames.
    pub frames: u64,
    /// Their bytes, without the WebSocket's own.
    pub bytes: u64,
    /// From publish to the asset's frame.
    pub asset: Delays,
    /// From publish of a marked value to the frame with the metric that it moved.
    pub metric: Delays,
}

/// A client at work.
#[derive(Debug)]
pub struct Viewer(JoinHandle<Seen>);

impl Measurement {
    /// One that has not begun; marked values are microseconds since `marks_from_us`.
    pub fn new(marks_from_us: i64) -> Arc<Self> {
        Arc::new(Self {
            marks_from_us,
            from_us: AtomicI64::new(i64::MAX),
            n_ready: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// Begins to count.
    pub fn begin(&self) {
        self.from_us.store(now_us(), Ordering::Relaxed);
    }

    /// Ends it: the clients go.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Waits until `n` clients are ready.
    #[track_caller]
    pub fn until_ready(&self, n: usize) {
        wait::within(
            Duration::from_mins(1),
            "all clients hold a snapshot",
            || {
                let ready = self.n_ready.load(Ordering::Relaxed);
                wait::check(ready >= n, ready)
            },
        );
    }

    fn counts(&self, at_us: i64) -> bool {
        at_us >= self.from_us.load(Ordering::Relaxed)
    }
}

impl Viewer {
    /// Connects and subscribes on a thread of its own.
    pub fn start(
        server: SocketAddr,
        encoding: Encoding,
        channels: Vec<String>,
        measurement: &Arc<Measurement>,
    ) -> Self {
        let measurement = Arc::clone(measurement);
        let watch = move || {
            let mut client = Client::connect(server, encoding, &channels);
            client.watch(&measurement, channels.len());
            client.seen
        };
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(watch);
        Self(thread.expect("a thread can be started"))
    }

    /// What it saw, once the measurement is over.
    pub fn seen(self) -> Seen {
        self.0
            .join()
            .expect("a client's thread tells what went wrong")
    }
}

struct Client {
    socket: WebSocket<TcpStream>,
    encoding: Encoding,
    newest_mark: f64,
    seen: Seen,
}

/// What a frame tells that a delay can be taken from.
#[derive(Default)]
struct Told {
    is_snapshot: bool,
    asset_at_us: Option<i64>,
    max: Option<f64>,
}

impl Client {
    fn connect(server: SocketAddr, encoding: Encoding, channels: &[String]) -> Self {
        let stream = TcpStream::connect(server).expect("the server listens");
        stream.set_nodelay(true).expect("a socket can be set");
        let query = match encoding {
            Encoding::Json => "?encoding=json",
            Encoding::Binary => "",
        };
        let url = format!("ws://{server}/ws{query}");
        let (mut socket, _) = tungstenite::client(url, stream).expect("a WebSocket");
        let subscribe = ClientMessage::Subscribe {
            channels: channels.iter().map(|text| channel(text)).collect(),
            resume: Vec::new(),
        };
        let text = serde_json::to_string(&subscribe).expect("a client's message is JSON");
        socket
            .send(Message::text(text))
            .expect("the server listens");
        let stream = socket.get_ref();
        stream
            .set_read_timeout(Some(READ_MAX))
            .expect("a socket can be set");
        Self {
            socket,
            encoding,
            newest_mark: 0.0,
            seen: Seen::default(),
        }
    }

    fn watch(&mut self, measurement: &Measurement, n_channels: usize) {
        let mut n_snapshots = 0;
        while !measurement.over.load(Ordering::Relaxed) {
            let bytes = match self.socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => message.into_data(),
                Ok(_) => continue,
                Err(tungstenite::Error::Io(error)) if is_timeout(&error) => continue,
                Err(error) => panic!("the connection ended: {error}"),
            };
            let at_us = now_us();
            let told = match self.encoding {
                Encoding::Binary => told_by_binary(&bytes),
                Encoding::Json => told_by_json(&bytes),
            };
            if told.is_snapshot {
                n_snapshots += 1;
                if n_snapshots == n_channels {
                    measurement.n_ready.fetch_add(1, Ordering::Relaxed);
                }
            }
            self.count(measurement, &told, bytes.len(), at_us);
        }
    }

    fn count(&mut self, measurement: &Measurement, told: &Told, n_bytes: usize, at_us: i64) {
        if measurement.counts(at_us) {
            self.seen.frames += 1;
            self.seen.bytes += n_bytes as u64;
        }
        if let Some(sent_us) = told
            .asset_at_us
            .filter(|&sent_us| measurement.counts(sent_us))
        {
            self.seen.asset.add(at_us - sent_us);
        }
        if let Some(mark) = told.max.filter(|&mark| mark > self.newest_mark) {
            self.newest_mark = mark;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a mark is whole microseconds"
            )]
            let sent_us = measurement.marks_from_us + mark as i64;
            if measurement.counts(sent_us) {
                self.seen.metric.add(at_us - sent_us);
            }
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

fn told_by_binary(bytes: &[u8]) -> Told {
    let mut told = Told::default();
    match codec::decode(bytes).expect("the binary message decodes") {
        ServerMessage::Snapshot(_) => told.is_snapshot = true,
        ServerMessage::Delta(frame) => match frame.changes {
            Delta::Asset(asset) => {
                told.asset_at_us = asset.and_then(|asset| asset.observed_at_us);
            }
            Delta::City(city) => {
                let rows = city.metrics.put.iter();
                let mut max = rows
                    .filter(|row| row.metric.as_str() == MAX_METRIC && row.area.as_str() == ROOT);
                told.max = max.next().and_then(|row| row.v);
            }
            _ => {}
        },
        _ => {}
    }
    told
}

fn told_by_json(bytes: &[u8]) -> Told {
    let json: Value = serde_json::from_slice(bytes).expect("a JSON client hears JSON");
    let changes = &json["changes"];
    let rows = changes["city"]["metrics"]["put"].as_array();
    let mut max = rows
        .into_iter()
        .flatten()
        .filter(|row| row["metric"] == MAX_METRIC && row["area"] == ROOT);
    Told {
        is_snapshot: json["type"] == "snapshot",
        asset_at_us: changes["asset"]["observed_at_us"].as_i64(),
        max: max.next().and_then(|row| row["v"].as_f64()),
    }
}
