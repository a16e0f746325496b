//! A client's socket, below TLS: moves bytes, tells the pulse, and holds the seat.
//!
//! It is below TLS because only there a write that a client does not take can be seen: above, the TLS
//! session takes 64 kB whether they go or not.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::hall::Seat;
use crate::pulse::Pulse;

/// A socket with its pulse and its seat. A WebSocket takes it along.
pub(crate) struct Wire {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    _seat: Seat,
}

impl Wire {
    /// `stream`, which tells `pulse` and has `seat` until it is closed.
    pub(crate) fn new(stream: TcpStream, pulse: Arc<Pulse>, seat: Seat) -> Self {
        Self {
            stream,
            pulse,
            _seat: seat,
        }
    }

    fn tell(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(n_bytes)) => self.pulse.sent(Instant::now(), n_bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.pulse.choked(Instant::now()),
        }
        written
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The kernel would keep what it has for a client that takes nothing, and go on trying.
        if self.pulse.is_hopeless()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "a stalled connection is closed the slow way");
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let n_before = buffer.filled().len();
        let read = Pin::new(&mut wire.stream).poll_read(cx, buffer);
        if buffer.filled().len() > n_before {
            wire.pulse.read(Instant::now());
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write(cx, bytes);
        wire.tell(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write_vectored(cx, slices);
        wire.tell(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
