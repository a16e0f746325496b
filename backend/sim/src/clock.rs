//! The wall clock: the only one here. The plan never reads it.

use egret_shared::time::TimeMs;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "a simulated gateway is a sender with a clock of its own, outside the server's time"
)]
pub(crate) fn now() -> TimeMs {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since_epoch.map_or(0, |passed| passed.as_millis());
    TimeMs(i64::try_from(ms).unwrap_or(i64::MAX))
}
