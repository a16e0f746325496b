//! What is added to a city package while it is in force: a feed with what it needs to be seen.
//!
//! An addition says what one would write into the package's files, in the same words; it is kept
//! beside the package and can be moved into it at any time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::feed::{FeedDef, Format};
use super::metric::MetricDef;
use super::property::PropertyDef;
use crate::id::{FeedId, MetricId};
use crate::text::Text;
use crate::time::TimeMs;

/// Most samples of a trial.
pub const SAMPLES_MAX: usize = 20;

/// A feed, and what of the city is not there yet for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// The feed, as a `[[feed]]` of `feeds.toml`.
    pub feed: FeedDef,
    /// What it measures that nothing else did, as `[[property]]` of `properties.toml`.
    #[serde(default, rename = "property")]
    pub properties: Vec<PropertyDef>,
    /// What is to be counted of it, as `[[metric]]` of `metrics.toml`.
    #[serde(default, rename = "metric")]
    pub metrics: Vec<MetricDef>,
    /// What the categories of its reports are called, as `[category.FEED]` of `words.toml`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub category: BTreeMap<String, Text>,
    /// The metrics that stand as tiles on the scene of what was added, in order.
    #[serde(default)]
    pub tiles: Vec<MetricId>,
}

/// A question: what would messages become, if this were added?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// What would be added; or, of a feed that is there, how it would be changed.
    pub addition: Addition,
    /// Messages, at most [`SAMPLES_MAX`].
    pub samples: Vec<Sample>,
}

/// A message to be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The topic that it came by, or would; empty for HTTP.
    #[serde(default)]
    pub topic: String,
    /// Its text.
    pub payload: String,
}

/// An order: fetch a sample of a feed that is to be fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleOrder {
    /// From where, as `url` of a feed's `poll`.
    pub url: String,
    /// What is expected there.
    pub format: Format,
    /// Headers by the names of their secrets, as in a feed's `poll`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Keys of the query by the names of their secrets, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BTreeMap<String, String>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Its text; of a list that is too long its first elements, as a list.
    pub payload: String,
    /// How long the answer was, in bytes.
    pub bytes: usize,
    /// Elements of the list that are left out.
    pub left_out: usize,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// What keeps it from being added: sentences with the place in the addition.
    pub mistakes: Vec<String>,
    /// What becomes of each sample, in order; empty with mistakes.
    pub samples: Vec<TriedSample>,
}

/// What becomes of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TriedSample {
    /// What is taken of it, as the API shows it: observations and reports.
    pub taken: Vec<serde_json::Value>,
    /// What is refused, and why.
    pub refused: Vec<crate::rejection::Rejection>,
}

/// How an addition does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddedRow {
    /// Its feed.
    pub feed: FeedId,
    /// What it says; the files' own words are [`Self::toml`].
    pub addition: Addition,
    /// The same as text for the package's files.
    pub toml: String,
    /// Why it is not in force, if it is not.
    pub fault: Option<String>,
}

/// What was added, and whether it is being made so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Register {
    /// By feed.
    pub added: Vec<AddedRow>,
    /// While the city is folded anew: how much of the journal is done, 0 to 1.
    pub folding: Option<f64>,
}

/// A topic that messages come by and no feed listens to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnheardTopic {
    /// The topic.
    pub topic: String,
    /// How many of its messages are in quarantine.
    pub n_messages: u64,
    /// When the newest came.
    pub received_at: TimeMs,
    /// Who sent it.
    pub sender: String,
    /// The newest, as text where it is text; empty if it is kept sealed.
    pub sample: String,
    /// Whether it is kept sealed: of a message without a feed nobody knows whether it names people,
    /// and some feeds of the city do.
    #[serde(default)]
    pub sealed: bool,
}
