//! What stewards ask for and do: feeds that are added, topics without a feed, and what becomes of
//! refused messages.

use serde::{Deserialize, Serialize};

use egret_shared::broker::BrokerStatus;
use egret_shared::feed::FeedQuality;
use egret_shared::id::FeedId;
use egret_shared::package::addition::{
    Addition, Fetched, Register, SampleOrder, Trial, Tried, UnheardTopic,
};
use egret_shared::time::{Span, TimeMs};

use super::request::{Method, encoded, json, obtain_slowly, send, send_long, send_slowly};
use super::{ApiError, Refused};

/// What was added, and whether it is being put in force.
pub(crate) async fn register() -> Result<Register, ApiError> {
    json("/api/v1/register").await
}

/// Topics that messages came by and no feed listens to.
pub(crate) async fn topics() -> Result<Vec<UnheardTopic>, ApiError> {
    json("/api/v1/register/topics").await
}

/// How the fetching of a feed goes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Polled {
    /// The host that it is fetched from.
    pub(crate) host: String,
    /// How often.
    pub(crate) every: Span,
    /// When an answer last was as it should be.
    pub(crate) fetched_at: Option<TimeMs>,
    /// When it will be asked for next.
    pub(crate) next_at: Option<TimeMs>,
    /// What is wrong.
    pub(crate) error: Option<String>,
}

/// The feeds that are fetched, and how that goes.
pub(crate) async fn polled() -> Result<Vec<(FeedId, Polled)>, ApiError> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        feed: FeedId,
        poll: Option<Polled>,
    }
    let page: Page = json("/api/v1/feeds?limit=1000").await?;
    let rows = page.items.into_iter();
    Ok(rows.filter_map(|row| Some((row.feed, row.poll?))).collect())
}

/// How the connections to existing brokers stand.
pub(crate) async fn brokers() -> Result<Vec<BrokerStatus>, ApiError> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<BrokerStatus>,
    }
    let page: Page = json("/api/v1/brokers").await?;
    Ok(page.items)
}

/// Who makes a feed worse, and by what.
pub(crate) async fn quality(feed: &FeedId) -> Result<FeedQuality, ApiError> {
    json(&format!("/api/v1/feeds/{}/quality", encoded(feed.as_str()))).await
}

/// What samples would become.
pub(crate) async fn attempt(trial: &Trial) -> Result<Tried, ApiError> {
    send(Method::Post, "/api/v1/register/try", trial).await
}

/// What a URL answers now. `fetch_forbidden`, `fetch_failed`, `fetch_settings`, `sample_unusable`, `busy`.
pub(crate) async fn fetch(order: &SampleOrder) -> Result<Fetched, ApiError> {
    send_long(Method::Post, "/api/v1/register/fetch", order).await
}

/// Adds a feed, or changes one that was added; answers once messages of it are taken. `mistakes`.
pub(crate) async fn put(addition: &Addition) -> Result<Register, ApiError> {
    let path = at(addition.feed.id.as_str());
    send_slowly(Method::Put, &path, addition).await
}

/// Lets a feed go that was added.
pub(crate) async fn remove(feed: &str) -> Result<Register, ApiError> {
    obtain_slowly(Method::Delete, &at(feed)).await
}

fn at(feed: &str) -> String {
    format!("/api/v1/register/{}", encoded(feed))
}

/// Which refused messages are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Which {
    /// By their serial numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<Vec<i64>>,
    /// Of this feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) feed: Option<String>,
    /// For this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// By this topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
}

impl Which {
    /// The filters as a query, each with `&` before it.
    fn text(&self) -> String {
        let parts = [
            ("feed", &self.feed),
            ("reason", &self.reason),
            ("topic", &self.topic),
        ];
        let set = parts.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("&{name}={}", encoded(value)))
        });
        set.collect()
    }

    /// Whether it says which, and does not mean all there are.
    pub(crate) fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// What became of messages that were read again.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Rerun {
    /// How many are taken now.
    pub(crate) accepted: usize,
    /// How many stay.
    pub(crate) refused: usize,
    /// Why the first of those stay.
    pub(crate) rejected: Vec<Stays>,
}

/// Why a message stays refused.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Stays {
    /// A sentence with the place.
    pub(crate) detail: String,
}

impl Rerun {
    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.rejected.extend(other.rejected);
        self
    }
}

/// Reads refused messages again. `busy` while somebody settles some.
pub(crate) async fn rerun(which: &Which) -> Result<Rerun, ApiError> {
    send_slowly(Method::Post, "/api/v1/quarantine/rerun", which).await
}

/// Lets refused messages go; answers how many. `busy`.
pub(crate) async fn discard(which: &Which, why: &str) -> Result<usize, ApiError> {
    #[derive(Serialize)]
    struct Form<'a> {
        why: &'a str,
        #[serde(flatten)]
        which: &'a Which,
    }
    #[derive(Deserialize)]
    struct LetGo {
        discarded: usize,
    }
    let form = Form { why, which };
    let done: LetGo = send_slowly(Method::Post, "/api/v1/quarantine/discard", &form).await?;
    Ok(done.discarded)
}

/// The newest refused messages of these, at most `limit`.
pub(crate) async fn refused(which: &Which, limit: u32) -> Result<Vec<Refused>, ApiError> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Refused>,
    }
    let filters = which.text();
    let page: Page = json(&format!("/api/v1/quarantine?limit={limit}{filters}")).await?;
    Ok(page.items)
}
