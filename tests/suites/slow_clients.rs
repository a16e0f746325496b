//! Clients that are slow on purpose: they end in bounded time, and nobody else notices them.
//!
//! Whoever is legitimate here asks by HTTP, opens a WebSocket and publishes by MQTT all the while,
//! and every round's times are printed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use egret_tests::browser::{Browser, Said, Screen, frame};
use egret_tests::crowd::{Crowd, allow_many_files};
use egret_tests::packets::{Connect, Packets, publish, subscribe};
use egret_tests::server::{Server, Setup};
use egret_tests::tls::Certificate;
use egret_tests::wire::{Wire, connect, somewhere};
use egret_tests::{clock, wait};
use serde_json::{Value, json};

const PASSWORD: &str = "Heron-At-Low-Tide-7";

/// How long a head, a handshake, a CONNECT, or 1 KiB of a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much later than promised a connection may end on a machine that is busy.
const SLACK: Duration = Duration::from_secs(5);

/// The worst and the usual time in which somebody legitimate is served meanwhile.
const WORST: Duration = Duration::from_secs(5);
const USUAL: Duration = Duration::from_secs(1);

/// What paces a test: a screen hears from the server once a second.
const ROUND: Duration = Duration::from_millis(200);

const TOPIC: &str = "egret/v1/manhole/M-1";

