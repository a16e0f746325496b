//! Loads: a flood, as fast as the acknowledgements come, and a paced one.
//!
//! Each connection has a thread of its own. Both loads are bounded in count and in time.

use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::city::N_ASSETS;
use super::fleet::{Fleet, Sent};
use super::gateway::Gateway;
use super::options::CONNECTIONS;
use super::usage::pause_until;
use crate::dice::Dice;

/// Most messages in one write of a flood: 18 kB.
const WRITE_MESSAGES: usize = 64;

/// A flood must be over by then.
const FLOOD_MAX: Duration = Duration::from_mins(2);

/// The last acknowledgements of a paced load must have come by then.
const LAST_ACKS_MAX: Duration = Duration::from_secs(20);

/// Longest pause between two looks at the acknowledgements of a paced load.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Assets that a screen looks at; the first of all.
pub const N_WATCHED: u64 = 50;

/// Messages of watched assets in a second of a paced load: each has one every half second.
pub const WATCHED_PER_S: u64 = 100;

/// Messages in a second of a paced load whose value marks the time.
pub const MARKS_PER_S: u64 = 4;

/// Publishes `messages` over [`CONNECTIONS`] with at most `window` unacknowledged on each; returns
/// the time from the first PUBLISH to the last PUBACK.
pub fn flood(broker: SocketAddr, fleet: &Fleet, messages: u64, window: usize) -> Duration {
    let share = messages / CONNECTIONS as u64;
    let begin = Barrier::new(CONNECTIONS + 1);
    std::thread::scope(|scope| {
        for n in 0..CONNECTIONS {
            let begin = &begin;
            scope.spawn(move || {
                let mut gateway = Gateway::connect(broker, &format!("flood-{n}"));
                begin.wait();
                flood_one(&mut gateway, fleet, Dice::of(n as u64), share, window);
                begin.wait();
            });
        }
        begin.wait();
        let started = Instant::now();
        begin.wait();
        started.elapsed()
    })
}

fn flood_one(gateway: &mut Gateway, fleet: &Fleet, mut dice: Dice, share: u64, window: usize) {
    let deadline = Instant::now() + FLOOD_MAX;
    let mut form = fleet.form();
    let mut left = share;
    while gateway.acked() < share {
        let room = window.saturating_sub(gateway.in_flight());
        let n = room
            .min(WRITE_MESSAGES)
            .min(usize::try_from(left).unwrap_or(room));
        for _ in 0..n {
            let sent = Sent {
                asset: asset(&mut dice, 0),
                at_us: now_us(),
                milli: dice.below(10_000),
            };
            let (topic, payload) = form.fill(sent);
            gateway.publish(topic, payload);
        }
        left -= n as u64;
        gateway.flush();
        if n < WRITE_MESSAGES {
            gateway.hear();
        }
        assert!(
            Instant::now() < deadline,
            "a flood takes over {FLOOD_MAX:?}"
        );
    }
}

/// Sensors whose gateway was offline.
const STORED_ASSETS: u64 = 20;

/// How long it was: one reading of each sensor a second.
pub const STORED_S: u64 = 3_600;

/// In-flight messages of the gateway that sends its store.
const STORED_WINDOW: usize = 100;

/// One gateway sends an hour's stored readings of its sensors as fast as they are acknowledged;
/// returns how many they were and how long that took.
pub fn stored(broker: SocketAddr, fleet: &Fleet) -> (u64, Duration) {
    let messages = STORED_S * STORED_ASSETS;
    let deadline = Instant::now() + FLOOD_MAX;
    let mut gateway = Gateway::connect(broker, "stored");
    let (mut form, mut dice) = (fleet.form(), Dice::of(77));
    let begin_us = now_us() - STORED_S.cast_signed() * 1_000_000;
    let started = Instant::now();
    let mut number = 0;
    while gateway.acked() < messages {
        while number < messages && gateway.in_flight() < STORED_WINDOW {
            let one = N_ASSETS as u64 - 1 - number % STORED_ASSETS;
            let second = (number / STORED_ASSETS).cast_signed();
            let (topic, payload) = form.fill(Sent {
                asset: usize::try_from(one).unwrap_or_default(),
                at_us: begin_us + second * 1_000_000,
                milli: dice.below(10_000),
            });
            gateway.publish(topic, payload);
            number += 1;
        }
        gateway.flush();
        gateway.hear();
        assert!(
            Instant::now() < deadline,
            "a store takes over {FLOOD_MAX:?}"
        );
    }
    (messages, started.elapsed())
}

