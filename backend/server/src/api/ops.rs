//! For those who run the server: health, state and measurements.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use egret_city::City;
use egret_shared::access::Right;
use egret_shared::time::TimeMs;
use serde::Serialize;

use super::Context;
use super::problem::Problem;
use crate::auth::Caller;
use crate::telemetry::Measured;

/// Journal position and the fold's hash there.
#[derive(Debug, Serialize)]
pub(super) struct Position {
    seq: u64,
    hash: String,
    at: TimeMs,
}

/// `GET /api/v1/state`.
pub(super) async fn state(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Position>, Problem> {
    if !caller.has_whole(Right::Operate) {
        return Err(Problem::forbidden());
    }
    let of = |city: &City| Position {
        seq: city.seq(),
        hash: city.hash().to_string(),
        at: city.now(),
    };
    Ok(Json(context.city.ask(of).await?))
}

/// `GET /healthz`: the process lives.
pub(super) async fn healthy() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the journal is folded and the city answers.
pub(super) async fn ready(State(context): State<Context>) -> impl IntoResponse {
    match context.city.ask(City::seq).await {
        Ok(_) => (StatusCode::OK, "ready\n".to_owned()),
        Err(stopped) => (StatusCode::SERVICE_UNAVAILABLE, format!("{stopped}\n")),
    }
}

/// `GET /metrics`, in the text format of Prometheus.
pub(super) async fn metrics(
    State(context): State<Context>,
    caller: Caller,
) -> Result<impl IntoResponse, Problem> {
    if !caller.has_whole(Right::Operate) {
        return Err(Problem::forbidden());
    }
    let (feeds, seq, unlisted) = context
        .city
        .ask(|city| {
            let feeds = city.feeds().collect::<Vec<_>>();
            (feeds, city.seq(), city.alerts_unlisted())
        })
        .await?;
    let endpoint = context.endpoint.get();
    let measured = Measured {
        feeds,
        seq,
        unlisted,
        passwords_checked: context.access.people.passwords_checked(),
        polls: context.polls.all(),
        mqtt: endpoint.map_or_else(Vec::new, |endpoint| endpoint.counters().read()),
    };
    let text = context.telemetry.text(&measured).map_err(|error| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the metrics: {error}"),
        )
    })?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}
