//! Where what moves has been: the last places of each vehicle, drawn as a tail that fades.
//!
//! Bounded: the newest places of so many vehicles. A tail is the way that was drawn: each place is
//! where a vehicle was on the screen when news of it came, and the last stretch grows as it glides.

use egret_shared::level::Level;
use egret_shared::place::Place;

use super::record::{narrow, seconds};

/// Places remembered of each vehicle.
const PLACES: usize = 8;

/// How old a place may be that is still shown. Seconds.
pub(in crate::map) const TAIL_S: f32 = 60.0;

/// Vehicles whose places are remembered.
const PASSED_MAX: usize = 4_000;

/// How many more there may be of those with an alert, whose tails are drawn in a crowd, too.
const ALERTING_MAX: usize = 1_000;

/// A crowd is over when its tails are this share of what there is room for: else tails would come
/// and go with every vehicle.
const ROOMY: f64 = 0.8;

/// How often tails go up anew while something moves. Milliseconds.
const UPLOAD_MS: f64 = 500.0;

/// Bytes of a segment: two places of two `f32`, two times of `f32`, four bytes of looks.
pub(in crate::map) const SEGMENT_BYTES: usize = 28;

/// Where a tail leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// Where the vehicle is gliding to.
    pub(super) to: Place,
    /// When it is there. Milliseconds.
    pub(super) ends_ms: f64,
    pub(super) level: Level,
}

/// The last places of a vehicle, oldest first.
#[derive(Clone, Debug, Default)]
struct Passed {
    places: Vec<(Place, f64)>,
}

/// The last places of all vehicles, by slot.
#[derive(Debug, Default)]
pub(super) struct Tails {
    /// From afar nobody sees them, and nothing is remembered.
    are_shown: bool,
    by_slot: Vec<Passed>,
    n_passed: usize,
    /// Whether there are more in view than there is room for.
    is_crowded: bool,
    is_new: bool,
    taken_ms: Option<f64>,
}

impl Tails {
    /// The vehicle in a slot leaves a place for another.
    pub(super) fn pass(&mut self, slot: u32, place: Place, level: Level, now_ms: f64) {
        if !self.are_shown {
            return;
        }
        let slot = slot as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize_with(slot + 1, Passed::default);
        }
        let Some(passed) = self.by_slot.get_mut(slot) else {
            return;
        };
        if passed.places.is_empty() {
            let more = if level > Level::Normal {
                ALERTING_MAX
            } else {
                0
            };
            if self.n_passed >= PASSED_MAX + more {
                return;
            }
            self.n_passed += 1;
            passed.places.reserve_exact(PLACES);
        }
        if passed.places.len() >= PLACES {
            passed.places.remove(0);
        }
        passed.places.push((place, now_ms));
        self.is_new = true;
    }

    /// Another asset has the slot, or none.
    pub(super) fn forget(&mut self, slot: u32) {
        if let Some(passed) = self.by_slot.get_mut(slot as usize)
            && !passed.places.is_empty()
        {
            passed.places = Vec::new();
            self.n_passed = self.n_passed.saturating_sub(1);
            self.is_new = true;
        }
    }

    /// Nobody sees them from now on.
    pub(super) fn hide(&mut self) {
        if self.are_shown {
            *self = Self::default();
        }
    }

    /// They have to go up again.
    pub(super) fn forget_uploads(&mut self) {
        self.is_new = true;
        self.taken_ms = None;
    }

    /// The segments of the tails that `shown` knows, if they are to go up again. There is room for
    /// `n_max`; of more, which would be a carpet, only those with an alert are drawn, the worst
    /// first. From the first time that this is asked on, what moves leaves a tail.
    pub(super) fn take(
        &mut self,
        shown: impl Fn(u32) -> Option<Tail>,
        n_max: usize,
        origin: Place,
        epoch_ms: f64,
        now_ms: f64,
    ) -> Option<Vec<u8>> {
        self.are_shown = true;
        let is_early = self
            .taken_ms
            .is_some_and(|taken| now_ms - taken < UPLOAD_MS);
        if is_early || !std::mem::take(&mut self.is_new) {
            return None;
        }
        self.taken_ms = Some(now_ms);
        let oldest_ms = now_ms - f64::from(TAIL_S) * 1_000.0;
        let mut tails: Vec<(&Passed, Tail)> = Vec::new();
        for (slot, passed) in (0..).zip(&mut self.by_slot) {
            if passed.places.is_empty() {
                continue;
            }
            passed.places.retain(|(_, at_ms)| *at_ms > oldest_ms);
            if passed.places.is_empty() {
                passed.places = Vec::new();
                self.n_passed = self.n_passed.saturating_sub(1);
                continue;
            }
            if let Some(tail) = shown(slot) {
                tails.push((passed, tail));
            }
        }
        self.is_crowded = is_crowded(tails.len(), n_max, self.is_crowded);
        if self.is_crowded {
            tails.retain(|(_, tail)| tail.level > Level::Normal);
            tails.sort_by_key(|(_, tail)| std::cmp::Reverse(tail.level));
            tails.truncate(n_max);
        }
        let mut bytes = Vec::new();
        for (passed, tail) in tails {
            let head = (tail.to, tail.ends_ms);
            let next = passed.places.iter().skip(1).copied().chain([head]);
            for (from, to) in passed.places.iter().zip(next) {
                segment(&mut bytes, *from, to, tail.level, origin, epoch_ms);
            }
        }
        Some(bytes)
    }
}

