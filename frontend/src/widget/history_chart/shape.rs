//! From a metric's past to what a chart draws of it: lines with their gaps, bands, runs of
//! flagged windows, round times. Pure.
//!
//! Everything lies in a square of 100 × 100 that the browser stretches; y grows downwards.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDate};

use egret_shared::flags::Flags;
use egret_shared::time::{Span, TimeMs};

use crate::api::metric::HistoryPoint;
use crate::widget::scale::Scale;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A place in the square.
pub(crate) type Spot = (f64, f64);

/// How far apart two neighbours may be and still belong together: a little more than the pace at
/// which points come, so that a single missing window is a gap.
pub(crate) fn pace(points: &[HistoryPoint], step: Span) -> Span {
    let mut apart: Vec<i64> = points
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some(b.end.since(a.end).ms()),
            _ => None,
        })
        .collect();
    apart.sort_unstable();
    let usual = apart.get(apart.len() / 2).copied().unwrap_or(0);
    Span(usual.max(step.ms()) * 8 / 5)
}

/// The unbroken pieces of a past; windows without a number break it.
pub(crate) fn pieces(points: &[HistoryPoint], gap: Span) -> Vec<Vec<&HistoryPoint>> {
    let mut pieces: Vec<Vec<&HistoryPoint>> = Vec::new();
    let mut last: Option<TimeMs> = None;
    for point in points {
        if point.v.is_none() {
            last = None;
            continue;
        }
        let joined = last.is_some_and(|last| point.end.since(last) <= gap);
        match pieces.last_mut().filter(|_| joined) {
            Some(piece) => piece.push(point),
            None => pieces.push(vec![point]),
        }
        last = Some(point.end);
    }
    pieces
}

/// A line through spots; a single one becomes a dot, for a line that goes nowhere has round ends.
pub(crate) fn line(spots: &[Spot]) -> String {
    let mut path = String::new();
    for (place, (x, y)) in spots.iter().enumerate() {
        let verb = if place == 0 { 'M' } else { 'L' };
        write!(path, "{verb}{x:.2} {y:.2}").ok();
    }
    if let [(x, y)] = spots {
        write!(path, "L{x:.2} {y:.2}").ok();
    }
    path
}

/// The surface between an upper and a lower line.
pub(crate) fn band(upper: &[Spot], lower: &[Spot]) -> String {
    if upper.len() < 2 {
        return String::new();
    }
    let around: Vec<Spot> = upper.iter().chain(lower.iter().rev()).copied().collect();
    line(&around) + "Z"
}

/// The line through the measured values.
pub(crate) fn measured(scale: Scale, points: &[HistoryPoint], gap: Span) -> String {
    let spots = |piece: Vec<&HistoryPoint>| -> Vec<Spot> {
        let spot = |point: &&HistoryPoint| Some((scale.x(point.end), scale.y(point.v?)));
        piece.iter().filter_map(spot).collect()
    };
    let pieces = pieces(points, gap);
    pieces
        .into_iter()
        .map(|piece| line(&spots(piece)))
        .collect()
}

/// The band from the least to the greatest of what was rolled up.
pub(crate) fn extremes(scale: Scale, points: &[HistoryPoint], gap: Span) -> String {
    let edge = |piece: &[&HistoryPoint], of: fn(&HistoryPoint) -> Option<f64>| -> Vec<Spot> {
        let spot = |point: &&HistoryPoint| {
            let v = of(point).or(point.v)?;
            Some((scale.x(point.end), scale.y(v)))
        };
        piece.iter().filter_map(spot).collect()
    };
    pieces(points, gap)
        .iter()
        .map(|piece| {
            let upper = edge(piece, |point| point.greatest);
            band(&upper, &edge(piece, |point| point.least))
        })
        .collect()
}

