//! The writer's spare time: what nobody waits for may take a small share of it while live data flows.
//!
//! Whatever comes while the writer is at something else waits for that. If a hundredth of the time
//! is spent so, then ninety-nine of a hundred live messages do not notice. Where few come, more is
//! spent: then what was stored has few commits to ride in.

use std::time::{Duration, Instant};

use crate::limits::{LIVE_FLOWS_FOR, LIVE_SPARSE, SPARE_SHARE, SPARE_SHARE_SPARSE};

/// When there is time for what nobody waits for.
#[derive(Debug, Default)]
pub(super) struct Spare {
    /// When something live came last.
    live_at: Option<Instant>,
    /// How far apart live things come, on average over the last few.
    gap: Duration,
    /// When the share is not used up any more.
    paid_at: Option<Instant>,
}

impl Spare {
    /// Notes that something live came.
    pub(super) fn note_live(&mut self, now: Instant) {
        let before = self.live_at.replace(now);
        let gap = before.map_or(Duration::ZERO, |before| {
            now.saturating_duration_since(before)
        });
        self.gap = (self.gap * 7 + gap.min(LIVE_FLOWS_FOR)) / 8;
    }

    /// Notes what was done in spare time.
    pub(super) fn spend(&mut self, begun: Instant, now: Instant) {
        let took = now.saturating_duration_since(begun);
        let share = if self.gap > LIVE_SPARSE {
            SPARE_SHARE_SPARSE
        } else {
            SPARE_SHARE
        };
        self.paid_at = Some(now + took * share);
    }

    /// Whether there is time now.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.free_at().is_none_or(|at| now >= at)
    }

    /// From when on there is, if nothing live comes until then.
    pub(super) fn free_at(&self) -> Option<Instant> {
        let quiet_at = self.live_at? + LIVE_FLOWS_FOR;
        Some(self.paid_at?.min(quiet_at))
    }
}

const _: () = assert!(LIVE_FLOWS_FOR.as_nanos() > Duration::from_millis(100).as_nanos());

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn all_time_is_spare_until_something_live_comes_and_again_when_it_stops() {
        let start = Instant::now();
        let mut spare = Spare::default();
        spare.spend(start, start + 5 * MS);
        assert!(spare.is_free(start + 5 * MS));
        spare.note_live(start + 6 * MS);
        assert!(!spare.is_free(start + 7 * MS));
        assert!(spare.is_free(start + 6 * MS + LIVE_FLOWS_FOR));
    }

    #[test]
    fn where_live_data_is_sparse_more_is_spent() {
        let start = Instant::now();
        let mut spare = Spare::default();
        for n in 0..40 {
            spare.note_live(start + n * 50 * MS);
        }
        let now = start + 39 * 50 * MS;
        spare.spend(now, now + MS);
        assert!(spare.is_free(now + MS + MS * SPARE_SHARE_SPARSE));
        assert!(!spare.is_free(now + MS * SPARE_SHARE_SPARSE));
    }

    #[test]
    fn while_live_data_flows_a_small_share_is_spent() {
        let start = Instant::now();
        let mut spare = Spare::default();
        let (mut now, mut spent) = (start, Duration::ZERO);
        while now < start + 1_000 * MS {
            spare.note_live(now);
            if spare.is_free(now) {
                spare.spend(now, now + MS);
                spent += MS;
                now += MS;
            }
            now += MS;
        }
        assert!((8 * MS..=12 * MS).contains(&spent), "{spent:?}");
    }
}
