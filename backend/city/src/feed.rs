//! A feed's health: counters as messages come, its status and quality as time passes, and who of
//! its assets was heard when.

mod hour;
mod pace;

use std::collections::BTreeMap;

use egret_shared::feed::{ClockOffset, FeedHealth, FeedStatus, Interval, Quality};
use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::bits::Bits;
use crate::limits::STALE_INTERVALS;
use crate::plan::{Area, FeedPlan, Plan};
use hour::Hour;
pub(crate) use hour::MINUTES as HOUR_MINUTES;
use pace::Pace;

const MINUTE_MS: i64 = 60_000;

/// Id under which messages are counted that belong to no feed.
pub const UNKNOWN_FEED: &str = "unknown";

/// A feed as it stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FeedState {
    pub(crate) status: FeedStatus,
    accepted: u64,
    duplicate: u64,
    late: u64,
    suspect: u64,
    rejected: BTreeMap<SmolStr, u64>,
    /// Accepted and refused in the running minute, and in the whole one before.
    running: [u32; 2],
    whole: [u32; 2],
    hour: Hour,
    /// Of the last hour's whole minutes.
    quality: Option<Quality>,
    /// Time between two messages of an asset, in the middle of those that have learned theirs.
    learned_ms: Option<i64>,
    /// The gateway whose clock is furthest off.
    pub(crate) clock: Option<ClockOffset>,
    /// Newest event time; a clock that runs ahead counts as the time of arrival.
    observed_ms: Option<i64>,
    received_ms: Option<i64>,
    /// When anything came, also what was refused or had come before.
    spoke_ms: Option<i64>,
    /// Handles of its assets, by their index within the feed.
    pub(crate) members: Vec<u32>,
    /// When each was heard last: city time, or when listening to it began.
    pub(crate) heard_ms: Vec<i64>,
    /// How often each speaks.
    paces: Vec<Pace>,
    /// How much of the running minute had passed when each asset new in it came, summed up.
    missed_ms: i64,
    /// Those silent for longer than promised.
    pub(crate) stale: Bits,
    n_stale: u32,
    /// How many of its assets each area holds.
    known: Vec<u32>,
}

impl FeedState {
    pub(crate) fn new(n_areas: usize) -> Self {
        Self {
            known: vec![0; n_areas],
            ..Self::default()
        }
    }

    /// Whether a count of nothing is a true zero.
    pub(crate) fn is_live(&self) -> bool {
        self.accepted > 0 || !self.members.is_empty()
    }

    /// Whether anything was ever taken in.
    pub(crate) fn has_reported(&self) -> bool {
        self.accepted > 0
    }

    /// Counts a message that was taken in.
    pub(crate) fn accept(&mut self, observed_ms: i64, received_ms: i64, on_time: bool) {
        self.accepted += 1;
        self.hour.count(on_time);
        let [accepted, _] = &mut self.running;
        *accepted = accepted.saturating_add(1);
        let observed_ms = observed_ms.min(received_ms);
        self.observed_ms = self.observed_ms.max(Some(observed_ms));
        self.received_ms = self.received_ms.max(Some(received_ms));
        self.speak(received_ms);
    }

    fn speak(&mut self, now_ms: i64) {
        self.spoke_ms = self.spoke_ms.max(Some(now_ms));
    }

    pub(crate) fn count_duplicate(&mut self, now_ms: i64) {
        self.duplicate += 1;
        self.speak(now_ms);
    }

    pub(crate) fn count_late(&mut self) {
        self.late += 1;
    }

    pub(crate) fn count_suspect(&mut self) {
        self.suspect += 1;
        self.hour.count_suspect();
    }

    /// Notes when an asset spoke, for its pace.
    pub(crate) fn keep_pace(&mut self, plan: &FeedPlan, index: u32, at_ms: i64, on_time: bool) {
        let promised_ms = plan.def.expect_every.map(Span::ms);
        let pace = self.paces.get_mut(index as usize);
        if pace.is_some_and(|pace| pace.take(at_ms, on_time, promised_ms)) {
            self.hour.count_kept((!on_time).then_some(at_ms));
        }
    }

    /// Counts a message that was refused.
    pub(crate) fn refuse(&mut self, stage: &str, reason: &str, now_ms: i64) {
        self.speak(now_ms);
        self.count_rejected(stage, reason);
        self.hour.count_refused();
        let [_, refused] = &mut self.running;
        *refused = refused.saturating_add(1);
    }

