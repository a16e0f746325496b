//! What bounds the fold's memory and work: every number with its derivation.

/// Most assets that a city holds; one more is counted as rejected in its feed's health.
///
/// Ten times the assets of a large district's sensors and vehicles; at about 500 bytes an asset
/// with two values, 100 MB.
pub const ASSETS_MAX: usize = 200_000;

/// How long a message's identity is remembered, by city time. Milliseconds.
///
/// A day: the longest store-and-forward pause that gateways promise (DESIGN §5).
pub const IDENTITY_KEPT_MS: i64 = 24 * 3_600_000;

/// How many identities are remembered at most; beyond, the oldest go first.
///
/// 7/8 of 2^23, the most that hash tables of 8 Mi slots take before they double: 75 MB in the
/// tables and 59 MB in the hours' lists. At 85 messages a second it covers the whole day.
pub const IDENTITIES_MAX: usize = 7 << 20;

/// How many identities past their time are forgotten at one tick.
///
/// Spreads an hour's worth over the next: at 50 ns each, half a millisecond a tick, and
/// 36 million an hour, more than [`IDENTITIES_MAX`].
pub const IDENTITIES_FORGOTTEN_PER_TICK: usize = 10_000;

/// Most alerts that are listed: pending, firing, and resolved of late.
///
/// An alert is about 500 bytes on the wire, so a snapshot of the city stays below 3 MB. Beyond,
/// resolved ones leave first; then an open one of a lower level gives way to a higher.
pub const ALERTS_MAX: usize = 5_000;

/// How long a resolved alert and a cleared incident stay listed. Milliseconds.
///
/// Half an hour: an officer who looks away for a briefing still finds what happened.
pub const RESOLVED_KEPT_MS: i64 = 30 * 60_000;

/// Most incidents that are listed. Beyond, a group of alerts stays a group.
///
/// Ten times what a duty room can work at once in the worst storm.
pub const INCIDENTS_MAX: usize = 1_000;

/// Most pieces of evidence of an incident; later alerts belong to it without being listed.
///
/// More than a reader reads; bounds an incident to about 100 kB on the wire.
pub const EVIDENCE_MAX: usize = 200;

/// Most reports that a cluster rule looks back on; the oldest leave first.
///
/// At 2,000 reports a day and a horizon of an hour 84 would do; a storm brings fifty times that.
pub const CLUSTER_REPORTS_MAX: usize = 4_096;

/// A step of city time longer than this means that nobody was listening. Milliseconds.
///
/// Ticks come every second; ten lost ones are no load peak. What was silent only because nobody
/// listened is not called silent.
pub const DEAF_AFTER_MS: i64 = 10_000;

/// How many promised intervals without a word make an asset or a number stale.
///
/// Two lost messages in a row happen on a radio link, three are a fault.
pub const STALE_INTERVALS: i64 = 3;

/// Most closing times that one tick makes up for after a pause, per metric.
///
/// An hour of minutes; what is older has left the windows of every metric that is not longer.
pub const CLOSINGS_MAX: i64 = 60;

/// How much longer than window and lateness slices are kept. Milliseconds.
///
/// A closing is computed at the tick after its minute, and a revision at the tick after its
/// reading; two minutes cover both and a slow tick.
pub const SLICES_SLACK_MS: i64 = 120_000;

const _: () = {
    assert!(IDENTITIES_FORGOTTEN_PER_TICK * 3_600 > IDENTITIES_MAX);
    assert!(ALERTS_MAX > INCIDENTS_MAX);
    assert!(SLICES_SLACK_MS > 60_000 + DEAF_AFTER_MS);
};
