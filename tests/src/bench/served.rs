//! The server under test: started on a folder, measured by its number, stopped or killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::usage;
use crate::http::Http;
use crate::process::Process;
use crate::wait;

/// A start may fold a long tail.
const START_MAX: Duration = Duration::from_mins(2);

/// All acknowledged messages are folded by then.
const FOLDED_MAX: Duration = Duration::from_mins(1);

/// A running server.
#[derive(Debug)]
pub struct Served {
    process: Process,
    /// Where HTTP and WebSocket are.
    pub http: SocketAddr,
    /// Where the embedded MQTT endpoint is.
    pub mqtt: SocketAddr,
    /// How long it took from its start until it served.
    pub start: Duration,
}

impl Served {
    /// Starts the server of `city` on `data`, and waits until it serves.
    #[track_caller]
    pub fn start(city: &Path, data: &Path) -> Self {
        let mut command = Command::new(binary());
        std::env::vars()
            .filter(|(name, _)| name.starts_with("EGRET_"))
            .for_each(|(name, _)| {
                command.env_remove(name);
            });
        command.args(["--log-json", "serve", "--insecure-open"]);
        command.args(["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
        command.arg("--city").arg(city).arg("--data").arg(data);
        let started = Instant::now();
        let process = Process::start("egret serve", command);
        let ready = process.out.find_within(START_MAX, "ready", addresses);
        let start = started.elapsed();
        let Some((http, mqtt)) = ready else {
            panic!("the server ended:\n{}", process.err.text());
        };
        Self {
            process,
            http,
            mqtt,
            start,
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its memory.
    pub fn memory(&self) -> usage::Memory {
        usage::Memory::of(self.id())
    }

    /// Waits until it has folded `messages` of the bench's feed, each of them once.
    #[track_caller]
    pub fn until_folded(&self, messages: u64) {
        let api = Http::new(self.http);
        let line = format!("egret_messages_accepted_total{{feed=\"bench\"}} {messages}");
        wait::within(FOLDED_MAX, &line, || {
            let metrics = api.get("/metrics").body;
            let accepted = |text: &&str| text.starts_with("egret_messages_accepted_total");
            let seen = metrics.lines().find(accepted).unwrap_or_default();
            wait::check(seen == line, seen)
        });
    }

    /// How many entries it folded behind its checkpoint at the start, and up to which.
    pub fn tail(&self) -> Option<(u64, u64)> {
        let lines = self.process.err.all();
        let fields = |line: &String| {
            let json: Value = serde_json::from_str(line).ok()?;
            let fields = json.get("fields")?;
            let (from, to) = (fields.get("from")?.as_u64()?, fields.get("to")?.as_u64()?);
            Some((to - from, to))
        };
        lines.iter().find_map(fields)
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Asks it to end, and waits until it has kept everything.
    #[track_caller]
    pub fn stop(mut self) {
        let status = self.process.stop();
        assert!(status.success(), "{status}:\n{}", self.process.err.text());
    }
}

/// Bytes of the database and its write-ahead log in `data`.
pub fn journal_bytes(data: &Path) -> u64 {
    let length = |name: &str| std::fs::metadata(data.join(name)).map_or(0, |file| file.len());
    length("egret.db") + length("egret.db-wal")
}

/// `EGRET_BIN`, or the server beside this program.
fn binary() -> PathBuf {
    let beside = || {
        let bench = std::env::current_exe().expect("a program knows its own path");
        bench.with_file_name("egret")
    };
    let binary = std::env::var_os("EGRET_BIN").map_or_else(beside, PathBuf::from);
    let hint = "`cargo build --release -p egret` makes it, or EGRET_BIN names another";
    assert!(binary.is_file(), "{} is missing: {hint}", binary.display());
    binary
}

/// The addresses of the line `egret ready http=ADDR mqtt=ADDR`.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (http, mqtt) = line
        .strip_prefix("egret ready http=")?
        .split_once(" mqtt=")?;
    Some((http.parse().ok()?, mqtt.parse().ok()?))
}
