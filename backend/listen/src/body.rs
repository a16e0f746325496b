//! The bodies of a request and of its response, watched.
//!
//! A request's body is watched here and not at the socket: HTTP/2 has many on one socket, and a
//! handler that does not read must not count against the client. So the clock of a body runs only
//! while its handler waits for it, and begins again with every [`Limits::progress_bytes_min`]. An
//! average since the start would let a client that has sent 1 MiB at once pause for hours.
//!
//! Nor does a body end before all of it is there: to a handler the rest must be missing, not the whole
//! be shorter.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::counters::Counters;
use crate::limits::Limits;
use crate::pulse::Pulse;

/// A request's body came too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request's body came too slowly: less than {bytes_min} bytes in {} s; send it again, faster",
    .within.as_secs_f64()
)]
pub(crate) struct TooSlow {
    bytes_min: usize,
    within: Duration,
}

impl TooSlow {
    /// By which limits.
    pub(crate) fn by(limits: &Limits) -> Self {
        Self {
            bytes_min: limits.progress_bytes_min,
            within: limits.body_stall,
        }
    }
}

/// A request's body ended before all of it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum CutShort {
    /// So many bytes are missing of the length that its head told.
    #[error("the request's body ended {0} bytes early; send it again")]
    ByBytes(u64),
    /// All that was to come has come, or nobody knows how much that is; but not the body's end.
    #[error("the request's body was cut off before its end; send it again")]
    BeforeItsEnd,
}

/// A request's body, which ends in [`TooSlow`] when the client does not go on with it, and in
/// [`CutShort`] when it ends early.
pub(crate) struct Asked {
    inner: Incoming,
    is_h2: bool,
    is_cut: bool,
    too_slow: TooSlow,
    /// Bytes that came in this span.
    n_bytes: usize,
    /// What this span has cost before the wait that is going on.
    waited: Duration,
    /// Since when the handler waits.
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    has_stalled: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Asked {
    /// Watches `inner`, which came by HTTP/2 or not; `has_stalled` becomes true when it came too
    /// slowly.
    pub(crate) fn new(
        inner: Incoming,
        is_h2: bool,
        limits: &Limits,
        has_stalled: Arc<AtomicBool>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            inner,
            is_h2,
            is_cut: false,
            too_slow: TooSlow::by(limits),
            n_bytes: 0,
            waited: Duration::ZERO,
            waiting_since: None,
            timer: None,
            has_stalled,
            counters,
        }
    }

    /// What is missing of the body, now that hyper calls it over.
    ///
    /// By HTTP/2 a stream may be reset with no error: by a client that takes its request back, and
    /// by hyper itself when a client answers no pings. To hyper the body is then over, as one that
    /// is whole; but only of that one, all of it read, trailers too, does it say that the stream
    /// has come to its end. By HTTP/1 it does not say so of a body in chunks, and need not: there
    /// an early end is an error.
    fn cut_short(&self) -> Option<CutShort> {
        match self.inner.size_hint().lower() {
            0 if self.is_h2 && !self.inner.is_end_stream() => Some(CutShort::BeforeItsEnd),
            0 => None,
            // What is left of the length that the head told.
            n_missing => Some(CutShort::ByBytes(n_missing)),
        }
    }

    fn came(&mut self, n_bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
        }
        self.n_bytes += n_bytes;
        if self.n_bytes >= self.too_slow.bytes_min {
            self.n_bytes = 0;
            self.waited = Duration::ZERO;
        }
    }

    /// Ready once the client has been waited for long enough.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_new = self.waiting_since.is_none();
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let due = since + self.too_slow.within.saturating_sub(self.waited);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if is_new {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(cx)
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.is_cut || self.has_stalled.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.came(frame.data_ref().map_or(0, Bytes::len));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => match self.cut_short() {
                None => Poll::Ready(None),
                Some(why) => {
                    self.is_cut = true;
                    Poll::Ready(Some(Err(why.into())))
                }
            },
            Poll::Pending => {
                ready!(self.poll_over(cx));
                self.has_stalled.store(true, Ordering::Relaxed);
                self.counters.timeouts_body.increase();
                Poll::Ready(Some(Err(self.too_slow.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A request, from its head to the end of its response, in its connection's pulse.
pub(crate) struct Visit(Arc<Pulse>);

impl Visit {
    /// A request has come.
    pub(crate) fn begin(pulse: &Arc<Pulse>, is_h2: bool) -> Self {
        pulse.request_begins(is_h2);
        Self(Arc::clone(pulse))
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.request_ends(Instant::now());
    }
}

/// A response's body, which tells the pulse when it is up to the client that it goes on.
///
/// That is whenever it is not being waited for: hyper asks for the next piece once there is room for
/// it, in the socket or in the HTTP/2 stream's window.
pub(crate) struct Answer {
    inner: Body,
    is_blocked: bool,
    visit: Visit,
}

impl Answer {
    /// `inner`, as the answer to `visit`.
    pub(crate) fn new(inner: Body, visit: Visit) -> Self {
        visit.0.blocked(Instant::now());
        Self {
            inner,
            is_blocked: true,
            visit,
        }
    }

    fn unblock(&mut self) {
        if std::mem::take(&mut self.is_blocked) {
            self.visit.0.unblocked(Instant::now());
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if matches!(polled, Poll::Ready(Some(Ok(_)))) {
            if !std::mem::replace(&mut self.is_blocked, true) {
                self.visit.0.blocked(Instant::now());
            }
        } else {
            self.unblock();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.unblock();
    }
}
