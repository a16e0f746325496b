//! One client from CONNECT to its end: a single task that reads, hands on, acknowledges and delivers.
//!
//! Everything that is under way is pipelined: while a batch waits for its commit the next is read,
//! bounded by the receive maximum and by bytes. While the taker has no room, nothing is read, which
//! is the client's back-pressure; acknowledgements and deliveries go on. [`link::Link`] holds the
//! state and decides, without I/O; this file moves bytes and waits.

mod alarm;
mod farewell;
mod handshake;
mod holds;
mod link;
mod outgoing;
mod rate;
mod testament;

use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, BufMut, BytesMut};
use futures_util::future::BoxFuture;
use mqtt_protocol_core::mqtt::result_code::DisconnectReasonCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use crate::counters::Counters;
use crate::gate::Gate;
use crate::hub::Hub;
use crate::limits::{Limits, READ_BYTES_MAX, READ_BYTES_MIN};
use crate::lobby::{Lobby, Waiting};
use crate::taker::{Closed, Receipt, Taker};
use crate::transport::From;
use alarm::{Alarm, Rang};
use link::{Gathered, Link};
pub(crate) use testament::wait_for_wills;

/// What every connection of the endpoint uses.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) taker: Arc<dyn Taker>,
    pub(crate) hub: Hub,
    pub(crate) lobby: Arc<Lobby>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shutdown: CancellationToken,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client said so, and its will is not to be published.
    Clean,
    /// The client said so, and asks for its will.
    WithWill,
    /// The network did.
    Lost,
    /// The client broke the protocol; it has been told as far as its version can say.
    Violation(DisconnectReasonCode),
    /// The client's identifier connected again.
    TakenOver,
    /// The client did not keep up with its QoS 1 subscriptions.
    Overrun,
    /// The client's pass was revoked.
    Revoked,
    /// The client was silent for too long.
    Silent,
    /// The client did not complete a packet that it began.
    Overdue,
    /// The client reads nothing of what is sent.
    Stalled,
    /// The taker will never keep what it took: the client is to send it again.
    Unkept,
    /// The server stops.
    Shutdown,
}

/// The bytes of one connection.
struct Wire<R, W> {
    reader: R,
    writer: W,
    input: BytesMut,
    /// How much is read at once; follows the client's rate.
    read_bytes: usize,
    /// Whether everything written has left the transport, which may hold on to it: a socket does not,
    /// TLS and a WebSocket do.
    is_flushed: bool,
}

/// A batch that the taker has not taken yet.
struct Taking<'a> {
    future: BoxFuture<'a, Result<Receipt, Closed>>,
    gathered: Gathered,
}

/// Runs a client's connection to its end.
pub(crate) async fn run<R, W>(
    reader: R,
    writer: W,
    from: From,
    waiting: Waiting,
    shared: Arc<Shared>,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut wire = Wire {
        reader,
        writer,
        input: BytesMut::new(),
        read_bytes: READ_BYTES_MIN,
        is_flushed: true,
    };
    if let Some(mut link) = handshake::handshake(&mut wire, from, waiting, &shared).await {
        let taker = Arc::clone(&shared.taker);
        let (end, taking) = serve(&mut wire, &mut link, &*taker).await;
        tracing::debug!(client = %link.client, ?end, "connection ends");
        farewell::close(&mut wire, &mut link, end).await;
        drop(wire);
        drop(link.place.take());
        shared.counters.connections_open.decrease();
        farewell::settle(link, end, taking).await;
    } else {
        shared.counters.connections_open.decrease();
    }
}

/// Serves an admitted client until its end, which may leave a batch behind that is not taken yet.
async fn serve<'a, R, W>(
    wire: &mut Wire<R, W>,
    link: &mut Link,
    taker: &'a dyn Taker,
) -> (End, Option<Taking<'a>>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut taking: Option<Taking<'a>> = None;
    let mut alarm = Alarm::new(link.keep_alive, &link.shared.limits);
    let mut revoked = link.pass.ended();
    let timer = tokio::time::sleep_until(alarm.next_at());
    tokio::pin!(timer);
    loop {
        if taking.is_none() && !alarm.is_stopping() {
            taking = link
                .gather(&mut wire.input)
                .map(|(arrivals, gathered)| Taking {
                    future: taker.take(arrivals),
                    gathered,
                });
        }
        link.deliver();
        if link.end.is_none() && alarm.is_stopping() && taking.is_none() && link.is_settled() {
            link.end = Some(End::Shutdown);
        }
        if let Some(end) = link.end {
            return (end, taking);
        }
        tokio::select! {
            // First of all, however much there is to do otherwise.
            biased;
            () = &mut revoked => {
                link.shared.counters.revocations.add(1);
                link.end = Some(End::Revoked);
            }
            () = turn(wire, link, &mut taking, &mut alarm, timer.as_mut()) => {}
        }
    }
}

