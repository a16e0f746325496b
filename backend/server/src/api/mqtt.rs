//! `GET /mqtt`: MQTT by WebSocket, on the port of the screens, for clients that cannot open a socket or
//! may pass no other port.
//!
//! Who it is, CONNECT says, as everywhere in MQTT: the session of a browser counts for nothing here.

use std::io;
use std::net::SocketAddr;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use bytes::Bytes;
use egret_mqtt::transport::Carried;
use futures_util::{SinkExt as _, StreamExt as _, future};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::Context;
use super::problem::Problem;
use crate::limits::{MQTT_FRAME_BYTES, WS_READ_BUFFER_BYTES};

/// The subprotocol.
///
/// # Source
/// MQTT 5.0, section 6: the client must offer it, and data are binary frames whose bounds mean nothing.
const SUBPROTOCOL: &str = "mqtt";

/// `GET /mqtt`.
pub(super) async fn upgrade(
    State(context): State<Context>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Some(endpoint) = context.endpoint.get().cloned() else {
        return Err(Problem::missing("the embedded MQTT endpoint is off"));
    };
    let upgrade = upgrade.map_err(|fault| Problem::new(fault.status(), fault.body_text()))?;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(WS_READ_BUFFER_BYTES)
        .max_message_size(MQTT_FRAME_BYTES)
        .max_frame_size(MQTT_FRAME_BYTES);
    if upgrade.selected_protocol().is_none() {
        let detail = format!("offer the subprotocol \"{SUBPROTOCOL}\" (Sec-WebSocket-Protocol)");
        return Err(Problem::bad(detail));
    }
    Ok(upgrade.on_upgrade(move |socket| async move {
        endpoint.carry(carried(socket), peer).await;
    }))
}

/// The socket as bytes in both directions.
fn carried(socket: WebSocket) -> Carried {
    let (sink, stream) = socket.split();
    let bytes = stream.filter_map(|message| future::ready(bytes_of(message)));
    let frames = sink
        .sink_map_err(io::Error::other)
        .with(|bytes: Bytes| future::ready(Ok::<_, io::Error>(Message::Binary(bytes))));
    let reader = StreamReader::new(bytes);
    let writer = SinkWriter::new(CopyToBytes::new(frames));
    Carried {
        stream: Box::new(tokio::io::join(reader, writer)),
        certificate: None,
    }
}

/// The bytes of a frame; nothing for those that carry none, and an error for text, which the standard
/// has the connection closed for.
fn bytes_of(message: Result<Message, axum::Error>) -> Option<io::Result<Bytes>> {
    match message {
        Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
        Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => None,
        Ok(Message::Text(_)) => {
            let why = "MQTT is spoken in binary frames";
            Some(Err(io::Error::new(io::ErrorKind::InvalidData, why)))
        }
        Err(error) => Some(Err(io::Error::other(error))),
    }
}
