//! The one place where the suites read a clock: senders stamp what they send.

use egret_shared::time::{Span, TimeMs};

/// The time now.
#[expect(
    clippy::disallowed_methods,
    reason = "a sender has a clock of its own; the server's is not within reach"
)]
pub fn now() -> TimeMs {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the machine's clock is set");
    TimeMs(i64::try_from(since_epoch.as_millis()).expect("the year is below 292,000,000"))
}

/// The time so many seconds ago; negative for the future.
pub fn ago(seconds: i64) -> TimeMs {
    now().minus(Span(seconds * 1_000))
}
