//! The one place that asks what time it is. Everything after the journal gets its time from
//! entries.

use std::time::SystemTime;

use egret_shared::time::TimeMs;

/// Now, by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> TimeMs {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    TimeMs(
        since_epoch
            .ok()
            .and_then(|span| i64::try_from(span.as_millis()).ok())
            .unwrap_or(0),
    )
}
