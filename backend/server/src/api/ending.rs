//! How a request ends: in time, and what may change something at its end alone.
//!
//! A handler's future is dropped wherever it waits when whoever asked hangs up, or when it takes too
//! long. Where it only reads, that is right. Where it changes something it could be cut between what
//! is done and its line in the audit trail; so that runs on, and nobody waits for it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Waker, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::Context;
use super::problem::Problem;
use crate::limits::HTTP_TIMEOUT;

/// Routes whose bodies may be of any length, and so take any time; the listener sees to it that they
/// go on. They are taken in bit by bit, and whoever is gone sends no more of one.
const LONG: [&str; 2] = ["/api/v1/events", "/api/v1/feeds/{feed}/csv"];

/// Answers in time, and runs what may change something to its end.
pub(super) async fn in_time(
    State(context): State<Context>,
    request: Request,
    next: Next,
) -> Response {
    if is_long(&request) {
        return next.run(request).await;
    }
    let until = Instant::now() + HTTP_TIMEOUT;
    if request.method().is_safe() {
        let done = timeout_at(until, next.run(request)).await;
        return done.unwrap_or_else(|_elapsed| Problem::too_long(false).into_response());
    }
    let has_come = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| Body::new(Timed::new(body, until, Arc::clone(&has_come))));
    let running = context.tasks.spawn(next.run(request));
    match timeout_at(until, running).await {
        Ok(done) => done.unwrap_or_else(|error| Problem::given_up(&error).into_response()),
        Err(_elapsed) => Problem::too_long(has_come.load(Ordering::Relaxed)).into_response(),
    }
}

/// Whether a request is for one of [`LONG`], by its route: somebody may call a feed `csv`.
fn is_long(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    route.is_some_and(|route| LONG.contains(&route.as_str()))
}

/// The body was not there in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not come within {} s", HTTP_TIMEOUT.as_secs())]
struct TooSlow;

/// A request's body that breaks off when its time is over: a request that runs to its end must not
/// wait for somebody who does not go on.
struct Timed {
    inner: Body,
    over: Pin<Box<Sleep>>,
    /// Whether all of it is there.
    has_come: Arc<AtomicBool>,
}

impl Timed {
    fn new(inner: Body, until: Instant, has_come: Arc<AtomicBool>) -> Self {
        has_come.store(inner.is_end_stream(), Ordering::Relaxed);
        Self {
            inner,
            over: Box::pin(sleep_until(until)),
            has_come,
        }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(waker);
        match &frame {
            Poll::Pending if self.over.as_mut().poll(waker).is_ready() => {
                return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
            }
            Poll::Pending | Poll::Ready(Some(Err(_))) => {}
            Poll::Ready(None) => self.has_come.store(true, Ordering::Relaxed),
            Poll::Ready(Some(Ok(_))) => {
                let is_end = self.inner.is_end_stream();
                self.has_come.store(is_end, Ordering::Relaxed);
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware;
    use axum::routing::{post, put};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// Stands where [`in_time`] does.
    async fn tell(request: Request, _next: Next) -> String {
        is_long(&request).to_string()
    }

    #[tokio::test]
    async fn a_request_is_long_by_its_route_and_not_by_how_its_path_ends() {
        let done = || async { StatusCode::OK };
        let v1 = Router::new()
            .route("/events", post(done))
            .route("/feeds/{feed}/csv", post(done))
            .route("/register/{feed}", put(done))
            .fallback(|| async { StatusCode::NOT_FOUND });
        let told = middleware::from_fn(tell);
        let router: Router = Router::new().nest("/api/v1", v1).layer(told);
        for (path, expected) in [
            ("/api/v1/events", true),
            ("/api/v1/feeds/water.level/csv", true),
            ("/api/v1/register/csv", false),
            ("/api/v1/other/csv", false),
            ("/other/api/v1/events", false),
        ] {
            let request = axum::http::Request::builder().uri(path);
            let request = request.body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let told = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(told, expected.to_string(), "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_go_on_breaks_off_and_one_that_has_come_is_whole() {
        let until = Instant::now() + HTTP_TIMEOUT;
        let stream = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let has_come = Arc::new(AtomicBool::new(true));
        let body = Timed::new(Body::from_stream(stream), until, Arc::clone(&has_come));
        assert!(body.collect().await.is_err());
        assert_eq!(Instant::now(), until);
        assert!(!has_come.load(Ordering::Relaxed));

        let body = Timed::new(Body::from("all"), until, Arc::clone(&has_come));
        assert_eq!(body.size_hint().exact(), Some(3));
        let whole = body.collect().await.unwrap().to_bytes();
        assert_eq!(whole, "all");
        assert!(has_come.load(Ordering::Relaxed));
        let nothing = Timed::new(Body::empty(), until, Arc::clone(&has_come));
        assert!(nothing.is_end_stream() && has_come.load(Ordering::Relaxed));
    }
}
