//! The arithmetic of a long list of which only what is seen is built. Pure.

use std::ops::Range;

/// Rows that are built above and below what is seen, so that scrolling finds them there.
const SPARE: usize = 6;

/// How a list is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    /// How far it is scrolled. CSS pixels.
    pub(crate) top: f64,
    /// How much of it is seen. CSS pixels.
    pub(crate) height: f64,
    /// How high a row is. CSS pixels, above 0.
    pub(crate) row: f64,
}

impl Seen {
    /// The rows to build of `n`.
    pub(crate) fn rows(self, n: usize) -> Range<usize> {
        let row = self.row.max(1.0);
        let first = whole(self.top / row).min(n);
        let last = first.saturating_add(whole(self.height / row).saturating_add(2));
        first.saturating_sub(SPARE)..last.saturating_add(SPARE).min(n)
    }

    /// How far it is to be scrolled so that row `place` is seen whole; nothing if it is.
    pub(crate) fn scrolled_to(self, place: usize) -> Option<f64> {
        let top = place as f64 * self.row;
        let bottom = top + self.row;
        if top < self.top {
            Some(top)
        } else if bottom > self.top + self.height {
            Some((bottom - self.height).max(0.0))
        } else {
            None
        }
    }

    /// How many rows a page is, for the keys that turn one.
    pub(crate) fn page(self) -> usize {
        whole(self.height / self.row.max(1.0)).max(2) - 1
    }
}

/// Rounded down; nothing below 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates at both ends, which is what the ends of a list want"
)]
fn whole(v: f64) -> usize {
    v as usize
}

/// The place that a step of `by` leads to in a list of `n`; from nowhere, to its beginning.
pub(crate) fn stepped(place: Option<usize>, by: isize, n: usize) -> Option<usize> {
    let last = n.checked_sub(1)?;
    let to = place.map_or(0, |place| place.saturating_add_signed(by));
    Some(to.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(top: f64) -> Seen {
        Seen {
            top,
            height: 500.0,
            row: 50.0,
        }
    }

    #[test]
    fn only_what_is_seen_and_a_little_more_is_built() {
        assert_eq!(seen(0.0).rows(2_000), 0..12 + SPARE);
        assert_eq!(seen(50_000.0).rows(2_000), 1_000 - SPARE..1_012 + SPARE);
        assert_eq!(seen(0.0).rows(3), 0..3);
        assert_eq!(seen(1e9).rows(10), 10 - SPARE..10);
        assert_eq!(seen(0.0).rows(0), 0..0);
        for top in [-10.0, f64::NAN] {
            assert_eq!(seen(top).rows(5), 0..5);
        }
    }

    #[test]
    fn a_row_is_scrolled_to_by_the_shortest_way() {
        assert_eq!(seen(100.0).scrolled_to(5), None);
        assert_eq!(seen(100.0).scrolled_to(1), Some(50.0));
        assert_eq!(seen(100.0).scrolled_to(12), Some(150.0));
    }

    #[test]
    fn steps_end_at_the_ends_of_the_list() {
        assert_eq!(stepped(None, 1, 3), Some(0));
        assert_eq!(stepped(Some(1), 1, 3), Some(2));
        assert_eq!(stepped(Some(2), 1, 3), Some(2));
        assert_eq!(stepped(Some(0), -9, 3), Some(0));
        assert_eq!(stepped(Some(7), 1, 0), None);
        assert_eq!(seen(0.0).page(), 9);
    }
}