/// Any sensor from the `first` on.
fn asset(dice: &mut Dice, first: u64) -> usize {
    usize::try_from(first + dice.below(N_ASSETS as u64 - first)).unwrap_or_default()
}

/// A load of so many messages a second, evenly over [`CONNECTIONS`].
#[derive(Clone, Copy, Debug)]
pub struct Paced {
    /// Messages a second.
    pub per_second: u64,
    /// For how long.
    pub seconds: u64,
}

/// What a paced load came to.
#[derive(Clone, Copy, Debug)]
pub struct PacedDone {
    /// Messages published, all acknowledged.
    pub messages: u64,
    /// How late the latest was behind its time.
    pub behind: Duration,
}

/// Publishes as `paced` says.
pub fn pace(broker: SocketAddr, fleet: &Fleet, paced: Paced) -> PacedDone {
    let started = Instant::now();
    let behind = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS as u64)
            .map(|n| {
                scope.spawn(move || {
                    let mut gateway = Gateway::connect(broker, &format!("paced-{n}"));
                    gateway.never_wait();
                    pace_one(&mut gateway, fleet, paced, n, started)
                })
            })
            .collect();
        let behind = threads.into_iter().map(|thread| {
            thread
                .join()
                .expect("a gateway's thread tells what went wrong")
        });
        behind.max().unwrap_or_default()
    });
    PacedDone {
        messages: paced.per_second * paced.seconds,
        behind,
    }
}

fn pace_one(
    gateway: &mut Gateway,
    fleet: &Fleet,
    paced: Paced,
    connection: u64,
    started: Instant,
) -> Duration {
    let mut form = fleet.form();
    let mut dice = Dice::of(connection);
    let mut behind = Duration::ZERO;
    let messages = paced.per_second * paced.seconds;
    let mut own = 0;
    for number in (connection..messages).step_by(CONNECTIONS) {
        let due = started + Duration::from_nanos(number * 1_000_000_000 / paced.per_second);
        hear_until(gateway, due);
        behind = behind.max(due.elapsed());
        let (topic, payload) = form.fill(paced.message(fleet, number, &mut dice));
        gateway.publish(topic, payload);
        gateway.flush();
        own += 1;
    }
    let deadline = Instant::now() + LAST_ACKS_MAX;
    while gateway.acked() < own {
        hear_until(gateway, Instant::now() + LOOK_EVERY);
        assert!(
            Instant::now() < deadline,
            "no PUBACK within {LAST_ACKS_MAX:?}"
        );
    }
    behind
}

fn hear_until(gateway: &mut Gateway, due: Instant) {
    loop {
        gateway.flush();
        gateway.hear();
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        pause_until(Instant::now() + left.min(LOOK_EVERY));
    }
}

impl Paced {
    /// The `number`th message, measured now.
    fn message(self, fleet: &Fleet, number: u64, dice: &mut Dice) -> Sent {
        let at_us = now_us();
        let watch_every = self.per_second / WATCHED_PER_S;
        let is_mark = number % (self.per_second / MARKS_PER_S) == 1;
        Sent {
            asset: if number.is_multiple_of(watch_every) {
                usize::try_from(number / watch_every % N_WATCHED).unwrap_or_default()
            } else {
                asset(dice, N_WATCHED)
            },
            at_us,
            milli: if is_mark {
                (at_us - fleet.marks_from_us).unsigned_abs() * 1_000
            } else {
                dice.below(10_000)
            },
        }
    }
}

/// The time now, in microseconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "a sender has a clock of its own, and delays are measured by it"
)]
pub fn now_us() -> i64 {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the machine's clock is set");
    i64::try_from(since_epoch.as_micros()).expect("the year is below 292,000")
}
