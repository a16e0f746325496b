//! The end of a connection: say why, leave the session, keep what was under way, publish the will.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use smol_str::SmolStr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::handshake::may_will;
use super::link::Link;
use super::{End, Shared, Taking, Wire};
use crate::gate::{Pass, has_ended};
use crate::hub::Message;
use crate::hub::session::{Fate, Seat};
use crate::protocol::build::code;
use crate::protocol::words::{Will, beside};
use crate::taker::{Arrival, Outcome};

/// How long a client may take to read our last words.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// What is read and dropped after our last words: closing a socket with unread input resets it, and
/// a reset can overtake the words.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Tells the client why its connection ends, and closes it.
pub(super) async fn close<R, W>(wire: &mut Wire<R, W>, link: &mut Link, end: End)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let reason = match end {
        // There is nobody to tell, it has been told, or it knows.
        End::Clean | End::WithWill | End::Lost | End::Stalled | End::Violation(_) => None,
        End::TakenOver => Some(DisconnectReasonCode::SessionTakenOver),
        End::Revoked => Some(DisconnectReasonCode::NotAuthorized),
        End::Overrun => Some(DisconnectReasonCode::QuotaExceeded),
        // In either case no whole packet has come for too long, and there is no nearer word.
        End::Silent | End::Overdue => Some(DisconnectReasonCode::KeepAliveTimeout),
        End::Unkept | End::Shutdown => Some(DisconnectReasonCode::ServerShuttingDown),
    };
    if end == End::Revoked {
        // Before the last words, which take their time: nothing more is to gather for this client.
        link.shared.hub.discard(&link.seat);
    }
    if let Some(reason) = reason {
        link.protocol.disconnect(reason, &mut link.out);
    }
    if !matches!(end, End::Lost | End::Stalled) {
        // What is not kept in time is not promised.
        let let_go = tokio::time::timeout(LAST_WORDS_MAX, link.holds.all_let_go()).await;
        if !matches!(let_go, Ok(Ok(()))) {
            link.out.truncate(link.holds.n_free(link.out.len()));
        }
        flush(wire, &mut link.out, &link.shared).await;
    }
    link.shared.hub.detach(&link.seat);
}

/// Writes what is left and closes our side, then waits briefly for the client to close its own.
pub(super) async fn flush<R, W>(wire: &mut Wire<R, W>, out: &mut BytesMut, shared: &Shared)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let n_bytes = out.len();
    let last_words = async {
        wire.writer.write_all_buf(out).await?;
        wire.writer.shutdown().await?;
        shared.counters.bytes_out.add(n_bytes);
        let mut dropped = 0;
        while dropped < LINGER_BYTES_MAX {
            wire.input.clear();
            wire.input.reserve(wire.read_bytes);
            match wire.reader.read_buf(&mut wire.input).await? {
                0 => break,
                n_bytes => dropped += n_bytes,
            }
        }
        std::io::Result::Ok(())
    };
    match tokio::time::timeout(LAST_WORDS_MAX, last_words).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "last words not read"),
        Err(_) => tracing::debug!("last words not read in time"),
    }
}

/// Sees to it that what was under way is kept and routed, then publishes the will. The client is
/// gone: nothing of this is acknowledged.
pub(super) async fn settle(mut link: Link, end: End, taking: Option<Taking<'_>>) {
    let left_at = Instant::now();
    if let Some(Taking { future, gathered }) = taking
        && let Ok(receipt) = future.await
    {
        link.pending.push(gathered.batch(Some(receipt)));
    }
    while !link.pending.is_empty() {
        let Ok(settled) = link.pending.settled().await else {
            break;
        };
        for settled in settled {
            if let (code::SUCCESS, Some(message)) = (settled.reason, &settled.slot.message) {
                link.shared.hub.route(message);
            }
        }
    }
    if matches!(end, End::Clean | End::Shutdown | End::Revoked) {
        return;
    }
    // Nothing else of the connection is kept while its will waits.
    let Link {
        shared,
        client,
        seat,
        pass,
        will: Some(will),
        ..
    } = link
    else {
        return;
    };
    let testament = Testament {
        shared,
        client,
        seat,
        pass,
    };
    if testament.is_due(&will, left_at).await {
        testament.publish(will).await;
    }
}

/// What is left of a connection until its will is published.
struct Testament {
    shared: Arc<Shared>,
    client: SmolStr,
    seat: Seat,
    pass: Arc<dyn Pass>,
}

impl Testament {
    /// Waits for the will's delay to pass, or for the session to end before. False if the client comes
    /// back first. A stop of the server does not wait: nobody would know of the will after it.
    ///
    /// # Source
    /// MQTT 5.0 section 3.1.3.2.2.
    async fn is_due(&self, will: &Will, left_at: Instant) -> bool {
        if will.delay.is_zero() {
            return true;
        }
        match self.seat.fate() {
            Fate::Resumed => false,
            Fate::Ended => true,
            Fate::Open { until, resumed } => {
                let due_at = until.min(left_at + will.delay);
                tokio::select! {
                    resumed = resumed => resumed.is_err(),
                    () = tokio::time::sleep_until(due_at) => true,
                    () = self.shared.shutdown.cancelled() => true,
                }
            }
        }
    }

    /// Publishes a will as if its client had, with the same keeping before routing, if its client still
    /// may: it was asked for at CONNECT, which can be long ago.
    async fn publish(self, will: Will) {
        let Self {
            shared,
            client,
            seat,
            pass,
        } = self;
        if has_ended(&*pass) || !may_will(&will, &*pass) {
            shared.counters.publishes_denied.add(1);
            tracing::warn!(%client, topic = %will.topic, "will refused: not authorized");
            return;
        }
        let arrival = Arrival {
            topic: will.topic.clone(),
            payload_bytes: will.payload.len(),
            payload: will.payload.clone(),
            client: client.clone(),
            beside: beside(&will.properties),
        };
        let Ok(receipt) = shared.taker.take(vec![arrival]).await else {
            tracing::error!(%client, "will lost: the server is shutting down");
            return;
        };
        match receipt.await.as_deref() {
            Ok([Outcome::Kept]) => {
                shared.counters.wills_published.add(1);
                shared.hub.route(&Arc::new(Message {
                    topic: will.topic,
                    payload: will.payload,
                    qos: will.qos,
                    is_retained: will.is_retained,
                    properties: will.properties,
                    from: seat.number(),
                    expires_at: will.expiry.map(|expiry| Instant::now() + expiry),
                    label: None,
                    number: OnceLock::new(),
                }));
            }
            Ok(outcome) => tracing::warn!(%client, ?outcome, "will refused"),
            Err(_) => tracing::error!(%client, "will lost: it was not kept"),
        }
    }
}
