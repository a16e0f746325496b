//! The audit trail: searched, verified, exported. Who looks is a line of it.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use egret_people::AuditFilter;
use egret_shared::access::Right;
use egret_shared::people::{AuditRow, Outcome, Verified};
use egret_shared::time::TimeMs;
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::blocking;
use crate::api::Context;
use crate::api::extract::Query;
use crate::api::page::{Page, PageQuery};
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;

/// Lines that may wait for a client of an export to take them.
const EXPORT_AHEAD: usize = 256;

#[derive(Debug, Deserialize)]
pub(in crate::api) struct AuditQuery {
    q: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    outcome: Option<Outcome>,
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    #[serde(flatten)]
    page: PageQuery,
}

#[derive(Debug, Deserialize)]
pub(in crate::api) struct ExportQuery {
    from: Option<TimeMs>,
    to: Option<TimeMs>,
}

/// `GET /api/v1/audit`: newest first.
pub(in crate::api) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditRow>>, Problem> {
    read(&context, &caller, "audit.read").await?;
    let limit = query.page.limit()?;
    let filter = AuditFilter {
        q: query.q,
        actor: query.actor,
        action: query.action,
        outcome: query.outcome,
        from: query.from,
        to: query.to,
        before: query.page.cursor()?.and_then(|seq| seq.try_into().ok()),
        limit: limit + 1,
    };
    let people = context.access.people.clone();
    let mut items = blocking(move || Ok(people.audit(&filter)?)).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|row| row.seq.to_string());
    Ok(Json(Page { items, next }))
}

/// `GET /api/v1/audit/verify`.
pub(in crate::api) async fn verify(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Verified>, Problem> {
    read(&context, &caller, "audit.verify").await?;
    let people = context.access.people.clone();
    let verified = blocking(move || Ok(people.verify(None)?)).await?;
    Ok(Json(verified))
}

/// `GET /api/v1/audit/export[?from&to]`: NDJSON, oldest first.
pub(in crate::api) async fn export(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    read(&context, &caller, "audit.export").await?;
    let (lines, taken) = mpsc::channel::<Bytes>(EXPORT_AHEAD);
    let people = context.access.people.clone();
    tokio::task::spawn_blocking(move || {
        let told = people.audit_each(query.from, query.to, |row| {
            let Ok(mut line) = serde_json::to_vec(&row) else {
                return true;
            };
            line.push(b'\n');
            // A client that has gone ends it.
            lines.blocking_send(line.into()).is_ok()
        });
        if let Err(error) = told {
            tracing::error!(%error, "an export of the audit trail ended early");
        }
    });
    let stream = futures_util::stream::unfold(taken, |mut taken| async move {
        let line = taken.recv().await?;
        Some((Ok::<_, Infallible>(line), taken))
    });
    // What compresses an answer may ask once more after the end.
    let stream = stream.fuse();
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"egret-audit.ndjson\"",
        ),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Lets those read who may, and notes it.
async fn read(context: &Context, caller: &Caller, action: &str) -> Result<(), Problem> {
    if !caller.has_whole(Right::Audit) {
        return Err(Problem::forbidden());
    }
    let line = caller.line(clock::now(), (action, "audit"), Outcome::Done, "");
    context.note_now(line).await
}
