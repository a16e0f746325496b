//! Existing brokers that messages are taken from.

use axum::Json;
use axum::extract::State;
use egret_shared::access::Right;
use egret_shared::broker::BrokerStatus;

use super::Context;
use super::page::Page;
use super::problem::Problem;
use crate::auth::Caller;

/// `GET /api/v1/brokers`: all, in the settings' order; for whoever may read the server's measurements.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Page<BrokerStatus>>, Problem> {
    if !caller.has_whole(Right::Operate) {
        return Err(Problem::forbidden());
    }
    Ok(Json(Page {
        items: context.brokers.all(),
        next: None,
    }))
}
