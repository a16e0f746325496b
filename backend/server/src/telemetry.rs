//! What the server measures of itself, in Prometheus' words.
//!
//! Counters by feed come from the fold, so that they survive a restart; times and connections
//! are measured here. A scrape builds its registry anew, which keeps labels to what exists.

mod polls;

use std::collections::BTreeMap;
use std::time::Duration;

use egret_city::Unlisted;
use egret_city::entry::Seq;
use egret_poll::PollState;
use egret_shared::feed::FeedHealth;
use egret_shared::id::FeedId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use egret_shared::wall::Reload;

/// Bounds of the stage histograms in seconds: 0.1 ms to 10 s, in steps a reader can name.
const STAGE_SECONDS: [f64; 14] = [
    1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 10.0,
];

/// The server's own measurements. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    accept_commit: Histogram,
    commit_fold: Histogram,
    fold_send: Histogram,
    ws_clients: Gauge,
    ws_frames: Counter,
    ws_merged: Counter,
    wall_reloads: Family<CauseLabel, Counter>,
    brokers: Family<BrokerLabel, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabel {
    feed: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectionLabel {
    feed: String,
    stage: String,
    reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabel {
    cause: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BrokerLabel {
    broker: String,
}

type ByFeed = Family<FeedLabel, Counter>;

/// What others have counted.
pub(crate) struct Measured {
    /// How every feed does.
    pub feeds: Vec<FeedHealth>,
    /// The last journal entry folded.
    pub seq: Seq,
    /// Alerts beyond the list.
    pub unlisted: Unlisted,
    /// Passwords hashed to be compared.
    pub passwords_checked: u64,
    /// How the fetching of feeds goes.
    pub polls: BTreeMap<FeedId, PollState>,
    /// The embedded MQTT endpoint's counters by name; none without one.
    pub mqtt: Vec<(&'static str, u64)>,
}

impl Telemetry {
    /// Nothing measured yet.
    pub(crate) fn new() -> Self {
        Self {
            accept_commit: Histogram::new(STAGE_SECONDS),
            commit_fold: Histogram::new(STAGE_SECONDS),
            fold_send: Histogram::new(STAGE_SECONDS),
            ws_clients: Gauge::default(),
            ws_frames: Counter::default(),
            ws_merged: Counter::default(),
            wall_reloads: Family::default(),
            brokers: Family::default(),
        }
    }

    /// A batch waited so long to become durable.
    pub(crate) fn accept_to_commit(&self, waited: Duration) {
        self.accept_commit.observe(waited.as_secs_f64());
    }

    /// A durable batch waited so long to be folded.
    pub(crate) fn commit_to_fold(&self, waited: Duration) {
        self.commit_fold.observe(waited.as_secs_f64());
    }

    /// A frame waited so long to be handed to a socket.
    pub(crate) fn fold_to_send(&self, waited: Duration) {
        self.fold_send.observe(waited.as_secs_f64());
    }

    /// A frame was sent; `merged` if it stood for several.
    pub(crate) fn frame_sent(&self, merged: bool) {
        self.ws_frames.inc();
        if merged {
            self.ws_merged.inc();
        }
    }

    /// A wall loads itself anew, because it has outgrown a budget.
    pub(crate) fn wall_reloads(&self, cause: Reload) {
        let cause = cause.as_str().to_owned();
        self.wall_reloads.get_or_create(&CauseLabel { cause }).inc();
    }

    /// The connection to an existing broker stands, or does not.
    pub(crate) fn broker(&self, broker: &str, is_connected: bool) {
        let label = BrokerLabel {
            broker: broker.to_owned(),
        };
        let gauge = self.brokers.get_or_create(&label);
        gauge.set(i64::from(is_connected));
    }

    /// Counts a client for as long as the guard lives.
    pub(crate) fn client(&self) -> ClientGuard {
        self.ws_clients.inc();
        ClientGuard(self.ws_clients.clone())
    }

    /// WebSocket clients at this moment.
    pub(crate) fn n_clients(&self) -> usize {
        usize::try_from(self.ws_clients.get()).unwrap_or(0)
    }

    /// Everything in the text format of Prometheus.
    ///
    /// # Errors
    /// None in practice: writing to a `String` does not fail.
    pub(crate) fn text(&self, measured: &Measured) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("egret");
        self.register(&mut registry, measured.seq);
        register_unlisted(&mut registry, measured.unlisted);
        register_mqtt(&mut registry, &measured.mqtt);
        let passwords: Counter = Counter::default();
        passwords.inc_by(measured.passwords_checked);
        registry.register(
            "password_checks",
            "Passwords hashed to be compared, also of names that are nobody's",
            passwords,
        );
        register_feeds(&mut registry, &measured.feeds);
        polls::register(&mut registry, &measured.polls);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn register(&self, registry: &mut Registry, seq: Seq) {
        let journal_seq: Gauge = Gauge::default();
        journal_seq.set(seq.cast_signed());
        registry.register("journal_seq", "Last journal entry folded", journal_seq);
        registry.register("ws_clients", "WebSocket clients", self.ws_clients.clone());
        registry.register(
            "ws_frames",
            "Frames sent to WebSocket clients",
            self.ws_frames.clone(),
        );
        registry.register(
            "ws_merged",
            "Frames that stood for several, because the client was behind",
            self.ws_merged.clone(),
        );
        registry.register(
            "wall_reloads",
            "Walls that loaded themselves anew, by the budget that they had outgrown",
            self.wall_reloads.clone(),
        );
        registry.register(
            "broker_connected",
            "Whether an existing broker is connected and subscribed at, by its host",
            self.brokers.clone(),
        );
        for (name, help, histogram) in [
            (
                "accept_commit_seconds",
                "From taken in to durable",
                &self.accept_commit,
            ),
            (
                "commit_fold_seconds",
                "From durable to folded",
                &self.commit_fold,
            ),
            (
                "fold_send_seconds",
                "From folded to handed to a socket",
                &self.fold_send,
            ),
        ] {
            registry.register(name, help, histogram.clone());
        }
    }
}

fn register_unlisted(registry: &mut Registry, unlisted: Unlisted) {
    let waiting: Gauge = Gauge::default();
    waiting.set(i64::from(unlisted.waiting));
    registry.register(
        "alerts_unlisted",
        "Open alerts that wait for room on the list",
        waiting,
    );
    let unheld: Counter = Counter::default();
    unheld.inc_by(unlisted.lost);
    registry.register(
        "alerts_unheld",
        "Times that an alert found no room even to wait in",
        unheld,
    );
}

/// Counters of the endpoint under their own names.
fn register_mqtt(registry: &mut Registry, counters: &[(&'static str, u64)]) {
    for (name, count) in counters {
        let help = format!("MQTT endpoint: {}", name.replace('_', " "));
        // Prometheus adds `_total` to what only grows.
        let known = format!("mqtt_{}", name.trim_end_matches("_total"));
        if *name == "connections_open" {
            let open: Gauge = Gauge::default();
            open.set(i64::try_from(*count).unwrap_or(i64::MAX));
            registry.register(known, help, open);
        } else {
            let counter: Counter = Counter::default();
            counter.inc_by(*count);
            registry.register(known, help, counter);
        }
    }
}

fn register_feeds(registry: &mut Registry, feeds: &[FeedHealth]) {
    let (accepted, duplicate, late) = (ByFeed::default(), ByFeed::default(), ByFeed::default());
    let rejected = Family::<RejectionLabel, Counter>::default();
    for health in feeds {
        let label = FeedLabel {
            feed: health.feed.to_string(),
        };
        accepted.get_or_create(&label).inc_by(health.accepted);
        duplicate.get_or_create(&label).inc_by(health.duplicate);
        late.get_or_create(&label).inc_by(health.late);
        for (place, count) in &health.rejected {
            let (stage, reason) = place.split_once('/').unwrap_or((place, ""));
            let label = RejectionLabel {
                feed: health.feed.to_string(),
                stage: stage.to_owned(),
                reason: reason.to_owned(),
            };
            rejected.get_or_create(&label).inc_by(*count);
        }
    }
    registry.register("messages_accepted", "Messages taken in, by feed", accepted);
    registry.register(
        "messages_duplicate",
        "Messages seen before, by feed",
        duplicate,
    );
    registry.register(
        "messages_late",
        "Messages too late for any window, by feed",
        late,
    );
    registry.register(
        "messages_rejected",
        "Messages refused, by feed, stage and reason",
        rejected,
    );
}

/// A connected client.
#[derive(Debug)]
pub(crate) struct ClientGuard(Gauge);

impl Drop for ClientGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}
