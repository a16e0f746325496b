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

/// How many identities are remembered at most; beyond, the oldest stretch goes first.
///
/// At eight bytes in tables between 5/8 and 7/8 full, 67 to 94 MB. At 85 messages a second it
/// covers the whole day.
pub const IDENTITIES_MAX: usize = 7 << 20;

/// Most identities of a stretch, which are forgotten together.
///
/// A sixteenth of all: at the bound a flood still remembers 15/16 of [`IDENTITIES_MAX`], and with a
/// stretch for each of 24 hours there are fewer stretches than tags.
pub const IDENTITY_STRETCH_MAX: usize = IDENTITIES_MAX / 16;

/// How many of the 256 tables are rid of forgotten identities at one tick.
///
/// At 0.2 ms for a full table, under a millisecond a tick, and all of them within about a minute.
pub const IDENTITY_TABLES_PER_TICK: usize = 4;

/// Most alerts that are listed: pending, firing, and resolved of late.
///
/// An alert is about 500 bytes on the wire, so a snapshot of the city stays below 3 MB. Beyond,
/// resolved ones leave first; then an open one of a lower level gives way to a higher, and waits.
pub const ALERTS_MAX: usize = 5_000;

/// Most alerts that are held: those listed, those that wait for room, and parts of others.
///
/// Every asset of a large district's with one alert, all at once; at 1.5 kB each, 30 MB.
pub const ALERTS_HELD_MAX: usize = 20_000;

/// Most hushes: silences, maintenance windows and shelves, now and to come.
///
/// Twenty for each of two dozen departments. Each alert that fires is compared with each: at 10 ns,
/// 5 us.
pub const HUSHES_MAX: usize = 500;

/// Most orders to actuators that are kept: those under way, and those that ended last.
///
/// An order with its message is about 1 kB, so 2 MB. A district that drains a storm gives some
/// hundred a day; what is older stands in the audit trail.
pub const ACTUATIONS_KEPT: usize = 2_000;

/// Most orders under way in the city.
///
/// Every pump and sign of a district at once. All are looked at each second by what sends them.
pub const ACTUATIONS_OPEN_MAX: usize = 500;

/// Most orders under way to one actuator: more is somebody who does not wait for what comes of it.
pub const ASSET_ACTUATIONS_MAX: usize = 8;

/// Most ways that are noted for an order: the embedded endpoint, and more brokers than a city has.
pub const ACTUATION_WAYS_MAX: usize = 16;

/// Orders that rules have come to and that are not in the journal yet: as many as can be under way.
pub const INTENTS_MAX: usize = ACTUATIONS_OPEN_MAX;

/// Of so many pairs of a rule and an actuator it is known when the rule last ordered; when there are
/// more, rules order nothing until some of their times are over. 20,000 of 100 bytes are 2 MB.
pub const RULED_ACTUATORS_MAX: usize = 20_000;

/// Into how many parts a rate rule cuts its window, and so how many values of a subject it keeps.
///
/// The window's ends are met to a part in 32; at 16 bytes a value, 500 bytes for each subject.
pub const RATE_SAMPLES: i64 = 32;

/// Most warnings of a rule that are remembered; beyond, the one that ends first is over.
///
/// A storm day brings a warning from each of a city's districts every hour; a day of that is 200.
pub const WARNINGS_MAX: usize = 1_000;

/// Most firing alerts of its parts that a composed rule looks at; beyond, the newest are left out.
///
/// As many as a table of parts near one another can be gone through at each turn: 1,000 times a
/// distance is 50 us.
pub const COMPOSED_PARTS_MAX: usize = 1_000;

/// Most parts whose words a composed alert repeats. More is no message.
pub const COMPOSED_TOLD_MAX: usize = 4;

/// How long a resolved alert and a cleared incident stay listed. Milliseconds.
///
/// Half an hour: an officer who looks away for a briefing still finds what happened.
pub const RESOLVED_KEPT_MS: i64 = 30 * 60_000;

/// Most incidents that are listed. Beyond, a group of alerts stays a group, and nobody can open
/// another by hand; what has cleared and what is over makes room first, what is worked never.
///
/// A city of 100 worked cases a day keeps 700 that are over for a week, and as many that are under
/// way; the rest is for the worst storm. At 2 kB with their file as they mostly are, 4 MB; with
/// every file full ([`FILE_BYTES_MAX`], [`EVIDENCE_MAX`]), 500 MB.
pub const INCIDENTS_MAX: usize = 2_000;

/// How long an incident that is over stays listed. Milliseconds.
///
/// A week: who judges, objects or reopens does so within days. Later it is in the archive.
pub const OVER_KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// Most comments, attachments, links, ticks and acknowledgements of an incident.
///
/// Four for each point of the longest plan, and a talk beside.
pub const NOTES_MAX: u32 = 300;

/// Most other acts of people to an incident, and how many more that end it or answer an objection
/// find room.
///
/// A case that goes round ten times has a hundred. What is beyond must still come to an end.
pub const ACTS_MAX: u32 = 500;
/// See [`ACTS_MAX`].
pub const ACTS_SPARE: u32 = 40;

/// Most deeds that the system writes to an incident.
///
/// Each warning and lapse follows an act of somebody; twelve shifts of forty days without one
/// would reach it.
pub const OWN_DEEDS_MAX: u32 = 120;

