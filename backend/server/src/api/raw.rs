//! A message as its sender wrote it, found by an entry that came of it.

use axum::Json;
use axum::extract::State;
use egret_city::entry::{Entry, Seq};
use egret_shared::access::Right;
use egret_shared::id::{AreaCode, FeedId};
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
use crate::store::{Beside, EntriesFilter, RawItem, Store};

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
    /// What came beside the payload; nothing if it is sealed.
    #[serde(flatten)]
    beside: Beside,
    /// Whether payload and properties are kept sealed, because its feed carries personal fields.
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
            beside: item.beside,
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
    let item = found(&context, &caller, seq, &[Right::Raw]).await?;
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
    let item = found(&context, &caller, seq, &[Right::Raw, Right::Personal]).await?;
    note(&context, &caller, ("raw.open", seq), reason).await?;
    Ok(Json(Raw::from(item)))
}

/// The message of an entry over all of which the caller has `rights`: opened, if they may be shown
/// whom it tells of.
async fn found(
    context: &Context,
    caller: &Caller,
    seq: Seq,
    rights: &'static [Right],
) -> Result<RawItem, Problem> {
    let (store, caller) = (context.store.clone(), caller.clone());
    let found = tokio::task::spawn_blocking(move || {
        let item = if rights.contains(&Right::Personal) {
            store.raw_opened(seq)?
        } else {
            store.raw(seq)?
        };
        let Some(item) = item else {
            return Ok(None);
        };
        let may = |place: &Place| rights.iter().all(|right| place.may(&caller, *right));
        let places = places_of(&*store, item.entries)?;
        let is_theirs = !places.is_empty() && places.iter().all(may);
        Ok::<_, JournalError>(Some(item).filter(|_| is_theirs))
    });
    let item = found.await.map_err(|error| Problem::given_up(&error))??;
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

/// What an entry is of, and where it happened.
#[derive(PartialEq, Eq)]
struct Place {
    feed: FeedId,
    area: Option<AreaCode>,
}

impl Place {
    fn may(&self, caller: &Caller, right: Right) -> bool {
        match &self.area {
            Some(area) => caller.may_feed_at(right, &self.feed, area),
            None => caller.may_feed(right, &self.feed),
        }
    }
}

/// Of which feeds and where the entries of a message are, each once.
fn places_of(store: &dyn Store, (first, last): (Seq, Seq)) -> Result<Vec<Place>, JournalError> {
    let mut places = Vec::new();
    let filter = EntriesFilter {
        after: first.saturating_sub(1),
        observed_from: TimeMs(i64::MIN),
        observed_to: TimeMs(i64::MAX),
        // The entries of a message are committed together, live and stored ones apart.
        limit_batches: 2,
    };
    store.observed(&filter, &mut |found, entry| {
        if found > last {
            return false;
        }
        let place = match entry {
            Entry::Observation(of) => Some((&of.feed, &of.area)),
            Entry::Report(of) | Entry::Issued(of, _) => Some((&of.feed, &of.area)),
            Entry::Refused(_)
            | Entry::Tick(_)
            | Entry::Clock(_)
            | Entry::Package(_)
            | Entry::Command(_)
            | Entry::Actuation(_) => None,
        };
        let place = place.map(|(feed, area)| Place {
            feed: feed.clone(),
            area: area.clone(),
        });
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
        true
    })?;
    Ok(places)
}
