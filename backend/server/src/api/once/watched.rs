//! A request's body that leaves a fingerprint while it is read.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use xxhash_rust::xxh3::Xxh3;

/// A body, and whoever watches it.
pub(super) struct Watched {
    inner: Body,
    seen: Arc<Mutex<Seen>>,
}

/// Knows what came of a body.
pub(super) struct Watch(Arc<Mutex<Seen>>);

struct Seen {
    print: Xxh3,
    /// Whether the body was read to its end.
    is_whole: bool,
}

impl Watched {
    /// Watches `inner`; its fingerprint goes on from `print`.
    pub(super) fn new(inner: Body, print: Xxh3) -> (Self, Watch) {
        let is_whole = inner.is_end_stream();
        let seen = Arc::new(Mutex::new(Seen { print, is_whole }));
        let watch = Watch(Arc::clone(&seen));
        (Self { inner, seen }, watch)
    }

    /// The next piece.
    pub(super) async fn frame(&mut self) -> Option<Result<(), axum::Error>> {
        let frame = BodyExt::frame(self).await?;
        Some(frame.map(|_piece| ()))
    }
}

impl Watch {
    /// The body's fingerprint, if it was read to its end.
    pub(super) fn fingerprint(&self) -> Option<u128> {
        let seen = lock(&self.0);
        seen.is_whole.then(|| seen.print.digest128())
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nothing in here can panic half-way.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let mut seen = lock(&self.seen);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(piece) = frame.data_ref() {
                    seen.print.update(piece);
                }
                seen.is_whole = self.inner.is_end_stream();
            }
            Some(Err(_broken)) => seen.is_whole = false,
            None => seen.is_whole = true,
        }
        drop(seen);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
