//! Clients that are slow on purpose: they end in bounded time, and nobody else notices them.
//!
//! Whoever is legitimate here asks by HTTP, opens a WebSocket and publishes by MQTT all the while,
//! and every round's times are printed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

#[path = "slow_clients/gateways.rs"]
mod gateways;
#[path = "slow_clients/requests.rs"]
mod requests;
#[path = "slow_clients/screens.rs"]
mod screens;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use egret_tests::browser::{Said, Screen};
use egret_tests::crowd::{Crowd, allow_many_files};
use egret_tests::packets::{Connect, Packets};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use egret_tests::wire::{Wire, somewhere};
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
        has_ended(crowd, n_all)
    });
    tell_the_last(crowd, n_all);
}

/// Whether nobody is left of a crowd of `n_all`.
fn has_ended(crowd: &Crowd, n_all: usize) -> Result<(), String> {
    let left = format!("{} of {n_all} are connected", crowd.len());
    wait::check(crowd.is_empty(), left)
}

/// Prints how long the last of a crowd of `n_all` was there.
fn tell_the_last(crowd: &Crowd, n_all: usize) {
    let longest = crowd.longest().unwrap();
    println!("the last of {n_all} ended after {longest:.1?}");
}

/// Has a hundred begin in each of these ways, each way from a place of its own.
#[track_caller]
fn join_by(crowd: &mut Crowd, server: SocketAddr, begins: &[&[u8]]) {
    for (n, begin) in begins.iter().enumerate() {
        let place = somewhere(u16::try_from(n).unwrap());
        crowd.join(100, server, place, begin);
    }
    assert_eq!(crowd.len(), 100 * begins.len());
}