/// Whether so many are more than there is room for.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn is_crowded(n: usize, n_max: usize, was_crowded: bool) -> bool {
    let share = if was_crowded { ROOMY } else { 1.0 };
    n as f64 > n_max as f64 * share
}

fn segment(
    bytes: &mut Vec<u8>,
    (from, from_ms): (Place, f64),
    (to, to_ms): (Place, f64),
    level: Level,
    origin: Place,
    epoch_ms: f64,
) {
    let (from_x, from_y) = from.offset_from(origin);
    let (way_x, way_y) = to.offset_from(from);
    for float in [
        narrow(from_x),
        narrow(from_y),
        narrow(from_x + way_x),
        narrow(from_y + way_y),
        seconds(from_ms - epoch_ms),
        seconds(to_ms - epoch_ms),
    ] {
        bytes.extend_from_slice(&float.to_le_bytes());
    }
    bytes.extend_from_slice(&[0, level as u8, 0, 0]);
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;

    use super::*;

    #[test]
    fn a_crowd_leaves_tails_of_alerting_vehicles_alone_until_it_is_well_over() {
        let place = Place::of(Position::checked(118.0, 24.5).unwrap());
        let mut tails = Tails::default();
        let shown = |in_view: u32| {
            move |slot: u32| {
                let tail = Tail {
                    to: place,
                    ends_ms: 2_000.0,
                    level: if slot == 1 { Level::Red } else { Level::Normal },
                };
                (slot < in_view).then_some(tail)
            }
        };
        let mut now_ms = 0.0;
        let mut drawn = |in_view: u32| {
            now_ms += 1_000.0;
            for slot in 0..10 {
                tails.forget(slot);
                tails.pass(slot, place, Level::Normal, now_ms);
            }
            let bytes = tails.take(shown(in_view), 5, place, 0.0, now_ms);
            bytes.map(|bytes| bytes.len() / SEGMENT_BYTES)
        };
        // Nothing leaves a tail before somebody has looked.
        assert_eq!(drawn(5), None);
        assert_eq!(drawn(5), Some(5));
        assert_eq!(drawn(6), Some(1));
        assert_eq!(drawn(5), Some(1));
        assert_eq!(drawn(4), Some(4));
    }
    #[test]
    fn what_is_in_alert_is_remembered_when_there_is_room_for_no_other() {
        let mut tails = Tails::default();
        let place = Place::default();
        let nobody = |_: u32| None;
        tails.take(nobody, 5, place, 0.0, 0.0);
        let mut remembers = |slot: u32, level: Level| {
            tails.pass(slot, place, level, 1.0);
            let passed = tails.by_slot.get(slot as usize);
            passed.is_some_and(|passed| !passed.places.is_empty())
        };
        for slot in 0..4_000 {
            assert!(remembers(slot, Level::Normal));
        }
        assert!(!remembers(4_000, Level::Normal));
        assert!(remembers(4_000, Level::Red));
        let n = (4_001..10_000)
            .filter(|slot| remembers(*slot, Level::Red))
            .count();
        assert_eq!(n, 999);
    }
}
