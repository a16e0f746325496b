//! The WebSocket: the same state for all, whenever they join, however slowly they read.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;
use std::time::Duration;

use egret_shared::codec::Encoding;
use egret_shared::message::{ClientMessage, PROTOCOL, ServerMessage};
use egret_shared::time::Span;
use egret_tests::clock;
use egret_tests::dice::Dice;
use egret_tests::follower::Follower;
use egret_tests::http::Http;
use egret_tests::message::{self, merged};
use egret_tests::server::Server;
use egret_tests::socket::{Socket, channel};
use egret_tests::wait;
use serde_json::{Value, json};

/// The tile that holds the whole world.
const WORLD: &str = "tile/0/0/0";

fn follower(server: &Server, encoding: Encoding) -> Follower {
    Follower::new(Socket::connect(server.http, encoding))
}

/// Some hundred readings and reports by chance: levels, ponding, cars that move, calls.
fn weather(dice: &mut Dice) -> Value {
    let mut place = || json!([118.0 + dice.below(2_000) as f64 / 1e4, 24.41]);
    let places: Vec<Value> = std::iter::repeat_with(&mut place).take(100).collect();
    let event = |position: Value| {
        let asset = format!("X-{}", dice.below(300));
        let at = clock::ago(i64::try_from(dice.below(900)).unwrap());
        let value = dice.below(60) as f64;
        let (feed, values) = match dice.below(4) {
            0 => ("manhole", json!({ "water_level": value / 20.0 })),
            1 => ("road", json!({ "ponding_depth": value })),
            2 => ("probe-car", json!({ "speed": value })),
            _ => {
                return merged(
                    &message::request(&asset, "opened", at),
                    &json!({ "at": at }),
                );
            }
        };
        let reading = json!({ "at": at, "position": position, "values": values });
        message::of(feed, &asset, &reading)
    };
    places.into_iter().map(event).collect()
}

/// Sends weather until the guard goes, also when the test fails.
struct Storm<'a>(&'a AtomicBool);

impl<'a> Storm<'a> {
    fn begin<'scope>(
        scope: &'scope Scope<'scope, '_>,
        api: &'scope Http,
        mut dice: Dice,
        stop: &'scope AtomicBool,
    ) -> Self
    where
        'scope: 'a,
    {
        stop.store(false, Ordering::Relaxed);
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                api.send(&weather(&mut dice));
            }
        });
        Self(stop)
    }
}

impl Drop for Storm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A seq that both hold of the channel, with both states.
fn meet(one: &mut Follower, two: &mut Follower, text: &str) {
    wait::until(&format!("both at the same seq of {text}"), || {
        let (a, b) = (one.seq(text), two.seq(text));
        if a == b {
            return Ok(());
        }
        let behind = if a < b { &mut *one } else { &mut *two };
        behind.hear(Duration::from_millis(200));
        Err(format!("{a:?} and {b:?}"))
    });
    assert_eq!(
        one.state(text).state,
        two.state(text).state,
        "{text} at {:?}",
        one.seq(text)
    );
}

#[test]
fn whoever_joins_whenever_holds_the_same_state_at_the_same_seq() {
    const ROUNDS: usize = 3;
    let server = Server::tiny();
    let api = server.api();
    let mut dice = Dice::of_this_run();
    let stop = AtomicBool::new(false);
    let channels = ["city", WORLD, "asset/manhole/X-7", "metric/water.stress"];
    std::thread::scope(|scope| {
        for encoding in [Encoding::Binary, Encoding::Json] {
            let mut first = follower(&server, encoding);
            first.subscribe(&channels);
            for _ in 0..ROUNDS {
                let storm = Storm::begin(scope, &api, Dice::of(dice.below(u64::MAX)), &stop);
                hears_more(&mut first, 5);
                // One that has followed all the time, and one that joins in the middle of it.
                let mut late = follower(&server, encoding);
                late.subscribe(&channels);
                hears_more(&mut late, 5);
                hears_more(&mut first, 5);
                drop(storm);
                for text in channels {
                    meet(&mut first, &mut late, text);
                }
                // And one that has seen nothing but the outcome.
                let mut fresh = follower(&server, encoding);
                fresh.subscribe(&channels);
                for text in channels {
                    meet(&mut first, &mut fresh, text);
                }
            }
        }
    });
}

