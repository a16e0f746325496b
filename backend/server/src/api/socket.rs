//! `GET /ws`: the way up from HTTP to [`crate::ws`].

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::StatusCode;
use axum::response::Response;
use egret_shared::codec::Encoding;
use serde::Deserialize;

use super::Context;
use super::extract::Query;
use super::problem::Problem;
use crate::auth::Caller;
use crate::limits::{CLIENT_MESSAGE_BYTES, CLIENTS_MAX, WS_READ_BUFFER_BYTES};
use crate::ws;

#[derive(Debug, Deserialize)]
pub(super) struct SocketQuery {
    encoding: Option<String>,
}

/// `GET /ws[?encoding=json]`.
pub(super) async fn upgrade(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<SocketQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let encoding = match query.encoding.as_deref() {
        None | Some("postcard") => Encoding::Binary,
        Some("json") => Encoding::Json,
        Some(other) => {
            return Err(Problem::bad(format!(
                "encoding={other}: json and postcard are possible"
            )));
        }
    };
    let upgrade = upgrade.map_err(|fault| Problem::new(fault.status(), fault.body_text()))?;
    if context.telemetry.n_clients() >= CLIENTS_MAX {
        let detail = format!("{CLIENTS_MAX} clients are connected, which is the limit");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    }
    let upgrade = upgrade
        .read_buffer_size(WS_READ_BUFFER_BYTES)
        .max_message_size(CLIENT_MESSAGE_BYTES)
        .max_frame_size(CLIENT_MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(move |socket| ws::serve(socket, context, caller, encoding)))
}
