//! Refused messages with their reasons and raw bytes.

use axum::Json;
use axum::extract::State;
use egret_shared::id::FeedId;
use egret_shared::rejection::Reason;
use serde::Deserialize;

use super::Context;
use super::extract::Query;
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Grant;
use crate::store::{QuarantineFilter, QuarantineItem};

#[derive(Debug, Deserialize)]
pub(super) struct QuarantineQuery {
    feed: Option<FeedId>,
    reason: Option<Reason>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/quarantine`: newest first, by `feed` and `reason`.
pub(super) async fn list(
    State(context): State<Context>,
    grant: Grant,
    Query(query): Query<QuarantineQuery>,
) -> Result<Json<Page<QuarantineItem>>, Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    let limit = query.page.limit()?;
    let filter = QuarantineFilter {
        feed: query.feed,
        reason: query.reason,
        before: query.page.cursor()?,
        limit: limit + 1,
    };
    let store = context.store.clone();
    let rows = tokio::task::spawn_blocking(move || store.quarantine(&filter)).await;
    let mut items = rows.map_err(|error| Problem::given_up(&error))??;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|item| item.id.to_string());
    Ok(Json(Page { items, next }))
}
