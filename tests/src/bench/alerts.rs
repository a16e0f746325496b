//! A flood of alerts: every message of it fires one or ends one, over real MQTT, while screens look
//! on. Each asset in turn rises over its rule's limit and falls below it in the next round, so that
//! every message is a turn of an alert, and all of them have to be on record afterwards.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use egret_shared::alert::{AlertKey, AlertState};
use egret_shared::channel::Channel;
use egret_shared::codec::Encoding;
use egret_shared::delta::Delta;
use egret_shared::message::ServerMessage;
use egret_shared::time::TimeMs;
use serde_json::{Value, json};

use super::fleet::{Fleet, Sent};
use super::gateway::Gateway;
use super::load::now_us;
use super::options::{CONNECTIONS, Options};
use super::report::{self, Delays, round};
use super::served::{Served, journal_bytes};
use super::usage::{cpu_s, pause_until};
use crate::http::Http;
use crate::process::Process;
use crate::socket::Socket;
use crate::tools::repository;
use crate::wait;

/// Turns a second.
const TURNS_PER_S: u64 = 5_000;

/// Assets that turn: fewer than the server lists alerts of, and more.
const ASSETS: [usize; 2] = [4_000, 20_000];

/// What an asset says above its rule's limit, in thousandths.
const HIGH_MILLI: u64 = 9_999;

/// What it says below it.
const LOW_MILLI: u64 = 1_000;

/// All of the turns are on record by then.
const STORED_MAX: Duration = Duration::from_mins(2);

/// Floods once with each number of assets.
pub(super) fn measure(options: &Options) {
    for n_assets in ASSETS {
        flooded(options, n_assets);
    }
}

fn flooded(options: &Options, n_assets: usize) {
    let city = super::city::write_turning();
    let data = tempfile::tempdir().expect("the temp folder can be written");
    let served = Served::start(city.path(), data.path());
    let fleet = Fleet::default();
    let seconds = options.flood_seconds;
    let page = Page::open(served.http, seconds);
    let over = AtomicBool::new(false);
    let cpu_before_s = cpu_s(served.id());
    let began = Instant::now();
    let (flood, seen, memory) = std::thread::scope(|scope| {
        let seen = scope.spawn(|| look_on(served.http, &over));
        let memory = scope.spawn(|| weigh(&served, &over));
        let flood = send(served.mqtt, &fleet, n_assets, seconds);
        // What is still on its way to the screens comes now.
        pause_until(Instant::now() + Duration::from_secs(2));
        over.store(true, Ordering::Relaxed);
        let tells = "a thread tells what went wrong";
        (
            flood,
            seen.join().expect(tells),
            memory.join().expect(tells),
        )
    });
    let used_s = cpu_s(served.id()) - cpu_before_s;
    let took_s = began.elapsed().as_secs_f64();
    let api = Http::new(served.http);
    let n_stored = stored(&api, flood.n_sent);
    let third = memory.len() / 3;
    let of = |from: usize| {
        memory
            .get(from)
            .map_or(0.0, |bytes| round(*bytes as f64 / 1e6, 1))
    };
    report::line(
        "alert_flood",
        &json!({
            "turns_per_s": TURNS_PER_S,
            "assets": n_assets,
            "seconds": seconds,
            "sent": flood.n_sent,
            "stored": n_stored,
            "sender_behind_ms_max": flood.behind.as_millis(),
            "listed": api.list("/api/v1/alerts").len(),
            "server_cores": round(used_s / took_s, 3),
            "resident_mb": [of(0), of(third), of(2 * third), of(memory.len().saturating_sub(1))],
            "journal_bytes_per_turn":
                round(journal_bytes(data.path()) as f64 / flood.n_sent.max(1) as f64, 1),
            "publish_to_websocket": {
                "p50_ms": seen.quantile_ms(0.5),
                "p99_ms": seen.quantile_ms(0.99),
                "max_ms": seen.quantile_ms(1.0),
                "seen": seen.len(),
            },
            "page": page.fared(),
        }),
    );
    served.stop();
}

/// What was sent.
struct Flood {
    n_sent: u64,
    behind: Duration,
}

/// Publishes turns at their pace, each asset's on one connection and in order.
fn send(broker: SocketAddr, fleet: &Fleet, n_assets: usize, seconds: u64) -> Flood {
    let started = Instant::now();
    let per_connection = TURNS_PER_S / CONNECTIONS as u64;
    let behind = std::thread::scope(|scope| {
        let all: Vec<_> = (0..CONNECTIONS)
            .map(|n| {
                scope.spawn(move || {
                    let own = n_assets / CONNECTIONS;
                    send_one(
                        broker,
                        fleet,
                        (n * own, own),
                        per_connection * seconds,
                        started,
                    )
                })
            })
            .collect();
        let joined = all
            .into_iter()
            .map(|one| one.join().expect("a gateway tells what went wrong"));
        joined.max().unwrap_or_default()
    });
    Flood {
        n_sent: per_connection * seconds * CONNECTIONS as u64,
        behind,
    }
}