/// Those who are served.
struct Residents {
    server: SocketAddr,
    mqtt: SocketAddr,
    token: String,
    secret: String,
    screen: Screen,
    gateway: Packets,
    heard_at: Instant,
    n_rounds: u16,
    times: [(&'static str, Vec<Duration>); 4],
}

impl Residents {
    #[track_caller]
    fn of(server: &Server) -> Self {
        server.make_admin(PASSWORD);
        let token = server.token("resident", &["viewer", "steward"]);
        let told = server.command(&["gateway", "add", "gw-1", "--feed", "manhole"], "");
        let told: Value = serde_json::from_str(&told).unwrap();
        let secret = told["secret"].as_str().unwrap().to_owned();
        let gateway = wait::until("the gateway is let in", || {
            let by = Connect::by("resident", "gw-1", &secret);
            let (packets, code) = Packets::connect(server.mqtt, None, &by);
            wait::check(code == Some(0), code).map(|()| packets)
        });
        let bearer = format!("Bearer {token}");
        let mut screen = Screen::open(server.http, None, &[("Authorization", &bearer)]).unwrap();
        screen.subscribe("city");
        Self {
            server: server.http,
            mqtt: server.mqtt,
            token,
            secret,
            screen,
            gateway,
            heard_at: Instant::now(),
            n_rounds: 0,
            times: ["HTTP", "WebSocket", "MQTT", "MQTT anew"].map(|way| (way, Vec::new())),
        }
    }

    /// Everybody is served once.
    #[track_caller]
    fn round(&mut self) {
        self.n_rounds += 1;
        let began = Instant::now();
        let request = format!(
            "GET /api/v1/catalog HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.server, self.token
        );
        let answer = Wire::to(self.server).ask(request).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        self.times[0].1.push(began.elapsed());
        let began = Instant::now();
        let bearer = format!("Bearer {}", self.token);
        let mut screen = Screen::open(self.server, None, &[("Authorization", &bearer)]).unwrap();
        screen.find(WORST, |said| said["type"] == "welcome");
        self.times[1].1.push(began.elapsed());
        let reading = json!({ "values": { "water_level": 0.5 } }).to_string();
        let time = self
            .gateway
            .publish(TOPIC, self.n_rounds, reading.as_bytes());
        self.times[2].1.push(time.unwrap());
        let began = Instant::now();
        let client = format!("resident-{}", self.n_rounds);
        let by = Connect::by(&client, "gw-1", &self.secret);
        let (mut packets, code) = Packets::connect(self.mqtt, None, &by);
        assert_eq!(code, Some(0), "a gateway that comes anew");
        assert!(packets.publish(TOPIC, 1, reading.as_bytes()).is_some());
        self.times[3].1.push(began.elapsed());
        self.hear();
    }

    /// Another connection of the gateway.
    #[track_caller]
    fn gateway(&self, client: &str) -> Packets {
        let by = Connect::by(client, "gw-1", &self.secret);
        let (packets, code) = Packets::connect(self.mqtt, None, &by);
        assert_eq!(code, Some(0));
        packets
    }

    /// The screen that is open hears something at least every so often.
    #[track_caller]
    fn hear(&mut self) {
        match self.screen.hear(ROUND) {
            Said::Message(_) => self.heard_at = Instant::now(),
            Said::Nothing => {}
            Said::Closed => unreachable!("the screen's connection goes on"),
        }
        assert!(
            self.heard_at.elapsed() < WORST,
            "the screen is not told that the server lives"
        );
    }

    /// Rounds until `done`, or `patience` is over.
    #[track_caller]
    fn until(&mut self, patience: Duration, mut done: impl FnMut() -> Result<(), String>) {
        let began = Instant::now();
        while let Err(seen) = done() {
            assert!(began.elapsed() < patience, "after {patience:?}: {seen}");
            self.round();
        }
    }

    /// Prints how they were served, and fails if that was badly.
    #[track_caller]
    fn report(mut self, what: &str) {
        for (way, times) in &mut self.times {
            times.sort();
            let (usual, worst) = (times[times.len() / 2], times[times.len() - 1]);
            println!(
                "{what}: {way} {} times, usually {usual:.1?}, at worst {worst:.1?}",
                times.len()
            );
            assert!(
                usual < USUAL && worst < WORST,
                "{way}: usually {usual:?}, at worst {worst:?}"
            );
        }
    }
}

#[track_caller]
fn started() -> (Server, Residents) {
    allow_many_files();
    let server = Setup::tiny().guarded().start();
    let residents = Residents::of(&server);
    (server, residents)
}

/// Has a crowd drip on until all of it has ended, while the residents are served.
#[track_caller]
fn outlast(residents: &mut Residents, crowd: &mut Crowd, drop: &[u8], patience: Duration) {
    let n_all = crowd.len();
    residents.until(patience + SLACK, || {
        crowd.drip(drop);
        crowd.sweep();
        wait::check(
            crowd.is_empty(),
            format!("{} of {n_all} are connected", crowd.len()),
        )
    });
    println!(
        "the last of {n_all} ended after {:.1?}",
        crowd.longest().unwrap()
    );
}

#[test]
fn heads_that_never_end_are_cut_off_and_nobody_waits_for_them() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let begins: [&[u8]; 4] = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nX: ",
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n",
    ];
    for (n, begin) in begins.iter().enumerate() {
        crowd.join(
            100,
            server.http,
            somewhere(u16::try_from(n).unwrap()),
            begin,
        );
    }
    assert_eq!(crowd.len(), 400);
    // Nothing is said by those who have said nothing: a byte would only begin their head.
    outlast(&mut residents, &mut crowd, b"a", PATIENCE);
    residents.report("400 heads without end");
}

#[test]
fn bodies_that_never_end_are_answered_and_nobody_waits_for_them() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    for (n, path) in [
        "/api/v1/sign-in",
        "/api/v1/pair",
        "/api/v1/device/challenge",
    ]
    .iter()
    .enumerate()
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n",
            server.http
        );
        let whole = format!("{head}Content-Length: 1000\r\n\r\n{{");
        let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n");
        for (half, begin) in [whole, chunked].iter().enumerate() {
            let place = somewhere(u16::try_from(2 * n + half).unwrap());
            crowd.join(50, server.http, place, begin.as_bytes());
        }
    }
    assert_eq!(crowd.len(), 300);
    let one = Wire::to(server.http).ask(format!(
        "GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.http
    ));
    assert_eq!(one.unwrap().status, 200);
    // A chunk of one byte, and to those who told their length five bytes of it.
    outlast(
        &mut residents,
        &mut crowd,
        b"1\r\na\r\n",
        PATIENCE + Duration::from_secs(2),
    );
    let mut n_told = 0;
    for heard in &crowd.heard {
        let text = String::from_utf8_lossy(heard);
        if text.is_empty() {
            continue;
        }
        n_told += 1;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    }
    println!("{n_told} were told why");
    assert!(n_told > 200, "{n_told}");
    residents.report("300 bodies without end");
}

