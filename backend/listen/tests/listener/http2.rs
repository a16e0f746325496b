//! HTTP/2: with hyper's client, and frame by frame where a client has to misbehave.

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode, Version};
use egret_listen::{Limits, Tls};
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::site::{Site, eventually, every, generous, millis, rest, text, within};
use crate::tls::Files;

/// A well-behaved client, and its connection's end.
struct Client {
    requests: SendRequest<Body>,
    connection: JoinSet<hyper::Result<()>>,
}

impl Client {
    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (requests, driver) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let mut connection = JoinSet::new();
        connection.spawn(driver);
        Self {
            requests,
            connection,
        }
    }

    async fn send(&mut self, request: Request<Body>) -> Response<Incoming> {
        within(self.requests.send_request(request)).await.unwrap()
    }

    async fn get(&mut self, path: &str) -> String {
        let response = self.send(request(path, Body::empty())).await;
        assert_eq!(response.version(), Version::HTTP_2);
        words(response).await
    }
}

fn request(path: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(if path == "/take" { "POST" } else { "GET" })
        .uri(format!("http://x{path}"))
        .body(body)
        .unwrap()
}

async fn words(response: Response<Incoming>) -> String {
    let mut body = Body::new(response.into_body()).into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = within(body.next()).await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    text(&bytes)
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The preface, with settings.
fn preface(settings: &[u8]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, settings));
    bytes
}

/// A GET, as HPACK's static table has it (RFC 7541, appendix A).
fn get(stream: u32, path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.bytes());
    block.extend([0x41, 1, b'x']);
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block)
}

/// The head of a POST, with these fields behind.
fn post_with(stream: u32, path: &str, fields: &[u8]) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    block.extend(path.bytes());
    block.extend([0x41, 1, b'x']);
    block.extend(fields);
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// The head of a POST that does not say how long its body is.
fn post(stream: u32, path: &str) -> Vec<u8> {
    post_with(stream, path, &[])
}

/// The head of a POST whose body has ten bytes.
fn post_ten(stream: u32, path: &str) -> Vec<u8> {
    // content-length
    post_with(stream, path, &[0x5c, 2, b'1', b'0'])
}

/// That a stream ends here with NO_ERROR, whatever was to come.
fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &0_u32.to_be_bytes())
}

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// The next frame; none once the server has closed.
async fn next_frame(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    within(stream.read_exact(&mut head)).await.ok()?;
    let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    within(stream.read_exact(&mut payload)).await.ok()?;
    Some(Frame {
        kind: head[3],
        stream: u32::from_be_bytes(head[5..].try_into().unwrap()),
        payload,
    })
}

/// The first frame of a kind, if one comes before the server closes.
async fn first(stream: &mut TcpStream, kind: u8) -> Option<Frame> {
    while let Some(frame) = next_frame(stream).await {
        if frame.kind == kind {
            return Some(frame);
        }
    }
    None
}

