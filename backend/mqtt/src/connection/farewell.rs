//! The end of a connection: say why, leave the session, keep what was under way, publish the will.

use std::time::Duration;

use bytes::BytesMut;
use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::link::Link;
use super::testament::Testament;
use super::{End, Shared, Taking, Wire};
use crate::protocol::build::code;

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
    if matches!(end, End::Clean | End::Revoked) {
        // Before anything that takes time: a crash from now on has no will to publish.
        forget_will(link);
    }
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

/// Has the client's will kept no longer.
fn forget_will(link: &Link) {
    if let (Some(number), Some(ledger)) = (link.will_kept, link.shared.hub.ledger()) {
        ledger.will(number, None);
    }
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

/// Sees to it that what was under way is kept and routed, then that the will is published. The client is
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
    // Nothing else of the connection is kept while its will waits.
    let Link {
        shared,
        client,
        seat,
        pass,
        will: Some(will),
        will_kept: kept,
        ..
    } = link
    else {
        return;
    };
    let testament = Testament {
        shared,
        client,
        from: seat.number(),
        kept,
    };
    match end {
        // At a stop what is kept is left to the next run: the client will hardly be lost by then.
        End::Clean | End::Revoked | End::Shutdown => {}
        _ => testament.execute((will, pass), &seat, left_at).await,
    }
}