#[test]
fn who_is_told_that_a_body_was_too_slow_is_told_as_by_every_answer() {
    let server = Setup::tiny().guarded().start();
    server.make_admin(PASSWORD);
    let head = format!(
        "POST /api/v1/sign-in HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000\r\n\r\n{{",
        server.http
    );
    let answer = Wire::to(server.http).ask(head).unwrap();
    assert_eq!(answer.status, 408, "{answer:?}");
    assert_eq!(
        answer.header("x-content-type-options"),
        Some("nosniff"),
        "{answer:?}"
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{answer:?}"
    );
    assert!(
        answer.header("content-security-policy").is_some(),
        "{answer:?}"
    );
}

#[test]
fn who_asks_and_never_reads_is_cut_off_and_nobody_waits_for_it() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let request = format!("GET /api/v1/me HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
    // More answers than any buffer holds.
    let flood = request.repeat(300);
    for n in 0..100 {
        crowd.join_deaf(server.http, somewhere(n), flood.as_bytes());
    }
    assert_eq!(crowd.len(), 100);
    let n_all = crowd.len();
    residents.until(Duration::from_secs(30) + SLACK, || {
        // Asking on is what tells that the other side has gone.
        crowd.drip(flood.as_bytes());
        wait::check(
            crowd.is_empty(),
            format!("{} of {n_all} are connected", crowd.len()),
        )
    });
    println!(
        "the last of {n_all} ended after {:.1?}",
        crowd.longest().unwrap()
    );
    residents.report("100 that never read");
}

