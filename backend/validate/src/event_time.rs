//! When a thing happened, as far as its sender's clock can be believed.

use egret_decode::reading::SentTime;
use egret_shared::flags::Flags;
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::{EARLIEST, Span, TimeMs};

use crate::refuse::refusal;

/// So far ahead of the arrival a sender's clock may be and still be taken at its word.
///
/// Two minutes: clocks that are set by hand or by a cellular network drift by some tens of
/// seconds; windows are minutes long, so more would put a value into a window that is not over.
pub const AHEAD_MAX: Span = Span(2 * 60_000);

/// So far ahead of the arrival a time may be at all; between [`AHEAD_MAX`] and this the arrival
/// stands in, flagged.
///
/// A day covers the common mistake of local time sent as UTC (at most 14 hours ahead). Beyond
/// it the clock is not fast but unset, and nothing says what the message's time is.
pub const FUTURE_MAX: Span = Span(24 * 3_600_000);

/// So long before the arrival a time may be.
///
/// Ten years. Store-and-forward needs weeks, loggers read out by hand a season, and a city may
/// bring in years of history; all of these only arrive late. A GPS receiver that missed the
/// week counter's roll-over is 1,024 weeks (19.6 years) behind, and that is what this keeps out.
pub const PAST_MAX: Span = Span(3_653 * 24 * 3_600_000);

const _: () = assert!(AHEAD_MAX.0 < FUTURE_MAX.0 && PAST_MAX.0 < 1_024 * 7 * 24 * 3_600_000);

/// The time by which a message counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// When it happened.
    pub observed_at: TimeMs,
    /// The same in microseconds, where the sender gave them and is believed.
    pub observed_at_us: Option<i64>,
    /// [`Flags::NO_TIME`] or [`Flags::FUTURE`], if the arrival stands in.
    pub flags: Flags,
}

/// The event time of what was `sent` so and arrived at `received_at`.
///
/// # Errors
/// [`Reason::AbsurdTime`] with the time and the limit.
pub fn event_time(sent: Option<SentTime>, received_at: TimeMs) -> Result<EventTime, Rejection> {
    let arrival = |flags| EventTime {
        observed_at: received_at,
        observed_at_us: None,
        flags,
    };
    let Some(SentTime { us, fine }) = sent else {
        return Ok(arrival(Flags::NO_TIME));
    };
    let at = TimeMs(us.div_euclid(1_000));
    let ahead = at.since(received_at);
    if at < EARLIEST {
        Err(absurd(
            at,
            &format!("is before {EARLIEST}: its clock was never set"),
        ))
    } else if ahead > FUTURE_MAX {
        Err(absurd(
            at,
            &format!("is more than {FUTURE_MAX} after its arrival at {received_at}"),
        ))
    } else if ahead < Span(-PAST_MAX.0) {
        Err(absurd(
            at,
            &format!("is more than {PAST_MAX} before its arrival at {received_at}"),
        ))
    } else if ahead > AHEAD_MAX {
        Ok(arrival(Flags::FUTURE))
    } else {
        Ok(EventTime {
            observed_at: at,
            observed_at_us: fine.then_some(us),
            flags: Flags::NONE,
        })
    }
}

fn absurd(at: TimeMs, fault: &str) -> Rejection {
    refusal(Reason::AbsurdTime, format!("the time {at} {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimeMs = TimeMs(1_782_079_500_123);

    fn sent(at: TimeMs) -> SentTime {
        SentTime {
            us: at.0 * 1_000,
            fine: false,
        }
    }

    #[test]
    fn a_time_is_believed_until_two_minutes_ahead_then_clamped_then_refused() {
        for (ahead, expected) in [
            (Span(0), Ok(Flags::NONE)),
            (AHEAD_MAX, Ok(Flags::NONE)),
            (Span(AHEAD_MAX.0 + 1), Ok(Flags::FUTURE)),
            (FUTURE_MAX, Ok(Flags::FUTURE)),
            (Span(FUTURE_MAX.0 + 1), Err(Reason::AbsurdTime)),
            (Span(-PAST_MAX.0), Ok(Flags::NONE)),
            (Span(-PAST_MAX.0 - 1), Err(Reason::AbsurdTime)),
        ] {
            let time = event_time(Some(sent(NOW.plus(ahead))), NOW);
            let flags = time
                .as_ref()
                .map(|time| time.flags)
                .map_err(|refused| refused.reason);
            assert_eq!(flags, expected, "{ahead}");
            let believed = expected == Ok(Flags::NONE);
            let at = if believed { NOW.plus(ahead) } else { NOW };
            assert!(time.is_err() || time.unwrap().observed_at == at, "{ahead}");
        }
    }

    #[test]
    fn without_a_time_the_arrival_stands_in_and_says_so() {
        let time = event_time(None, NOW).unwrap();
        assert_eq!((time.observed_at, time.flags), (NOW, Flags::NO_TIME));
    }

    #[test]
    fn a_clock_that_was_never_set_is_refused_even_when_it_is_not_long_ago() {
        let arrival = EARLIEST.plus(Span(1));
        let refused = event_time(Some(sent(EARLIEST.minus(Span(1)))), arrival).unwrap_err();
        assert_eq!(refused.reason, Reason::AbsurdTime);
        for us in [i64::MIN, i64::MAX, 0] {
            assert!(event_time(Some(SentTime { us, fine: true }), NOW).is_err());
        }
    }

    #[test]
    fn microseconds_are_kept_only_where_the_sender_gave_them() {
        let us = NOW.0 * 1_000 + 456;
        let fine = event_time(Some(SentTime { us, fine: true }), NOW).unwrap();
        assert_eq!((fine.observed_at, fine.observed_at_us), (NOW, Some(us)));
        assert_eq!(
            event_time(Some(sent(NOW)), NOW).unwrap().observed_at_us,
            None
        );
        let ahead = SentTime {
            us: us + 3_600_000_000,
            fine: true,
        };
        assert_eq!(event_time(Some(ahead), NOW).unwrap().observed_at_us, None);
    }
}
