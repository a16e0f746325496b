//! A bad day between an existing broker and the server: the broker restarts and forgets, the line is cut,
//! the server is killed. Nothing that the broker has acknowledged is lost, and nothing counts twice.
//!
//! `EGRET_TEST_SEED` repeats a day, `EGRET_STORM_MINUTES` makes it as long.

#![expect(clippy::expect_used, reason = "helpers of tests fail like tests")]

use std::time::{Duration, Instant};

use egret_tests::city::CityCopy;
use egret_tests::dice::Dice;
use egret_tests::line::Line;
use egret_tests::mosquitto::Broker;
use egret_tests::paho::Load;
use egret_tests::server::{Server, Setup};
use egret_tests::wait;

/// Blows, unless the day has a length.
const BLOWS: usize = 12;

/// Clients that publish to the broker, and what each does at most, in messages a second.
const CLIENTS: usize = 3;
const PER_SECOND: u32 = 15;

/// At how many further messages the next blow falls at most, by chance.
const BETWEEN_MAX: u64 = 120;

/// How long the server may take to have everything, with the longest pause before it connects again.
const CATCHING_UP: Duration = Duration::from_secs(90);

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// The line between broker and server is cut, and is back at once.
    LineCut,
    /// The same, and is away until more has come.
    LineAway,
    /// The broker restarts, with its sessions.
    BrokerRestarted,
    /// The broker restarts without them.
    SessionLost,
    /// The server is killed.
    Killed,
    /// The server is away until more has come.
    Away,
}

const ALL: [Blow; 6] = [
    Blow::LineCut,
    Blow::LineAway,
    Blow::BrokerRestarted,
    Blow::SessionLost,
    Blow::Killed,
    Blow::Away,
];

/// All that takes part.
struct Stage {
    broker: Broker,
    line: Line,
    load: Load,
    /// Absent while it is down.
    server: Option<Server>,
}

impl Stage {
    fn set() -> Self {
        let broker = Broker::start();
        let line = Line::to(broker.address);
        let url = format!("mqtt://{}", line.address);
        let setup = Setup::with_city(CityCopy::counting()).with_flags(&["--broker", &url]);
        let server = setup.with_lasting_ports().start();
        is_subscribed(&broker);
        let load = Load::start_at_rate(broker.address, CLIENTS, PER_SECOND);
        Self {
            broker,
            line,
            load,
            server: Some(server),
        }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the server is up")
    }

    fn kill(&mut self) -> Setup {
        self.server.take().expect("the server is up").kill()
    }

    /// Waits until so many more messages are acknowledged by the broker.
    fn let_come(&mut self, n_more: usize) {
        let wanted = self.load.n_acked() + n_more;
        wait::until("more is acknowledged", || {
            let n_acked = self.load.n_acked();
            wait::check(n_acked >= wanted, n_acked)
        });
    }

    /// Waits until the server has everything that the broker has acknowledged.
    fn has_all(&self, n: usize) {
        let api = self.server().api();
        // The line may be waited for: after many losses up to half a minute.
        wait::within(CATCHING_UP, &format!("{n} messages are taken"), || {
            let feeds = api.list("/api/v1/feeds");
            let manhole = feeds.iter().find(|row| row["feed"] == "manhole");
            wait::check(manhole.is_some_and(|row| row["accepted"] == n), manhole)
        });
    }

    fn strike(&mut self, blow: Blow, more: usize) {
        match blow {
            Blow::LineCut => {
                self.line.cut();
                self.line.mend();
            }
            Blow::LineAway => {
                self.line.cut();
                self.let_come(more);
                self.line.mend();
            }
            Blow::BrokerRestarted => {
                self.broker.stop();
                self.broker.start_again();
            }
            Blow::SessionLost => {
                // What waits in a session is lost with it, and nobody can help that: so nothing does.
                self.load.pause();
                let n_acked = self.load.n_acked();
                self.has_all(n_acked);
                self.broker.stop();
                self.broker.forget();
                self.broker.start_again();
                is_subscribed(&self.broker);
                self.load.resume();
            }
            Blow::Killed => {
                let setup = self.kill();
                self.server = Some(setup.start());
            }
            Blow::Away => {
                let setup = self.kill();
                self.let_come(more);
                self.server = Some(setup.start());
            }
        }
    }
}

/// Waits until the server has subscribed since the broker's start.
fn is_subscribed(broker: &Broker) {
    wait::within(CATCHING_UP, "the server subscribes at the broker", || {
        let log = broker.log();
        wait::check(log.contains("Received SUBSCRIBE"), log.len())
    });
}

fn minutes() -> Option<u64> {
    std::env::var("EGRET_STORM_MINUTES").ok()?.parse().ok()
}

#[test]
fn a_bad_day_at_the_broker_loses_nothing_acknowledged_and_counts_nothing_twice() {
    let mut dice = Dice::of_this_run();
    let mut stage = Stage::set();
    let until = minutes().map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut struck = [0; ALL.len()];
    let mut n_blows = 0;
    while until.map_or(n_blows < BLOWS, |until| Instant::now() < until) {
        let below = |dice: &mut Dice, end: u64| usize::try_from(dice.below(end)).unwrap_or(0);
        let pause = 1 + below(&mut dice, BETWEEN_MAX);
        stage.let_come(pause);
        // The first ones each once, so that a short day has them all.
        let which = if n_blows < ALL.len() {
            n_blows
        } else {
            below(&mut dice, ALL.len() as u64)
        };
        let more = 1 + below(&mut dice, BETWEEN_MAX);
        let blow = ALL.get(which).copied().unwrap_or(Blow::LineCut);
        stage.strike(blow, more);
        struck.iter_mut().skip(which).take(1).for_each(|n| *n += 1);
        n_blows += 1;
    }
    let n_sent = stage.load.finish();
    assert_eq!(stage.load.n_acked(), n_sent);
    stage.has_all(n_sent);
    let api = stage.server().api();
    let known = api.list("/api/v1/assets?feed=manhole");
    assert_eq!(
        known.len(),
        n_sent,
        "each message is of an asset of its own"
    );
    let health = api.feed("manhole", |health| health["accepted"] == n_sent);
    let told: Vec<String> = ALL
        .iter()
        .zip(struck)
        .map(|(blow, n)| format!("{blow:?} {n}"))
        .collect();
    println!(
        "{n_sent} messages, {} came twice; {}",
        health["duplicate"],
        told.join(", ")
    );
    if minutes().is_none() {
        // A longer day has more than the window's hour.
        let count = api.metric("test.readings", "900000", |point| point["v"].is_number());
        assert_eq!(count["v"].as_f64(), Some(n_sent as f64));
    }
}