/// A WebSocket's connection after its handshake, with little room for what it hears.
#[track_caller]
fn deaf_socket(
    server: SocketAddr,
    place: u16,
    token: &str,
) -> std::io::Result<std::net::TcpStream> {
    use std::io::{Read as _, Write as _};
    let mut stream = connect(server, Some(somewhere(place)), Some(2 * 1024))?;
    stream.set_read_timeout(Some(wait::PATIENCE))?;
    write!(
        stream,
        "GET /ws?encoding=json HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    assert_eq!(&status, b"HTTP/1.1 101");
    Ok(stream)
}

/// A frame of text.
fn text_frame(text: &str) -> Vec<u8> {
    frame(0x81, text.len() as u64, text.as_bytes())
}

#[test]
fn screens_that_never_read_are_cut_off_and_half_frames_hold_up_nobody() {
    let (server, mut residents) = started();
    let token = server.token("walls", &["viewer"]);
    let mut deaf = Crowd::new();
    let subscribe = text_frame(r#"{"type":"subscribe","channels":["city"]}"#);
    let again = text_frame(r#"{"type":"resync","channels":["city"]}"#).repeat(20);
    for n in 0..50 {
        deaf.take(deaf_socket(server.http, n, &token), &subscribe);
    }
    let mut half = Crowd::new();
    for n in 0..100 {
        // The beginning of a message of 60 kB that never comes.
        let begin = frame(0x81, 60_000, b"[[[");
        half.take(deaf_socket(server.http, 100 + n, &token), &begin);
    }
    assert_eq!((deaf.len(), half.len()), (50, 100));
    residents.until(Duration::from_secs(25) + SLACK, || {
        deaf.drip(&again);
        half.drip(b"[");
        half.sweep();
        wait::check(
            deaf.is_empty(),
            format!("{} of 50 are connected", deaf.len()),
        )
    });
    println!("the last of 50 ended after {:.1?}", deaf.longest().unwrap());
    println!(
        "{} of 100 with half a message are there and hear",
        half.len()
    );
    residents.report("50 deaf screens and 100 half messages");
}

#[test]
fn connects_that_never_end_are_cut_off_and_gateways_come_in_beside_them() {
    let (server, mut residents) = started();
    let whole = Connect::by("slow", "gw-1", "some-secret").packet();
    let mut crowd = Crowd::new();
    for n in 0..10 {
        // Nothing, or a byte, or half.
        let begin = &whole[..usize::from(n) * whole.len() / 20];
        crowd.join(60, server.mqtt, somewhere(n), begin);
    }
    assert_eq!(crowd.len(), 600);
    // Zeros complete no packet that has begun as one, for a while.
    let n_all = crowd.len();
    residents.until(PATIENCE + SLACK, || {
        crowd.sweep();
        wait::check(
            crowd.is_empty(),
            format!("{} of {n_all} are connected", crowd.len()),
        )
    });
    println!(
        "the last of {n_all} ended after {:.1?}",
        crowd.longest().unwrap()
    );
    residents.report("600 halves of CONNECT");
}

#[test]
fn a_flood_of_connects_takes_no_place_from_a_gateway() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    // More than may wait at all, from 30 addresses.
    for n in 0..30 {
        crowd.join(50, server.mqtt, somewhere(n), b"\x10");
        if n % 5 == 4 {
            residents.round();
        }
    }
    crowd.sweep();
    println!("{} of 1500 wait", crowd.len());
    assert!(crowd.len() <= 1_000, "{}", crowd.len());
    // From one address only some may wait.
    let mut one = Crowd::new();
    one.join(200, server.mqtt, somewhere(99), b"\x10");
    residents.until(SLACK, || {
        one.sweep();
        wait::check(one.len() <= 64, one.len())
    });
    outlast(&mut residents, &mut crowd, b"", PATIENCE);
    // Wrong passwords by the hundred, one after the other and all at once.
    let wrong = Connect::by("guesser", "gw-1", "wrong").packet();
    for n in 0..40 {
        let mut crowd = Crowd::new();
        crowd.join(25, server.mqtt, somewhere(200 + n), &wrong);
        if n % 10 == 9 {
            residents.round();
        }
    }
    residents.report("1,700 that connect and 1,000 wrong passwords");
}

#[test]
fn gateways_that_stop_in_the_middle_of_a_message_end_by_their_keep_alive() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    let whole = publish(TOPIC, 1, &[b'['; 2_000]);
    for n in 0..100 {
        let client = format!("half-{n}");
        let by = Connect {
            keep_alive_s: 4,
            ..Connect::by(&client, "gw-1", &residents.secret)
        };
        let stream = connect(server.mqtt, Some(somewhere(n)), None);
        let cut = whole.len() * (1 + usize::from(n) % 8) / 9;
        crowd.take(stream, &[by.packet(), whole[..cut].to_vec()].concat());
    }
    assert_eq!(crowd.len(), 100);
    residents.until(Duration::from_secs(6) + SLACK, || {
        crowd.sweep();
        wait::check(
            crowd.is_empty(),
            format!("{} of 100 are connected", crowd.len()),
        )
    });
    let admitted = crowd
        .heard
        .iter()
        .filter(|heard| heard.starts_with(&[0x20, 2, 0, 0]))
        .count();
    assert_eq!(admitted, 100, "all of them had been let in");
    println!(
        "the last of 100 ended after {:.1?}",
        crowd.longest().unwrap()
    );
    residents.report("100 halves of PUBLISH");
}

#[test]
fn a_subscriber_that_never_reads_slows_no_gateway_down() {
    let (server, mut residents) = started();
    let token = residents.token.clone();
    let mut crowd = Crowd::new();
    for n in 0..20 {
        let client = format!("deaf-{n}");
        let connect_and_subscribe = [
            Connect::by(&client, "token", &token).packet(),
            subscribe(1, &["egret/v1/manhole/#"]),
        ]
        .concat();
        crowd.join_deaf(server.mqtt, somewhere(n), &connect_and_subscribe);
    }
    assert_eq!(crowd.len(), 20);
    let readings: Vec<_> = (0..200)
        .map(|n| json!({ "at": clock::ago(600 - n), "values": { "water_level": 0.5 } }))
        .collect();
    let readings = json!(readings).to_string();
    let mut busy = residents.gateway("busy");
    let mut times = Vec::new();
    residents.until(Duration::from_secs(30) + SLACK, || {
        // Whether the other side is there is told by writing: the answers are not read.
        crowd.drip(&[0xc0, 0]);
        let publish = |_| {
            busy.publish(TOPIC, 7, readings.as_bytes())
                .expect("a busy gateway is served")
        };
        times.extend((0..20).map(publish));
        wait::check(
            crowd.is_empty(),
            format!("{} of 20 are connected", crowd.len()),
        )
    });
    times.sort();
    let worst = times[times.len() - 1];
    println!(
        "{} long messages, usually {:.1?}, at worst {worst:.1?}",
        times.len(),
        times[times.len() / 2]
    );
    assert!(worst < WORST, "{worst:?}");
    println!(
        "the last of 20 ended after {:.1?}",
        crowd.longest().unwrap()
    );
    residents.report("20 deaf subscribers");
}

#[test]
fn tls_handshakes_that_never_end_are_cut_off_and_nobody_waits_for_them() {
    allow_many_files();
    let certificate = Certificate::new();
    let flags = certificate.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Setup::tiny().guarded().with_flags(&flags).start();
    let mut admin = Browser::new(server.http).trusting(&certificate);
    admin.make_first(&server.first_code(), PASSWORD);
    let mut crowd = Crowd::new();
    // The head of a record, of a ClientHello, and one that promises 16 KiB.
    let begins: [&[u8]; 4] = [
        b"",
        b"\x16",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16\x03\x01\x40\x00",
    ];
    for (n, begin) in begins.iter().enumerate() {
        crowd.join(
            100,
            server.http,
            somewhere(u16::try_from(n).unwrap()),
            begin,
        );
    }
    assert_eq!(crowd.len(), 400);
    let mut times = Vec::new();
    wait::within(PATIENCE + SLACK, "all of them have ended", || {
        crowd.sweep();
        let asked = Instant::now();
        let answer = admin.get("/api/v1/catalog");
        assert_eq!(answer.status, 200, "{answer:?}");
        times.push(asked.elapsed());
        wait::check(
            crowd.is_empty(),
            format!("{} of 400 are connected", crowd.len()),
        )
    });
    times.sort();
    let (usual, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "the last of 400 ended after {:.1?}",
        crowd.longest().unwrap()
    );
    println!(
        "HTTPS anew {} times, usually {usual:.1?}, at worst {worst:.1?}",
        times.len()
    );
    assert!(
        usual < USUAL && worst < WORST,
        "usually {usual:?}, at worst {worst:?}"
    );
}

#[test]
fn one_address_has_its_share_of_connections_and_others_have_theirs() {
    let (server, mut residents) = started();
    let mut crowd = Crowd::new();
    crowd.join(400, server.http, somewhere(1), b"GET / HTTP/1.1\r\nX: ");
    residents.until(SLACK, || {
        crowd.sweep();
        wait::check(crowd.len() <= 256, crowd.len())
    });
    println!("{} of 400 from one address have a place", crowd.len());
    assert!(crowd.len() >= 200, "{}", crowd.len());
    for n in 2..20 {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
        let answer = Wire::from(server.http, Some(somewhere(n))).ask(request);
        assert_eq!(answer.unwrap().status, 200);
    }
    outlast(&mut residents, &mut crowd, b"a", PATIENCE);
    residents.report("400 from one address");
}
