//! How notifications do. Recipients' addresses are personal, and are shown to admins alone.

use axum::Json;
use axum::extract::State;
use egret_notify::status::{DeliveryRow, DeliveryState, Filter, Status};
use egret_notify::{NotifyError, Outbox};
use serde::Deserialize;

use super::administer;
use crate::api::Context;
use crate::api::extract::Query;
use crate::api::page::{Page, PageQuery};
use crate::api::problem::Problem;
use crate::auth::Caller;

/// Most deliveries of a page.
const ROWS_MAX: usize = 200;

#[derive(Debug, Deserialize)]
pub(in crate::api) struct DeliveryQuery {
    channel: Option<String>,
    state: Option<DeliveryState>,
    #[serde(flatten)]
    page: PageQuery,
}

/// `GET /api/v1/admin/notifications`: every channel. Without any, an empty list.
pub(in crate::api) async fn status(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Status>, Problem> {
    administer(&caller)?;
    let Some(outbox) = context.outbox else {
        return Ok(Json(Status::default()));
    };
    read(outbox, Outbox::status).await.map(Json)
}

/// `GET /api/v1/admin/notifications/deliveries`: by `channel` and `state`, newest first.
pub(in crate::api) async fn deliveries(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<Page<DeliveryRow>>, Problem> {
    administer(&caller)?;
    let limit = query.page.limit_up_to(ROWS_MAX)?;
    let filter = Filter {
        channel: query.channel,
        state: query.state,
        before: query.page.cursor()?,
    };
    let Some(outbox) = context.outbox else {
        return Ok(Json(Page {
            items: Vec::new(),
            next: None,
        }));
    };
    let items = read(outbox, move |outbox| outbox.recent(&filter, limit)).await?;
    let last = items.last().filter(|_| items.len() == limit);
    let next = last.map(|row| row.id.to_string());
    Ok(Json(Page { items, next }))
}

async fn read<T: Send + 'static>(
    outbox: Outbox,
    read: impl FnOnce(&Outbox) -> Result<T, NotifyError> + Send + 'static,
) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(move || read(&outbox)).await;
    read.map_err(|error| Problem::given_up(&error))?
        .map_err(|error| {
            tracing::error!(%error, "the outbox could not be read");
            Problem::new(
                axum::http::StatusCode::INTERNAL_SERVER_ERROR,
                "the outbox cannot be read; see the log",
            )
        })
}