/// Most deeds of signals among them: one that comes and goes must not crowd out that time is over.
pub const SIGNAL_DEEDS_MAX: u32 = 60;

/// Most bytes of people's acts in an incident's file, and how many more end it.
///
/// Twenty full pages of Chinese at 6 kB, or some 600 sentences. The spare holds ten pages.
pub const FILE_BYTES_MAX: u32 = 128 << 10;
/// See [`FILE_BYTES_MAX`].
pub const FILE_BYTES_SPARE: u32 = 64 << 10;

/// Most points of a checklist; later lines of a plan are no points.
///
/// Ten times the longest plan of the demo city.
pub const CHECKLIST_MAX: usize = 64;

/// How far ahead working days are counted, days; beyond, time runs round the clock.
///
/// More than two years: a limit of 365 working days ends within 530.
pub const CALENDAR_DAYS_MAX: u64 = 800;

/// For how many months scorecards are kept, the running one included.
///
/// A year, and the month to compare with. A city of 50 departments and 20 districts has 13,000
/// cards at most: 2 MB.
pub const SCORECARD_MONTHS: i32 = 13;

/// Of how many commands it is known what became of them.
///
/// Whoever sends one again after a broken connection does so within minutes; a shift of a hundred
/// people gives some ten a minute. At 200 bytes, 800 kB.
pub const OUTCOMES_KEPT: usize = 4_096;

/// Most pieces of evidence of an incident; later alerts belong to it without being listed.
///
/// More than a reader reads; bounds an incident to about 100 kB on the wire.
///
/// Its group remembers as many that have left the list of alerts, and all that are listed.
pub const EVIDENCE_MAX: usize = 200;

/// Most reports that a cluster rule looks back on; the oldest leave first.
///
/// At 2,000 reports a day and a horizon of an hour 84 would do; a storm brings fifty times that.
pub const CLUSTER_REPORTS_MAX: usize = 4_096;

/// Most reports whose way from state to state is followed; beyond, the oldest go unmeasured.
///
/// A hotline of 2,000 requests a day with 15 days for complex ones has 30,000 open; twice that for
/// the calls beside them, and for those that never come to their end. At 250 bytes each, 16 MB.
pub const JOURNEYS_MAX: usize = 64 << 10;

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

/// How many closed windows one tick revises at least; the rest waits for the next.
///
/// At 2 us for a window of minutes, a millisecond a tick, which live data does not feel. An hour
/// of stored readings of an area with all above it and ten metrics is 3,000: revised in six seconds.
pub const REVISED_PER_TICK: usize = 500;

/// And in about how many ticks all that waits, if that is more.
///
/// A city of 60 metrics and 45 areas that has been cut off for an hour has 162,000 windows to
/// revise: 5,000 a tick at first, 10 ms, and most of it done within two minutes.
pub const REVISED_IN_TICKS: usize = 32;

/// In how many ticks every metric's slices that no live window needs have been laid down.
///
/// A minute of 3,000 cells takes 10 ms; in sixteen parts none is felt.
pub const LAID_DOWN_IN_TICKS: usize = 16;

/// So far ahead of its arrival an event time is still believed, milliseconds; beyond, the arrival
/// stands in.
///
/// The same two minutes that `validate` allows. The fold asks again, for what is in the journal is
/// there for good.
pub const AHEAD_MAX_MS: i64 = 120_000;

/// A clock that is off by more than this is shown with its feed, milliseconds.
///
/// A message's way over a cellular network takes one second, and counts as behind.
pub const CLOCK_OFF_MS: i64 = 2_000;

/// Most gateways whose clocks are known; beyond, the one heard of longest ago is forgotten.
///
/// One for each of 200 assets when there are most; at 100 bytes, 100 kB.
pub const GATEWAYS_MAX: usize = 1_024;

/// How long a gateway's clock is known after it was heard of last. Milliseconds.
///
/// The intake repeats itself every ten minutes as long as the gateway speaks.
pub const GATEWAY_KEPT_MS: i64 = 24 * 3_600_000;

/// How many weeks a baseline looks back on.
///
/// Two months: long enough for a steady median, short enough to follow the seasons. At 168 hours
/// of four bytes a week, 5 kB for each metric and area that learns.
pub const BASELINE_WEEKS: usize = 8;

/// How many weeks an hour needs before anything is called usual.
///
/// Of two values the median lies between them and says nothing about a third.
pub const BASELINE_WEEKS_LEAST: u8 = 3;

/// What share of an hour's closings must be known before the hour is learned, in per cent.
pub const BASELINE_CLOSINGS_LEAST: i64 = 50;

const _: () = {
    // Stretches: one for each hour begun, and as many as fill up; tags: 63.
    assert!(25 + IDENTITIES_MAX / IDENTITY_STRETCH_MAX < 62);
    assert!(ALERTS_MAX > INCIDENTS_MAX);
    assert!(ACTUATIONS_KEPT > ACTUATIONS_OPEN_MAX);
    assert!(ACTUATIONS_OPEN_MAX > ASSET_ACTUATIONS_MAX);
    assert!(ALERTS_HELD_MAX > ALERTS_MAX);
    assert!(COMPOSED_PARTS_MAX < ALERTS_HELD_MAX);
    assert!(SLICES_SLACK_MS > 60_000 + DEAF_AFTER_MS);
};
