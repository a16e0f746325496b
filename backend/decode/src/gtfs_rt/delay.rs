//! How late a trip is now.

use crate::protobuf::gtfs_rt::{StopTimeUpdate, TripUpdate};
use crate::reading::SentTime;

/// `CANCELED`: the trip does not take place.
const CANCELLED: i32 = 3;

/// Seconds that the trip was late at `at`; negative if it was early; `None` if it does not say.
///
/// The trip's own word counts first. Without it, the last stop counts that the vehicle has been
/// at; without times, or before the first, the next stop, for senders drop what is behind.
pub(super) fn now(update: &TripUpdate, at: Option<SentTime>) -> Option<i32> {
    let relationship = update.trip.as_ref()?.schedule_relationship;
    if relationship == Some(CANCELLED) {
        return None;
    }
    if update.delay.is_some() {
        return update.delay;
    }
    let has_been = |stop: &&StopTimeUpdate| {
        let time_s = event(stop).and_then(|event| event.1);
        time_s
            .zip(at)
            .is_some_and(|(time_s, at)| time_s <= at.us / 1_000_000)
    };
    let late = |stop: &StopTimeUpdate| event(stop)?.0;
    let stops = &update.stop_time_update;
    let behind = stops.iter().filter(has_been).filter_map(late).next_back();
    behind.or_else(|| stops.iter().find_map(late))
}

/// Delay and time of a stop: of the departure, or, where there is none, of the arrival.
fn event(stop: &StopTimeUpdate) -> Option<(Option<i32>, Option<i64>)> {
    let event = stop.departure.or(stop.arrival)?;
    Some((event.delay, event.time))
}
