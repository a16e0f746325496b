//! How often an asset speaks: which of its messages keep the promised pace, and, where none is
//! promised, the pace learned from the times between them.

use serde::{Deserialize, Serialize};

/// How many of the last times between two messages are remembered; so many make a pace.
///
/// The middle of eight survives three that are wrong, such as after an outage.
const GAPS: u8 = 8;

/// Messages closer together than this are one: several properties of one moment.
const LEAST_GAP_MS: i64 = 1_000;

/// An asset's pace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// Event time of the newest message that counted; 0 before the first.
    beat_ms: i64,
    /// The same of the newest that came stored.
    stored_ms: i64,
    /// As learned; 0 while unknown. Milliseconds.
    learned_ms: u32,
    /// The last times between messages, while something is to be learned from them.
    gaps: Option<Box<Gaps>>,
}

/// The last times between two messages, milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Gaps {
    n: u8,
    next: u8,
    ms: [u32; GAPS as usize],
}

impl Pace {
    /// Time between two messages as learned, milliseconds; `None` while there is no pace.
    pub(crate) fn learned_ms(&self) -> Option<i64> {
        (self.learned_ms > 0).then_some(i64::from(self.learned_ms))
    }

    /// Takes note of a message of `at_ms`; whether it keeps the pace, of `promised_ms` or learned:
    /// it is no repetition within half of it. Messages that come stored tell nothing about pace.
    pub(super) fn take(&mut self, at_ms: i64, on_time: bool, promised_ms: Option<i64>) -> bool {
        let pace_ms = promised_ms.or(self.learned_ms());
        let least_ms = match promised_ms {
            Some(promised_ms) => promised_ms / 2,
            None => pace_ms.map_or(LEAST_GAP_MS, |pace_ms| LEAST_GAP_MS.max(pace_ms / 2)),
        };
        let before_ms = if on_time {
            &mut self.beat_ms
        } else {
            &mut self.stored_ms
        };
        let gap_ms = at_ms - *before_ms;
        if gap_ms.abs() < least_ms {
            return false;
        }
        let is_first = std::mem::replace(before_ms, at_ms) == 0;
        if promised_ms.is_none() && on_time && !is_first && gap_ms > 0 {
            let gaps = self.gaps.get_or_insert_default();
            gaps.take(u32::try_from(gap_ms).unwrap_or(u32::MAX));
            self.learned_ms = gaps.pace_ms().unwrap_or_default();
        }
        pace_ms.is_some()
    }
}

impl Gaps {
    fn take(&mut self, gap_ms: u32) {
        if let Some(oldest) = self.ms.get_mut(usize::from(self.next)) {
            *oldest = gap_ms;
        }
        self.next = (self.next + 1) % GAPS;
        self.n = self.n.saturating_add(1).min(GAPS);
    }

    /// The upper median. None while there are too few, nor of what speaks when something happens:
    /// there the second longest is far from the middle.
    fn pace_ms(&self) -> Option<u32> {
        if self.n < GAPS {
            return None;
        }
        let mut rising = self.ms;
        rising.sort_unstable();
        let [_, _, _, _, median, _, second, _] = rising;
        (u64::from(second) * 2 <= u64::from(median) * 5).then_some(median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace_of(gaps_ms: &[i64]) -> Pace {
        let mut pace = Pace::default();
        let mut at_ms = 1_782_079_200_000;
        pace.take(at_ms, true, None);
        for gap_ms in gaps_ms {
            at_ms += gap_ms;
            pace.take(at_ms, true, None);
        }
        pace
    }

    #[test]
    fn a_pace_is_learned_from_eight_gaps_and_survives_an_outage() {
        let minute = [60_100, 59_800, 60_050, 60_000, 59_990, 60_000, 60_200];
        assert_eq!(pace_of(&minute).learned_ms(), None);
        let mut gaps = minute.to_vec();
        gaps.push(3_600_000);
        assert_eq!(pace_of(&gaps).learned_ms(), Some(60_050));
    }

    #[test]
    fn what_speaks_when_something_happens_has_no_pace() {
        let gaps = [
            4_000, 900_000, 15_000, 2_000, 120_000, 610_000, 33_000, 70_000,
        ];
        assert_eq!(pace_of(&gaps).learned_ms(), None);
    }

    #[test]
    fn several_messages_of_one_moment_are_one_beat() {
        let gaps = [200, 300, 59_500].repeat(8);
        let learned_ms = pace_of(&gaps).learned_ms().unwrap();
        assert!((59_000..=60_500).contains(&learned_ms), "{learned_ms}");
    }

    #[test]
    fn a_promise_is_kept_once_in_half_its_time_also_by_what_was_stored() {
        let mut pace = Pace::default();
        let mut kept = |at_ms: i64, on_time: bool| pace.take(at_ms, on_time, Some(60_000));
        let now = 1_782_079_200_000;
        assert!(kept(now, true));
        assert!(!kept(now, true), "another property of the same moment");
        assert!(!kept(now + 20_000, true));
        assert!(kept(now + 58_000, true));
        assert!(kept(now - 600_000, false));
        assert!(kept(now - 540_000, false));
        assert!(
            kept(now + 118_000, true),
            "what came stored in between is no step back"
        );
    }
}
