//! A message as its sender wrote it, found by an entry that came of it.

use axum::Json;
use axum::extract::State;
use egret_city::entry::{Entry, Seq};
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::people::{Outcome, Reason};
use egret_shared::time::TimeMs;
use serde::Serialize;

use super::Context;
use super::extract::{JsonBody, Path};
use super::personal::reason;
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::journal::JournalError;
use crate::store::{EntriesFilter, RawItem, Store};

/// A message.
#[derive(Debug, Serialize)]
pub(super) struct Raw {
    seq: Seq,
    received_at: TimeMs,
    sender: String,
    topic: String,
    /// How long the payload was.
    bytes: u64,
    /// The payload; absent if it is sealed, or no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Whether the payload is kept sealed, because its feed carries personal fields.
    sealed: bool,
    /// Whether somebody in it has been erased, so that nobody can open it any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    /// Every entry that came of the message.
    entries: Vec<Seq>,
}

impl From<RawItem> for Raw {
    fn from(item: RawItem) -> Self {
        let (first, last) = item.entries;
        let text = (!item.sealed).then(|| String::from_utf8(item.payload).ok());
        Self {
            seq: item.seq,
            received_at: item.received_at,
            sender: item.sender,
            topic: item.topic,
            bytes: item.bytes,
            text: text.flatten(),
            sealed: item.sealed,
            erased: item.erased,
            entries: (first..=last).collect(),
        }
    }
}

/// `GET /api/v1/raw/{seq}`. Every look is noted: a message may tell more than what became of it.
pub(super) async fn one(
    State(context): State<Context>,
    caller: Caller,
    Path(seq): Path<Seq>,
) -> Result<Json<Raw>, Problem> {
    let may = |feed: &FeedId| caller.may_feed(Right::Raw, feed);
    let item = found(&context, seq, Opened::No, may).await?;
    note(&context, &caller, ("raw.read", seq), "").await?;
    Ok(Json(Raw::from(item)))
}

/// `POST /api/v1/raw/{seq}` with a reason: also one that is kept sealed, because it tells of a
/// person.
pub(super) async fn opened(
    State(context): State<Context>,
    caller: Caller,
    Path(seq): Path<Seq>,
    JsonBody(why): JsonBody<Reason>,
) -> Result<Json<Raw>, Problem> {
    let reason = reason(&why.reason)?;
    let may =
        |feed: &FeedId| caller.may_feed(Right::Raw, feed) && caller.may_feed(Right::Personal, feed);
    let item = found(&context, seq, Opened::Yes, may).await?;
    note(&context, &caller, ("raw.open", seq), reason).await?;
    Ok(Json(Raw::from(item)))
}

/// Whether a sealed payload is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    Yes,
    No,
}

async fn found(
    context: &Context,
    seq: Seq,
    opened: Opened,
    may: impl Fn(&FeedId) -> bool,
) -> Result<RawItem, Problem> {
    let store = context.store.clone();
    let found = tokio::task::spawn_blocking(move || {
        let item = match opened {
            Opened::Yes => store.raw_opened(seq)?,
            Opened::No => store.raw(seq)?,
        };
        Ok::<_, JournalError>((feed_of(&*store, seq)?, item))
    });
    let (feed, item) = found.await.map_err(|error| Problem::given_up(&error))??;
    let item = item.filter(|_| feed.as_ref().is_some_and(may));
    item.ok_or_else(|| {
        Problem::missing(format!(
            "no message is kept for entry {seq}: it came of none, or the message has been let go"
        ))
    })
}

async fn note(
    context: &Context,
    caller: &Caller,
    (action, seq): (&str, Seq),
    detail: &str,
) -> Result<(), Problem> {
    let target = format!("entry {seq}");
    let line = caller.line(clock::now(), (action, &target), Outcome::Done, detail);
    context.note_now(line).await
}

/// The feed by which an entry came; `None` if it is no message's, or of no entry.
fn feed_of(store: &dyn Store, seq: Seq) -> Result<Option<FeedId>, JournalError> {
    let mut feed = None;
    let filter = EntriesFilter {
        after: seq.saturating_sub(1),
        observed_from: TimeMs(i64::MIN),
        observed_to: TimeMs(i64::MAX),
        limit_batches: 1,
    };
    store.observed(&filter, &mut |found, entry| {
        if found == seq {
            feed = match entry {
                Entry::Observation(observation) => Some(observation.feed.clone()),
                Entry::Report(report) => Some(report.feed.clone()),
                Entry::Refused(_) | Entry::Tick(_) | Entry::Clock(_) | Entry::Package(_) => None,
            };
        }
        found < seq
    })?;
    Ok(feed)
}
