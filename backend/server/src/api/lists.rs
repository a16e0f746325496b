//! Alerts and feeds.

use axum::Json;
use axum::extract::State;
use egret_city::City;
use egret_poll::PollState;
use egret_shared::access::Right;
use egret_shared::alert::{Alert, AlertState};
use egret_shared::feed::{FeedHealth, FeedStatus};
use egret_shared::id::{AreaCode, FeedId, IncidentId, RuleId};
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use super::Context;
use super::extract::Query;
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;

#[derive(Debug, Deserialize)]
pub(super) struct AlertQuery {
    state: Option<AlertState>,
    level: Option<Level>,
    rule: Option<RuleId>,
    area: Option<AreaCode>,
    #[serde(flatten)]
    page: PageQuery,
}

#[derive(Debug, Deserialize)]
pub(super) struct FeedQuery {
    status: Option<FeedStatus>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/alerts`: open ones and those resolved of late, by `state`, `level`, `rule`,
/// `area`.
pub(super) async fn alerts(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<AlertQuery>,
) -> Result<Json<Page<Alert>>, Problem> {
    city_list(&context, move |city: &City| {
        let fits = |alert: &Alert| {
            query.state.is_none_or(|state| alert.state == state)
                && query.level.is_none_or(|level| alert.level == level)
                && query
                    .rule
                    .as_ref()
                    .is_none_or(|rule| alert.key.rule == *rule)
                && query
                    .area
                    .as_ref()
                    .is_none_or(|area| alert.areas.contains(area))
        };
        let fitting = city.alerts().filter(|alert| fits(alert)).cloned();
        let incident_of = |id: &IncidentId| city.incident(id);
        query
            .page
            .page(fitting.filter_map(|alert| caller.sight.seen_alert(alert, &incident_of)))
    })
    .await
}

/// How a feed does, and how the fetching of it goes, if it is fetched.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FeedRow {
    #[serde(flatten)]
    health: FeedHealth,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll: Option<PollState>,
}

/// `GET /api/v1/feeds`: by `status`.
pub(super) async fn feeds(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<FeedQuery>,
) -> Result<Json<Page<FeedRow>>, Problem> {
    let mut polls = context.polls.all();
    city_list(&context, move |city: &City| {
        // Where a feed comes from is for those who may know how to send to it.
        let knows =
            |feed: &FeedId| caller.may_feed(Right::Raw, feed) || caller.may_feed(Right::Send, feed);
        let fits = |feed: &FeedHealth| query.status.is_none_or(|status| feed.status == status);
        query.page.page(
            city.feeds()
                .filter(fits)
                .filter(|feed| caller.sight.feed(&feed.feed))
                .map(|health| FeedRow {
                    poll: polls.remove(&health.feed).filter(|_| knows(&health.feed)),
                    health,
                }),
        )
    })
    .await
}

/// A list that the city has at hand.
async fn city_list<T: Send + 'static>(
    context: &Context,
    list: impl FnOnce(&City) -> Result<Page<T>, Problem> + Send + 'static,
) -> Result<Json<Page<T>>, Problem> {
    context.city.ask(list).await?.map(Json)
}
