//! Who makes a feed worse, and by what.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use egret_city::City;
use egret_shared::access::Right;
use egret_shared::feed::{ClockOffset, FeedQuality};
use egret_shared::id::FeedId;
use egret_shared::time::Span;
use serde::Deserialize;

use super::Context;
use super::extract::{Path, Query};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::limits::CLOCKS_TOLD;

#[derive(Debug, Deserialize)]
pub(super) struct QualityQuery {
    /// Over how long refused messages are counted.
    #[serde(rename = "for")]
    span: Option<Span>,
}

/// What is looked at unless the request says otherwise, and at most.
const HOUR: Span = Span(3_600_000);
const DAY: Span = Span(24 * 3_600_000);

/// `GET /api/v1/feeds/{feed}/quality?for=1h`: for whoever may see what was refused of the feed.
pub(super) async fn of_feed(
    State(context): State<Context>,
    caller: Caller,
    Path(feed): Path<FeedId>,
    Query(query): Query<QualityQuery>,
) -> Result<Json<FeedQuality>, Problem> {
    if !caller.has(Right::Raw) {
        return Err(Problem::forbidden());
    }
    let is_theirs = context.package.feed(&feed).is_some() && caller.may_feed(Right::Raw, &feed);
    if !is_theirs {
        return Err(Problem::missing(format!("no feed \"{feed}\"")));
    }
    let span = query.span.unwrap_or(HOUR);
    if span <= Span(0) || span > DAY {
        return Err(Problem::bad(format!(
            "for={span}: more than nothing, and at most {DAY}"
        )));
    }
    let to = clock::now();
    let from = to.minus(span);
    let (store, id) = (context.store.clone(), feed.clone());
    let read = tokio::task::spawn_blocking(move || store.offenders(&id, from));
    let offenders = read.await.map_err(|error| Problem::given_up(&error))??;
    let id = feed.clone();
    let of = move |city: &City| {
        let clocks = city.gateways().filter(|(of, _)| *of == id);
        let mut clocks: Vec<ClockOffset> = clocks.map(|(_, clock)| clock).collect();
        clocks.sort_by_key(|clock| Reverse(clock.ahead_ms.unsigned_abs()));
        clocks.truncate(CLOCKS_TOLD);
        let health = city.feeds().find(|health| health.feed == id);
        (clocks, health.and_then(|health| health.quality))
    };
    let (clocks, quality) = context.city.ask(of).await?;
    Ok(Json(FeedQuality {
        feed,
        quality,
        from,
        to,
        refused: offenders.refused,
        senders: offenders.senders,
        topics: offenders.topics,
        clocks,
    }))
}