#[tokio::test]
async fn a_client_that_knows_http_2_gets_it_over_tls() {
    let files = Files::new("a.example");
    let tls = Tls::open(&files.certificate, &files.key).unwrap();
    let site = Site::open_with(generous(), Some(tls)).await;
    let stream = files.connect(&site, &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut client = Client::over(stream).await;
    assert_eq!(client.get("/who").await, "127.0.0.1 secure=true");
    assert_eq!(client.get("/").await, "hello");
    let stream = files.connect(&site, &["http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn an_idle_client_is_told_before_it_is_ended() {
    let site = Site::open(Limits {
        idle: millis(400),
        ..generous()
    })
    .await;
    let mut client = Client::over(site.connect().await).await;
    assert_eq!(client.get("/").await, "hello");
    let start = Instant::now();
    within(client.connection.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(start.elapsed() >= millis(350));
    assert_eq!(site.counters.timeouts_idle.get(), 1);
}

#[tokio::test]
async fn an_idle_client_that_does_not_listen_is_ended_all_the_same() {
    let site = Site::open(Limits {
        idle: millis(300),
        drain: millis(300),
        ..generous()
    })
    .await;
    let mut stream = site.send(&preface(&[])).await;
    stream.write_all(&get(1, "/")).await.unwrap();
    assert!(first(&mut stream, GOAWAY).await.is_some());
    rest(&mut stream).await;
    assert_eq!(site.counters.timeouts_idle.get(), 1);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_client_that_agreed_on_http_2_and_says_nothing_is_ended() {
    let files = Files::new("a.example");
    let tls = Tls::open(&files.certificate, &files.key).unwrap();
    let limits = Limits {
        idle: millis(300),
        drain: millis(300),
        ..generous()
    };
    let site = Site::open_with(limits, Some(tls)).await;
    let mut silent = files.connect(&site, &["h2"]).await;
    assert!(rest(&mut silent).await.is_empty());
    let mut prefaced = files.connect(&site, &["h2"]).await;
    prefaced.write_all(&preface(&[])).await.unwrap();
    rest(&mut prefaced).await;
    assert_eq!(site.counters.timeouts_idle.get(), 2);
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_head_that_dribbles_in_continuations_is_ended() {
    let site = Site::open(Limits {
        idle: millis(500),
        head_timeout: millis(500),
        drain: millis(200),
        ..generous()
    })
    .await;
    let mut stream = site.send(&preface(&[])).await;
    stream.write_all(&get(1, "/")).await.unwrap();
    first(&mut stream, HEADERS).await.unwrap();
    stream
        .write_all(&frame(HEADERS, END_STREAM, 3, &[0x82, 0x86]))
        .await
        .unwrap();
    let start = Instant::now();
    let mut pace = every(50);
    within(async {
        // An indexed field again and again: `accept-encoding: gzip, deflate`.
        while stream
            .write_all(&frame(CONTINUATION, 0, 3, &[0x90]))
            .await
            .is_ok()
        {
            pace.tick().await;
        }
    })
    .await;
    assert!(start.elapsed() < millis(5000), "{:?}", start.elapsed());
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_client_that_gives_no_window_is_ended() {
    let site = Site::open(Limits {
        write_stall: millis(400),
        ..generous()
    })
    .await;
    // SETTINGS_INITIAL_WINDOW_SIZE: nothing, so that a response never fits; a byte, so that it begins.
    for window in [0, 1] {
        let start = Instant::now();
        let mut stream = site.send(&preface(&[0, 4, 0, 0, 0, window])).await;
        stream.write_all(&get(1, "/ample")).await.unwrap();
        assert!(first(&mut stream, HEADERS).await.is_some());
        rest(&mut stream).await;
        let took = start.elapsed();
        assert!(took >= millis(350) && took < millis(5000), "{took:?}");
    }
    assert_eq!(site.counters.timeouts_write.get(), 2);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_ended_in_the_middle_of_its_request() {
    let site = Site::open(Limits {
        h2_ping_period: millis(200),
        h2_ping_timeout: millis(200),
        ..generous()
    })
    .await;
    let mut stream = site.send(&preface(&[])).await;
    stream.write_all(&get(1, "/wait")).await.unwrap();
    within(site.is_there.notified()).await;
    let start = Instant::now();
    rest(&mut stream).await;
    assert!(start.elapsed() < millis(5000), "{:?}", start.elapsed());
    eventually(|| site.counters.connections_open.get() == 0).await;
}

#[tokio::test]
async fn a_long_request_of_a_client_that_answers_pings_is_finished() {
    let site = Site::open(Limits {
        idle: millis(200),
        head_timeout: millis(200),
        write_stall: millis(200),
        h2_ping_period: millis(100),
        h2_ping_timeout: millis(2000),
        ..generous()
    })
    .await;
    let mut client = Client::over(site.connect().await).await;
    let release = async {
        within(site.is_there.notified()).await;
        let mut pace = every(1000);
        pace.tick().await;
        pace.tick().await;
        site.go_on.notify_one();
    };
    let (answer, ()) = tokio::join!(client.get("/wait"), release);
    assert_eq!(answer, "done");
}

#[tokio::test]
async fn a_slow_body_is_answered_with_408_and_other_requests_go_on() {
    let site = Site::open(Limits {
        body_stall: millis(300),
        ..generous()
    })
    .await;
    let mut client = Client::over(site.connect().await).await;
    let beginning = futures_util::stream::iter([Ok::<_, axum::Error>(Bytes::from("x"))]);
    let body = Body::from_stream(beginning.chain(futures_util::stream::pending()));
    let response = client.send(request("/take", body)).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(site.counters.timeouts_body.get(), 1);
    assert_eq!(client.get("/").await, "hello");
    assert_eq!(site.counters.connections_total.get(), 1);
}

#[tokio::test]
async fn a_body_that_its_client_takes_back_half_sent_is_not_a_shorter_one() {
    let site = Site::open(generous()).await;
    let mut stream = site.send(&preface(&[])).await;
    let whole = [
        post_ten(1, "/tell"),
        frame(DATA, END_STREAM, 1, b"0123456789"),
    ];
    stream.write_all(&whole.concat()).await.unwrap();
    eventually(|| site.told.lock().unwrap().len() == 1).await;
    let half = [post_ten(3, "/tell"), frame(DATA, 0, 3, b"01234")];
    stream.write_all(&half.concat()).await.unwrap();
    eventually(|| site.counters.requests_total.get() == 2).await;
    stream.write_all(&reset(3)).await.unwrap();
    eventually(|| site.told.lock().unwrap().len() == 2).await;
    let told = site.told.lock().unwrap();
    assert_eq!(told[0], Ok(10));
    let why = told[1].as_ref().unwrap_err();
    assert!(why.contains("ended 5 bytes early"), "{why}");
}

#[tokio::test]
async fn a_body_of_a_length_that_nobody_told_is_whole_by_its_end_alone() {
    let site = Site::open(generous()).await;
    let mut stream = site.send(&preface(&[])).await;
    // A field that no table has: `a: b`.
    let trailers = [0, 1, b'a', 1, b'b'];
    let wholes = [
        vec![post(1, "/tell"), frame(DATA, END_STREAM, 1, b"0123456789")],
        vec![
            post(3, "/tell"),
            frame(DATA, 0, 3, b"01234"),
            frame(HEADERS, END_STREAM | END_HEADERS, 3, &trailers),
        ],
        vec![post(5, "/tell"), frame(DATA, END_STREAM, 5, b"")],
        // Of which the answer is taken back, not the request.
        vec![
            post(7, "/tell"),
            frame(DATA, END_STREAM, 7, b"0123456"),
            reset(7),
        ],
    ];
    for (whole, n_told) in wholes.iter().zip(1..) {
        stream.write_all(&whole[0]).await.unwrap();
        eventually(|| site.counters.requests_total.get() == n_told).await;
        stream.write_all(&whole[1..].concat()).await.unwrap();
        let has_told = || u64::try_from(site.told.lock().unwrap().len()) == Ok(n_told);
        eventually(has_told).await;
    }
    let half = [post(9, "/tell"), frame(DATA, 0, 9, b"01234")];
    stream.write_all(&half.concat()).await.unwrap();
    eventually(|| site.counters.requests_total.get() == 5).await;
    stream.write_all(&reset(9)).await.unwrap();
    eventually(|| site.told.lock().unwrap().len() == 5).await;
    let told = site.told.lock().unwrap();
    assert_eq!(told[..4], [Ok(10), Ok(5), Ok(0), Ok(7)]);
    let why = told[4].as_ref().unwrap_err();
    assert!(why.contains("cut off before its end"), "{why}");
}

#[tokio::test]
async fn a_client_that_takes_its_requests_back_at_once_is_sent_away() {
    let site = Site::open(Limits {
        h2_resets_max: 20,
        ..generous()
    })
    .await;
    let mut attack = preface(&[]);
    for n in 0..2000 {
        attack.extend(get(2 * n + 1, "/wait"));
        attack.extend(frame(RST_STREAM, 0, 2 * n + 1, &8_u32.to_be_bytes()));
    }
    let mut stream = site.connect().await;
    let _cut_off = stream.write_all(&attack).await;
    let goodbye = first(&mut stream, GOAWAY).await;
    // ENHANCE_YOUR_CALM, where the reset that follows has left it to be read.
    assert!(goodbye.is_none_or(|frame| frame.payload[4..8] == [0, 0, 0, 11]));
    rest(&mut stream).await;
    eventually(|| site.counters.connections_open.get() == 0).await;
    let n_requests = site.counters.requests_total.get();
    assert!(n_requests < 200, "{n_requests} of 2000 got through");
}

#[tokio::test]
async fn a_client_has_as_many_requests_at_once_as_it_may_have() {
    let site = Site::open(Limits {
        h2_streams_max: 2,
        ..generous()
    })
    .await;
    let mut stream = site.send(&preface(&[])).await;
    for n in [1, 3, 5] {
        stream.write_all(&get(n, "/wait")).await.unwrap();
    }
    let refused = first(&mut stream, RST_STREAM).await.unwrap();
    assert_eq!(refused.stream, 5);
    // REFUSED_STREAM
    assert_eq!(refused.payload, 7_u32.to_be_bytes());
    assert_eq!(site.counters.requests_total.get(), 2);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let site = Site::open(generous()).await;
    let mut client = Client::over(site.connect().await).await;
    let mut long = request("/", Body::empty());
    let field = "x".repeat(33 * 1024).try_into().unwrap();
    long.headers_mut().insert("x-long", field);
    let response = client.send(long).await;
    assert_eq!(
        response.status(),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert_eq!(client.get("/").await, "hello");
}

#[tokio::test]
async fn the_shutdown_finishes_requests_and_drops_what_does_not_finish() {
    let mut site = Site::open(Limits {
        drain: millis(500),
        ..generous()
    })
    .await;
    let mut client = Client::over(site.connect().await).await;
    let mut never = site.send(&preface(&[])).await;
    let release = async {
        within(site.is_there.notified()).await;
        site.shutdown.cancel();
        site.go_on.notify_one();
    };
    let (answer, ()) = tokio::join!(client.get("/wait"), release);
    assert_eq!(answer, "done");
    site.ended().await;
    rest(&mut never).await;
    assert_eq!(site.counters.connections_open.get(), 0);
}
