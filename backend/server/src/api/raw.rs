//! A message as its sender wrote it, found by an entry that came of it.

use axum::Json;
use axum::extract::State;
use egret_city::entry::Seq;
use egret_shared::time::TimeMs;
use serde::Serialize;

use super::Context;
use super::extract::Path;
use super::problem::Problem;
use crate::auth::Grant;
use crate::store::RawItem;

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
            entries: (first..=last).collect(),
        }
    }
}

/// `GET /api/v1/raw/{seq}`.
pub(super) async fn one(
    State(context): State<Context>,
    grant: Grant,
    Path(seq): Path<Seq>,
) -> Result<Json<Raw>, Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    let store = context.store.clone();
    let item = tokio::task::spawn_blocking(move || store.raw(seq)).await;
    let item = item.map_err(|error| Problem::given_up(&error))??;
    item.map(|item| Json(Raw::from(item))).ok_or_else(|| {
        Problem::missing(format!(
            "no message is kept for entry {seq}: it came of none, or the message has been let go"
        ))
    })
}