/// Hears on until so many more deltas of the city have come.
fn hears_more(follower: &mut Follower, n_deltas: usize) {
    let before = follower.state("city").n_deltas;
    follower.until("more deltas of the city", |follower| {
        let now = follower.state("city").n_deltas;
        wait::check(now >= before + n_deltas, now)
    });
}

#[test]
fn a_client_that_stops_reading_gets_the_newest_state_merged_and_hurts_nobody() {
    /// Frames that the others get meanwhile. The server remembers 128.
    const FRAMES: usize = 60;
    let server = Server::tiny();
    let api = server.api();
    let dice = Dice::of_this_run();
    let stop = AtomicBool::new(false);
    let slow = Socket::connect_with(server.http, Encoding::Json, Some(4 * 1024));
    let mut slow = Follower::new(slow);
    slow.subscribe(&["city", WORLD]);
    let mut quick = follower(&server, Encoding::Json);
    quick.subscribe(&["city", WORLD]);
    let before = server.memory_bytes().unwrap();
    std::thread::scope(|scope| {
        let _storm = Storm::begin(scope, &api, dice, &stop);
        quick.until("many frames while another does not read", |quick| {
            let n_deltas = quick.state(WORLD).n_deltas;
            wait::check(n_deltas >= FRAMES, n_deltas)
        });
    });
    let grown = server.memory_bytes().unwrap().saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "the server grew by {grown} bytes");

    let quick_deltas = quick.state(WORLD).n_deltas;
    for text in ["city", WORLD] {
        let target = quick.seq(text).unwrap();
        slow.until_seq(text, target);
        meet(&mut slow, &mut quick, text);
    }
    let held = slow.state(WORLD);
    assert!(
        held.n_deltas + held.n_snapshots < quick_deltas,
        "{} deltas and {} snapshots are not merged: the other needed {quick_deltas}",
        held.n_deltas,
        held.n_snapshots
    );
    let metrics = api.get("/metrics").body;
    let merged = metrics
        .lines()
        .find_map(|line| line.strip_prefix("egret_ws_merged_total "));
    assert!(merged.is_some_and(|merged| merged != "0"), "{metrics}");
}

#[test]
fn one_who_comes_back_gets_what_it_missed_and_no_snapshot() {
    let server = Server::tiny();
    let api = server.api();
    let mut dice = Dice::of_this_run();
    api.send(&weather(&mut dice));
    let mut before = follower(&server, Encoding::Json);
    before.subscribe(&["city", WORLD]);
    // Somebody else keeps the channels alive meanwhile.
    let mut other = follower(&server, Encoding::Json);
    other.subscribe(&["city", WORLD]);
    let resume = before.resume();
    let held = before.held.clone();
    drop(before);
    api.send(&weather(&mut dice));
    let missed = held.values().map(|held| held.seq).max().unwrap();
    other.until_seq(WORLD, missed + 1);
    other.until_seq("city", missed + 1);

    let mut back = follower(&server, Encoding::Json);
    back.held = held;
    back.socket.resume(&["city", WORLD], resume);
    for text in ["city", WORLD] {
        back.until_seq(text, other.seq(text).unwrap());
        assert_eq!(
            back.state(text).n_snapshots,
            1,
            "{text}: the snapshot before, and no other"
        );
        meet(&mut back, &mut other, text);
    }
}

#[test]
fn what_was_held_of_another_start_of_the_server_is_replaced() {
    let server = Server::tiny();
    server.api().send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.0),
    ));
    let mut before = follower(&server, Encoding::Json);
    before.subscribe(&["city"]);
    let (resume, held) = (before.resume(), before.held.clone());
    drop(before);
    let server = server.kill().start();
    let mut back = follower(&server, Encoding::Json);
    back.held = held;
    back.socket.resume(&["city"], resume);
    back.until("a new snapshot", |back| {
        let held = back.state("city");
        wait::check(held.n_snapshots == 2 && held.n_deltas == 0, held.seq)
    });
    assert_eq!(
        back.state("city").generation,
        back.socket.welcome.generation
    );
}

#[test]
fn the_welcome_says_who_speaks_and_heartbeats_break_the_silence() {
    let server = Server::tiny();
    let mut socket = Socket::connect(server.http, Encoding::Json);
    let welcome = &socket.welcome;
    assert_eq!(
        (welcome.protocol, welcome.city.as_str()),
        (PROTOCOL, "tiny")
    );
    assert!(welcome.simulated);
    assert_eq!(welcome.schema, egret_shared::codec::schema());
    let silence = Duration::from_millis(u64::from(welcome.silence_ms));
    assert!(silence < Duration::from_secs(3));
    for _ in 0..3 {
        let beat = socket
            .hear(silence)
            .expect("the server is never silent for so long");
        assert!(matches!(beat, ServerMessage::Heartbeat(_)), "{beat:?}");
    }
}