/// The band of what was usual, and the line in its middle.
pub(crate) fn usual(scale: Scale, points: &[HistoryPoint], gap: Span) -> (String, String) {
    let known: Vec<_> = points
        .iter()
        .filter_map(|point| point.typical.map(|typical| (point.end, typical)))
        .collect();
    let runs = known.chunk_by(|(a, _), (b, _)| b.since(*a) <= gap);
    let (mut bands, mut lines) = (String::new(), String::new());
    for run in runs {
        let edge = |side: f64| -> Vec<Spot> {
            run.iter()
                .map(|(at, typical)| (scale.x(*at), scale.y(typical.v + side * typical.spread)))
                .collect()
        };
        bands.push_str(&band(&edge(1.0), &edge(-1.0)));
        lines.push_str(&line(&edge(0.0)));
    }
    (bands, lines)
}

/// What a row of marks below the chart tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A late reading changed it.
    Revised,
    /// Sources are missing, or it is stale.
    Partial,
    /// Made of doubtful values.
    Suspect,
    /// Far from usual.
    Unusual,
}

impl Note {
    /// All of them, in the order of the rows.
    pub(crate) const ALL: [Self; 4] = [Self::Revised, Self::Partial, Self::Suspect, Self::Unusual];

    /// Whether it is to be noted of flags.
    pub(crate) fn holds(self, flags: Flags) -> bool {
        flags.has_any(match self {
            Self::Revised => Flags::REVISED,
            Self::Partial => Flags::PARTIAL.with(Flags::STALE),
            Self::Suspect => Flags::SUSPECT,
            Self::Unusual => Flags::ANOMALY,
        })
    }
}

/// From where to where a note holds: left edge and width in per cent. Neighbours are one run.
pub(crate) fn runs(scale: Scale, points: &[HistoryPoint], gap: Span, note: Note) -> Vec<Spot> {
    let noted: Vec<TimeMs> = points
        .iter()
        .filter(|point| note.holds(point.flags))
        .map(|point| point.end)
        .collect();
    // A window is as wide as its distance to the one before; a chart ends at its newest.
    let width = |to: f64, from: f64| (to - from).max(0.4);
    let step = Span(gap.ms() * 5 / 8);
    noted
        .chunk_by(|a, b| b.since(*a) <= gap)
        .filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let left = scale.x(first.minus(step)).max(0.0);
            Some((left, width(scale.x(*last), left)))
        })
        .collect()
}

/// The point that lies nearest to a place, 0 to 1 from left to right.
pub(crate) fn nearest(scale: Scale, points: &[HistoryPoint], share: f64) -> Option<usize> {
    let far = |point: &HistoryPoint| (scale.x(point.end) - 100.0 * share).abs();
    let places = points.iter().enumerate();
    places
        .min_by(|(_, a), (_, b)| far(a).total_cmp(&far(b)))
        .map(|(place, _)| place)
}

/// Round times within a scale, at most about seven: days and hours of the city, and the firsts of
/// months where the scale is long.
pub(crate) fn times(scale: Scale, zone_ms: i64) -> Vec<TimeMs> {
    const STEPS: [i64; 11] = [
        HOUR_MS / 12,
        HOUR_MS / 4,
        HOUR_MS / 2,
        HOUR_MS,
        2 * HOUR_MS,
        4 * HOUR_MS,
        12 * HOUR_MS,
        DAY_MS,
        2 * DAY_MS,
        5 * DAY_MS,
        10 * DAY_MS,
    ];
    let span = scale.to.since(scale.from).ms();
    match STEPS.iter().find(|step| span / *step <= 8) {
        Some(step) => {
            let first = (scale.from.0 + zone_ms).div_euclid(*step) + 1;
            (first..first + 9)
                .map(|n| TimeMs(n * step - zone_ms))
                .take_while(|at| *at <= scale.to)
                .collect()
        }
        None => months(scale, zone_ms),
    }
}

