//! Refused messages with their reasons and raw bytes.

use axum::Json;
use axum::extract::State;
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::people::Outcome;
use egret_shared::rejection::Reason;
use serde::Deserialize;

use super::Context;
use super::extract::Query;
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::journal::JournalError;
use crate::limits::PAGE_ROWS_MAX;
use crate::store::{QuarantineFilter, QuarantineItem};

#[derive(Debug, Deserialize)]
pub(super) struct QuarantineQuery {
    feed: Option<FeedId>,
    reason: Option<Reason>,
    topic: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// How many rows of others a request passes over before it answers with less than a page.
const PASSED_OVER_MAX: usize = 20 * PAGE_ROWS_MAX;

/// `GET /api/v1/quarantine`: newest first, by `feed`, `reason` and `topic`. What belongs to no feed is shown
/// to those who answer for all of them.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<QuarantineQuery>,
) -> Result<Json<Page<QuarantineItem>>, Problem> {
    if !caller.has(Right::Raw) {
        return Err(Problem::forbidden());
    }
    let limit = query.page.limit()?;
    let mut filter = QuarantineFilter {
        feed: query.feed,
        reason: query.reason,
        topic: query.topic,
        ids: None,
        before: query.page.cursor()?,
        limit: PAGE_ROWS_MAX.min(2 * limit + 1),
    };
    let store = context.store.clone();
    let asking = caller.clone();
    let may = move |item: &QuarantineItem| match &item.feed {
        Some(feed) => asking.may_feed(Right::Raw, feed),
        None => asking.has_whole(Right::Raw),
    };
    let rows = tokio::task::spawn_blocking(move || {
        let mut items = Vec::new();
        let mut passed = 0;
        loop {
            let rows = store.quarantine(&filter)?;
            let is_last = rows.len() < filter.limit;
            passed += rows.len();
            filter.before = rows.last().map(|row| row.id);
            items.extend(rows.into_iter().filter(&may));
            if is_last || items.len() > limit || passed > PASSED_OVER_MAX {
                let next = filter.before.filter(|_| !is_last);
                return Ok::<_, JournalError>((items, next));
            }
        }
    });
    let (mut items, rest) = rows.await.map_err(|error| Problem::given_up(&error))??;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().map(|item| item.id).filter(|_| more);
    let next = last.or(rest).map(|id| id.to_string());
    note(&context, &caller).await?;
    Ok(Json(Page { items, next }))
}

/// Notes that somebody looks, before anything is shown, and once a minute: a page that stays open asks
/// every few seconds. Who looks at the same time writes a line, too, and does not take it for granted
/// that the other's comes to be.
async fn note(context: &Context, caller: &Caller) -> Result<(), Problem> {
    let (now, who) = (clock::now(), caller.actor().id);
    let (network, what) = (caller.visit.network(), format!("{who} quarantine.read"));
    let Some(n_before) = context.refusals.due(network, &what, now) else {
        return Ok(());
    };
    let detail = match n_before {
        0 => String::new(),
        n => format!("and {n} more looks before"),
    };
    let action = ("quarantine.read", "quarantine");
    let line = caller.line(now, action, Outcome::Done, detail);
    context.note_now(line).await?;
    context.refusals.written(network, &what, now);
    Ok(())
}