/// Waits for the next thing that happens to a client, and notes it. Loses nothing if it is dropped
/// early.
async fn turn<R, W>(
    wire: &mut Wire<R, W>,
    link: &mut Link,
    taking: &mut Option<Taking<'_>>,
    alarm: &mut Alarm,
    mut timer: Pin<&mut Sleep>,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let shared = Arc::clone(&link.shared);
    let wake = Arc::clone(&link.seat.wake);
    let waits_until = link.rate.waits_until();
    let may_read =
        taking.is_none() && link.may_read() && waits_until.is_none() && !alarm.is_stopping();
    let read_bytes = link.rate.read_bytes_max(wire.read_bytes);
    alarm.awaits(may_read.then(|| link.half(&wire.input)).flatten());
    let n_writable = link.writable();
    let awaits_commit = link.awaits_commit();
    tokio::select! {
        pushed = push(&mut wire.writer, link.out.get(..n_writable).unwrap_or_default()),
            if n_writable > 0 || !wire.is_flushed =>
        {
            match pushed {
                Ok(Pushed::Written(n_bytes)) if n_bytes > 0 => {
                    link.out.advance(n_bytes);
                    link.holds.wrote(n_bytes);
                    shared.counters.bytes_out.add(n_bytes);
                    wire.is_flushed = false;
                    alarm.wrote();
                    shed(&mut link.out, READ_BYTES_MIN);
                }
                Ok(Pushed::Flushed) => wire.is_flushed = true,
                // It may have said goodbye before, with messages before that: they are read on.
                Ok(Pushed::Written(_)) | Err(_) => {
                    wire.is_flushed = true;
                    link.lose_hearing();
                }
            }
        }
        () = link.holds.committed(), if awaits_commit => {}
        taken = taken(taking) => link.taken(taken, taking),
        settled = link.pending.settled(), if !link.pending.is_empty() => link.settle(settled),
        read = read(&mut wire.reader, &mut wire.input, read_bytes), if may_read => {
            match read {
                Ok(n_bytes) if n_bytes > 0 => {
                    shared.counters.bytes_in.add(n_bytes);
                    link.rate.read(n_bytes);
                    alarm.heard();
                    wire.adapt(n_bytes);
                }
                Ok(_) | Err(_) => link.end = Some(End::Lost),
            }
        }
        () = wake.notified() => link.check_seat(),
        // Its silence counts from here: what it has said meanwhile is yet to be read.
        () = until(waits_until) => alarm.heard(),
        () = shared.shutdown.cancelled(), if !alarm.is_stopping() => {
            alarm.stop(shared.limits.drain_max);
            timer.as_mut().reset(alarm.next_at());
        }
        () = timer.as_mut() => {
            match alarm.ring(may_read, n_writable > 0) {
                Rang::Silent => {
                    shared.counters.keep_alive_timeouts.add(1);
                    link.end = Some(End::Silent);
                }
                Rang::Overdue => {
                    shared.counters.packets_overdue.add(1);
                    link.end = Some(End::Overdue);
                }
                Rang::Stalled => link.end = Some(End::Stalled),
                Rang::Stopped => link.end = Some(End::Shutdown),
                Rang::Nothing => {}
            }
            timer.as_mut().reset(alarm.next_at());
        }
    }
}

/// A step towards everything being with the client.
enum Pushed {
    /// So many bytes were written.
    Written(usize),
    /// Everything written has left.
    Flushed,
}

/// Writes some of what may be written, or, if nothing may, has what was leave. Loses nothing if it is
/// dropped early.
async fn push<W: AsyncWrite + Unpin>(writer: &mut W, out: &[u8]) -> std::io::Result<Pushed> {
    if out.is_empty() {
        writer.flush().await?;
        return Ok(Pushed::Flushed);
    }
    writer.write(out).await.map(Pushed::Written)
}

/// Waits for the taker to take the batch, if there is one.
async fn taken(taking: &mut Option<Taking<'_>>) -> Result<Receipt, Closed> {
    match taking {
        Some(taking) => taking.future.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment, if there is one.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Reads what has come, at most `bytes_max`.
async fn read<R: AsyncRead + Unpin>(
    reader: &mut R,
    input: &mut BytesMut,
    bytes_max: usize,
) -> std::io::Result<usize> {
    shed(input, bytes_max);
    input.reserve(bytes_max);
    reader.read_buf(&mut input.limit(bytes_max)).await
}

/// Gives an empty buffer's memory back if it has grown far beyond what it is used for.
fn shed(buffer: &mut BytesMut, usual_bytes: usize) {
    if buffer.is_empty() && buffer.capacity() > 8 * usual_bytes {
        *buffer = BytesMut::new();
    }
}

impl<R, W> Wire<R, W> {
    /// Follows the client's rate: reads grow while they are filled, and shrink when they are not, so
    /// that quiet connections cost little memory.
    fn adapt(&mut self, n_read: usize) {
        if n_read == self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        } else if n_read < self.read_bytes / 8 {
            self.read_bytes = (self.read_bytes / 2).max(READ_BYTES_MIN);
        }
    }
}

#[cfg(test)]
mod tests;
