//! What makes two entries the same, for one metric's contributions.

use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::report::Report;

use crate::dedup::Identity;
use crate::plan::Feed;

/// The identity of a value; `None` of what has neither id nor time, which nothing tells apart.
pub(super) fn of_value(feed: Feed, observation: &Observation, value: &Value) -> Option<Identity> {
    let asset = Identity::start(u64::from(feed)).with(observation.asset.as_str().as_bytes());
    if let Some(message) = &observation.message {
        return Some(asset.with(message.as_str().as_bytes()));
    }
    let timed = asset.with_number(observation.observed_at.0);
    let is_timed = !observation.flags.has(Flags::NO_TIME);
    is_timed.then(|| timed.with(value.property.as_str().as_bytes()))
}

/// The identity of a step: a report enters a state once.
pub(super) fn of_step(feed: Feed, report: &Report) -> Identity {
    Identity::start(u64::from(feed))
        .with(report.report.as_str().as_bytes())
        .with(report.state.as_bytes())
}
