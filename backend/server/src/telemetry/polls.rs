//! What is measured of the fetching of feeds.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use egret_poll::{Outcome, PollState};
use egret_shared::id::FeedId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::FeedLabel;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PollLabel {
    feed: String,
    outcome: &'static str,
}

type Seconds = Counter<f64, AtomicU64>;

/// Fetches by what came of them, how long they took, and when one last went well.
pub(super) fn register(registry: &mut Registry, polls: &BTreeMap<FeedId, PollState>) {
    let attempts = Family::<PollLabel, Counter>::default();
    let took = Family::<FeedLabel, Seconds>::default();
    let succeeded = Family::<FeedLabel, Gauge<f64, AtomicU64>>::default();
    for (feed, state) in polls {
        let label = FeedLabel {
            feed: feed.to_string(),
        };
        for (outcome, count) in Outcome::ALL.into_iter().zip(state.counts) {
            let label = PollLabel {
                feed: feed.to_string(),
                outcome: outcome.as_str(),
            };
            attempts.get_or_create(&label).inc_by(count);
        }
        took.get_or_create(&label).inc_by(state.took.as_secs_f64());
        if let Some(at) = state.fetched_at {
            succeeded.get_or_create(&label).set(at.0 as f64 / 1_000.0);
        }
    }
    registry.register(
        "poll_attempts",
        "Fetches of feeds, by feed and what came of them",
        attempts,
    );
    registry.register_with_unit(
        "poll",
        "How long all fetches of a feed took",
        Unit::Seconds,
        took,
    );
    registry.register_with_unit(
        "poll_last_success_timestamp",
        "When a feed was last fetched, or had not changed, since the Unix epoch",
        Unit::Seconds,
        succeeded,
    );
}
