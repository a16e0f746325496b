//! How far gateways' clocks are off: estimated from their fastest messages.
//!
//! A message's time against its arrival is the gateway's clock against ours, less the way; the
//! fastest of a minute's messages has the shortest way. Stored readings say nothing of a clock and
//! are left out. What is found goes into the journal, for the fold to show.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use egret_city::entry::GatewayClock;
use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use smol_str::SmolStr;

use crate::limits::{CLOCKS_MAX, STORED_AFTER};

/// Over how long the fastest message is looked for.
const WINDOW: Span = Span(60_000);

/// What is known is told again once it moved by more than this: jitter of a cellular network.
const MOVED: Span = Span(250);

/// And at least this often, so that what is shown is not old.
const REPEATED: Span = Span(10 * 60_000);

/// The clocks of all gateways. One short lock a message.
#[derive(Debug, Default)]
pub(super) struct Clocks(Mutex<HashMap<(SmolStr, FeedId), Watch>>);

/// What is known of one gateway's clock, by what it delivers of one feed.
#[derive(Debug, Default)]
struct Watch {
    /// The shortest delay since the window began; absent if nothing came.
    least: Option<Span>,
    /// When the window began: at the first look after something came.
    since: Option<TimeMs>,
    /// The last look after something came.
    heard: Option<TimeMs>,
    /// What was told, and when.
    told: Option<(i64, TimeMs)>,
}

impl Clocks {
    /// Notes that a message of `gateway` for `feed` took `delay` by the gateway's clock.
    pub(super) fn note(&self, gateway: &str, feed: &FeedId, delay: Span) {
        if delay > STORED_AFTER {
            return;
        }
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (SmolStr::new(gateway), feed.clone());
        if watches.len() >= CLOCKS_MAX && !watches.contains_key(&key) {
            return;
        }
        let watch = watches.entry(key).or_default();
        watch.least = Some(watch.least.map_or(delay, |least| least.min(delay)));
    }

    /// What there is to tell at `now`, in the order of gateways and feeds. To be asked at every
    /// tick; gateways that have been silent for long are forgotten.
    pub(super) fn news(&self, now: TimeMs) -> Vec<GatewayClock> {
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        watches.retain(|(gateway, feed), watch| {
            if let Some(ahead_ms) = watch.look(now) {
                news.push(GatewayClock {
                    gateway: gateway.clone(),
                    feed: feed.clone(),
                    ahead_ms,
                    at: now,
                });
            }
            !watch.is_forgotten(now)
        });
        drop(watches);
        news.sort_by(|a, b| (&a.gateway, &a.feed).cmp(&(&b.gateway, &b.feed)));
        news
    }
}

impl Watch {
    /// How far ahead the clock is, if the window is over and that is news.
    fn look(&mut self, now: TimeMs) -> Option<i64> {
        let least = self.least?;
        let since = *self.since.get_or_insert(now);
        self.heard = Some(now);
        if now.since(since) < WINDOW {
            return None;
        }
        let ahead_ms = -least.ms();
        (self.least, self.since) = (None, None);
        let is_news = self.told.is_none_or(|(told_ms, at)| {
            ahead_ms.abs_diff(told_ms) > MOVED.ms().unsigned_abs() || now.since(at) >= REPEATED
        });
        if !is_news {
            return None;
        }
        self.told = Some((ahead_ms, now));
        Some(ahead_ms)
    }

    fn is_forgotten(&self, now: TimeMs) -> bool {
        self.least.is_none() && self.heard.is_none_or(|at| now.since(at) > REPEATED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: TimeMs = TimeMs(1_782_079_500_000);

    fn feed() -> FeedId {
        FeedId::new("air")
    }

    /// Ticks for `n_seconds` with a message of each of `delays_ms` before every tick.
    fn watch(clocks: &Clocks, begin_s: i64, n_seconds: i64, delays_ms: &[i64]) -> Vec<i64> {
        let mut told = Vec::new();
        for s in begin_s..begin_s + n_seconds {
            for delay_ms in delays_ms {
                clocks.note("gw-1", &feed(), Span(*delay_ms));
            }
            let news = clocks.news(TimeMs(BEGIN.0 + s * 1_000));
            told.extend(news.iter().map(|clock| clock.ahead_ms));
        }
        told
    }

    #[test]
    fn the_fastest_message_of_a_minute_tells_how_far_a_clock_is_ahead() {
        let clocks = Clocks::default();
        assert_eq!(
            watch(&clocks, 0, 60, &[-89_000, -88_500]),
            Vec::<i64>::new()
        );
        assert_eq!(watch(&clocks, 60, 1, &[]), [89_000]);
    }

    #[test]
    fn a_clock_is_told_again_only_if_it_moved_or_after_ten_minutes() {
        let clocks = Clocks::default();
        assert_eq!(watch(&clocks, 0, 300, &[3_000]), [-3_000]);
        assert_eq!(watch(&clocks, 300, 121, &[3_240]), Vec::<i64>::new());
        assert_eq!(watch(&clocks, 421, 121, &[3_300]), [-3_300]);
        assert_eq!(watch(&clocks, 542, 660, &[3_300]), [-3_300]);
    }

    #[test]
    fn stored_readings_say_nothing_of_a_clock() {
        let clocks = Clocks::default();
        assert_eq!(
            watch(&clocks, 0, 200, &[60_001, 3_600_000]),
            Vec::<i64>::new()
        );
        assert_eq!(watch(&clocks, 200, 100, &[3_600_000, 150]), [-150]);
    }

    #[test]
    fn gateways_are_bounded_and_those_that_fell_silent_make_room() {
        let clocks = Clocks::default();
        for n in 0..CLOCKS_MAX + 10 {
            clocks.note(&format!("gw-{n}"), &feed(), Span(5));
        }
        assert_eq!(clocks.0.lock().unwrap().len(), CLOCKS_MAX);
        watch(&clocks, 0, 700, &[]);
        watch(&clocks, 700, 1_400, &[]);
        assert!(clocks.0.lock().unwrap().is_empty());
    }
}