fn months(scale: Scale, zone_ms: i64) -> Vec<TimeMs> {
    let begin = |year: i32, month: u32| {
        let date = NaiveDate::from_ymd_opt(year, month, 1)?.and_hms_opt(0, 0, 0)?;
        Some(TimeMs(date.and_utc().timestamp_millis() - zone_ms))
    };
    let Some(from) = DateTime::from_timestamp_millis(scale.from.0 + zone_ms) else {
        return Vec::new();
    };
    (from.year()..=from.year() + 2)
        .flat_map(|year| (1..=12).step_by(2).map(move |month| (year, month)))
        .filter_map(|(year, month)| begin(year, month))
        .filter(|at| *at >= scale.from && *at <= scale.to)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    const SCALE: Scale = Scale {
        from: TimeMs(0),
        to: TimeMs(10 * MINUTE),
        low: 0.0,
        high: 10.0,
    };

    fn point(minute: i64, v: Option<f64>) -> HistoryPoint {
        let json = serde_json::json!({
            "start": TimeMs((minute - 1) * MINUTE), "end": TimeMs(minute * MINUTE), "v": v,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_missing_window_is_a_gap_and_a_lonely_one_a_dot() {
        let points = [
            point(0, Some(0.0)),
            point(1, Some(5.0)),
            point(3, Some(5.0)),
            point(4, None),
            point(5, Some(10.0)),
            point(6, Some(10.0)),
        ];
        let gap = pace(&points, Span(MINUTE));
        assert_eq!(
            measured(SCALE, &points, gap),
            "M0.00 100.00L10.00 50.00M30.00 50.00L30.00 50.00M50.00 0.00L60.00 0.00"
        );
    }

    #[test]
    fn where_points_come_seldom_their_distance_is_no_gap() {
        let points = [
            point(0, Some(1.0)),
            point(5, Some(1.0)),
            point(10, Some(1.0)),
        ];
        let gap = pace(&points, Span(MINUTE));
        assert_eq!(pieces(&points, gap).len(), 1);
    }

    #[test]
    fn a_band_runs_along_the_greatest_and_back_along_the_least() {
        let mut points = [point(0, Some(5.0)), point(1, Some(5.0))];
        points[0].greatest = Some(10.0);
        points[1].least = Some(0.0);
        assert_eq!(
            extremes(SCALE, &points, Span(MINUTE)),
            "M0.00 0.00L10.00 50.00L10.00 100.00L0.00 50.00Z"
        );
    }

    #[test]
    fn neighbours_that_were_revised_are_one_run() {
        let mut points: Vec<_> = (0..6).map(|minute| point(minute, Some(1.0))).collect();
        for place in [2, 3, 5] {
            points[place].flags = Flags::REVISED;
        }
        let gap = pace(&points, Span(MINUTE));
        let runs = runs(SCALE, &points, gap, Note::Revised);
        assert_eq!(runs, [(10.0, 20.0), (40.0, 10.0)]);
    }

    #[test]
    fn the_nearest_point_is_found_from_either_side() {
        let points = [point(0, Some(1.0)), point(10, Some(1.0))];
        assert_eq!(nearest(SCALE, &points, 0.4), Some(0));
        assert_eq!(nearest(SCALE, &points, 0.6), Some(1));
        assert_eq!(nearest(SCALE, &[], 0.6), None);
    }

    #[test]
    fn times_are_round_in_the_citys_time_zone() {
        let zone_ms = 8 * HOUR_MS;
        let day = Scale {
            from: TimeMs(0),
            to: TimeMs(DAY_MS),
            ..SCALE
        };
        let hours: Vec<i64> = times(day, zone_ms)
            .iter()
            .map(|at| at.0 / HOUR_MS)
            .collect();
        assert_eq!(hours, [4, 8, 12, 16, 20, 24]);
        let year = Scale {
            to: TimeMs(365 * DAY_MS),
            ..day
        };
        let firsts: Vec<i64> = times(year, zone_ms).iter().map(|at| at.0).collect();
        assert_eq!(firsts.len(), 6);
        assert_eq!(firsts[0], 59 * DAY_MS - zone_ms);
    }
}