fn send_one(
    broker: SocketAddr,
    fleet: &Fleet,
    (first, n_own): (usize, usize),
    n_messages: u64,
    started: Instant,
) -> Duration {
    let mut gateway = Gateway::connect(broker, &format!("turning-{first}"));
    gateway.never_wait();
    let mut form = fleet.form();
    let per_s = TURNS_PER_S / CONNECTIONS as u64;
    let mut behind = Duration::ZERO;
    let mut n = 0;
    while gateway.acked() < n_messages {
        let due =
            u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX) * per_s / 1_000_000;
        if n < n_messages {
            let late =
                Duration::from_micros((due.min(n_messages) - n.min(due)) * 1_000_000 / per_s);
            behind = behind.max(late);
        }
        // Half a second of messages may be on their way.
        while n < due.min(n_messages)
            && gateway.in_flight() < usize::try_from(per_s / 2).unwrap_or(1)
        {
            let own = n_own as u64;
            let asset = first + usize::try_from(n % own).unwrap_or_default();
            let is_high = (n / own).is_multiple_of(2);
            let (topic, payload) = form.fill(Sent {
                asset,
                at_us: now_us(),
                milli: if is_high { HIGH_MILLI } else { LOW_MILLI },
            });
            gateway.publish(topic, payload);
            n += 1;
        }
        gateway.flush();
        gateway.hear();
        pause_until(Instant::now() + Duration::from_millis(5));
        assert!(
            started.elapsed() < Duration::from_mins(5),
            "the flood does not come through: {} of {n_messages}",
            gateway.acked()
        );
    }
    behind
}

/// How old alerts are when a screen is first told that they fire. Where more fire than are listed,
/// this has in it how long they waited for room.
fn look_on(server: SocketAddr, over: &AtomicBool) -> Delays {
    let mut socket = Socket::connect(server, Encoding::Binary);
    socket.subscribe(&["city"]);
    let mut delays = Delays::default();
    // When each last fired that was told of: an alert is told again when anything of it changes.
    let mut known: BTreeMap<AlertKey, TimeMs> = BTreeMap::new();
    while !over.load(Ordering::Relaxed) {
        let Some(message) = socket.hear(Duration::from_millis(100)) else {
            continue;
        };
        let now_us = now_us();
        let ServerMessage::Delta(frame) = message else {
            continue;
        };
        if frame.channel != Channel::City {
            continue;
        }
        if let Delta::City(city) = frame.changes {
            let rows = city.alerts.put.into_iter();
            for alert in rows.filter(|alert| alert.state == AlertState::Firing) {
                let Some(at) = alert.fired_at else { continue };
                if known.insert(alert.key, at) != Some(at) {
                    delays.add(now_us - at.0 * 1_000);
                }
            }
        }
    }
    delays
}

/// The server's memory, once a second.
fn weigh(served: &Served, over: &AtomicBool) -> Vec<u64> {
    let mut all = Vec::new();
    while !over.load(Ordering::Relaxed) {
        all.push(served.memory().resident_bytes);
        pause_until(Instant::now() + Duration::from_secs(1));
    }
    all
}

/// How many turns are on record, once the last of them is, or it does not come.
fn stored(api: &Http, n_sent: u64) -> u64 {
    let deadline = Instant::now() + STORED_MAX;
    let newest = || {
        let page = api.get("/api/v1/alerts/log?limit=1").json();
        page["items"][0]["n"].as_u64().unwrap_or(0)
    };
    while newest() < n_sent && Instant::now() < deadline {
        pause_until(Instant::now() + Duration::from_millis(500));
    }
    // Numbers alone would not tell of gaps.
    api.list("/api/v1/alerts/log").len() as u64
}

/// A wall in a headless browser.
struct Page(Option<Process>);

impl Page {
    fn open(server: SocketAddr, seconds: u64) -> Self {
        let folder = repository().join("tests/browser");
        if !folder.join("node_modules").is_dir() {
            return Self(None);
        }
        let mut command = Command::new("node");
        command
            .current_dir(&folder)
            .arg("flood.mjs")
            .arg(format!("http://{server}/wall/overview"))
            .arg(seconds.to_string());
        let process = Process::start("a page", command);
        let ready = process
            .out
            .find_within(wait::PATIENCE * 6, "the page is open", |line| {
                (line == "ready").then_some(())
            });
        assert!(ready.is_some(), "the page ended: {}", process.err.text());
        Self(Some(process))
    }

    /// How it fared; null without a browser.
    fn fared(self) -> Value {
        let Some(process) = self.0 else {
            return Value::Null;
        };
        let told =
            process
                .out
                .find_within(wait::PATIENCE * 6, "the page tells how it fared", |line| {
                    serde_json::from_str::<Value>(line)
                        .ok()
                        .filter(Value::is_object)
                });
        told.unwrap_or_else(|| json!({ "ended": process.err.text() }))
    }
}