#[test]
fn a_request_that_makes_no_sense_is_answered_and_the_connection_stays() {
    let server = Server::tiny();
    let mut client = follower(&server, Encoding::Json);
    for nonsense in [
        "",
        "{}",
        r#"{"type":"subscribe","channels":["tile/99/0/0"]}"#,
    ] {
        client.socket.say_text(nonsense);
    }
    client.until("three complaints", |client| {
        wait::check(client.errors.len() == 3, &client.errors)
    });
    assert!(
        client
            .errors
            .iter()
            .all(|error| error.code == "bad_message"),
        "{:?}",
        client.errors
    );
    assert!(
        client.errors[2].message.contains("tile/99/0/0"),
        "{:?}",
        client.errors[2]
    );
    let many: Vec<String> = (0..130).map(|n| format!("asset/manhole/{n}")).collect();
    client
        .socket
        .subscribe(&many.iter().map(String::as_str).collect::<Vec<_>>());
    client.until("a complaint about too many channels", |client| {
        wait::check(client.errors.len() == 5, &client.errors)
    });
    assert_eq!(client.errors[4].code, "too_many_channels");
    client.until("a snapshot of every other channel", |client| {
        wait::check(client.held.len() == 128, client.held.len())
    });
}

#[test]
fn one_who_unsubscribes_hears_no_more_and_a_resync_brings_a_snapshot() {
    let server = Server::tiny();
    let api = server.api();
    let mut client = follower(&server, Encoding::Binary);
    client.subscribe(&["city", "asset/manhole/M-1"]);
    client.socket.say(&ClientMessage::Resync {
        channels: vec![channel("asset/manhole/M-1")],
    });
    client.until("a second snapshot", |client| {
        let n_snapshots = client.state("asset/manhole/M-1").n_snapshots;
        wait::check(n_snapshots == 2, n_snapshots)
    });
    let channels = vec![channel("asset/manhole/M-1")];
    client.socket.say(&ClientMessage::Unsubscribe { channels });
    api.send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.0),
    ));
    let seq = client.seq("city").unwrap();
    client.until("the city's next frame", |client| {
        let accepted = client
            .city()
            .feeds
            .iter()
            .map(|feed| feed.accepted)
            .sum::<u64>();
        wait::check(accepted == 1 && client.seq("city") > Some(seq), accepted)
    });
    client.hear(Duration::from_millis(300));
    assert_eq!(client.state("asset/manhole/M-1").n_deltas, 0);
}

/// Slower than the heartbeat, so that heartbeats must come between two frames.
const SLOW_MS: u32 = 2_000;

#[test]
fn one_who_asks_for_fewer_frames_gets_them_merged_and_heartbeats_between() {
    let server = Server::tiny();
    let mut socket = Socket::connect(server.http, Encoding::Json);
    socket.subscribe(&["asset/manhole/M-1"]);
    let silence = Duration::from_millis(u64::from(socket.welcome.silence_ms));
    let hear = |socket: &mut Socket| {
        let heard = socket.hear(silence);
        heard.expect("the server is never silent for so long")
    };
    while !matches!(hear(&mut socket), ServerMessage::Snapshot(_)) {}
    socket.say(&ClientMessage::Pace { every_ms: SLOW_MS });
    // Each at a time of its own: a second value for one moment would be a duplicate.
    let start = clock::ago(1);
    for (ms, v) in [(0, 1.0), (1, 1.1), (2, 1.2), (3, 1.3)] {
        let reading = message::level(start.plus(Span(ms)), v);
        server.api().send(&message::of("manhole", "M-1", &reading));
    }
    let (mut n_beats, mut n_frames) = (0, 0);
    loop {
        match hear(&mut socket) {
            ServerMessage::Heartbeat(_) => n_beats += 1,
            ServerMessage::Delta(frame) => {
                n_frames += 1;
                assert!(n_beats >= n_frames, "no heartbeat within {SLOW_MS} ms");
                if format!("{:?}", frame.changes).contains("1.3") {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(n_frames < 4, "no values were merged into one frame");
}
