//! How an incident stands to its time limit. Pure.

use egret_shared::incident::Incident;
use egret_shared::time::TimeMs;

/// How the work on an incident stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Standing {
    /// Nobody set a limit.
    NoLimit,
    /// The time runs.
    Runs {
        /// What is left of it. Milliseconds.
        left_ms: i64,
        /// How much of it is gone, 0 to 1.
        spent: f64,
        /// Whether four fifths of it are gone.
        is_warning: bool,
    },
    /// It is over, and the work is not.
    Overdue {
        /// For how long. Milliseconds.
        by_ms: i64,
    },
    /// It stands still until a citizen has answered.
    Paused {
        /// What was left then. Milliseconds.
        left_ms: i64,
        /// How much was gone, 0 to 1.
        spent: f64,
    },
    /// The work is done.
    Stopped {
        /// Whether it was done in time.
        in_time: bool,
        /// How long before the limit, or if negative, after it. Milliseconds.
        left_ms: i64,
    },
}

/// How `incident` stands at `now`.
pub(crate) fn standing(incident: &Incident, now: TimeMs) -> Standing {
    let clock = &incident.clock;
    let Some(due_at) = incident.due_at.or(clock.due_at) else {
        return Standing::NoLimit;
    };
    let from = clock.from.unwrap_or(incident.opened_at);
    let left_at = |at: TimeMs| due_at.since(at).ms();
    let spent_at = |at: TimeMs| {
        let whole_ms = due_at.since(from).ms().max(1) as f64;
        (at.since(from).ms() as f64 / whole_ms).clamp(0.0, 1.0)
    };
    if let Some(at) = clock.stopped_at {
        let left_ms = left_at(at);
        return Standing::Stopped {
            in_time: left_ms >= 0 && !clock.overdue,
            left_ms,
        };
    }
    if let Some(at) = clock.paused_since {
        return Standing::Paused {
            left_ms: left_at(at),
            spent: spent_at(at),
        };
    }
    let left_ms = left_at(now);
    if left_ms < 0 || clock.overdue {
        return Standing::Overdue {
            by_ms: left_ms.saturating_neg().max(0),
        };
    }
    Standing::Runs {
        left_ms,
        spent: spent_at(now),
        is_warning: clock.warned || clock.warn_at.is_some_and(|at| at <= now),
    }
}

impl Standing {
    /// How much of the time is gone, 0 to 1; absent where there is no limit.
    pub(crate) fn spent(self) -> Option<f64> {
        match self {
            Self::NoLimit => None,
            Self::Runs { spent, .. } | Self::Paused { spent, .. } => Some(spent),
            Self::Overdue { .. } => Some(1.0),
            Self::Stopped { in_time, .. } => Some(if in_time { 0.0 } else { 1.0 }),
        }
    }

    /// Whether the time is over before the work.
    pub(crate) fn is_overdue(self) -> bool {
        matches!(self, Self::Overdue { .. })
    }

    /// Its class, by which the style gives it its colour.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::NoLimit => "limit-none",
            Self::Runs {
                is_warning: false, ..
            } => "limit-runs",
            Self::Runs { .. } => "limit-warning",
            Self::Overdue { .. } => "limit-overdue",
            Self::Paused { .. } => "limit-paused",
            Self::Stopped { in_time: true, .. } => "limit-kept",
            Self::Stopped { .. } => "limit-missed",
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::incident::Clock;
    use egret_shared::level::Level;
    use egret_shared::text::Text;

    use super::*;

    fn with(clock: Clock) -> Incident {
        let opened = TimeMs(0);
        Incident {
            due_at: clock.due_at,
            clock,
            ..Incident::opened("1".into(), "r".into(), Level::Red, Text::default(), opened)
        }
    }

    fn limited() -> Clock {
        Clock {
            from: Some(TimeMs(1_000)),
            due_at: Some(TimeMs(11_000)),
            warn_at: Some(TimeMs(9_000)),
            ..Clock::default()
        }
    }

    #[test]
    fn without_a_limit_nothing_runs() {
        assert_eq!(
            standing(&with(Clock::default()), TimeMs(5)),
            Standing::NoLimit
        );
    }

    #[test]
    fn time_runs_warns_at_four_fifths_and_is_over() {
        let incident = with(limited());
        let Standing::Runs {
            left_ms: 5_000,
            spent,
            is_warning: false,
        } = standing(&incident, TimeMs(6_000))
        else {
            panic!("{:?}", standing(&incident, TimeMs(6_000)));
        };
        assert!((spent - 0.5).abs() < 1e-9);
        assert_eq!(standing(&incident, TimeMs(9_000)).class(), "limit-warning");
        let over = standing(&incident, TimeMs(11_500));
        assert_eq!(over, Standing::Overdue { by_ms: 500 });
        assert!(over.is_overdue());
    }

    #[test]
    fn a_pause_holds_what_was_left() {
        let paused = with(Clock {
            paused_since: Some(TimeMs(6_000)),
            ..limited()
        });
        for now in [7_000, 70_000] {
            let Standing::Paused { left_ms, .. } = standing(&paused, TimeMs(now)) else {
                panic!("it does not stand still");
            };
            assert_eq!(left_ms, 5_000);
        }
    }

    #[test]
    fn work_that_is_done_was_done_in_time_or_late() {
        let stopped_at = |at| {
            let clock = Clock {
                stopped_at: Some(TimeMs(at)),
                ..limited()
            };
            standing(&with(clock), TimeMs(99_000)).class()
        };
        assert_eq!(stopped_at(10_000), "limit-kept");
        assert_eq!(stopped_at(12_000), "limit-missed");
    }
}