    /// Counts what was refused and is no message of the feed's: it tells nothing of how it delivers.
    pub(crate) fn count_rejected(&mut self, stage: &str, reason: &str) {
        let counter = SmolStr::from_iter([stage, "/", reason]);
        *self.rejected.entry(counter).or_default() += 1;
    }

    /// Takes one more asset in, heard at `heard_ms`; its index within the feed.
    pub(crate) fn admit(&mut self, handle: u32, heard_ms: i64) -> u32 {
        let index = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.members.push(handle);
        self.heard_ms.push(heard_ms);
        self.paces.push(Pace::default());
        self.missed_ms += heard_ms.rem_euclid(MINUTE_MS);
        index
    }

    /// Notes that an asset was heard; whether it was stale before.
    pub(crate) fn hear(&mut self, index: u32, at_ms: i64) -> bool {
        if let Some(heard_ms) = self.heard_ms.get_mut(index as usize) {
            *heard_ms = at_ms.max(*heard_ms);
        }
        let was_stale = self.stale.remove(index);
        self.n_stale -= u32::from(was_stale);
        was_stale
    }

    /// Notes assets that have been silent for three times their interval, promised or learned, as
    /// stale; the newly stale ones.
    pub(crate) fn fall_silent(&mut self, plan: &FeedPlan, now_ms: i64) -> Vec<u32> {
        let members = (0_u32..).zip(self.heard_ms.iter().zip(&self.paces));
        let silent = members.filter(|(index, (heard_ms, pace))| {
            let learned = || pace.learned_ms().map(|pace_ms| pace_ms * STALE_INTERVALS);
            let after_ms = plan.stale_after_ms.or_else(learned);
            after_ms.is_some_and(|after_ms| now_ms - **heard_ms >= after_ms)
                && !self.stale.has(*index)
        });
        let newly: Vec<u32> = silent.map(|(index, _)| index).collect();
        for index in &newly {
            self.n_stale += u32::from(self.stale.insert(*index));
        }
        newly
    }

    /// Interval after which the feed, or a number made of it, is stale: as promised, or as learned.
    pub(crate) fn stale_after_ms(&self, plan: &FeedPlan) -> Option<i64> {
        let learned = || self.learned_ms.map(|pace_ms| pace_ms * STALE_INTERVALS);
        plan.stale_after_ms.or_else(learned)
    }

    /// How well it delivered in the last hour, up to the last whole minute; `None` if nothing came
    /// and nothing was due. Changes once a minute at most.
    pub(crate) fn quality(&self) -> Option<Quality> {
        self.quality
    }

    /// What share of its messages was refused in the last `n_minutes` whole minutes, in per cent;
    /// `None` if none came. Another once a minute at most.
    pub(crate) fn refused_share(&self, n_minutes: usize) -> Option<f64> {
        self.hour.whole(n_minutes).refused_share()
    }

    /// What came in the running minute and the `n_minutes` before it.
    pub(crate) fn delivered(&self, n_minutes: usize) -> Delivered {
        let sum = self.hour.of_late(n_minutes);
        Delivered {
            came: sum.came,
            late: sum.came.saturating_sub(sum.on_time),
            refused: sum.refused,
        }
    }

    /// When anything came last, also what was refused; `None` if nothing ever did.
    pub(crate) fn spoke_ms(&self) -> Option<i64> {
        self.spoke_ms
    }

    /// How many of its assets `area` holds.
    pub(crate) fn known(&self, area: Area) -> u32 {
        self.known.get(area as usize).copied().unwrap_or_default()
    }

    /// Notes that an asset came into (`+1`) or left (`-1`) the areas of `path`.
    pub(crate) fn move_known(&mut self, path: &[Area], by: i32) {
        for area in path {
            if let Some(known) = self.known.get_mut(*area as usize) {
                *known = known.saturating_add_signed(by);
            }
        }
    }

    /// Ends the running minute at `now_ms`, of which somebody has listened for `listened_ms`; what
    /// of it is another.
    pub(crate) fn turn_minute(
        &mut self,
        plan: Option<&FeedPlan>,
        now_ms: i64,
        listened_ms: i64,
    ) -> Turned {
        let before = (self.whole, self.quality, self.learned_ms);
        self.whole = std::mem::take(&mut self.running);
        let due_milli = plan.map_or(0, |plan| self.due_milli(plan, listened_ms));
        self.hour.promise(due_milli);
        self.hour.come_to(now_ms);
        self.missed_ms = 0;
        self.quality = plan.and_then(|_| self.hour.whole(HOUR_MINUTES).quality());
        self.learned_ms = middle(self.paces.iter().filter_map(Pace::learned_ms).collect());
        Turned {
            health: before != (self.whole, self.quality, self.learned_ms),
            interval: before.2 != self.learned_ms,
        }
    }

