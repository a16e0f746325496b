//! A folder with an outbox in it, a clock that is set by hand, and notices.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use egret_notify::{
    Clock, DeliveryRow, DeliveryState, Filter, Notice, NoticeKind, NotifyConfig, Outbox, Settings,
};
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// 2026-06-22 06:05 in Xiamen, a Monday.
pub(crate) const START: TimeMs = TimeMs(1_782_079_500_000);
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// A webhook's secret, and the bytes behind it.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

/// How long a condition may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `look` says that it is so; what it saw last is shown if it never is.
pub(crate) async fn until(what: &str, mut look: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(()) => return,
            Err(seen) => {
                assert!(
                    Instant::now() < deadline,
                    "not in time: {what}; last seen: {seen}"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

/// A clock that goes only when it is set.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START.0)))
    }

    pub(crate) fn set(&self, at: TimeMs) {
        self.0.store(at.0, Ordering::SeqCst);
    }

    pub(crate) fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || TimeMs(now.load(Ordering::SeqCst)))
    }
}

/// `[notify]` as it stands in `egret.toml`.
#[derive(Deserialize)]
struct Document {
    notify: NotifyConfig,
}

/// The configuration of a document, with `DIR` for the folder's path.
pub(crate) fn config(folder: &Path, text: &str) -> NotifyConfig {
    let text = text.replace("DIR", folder.to_str().unwrap());
    toml::from_str::<Document>(&text).unwrap().notify
}

pub(crate) fn settings(folder: &Path, text: &str) -> Settings {
    std::fs::write(folder.join("secret"), SECRET).unwrap();
    Settings::new(&config(folder, text), chrono_tz::Asia::Shanghai).unwrap()
}

/// An outbox, perhaps at work.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) outbox: Outbox,
    pub(crate) clock: HandClock,
    config: String,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl World {
    /// With this configuration.
    pub(crate) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = HandClock::new();
        Self {
            outbox: open(folder.path(), config, &clock),
            folder,
            clock,
            config: config.to_owned(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets the workers work.
    pub(crate) fn work(&self) {
        for worker in self.outbox.workers() {
            self.tasks.spawn(worker.run(self.shutdown.clone()));
        }
    }

    /// Ends the workers and opens the file anew, with another configuration if there is one.
    pub(crate) async fn reopen(self, config: Option<&str>) -> Self {
        self.rest().await;
        let config = config.unwrap_or(&self.config).to_owned();
        drop(self.outbox);
        Self {
            outbox: open(self.folder.path(), &config, &self.clock),
            folder: self.folder,
            clock: self.clock,
            config,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Ends the workers.
    pub(crate) async fn rest(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn enqueue(&self, notices: &[Notice]) {
        self.outbox.enqueue(notices).unwrap();
    }

    /// Deliveries in this state, the oldest first.
    pub(crate) fn rows(&self, state: DeliveryState) -> Vec<DeliveryRow> {
        let mut rows = Vec::new();
        let mut filter = Filter {
            state: Some(state),
            ..Filter::default()
        };
        loop {
            let page = self.outbox.recent(&filter, 200).unwrap();
            let Some(last) = page.last() else {
                break;
            };
            filter.before = Some(last.id);
            rows.extend(page);
        }
        rows.reverse();
        rows
    }

    /// Waits until nothing waits but what hours hold.
    pub(crate) async fn settled(&self) {
        until("everything has gone out", || {
            let status = self.outbox.status().unwrap();
            let n_waiting: u64 = status.channels.iter().map(|channel| channel.waiting).sum();
            if n_waiting == 0 {
                Ok(())
            } else {
                Err(format!("{status:?}"))
            }
        })
        .await;
    }
}

fn open(folder: &Path, config: &str, clock: &HandClock) -> Outbox {
    let settings = settings(folder, config);
    Outbox::open(folder, settings, clock.clock()).unwrap()
}

/// The notice of the journal's entry `seq`: yellow, opened, in one of the city's districts.
pub(crate) fn notice(seq: u64) -> Notice {
    Notice {
        key: format!("20260622-{seq:04}/1/opened"),
        seq,
        at: START,
        kind: NoticeKind::Opened,
        level: Level::Yellow,
        class: "utilities".to_owned(),
        areas: vec!["350200".into(), "350203".into()],
        lead: Some("water".into()),
        support: vec!["traffic".into()],
        persons: vec!["lin".to_owned()],
        title: Text::new(format!("{seq} 号积水"), format!("Ponding {seq}")),
        text: Text::new("水深 30 cm", "30 cm deep"),
        incident: Some(format!("20260622-{seq:04}").as_str().into()),
        link: format!("/incident/20260622-{seq:04}"),
    }
}

/// The same in red.
pub(crate) fn red(seq: u64) -> Notice {
    Notice {
        level: Level::Red,
        ..notice(seq)
    }
}

/// The time so many milliseconds after the start.
pub(crate) fn at(ms: i64) -> TimeMs {
    START.plus(Span(ms))
}
