//! Gateways' clocks, as their messages show them.

use axum::Json;
use axum::extract::State;
use egret_shared::feed::ClockOffset;
use egret_shared::id::FeedId;
use serde::{Deserialize, Serialize};

use super::Context;
use super::extract::Query;
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;

#[derive(Debug, Deserialize)]
pub(super) struct GatewayQuery {
    feed: Option<FeedId>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A gateway's clock, by the feed that it delivers.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Gateway {
    feed: FeedId,
    #[serde(flatten)]
    clock: ClockOffset,
}

/// `GET /api/v1/gateways`: by `feed`.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<GatewayQuery>,
) -> Result<Json<Page<Gateway>>, Problem> {
    let page = context.city.ask(move |city| {
        let wanted = |feed: &FeedId| {
            query.feed.as_ref().is_none_or(|wanted| wanted == feed) && caller.sight.feed(feed)
        };
        let gateways = city.gateways().filter(|(feed, _)| wanted(feed));
        let rows = gateways.map(|(feed, clock)| Gateway { feed, clock });
        query.page.page(rows)
    });
    page.await?.map(Json)
}