    /// Thousandths of messages that its assets have promised for `listened_ms`.
    fn due_milli(&self, plan: &FeedPlan, listened_ms: i64) -> u64 {
        let due = |ms: i64, every_ms: i64| {
            let due_milli = ms.max(0).saturating_mul(1_000) / every_ms.max(1);
            due_milli.unsigned_abs()
        };
        if let Some(every) = plan.def.expect_every {
            let n_members = i64::try_from(self.members.len()).unwrap_or(i64::MAX);
            let listened_ms = n_members.saturating_mul(listened_ms);
            return due(listened_ms - self.missed_ms, every.ms());
        }
        let learned = self.paces.iter().filter_map(Pace::learned_ms);
        learned.map(|pace_ms| due(listened_ms, pace_ms)).sum()
    }

    /// The status at `now_ms`, with somebody listening since `since_ms`.
    pub(crate) fn status_at(&self, plan: &FeedPlan, now_ms: i64, since_ms: i64) -> FeedStatus {
        let ([_, running], [_, whole]) = (self.running, self.whole);
        let refused = running > 0 || whole > 0;
        let heard_ms = self.received_ms.map(|at_ms| at_ms.max(since_ms));
        let silent = |(heard, after): (i64, i64)| now_ms - heard >= after;
        if heard_ms.zip(self.stale_after_ms(plan)).is_some_and(silent) {
            FeedStatus::Silent
        } else if self.accepted == 0 && !refused {
            // Its known assets are silent, but they have never been heard.
            FeedStatus::Waiting
        } else if refused || u64::from(self.n_stale) * 10 > self.members.len() as u64 {
            FeedStatus::Degraded
        } else {
            FeedStatus::Live
        }
    }

    fn interval(&self, plan: &FeedPlan) -> Option<Interval> {
        let promised = plan.def.expect_every.map(|every| (every.ms(), false));
        let known = promised.or(self.learned_ms.map(|ms| (ms, true)));
        known.map(|(ms, learned)| Interval { ms, learned })
    }

    fn health(&self, feed: FeedId, plan: Option<&FeedPlan>) -> FeedHealth {
        let lateness_ms = plan.map(|plan| plan.def.lateness.ms());
        let watermark = self.observed_ms.zip(lateness_ms);
        let [per_minute, _] = self.whole;
        FeedHealth {
            feed,
            status: self.status,
            accepted: self.accepted,
            duplicate: self.duplicate,
            late: self.late,
            rejected: self.rejected.clone(),
            per_minute,
            assets: u32::try_from(self.members.len()).unwrap_or(u32::MAX),
            silent: self.n_stale,
            observed_at: self.observed_ms.map(TimeMs),
            received_at: self.received_ms.map(TimeMs),
            suspect: self.suspect,
            interval: plan.and_then(|plan| self.interval(plan)),
            watermark: watermark.map(|(observed_ms, late_ms)| TimeMs(observed_ms - late_ms)),
            quality: self.quality,
            clock: self.clock.clone(),
        }
    }
}

/// Health of the feed with this number; the one after the last is [`UNKNOWN_FEED`], absent while
/// nothing was counted there.
pub(crate) fn health(plan: &Plan, feeds: &[FeedState], feed: usize) -> Option<FeedHealth> {
    let state = feeds.get(feed)?;
    match plan.feeds.get(feed) {
        Some(known) => Some(state.health(known.def.id.clone(), Some(known))),
        None => (!state.rejected.is_empty()).then(|| state.health(FeedId::new(UNKNOWN_FEED), None)),
    }
}

/// What came of a feed within some minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivered {
    /// Messages taken in.
    pub(crate) came: u32,
    /// Of these, those later than the feed's lateness.
    pub(crate) late: u32,
    /// Messages refused.
    pub(crate) refused: u32,
}

/// What is another since the minute turned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turned {
    /// Anything that its health shows.
    pub(crate) health: bool,
    /// Its learned interval.
    pub(crate) interval: bool,
}

/// A window of whole minutes, an hour at most.
pub(crate) fn minutes(window: Span) -> usize {
    usize::try_from(window.ms() / MINUTE_MS).map_or(HOUR_MINUTES, |n| n.clamp(1, HOUR_MINUTES))
}

/// The upper median.
fn middle(mut values: Vec<i64>) -> Option<i64> {
    if values.is_empty() {
        return None;
    }
    let at = values.len() / 2;
    Some(*values.select_nth_unstable(at).1)
}
