//! The truth about a figure: what stands behind it, how old that is, over which window, and what to
//! know before trusting it. Pure.

use egret_shared::flags::Flags;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::MetricDef;
use egret_shared::time::{Span, TimeMs};

/// A day: the tumbling window that people call today.
const DAY: Span = Span(86_400_000);

/// Over which time a figure is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// The last so long.
    Last(Span),
    /// Since local midnight.
    Today,
    /// As of now, made of figures that each have a window of their own.
    Live,
    /// This moment: a state, not a sum over time.
    Now,
}

impl Window {
    /// The window that a definition promises; `None` where only the point knows its length.
    pub(crate) fn of(def: &MetricDef) -> Option<Self> {
        let Some(window) = def.window else {
            let is_made_of_others = def.derive.is_some() || !def.index.is_empty();
            return is_made_of_others.then_some(Self::Live);
        };
        match (window.sliding, window.tumbling) {
            (Some(span), _) => Some(Self::Last(span)),
            (None, Some(DAY)) => Some(Self::Today),
            // Of any other step the part that has elapsed counts, which the point knows.
            (None, _) => None,
        }
    }
}

/// What a reader must know before trusting a figure, as screens tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Fewer sources than expected.
    Partial,
    /// Older than it may be.
    Stale,
    /// Made of values that are implausible, jumped or stuck: the flags say which.
    Suspect(Flags),
    /// Changed after its window had closed.
    Revised,
    /// Far from what is usual.
    Unusual,
    /// Not told, for too few people stand behind it.
    Withheld,
}

/// The truth about a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Truth {
    /// How many sources stand behind it.
    pub(crate) sources: u32,
    /// How many should; 0 where nobody counts them.
    pub(crate) expected: u32,
    /// Whether sources are missing.
    pub(crate) short: bool,
    /// Whether it is older than it may be.
    pub(crate) stale: bool,
    /// Event time of the newest contribution.
    pub(crate) latest_at: Option<TimeMs>,
    /// Up to when it tells, with or without contributions.
    pub(crate) as_of: TimeMs,
    /// Over which time it is taken.
    pub(crate) window: Window,
    /// What else to know.
    pub(crate) flags: Flags,
    /// What is usual at this hour of the week.
    pub(crate) typical: Option<f64>,
}

/// The truth behind a metric's figure.
pub(crate) fn truth(point: &MetricPoint) -> Truth {
    Truth {
        sources: point.sources,
        expected: point.expected,
        short: point.sources < point.expected || point.flags.has(Flags::PARTIAL),
        stale: point.flags.has(Flags::STALE),
        latest_at: point.latest_at,
        as_of: point.end,
        window: Window::Last(point.end.since(point.start)),
        flags: point.flags,
        typical: point.typical.map(|typical| typical.v),
    }
}

impl Truth {
    /// The truth behind a count of what is there at this moment, `part` of `whole` sources of
    /// which are known to deliver.
    pub(crate) fn of_count(part: usize, whole: usize, newest: Option<TimeMs>, now: TimeMs) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            sources: number(part),
            expected: number(whole),
            short: part < whole,
            stale: false,
            latest_at: newest,
            as_of: now,
            window: Window::Now,
            flags: Flags::NONE,
            typical: None,
        }
    }

    /// The same over the window that its definition names.
    pub(crate) fn over(self, window: Option<Window>) -> Self {
        let window = window.unwrap_or(self.window);
        Self { window, ..self }
    }

    /// Since when nothing new has come: the newest contribution, else the end of the window in
    /// which there was none.
    pub(crate) fn at(&self) -> TimeMs {
        self.latest_at.unwrap_or(self.as_of)
    }

    /// Whether there is a number that is not told, for too few people stand behind it.
    pub(crate) fn is_withheld(&self) -> bool {
        self.flags.has(Flags::SUPPRESSED)
    }

    /// What to know before trusting it, the gravest first.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let suspect = Flags::SUSPECT;
        let marks = [
            (self.is_withheld(), Mark::Withheld),
            (self.stale, Mark::Stale),
            (self.flags.has_any(suspect), Mark::Suspect(self.flags)),
            (self.short, Mark::Partial),
            (self.flags.has(Flags::ANOMALY), Mark::Unusual),
            (self.flags.has(Flags::REVISED), Mark::Revised),
        ];
        marks
            .into_iter()
            .filter_map(|(is_set, mark)| is_set.then_some(mark))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;
    use egret_shared::metric::Typical;

    use super::*;

    fn point() -> MetricPoint {
        MetricPoint {
            metric: "m".into(),
            area: "a".into(),
            start: TimeMs(0),
            end: TimeMs(300_000),
            v: Some(1.0),
            level: Level::Normal,
            sources: 52,
            expected: 52,
            latest_at: Some(TimeMs(290_000)),
            flags: Flags::NONE,
            typical: None,
        }
    }

    #[test]
    fn a_figure_with_missing_sources_is_short() {
        let whole = truth(&point());
        assert!(!whole.short && !whole.stale && whole.marks().is_empty());
        let lacking = MetricPoint {
            sources: 41,
            flags: Flags::STALE,
            ..point()
        };
        let truth = truth(&lacking);
        assert!(truth.short && truth.stale);
        assert_eq!(truth.marks(), [Mark::Stale, Mark::Partial]);
    }

    #[test]
    fn every_flag_that_casts_doubt_becomes_a_mark_and_keeps_its_reason() {
        let flags = Flags::JUMP.with(Flags::ANOMALY).with(Flags::REVISED);
        let typical = Some(Typical {
            v: 62.0,
            spread: 3.0,
            weeks: 4,
            z: Some(5.0),
        });
        let truth = truth(&MetricPoint {
            flags,
            typical,
            ..point()
        });
        let marks = [Mark::Suspect(flags), Mark::Unusual, Mark::Revised];
        assert_eq!(truth.marks(), marks);
        assert_eq!(truth.typical, Some(62.0));
    }

    #[test]
    fn a_number_that_is_withheld_says_so_first() {
        let withheld = MetricPoint {
            v: None,
            flags: Flags::SUPPRESSED.with(Flags::REVISED),
            ..point()
        };
        let truth = truth(&withheld);
        assert!(truth.is_withheld());
        assert_eq!(truth.marks(), [Mark::Withheld, Mark::Revised]);
    }

    #[test]
    fn without_contributions_a_figure_is_as_old_as_its_window() {
        let mut none = point();
        assert_eq!(truth(&none).at(), TimeMs(290_000));
        none.latest_at = None;
        assert_eq!(truth(&none).at(), TimeMs(300_000));
    }
}
