//! Assets: one with all its values, or the list of a feed's.

use axum::Json;
use axum::extract::State;
use egret_shared::asset::{AssetMark, AssetState};
use egret_shared::id::{AssetId, FeedId};
use serde::Deserialize;

use super::Context;
use super::extract::{Path, Query};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;

#[derive(Debug, Deserialize)]
pub(super) struct AssetQuery {
    feed: Option<FeedId>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/assets/{feed}/{asset}`.
pub(super) async fn one(
    State(context): State<Context>,
    caller: Caller,
    Path((feed, asset)): Path<(String, String)>,
) -> Result<Json<AssetState>, Problem> {
    let (feed, asset) = (FeedId::new(feed), AssetId::new(asset));
    let missing = format!("feed \"{feed}\" has no asset \"{asset}\"");
    let state = context
        .city
        .ask(move |city| city.asset(&feed, &asset))
        .await?;
    let state = state.filter(|asset| caller.sight.asset(asset));
    state.map(Json).ok_or_else(|| Problem::missing(missing))
}

/// `GET /api/v1/assets`: marks of all assets with a position, by `feed`.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<AssetQuery>,
) -> Result<Json<Page<AssetMark>>, Problem> {
    context
        .city
        .ask(move |city| {
            let fits = |mark: &AssetMark| {
                query.feed.as_ref().is_none_or(|feed| mark.feed == *feed)
                    && caller.sight.feed_at(&mark.feed, city.area_of(mark.handle))
            };
            query.page.page(city.assets().filter(fits))
        })
        .await?
        .map(Json)
}
