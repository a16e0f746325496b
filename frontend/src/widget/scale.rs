//! Where values lie in a chart: ranges, round ticks, lines with their gaps. Pure.
//!
//! Charts are drawn in a square of 100 × 100 that the browser stretches; y grows downwards.

use std::fmt::Write as _;

use egret_shared::time::{Span, TimeMs};

use crate::store::trend::{STEP, Sample};

/// A distance in time above which two values are not joined: three missing minutes.
pub(crate) const GAP: Span = Span(3 * STEP.0 + STEP.0 / 2);

/// The part of time and of values that a chart shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Left edge.
    pub(crate) from: TimeMs,
    /// Right edge.
    pub(crate) to: TimeMs,
    /// Lower edge.
    pub(crate) low: f64,
    /// Upper edge.
    pub(crate) high: f64,
}

impl Scale {
    /// Percent from the left.
    pub(crate) fn x(&self, at: TimeMs) -> f64 {
        let span_ms = self.to.since(self.from).ms().max(1);
        100.0 * at.since(self.from).ms() as f64 / span_ms as f64
    }

    /// Percent from the top.
    pub(crate) fn y(&self, v: f64) -> f64 {
        100.0 * (self.high - v) / (self.high - self.low).max(1e-9)
    }

    /// The line through `samples` as an SVG path: broken where values are missing.
    pub(crate) fn line<'a>(&self, samples: impl Iterator<Item = &'a Sample>) -> String {
        self.path(samples.map(|sample| (sample.at, sample.v)), GAP)
    }

    /// The line through points in time, broken where one has no value and where two are further
    /// apart than `gap`. Points left or right of the picture are left out.
    pub(crate) fn path(
        &self,
        points: impl Iterator<Item = (TimeMs, Option<f64>)>,
        gap: Span,
    ) -> String {
        let mut path = String::new();
        let mut last: Option<TimeMs> = None;
        for (at, v) in points.filter(|(at, _)| self.shows(*at)) {
            let Some(v) = v else {
                last = None;
                continue;
            };
            let joined = last.is_some_and(|last| at.since(last) <= gap);
            let verb = if joined { 'L' } else { 'M' };
            write!(path, "{verb}{:.2} {:.2}", self.x(at), self.y(v)).ok();
            last = Some(at);
        }
        path
    }

    /// The surface between a low and a high line, each unbroken piece by itself.
    pub(crate) fn band(
        &self,
        points: impl Iterator<Item = (TimeMs, Option<(f64, f64)>)>,
        gap: Span,
    ) -> String {
        let mut pieces: Vec<Vec<(TimeMs, f64, f64)>> = Vec::new();
        let mut last: Option<TimeMs> = None;
        for (at, ends) in points.filter(|(at, _)| self.shows(*at)) {
            let Some((low, high)) = ends else {
                last = None;
                continue;
            };
            let joined = last.is_some_and(|last| at.since(last) <= gap);
            match pieces.last_mut().filter(|_| joined) {
                Some(piece) => piece.push((at, low, high)),
                None => pieces.push(vec![(at, low, high)]),
            }
            last = Some(at);
        }
        pieces.iter().map(|piece| self.piece(piece)).collect()
    }

    /// A closed piece of a band: there along its upper edge, back along its lower one.
    fn piece(&self, points: &[(TimeMs, f64, f64)]) -> String {
        let upper = points.iter().map(|(at, _, high)| (*at, *high));
        let lower = points.iter().rev().map(|(at, low, _)| (*at, *low));
        let mut path = String::new();
        for (place, (at, v)) in upper.chain(lower).enumerate() {
            let verb = if place == 0 { 'M' } else { 'L' };
            write!(path, "{verb}{:.2} {:.2}", self.x(at), self.y(v)).ok();
        }
        path.push('Z');
        path
    }

    fn shows(&self, at: TimeMs) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// The surface below the line, each unbroken piece by itself.
    pub(crate) fn surface<'a>(&self, samples: impl Iterator<Item = &'a Sample>) -> String {
        let line = self.line(samples);
        let mut path = String::new();
        for piece in line.split('M').filter(|piece| piece.contains('L')) {
            let x_of = |point: Option<&str>| {
                let x = point.and_then(|point| point.split(' ').next());
                x.unwrap_or("0").to_owned()
            };
            let first = x_of(piece.split('L').next());
            let last = x_of(piece.rsplit('L').next());
            write!(path, "M{first} 100L{piece}L{last} 100Z").ok();
        }
        path
    }
}

/// The values a chart shows: all of `values`, zero where it is near, and room above.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return (0.0, 1.0);
    }
    // Noise must not look like news: a range is at least a fourth of its values.
    let span = (high - low).max(high.abs().max(low.abs()) * 0.25).max(0.1);
    // A range far from zero keeps its shape; a range near it starts at zero.
    let near_zero = low >= 0.0 && low < span * 1.5;
    let slack = (span - (high - low)) / 2.0;
    let low = if near_zero {
        0.0
    } else {
        low - slack - span * 0.12
    };
    (low, high + slack + span * 0.12)
}

/// At most about `n` round values between `low` and `high`.
pub(crate) fn ticks(low: f64, high: f64, n: u32) -> Vec<f64> {
    let rough = (high - low) / f64::from(n.max(1));
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let nice = |factor: &&f64| **factor * power >= rough;
    let step = [1.0, 2.0, 5.0].iter().find(nice).unwrap_or(&10.0) * power;
    let first = (low / step).ceil();
    (0..=n + 1)
        .map(|place| (first + f64::from(place)) * step)
        .take_while(|tick| *tick <= high)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minute: i64, v: Option<f64>) -> Sample {
        Sample::plain(TimeMs(minute * 60_000), v)
    }

    const SCALE: Scale = Scale {
        from: TimeMs(0),
        to: TimeMs(600_000),
        low: 0.0,
        high: 10.0,
    };

    #[test]
    fn a_line_is_broken_where_values_are_missing() {
        let samples = [
            sample(0, Some(0.0)),
            sample(1, Some(5.0)),
            sample(2, None),
            sample(3, Some(5.0)),
            sample(9, Some(10.0)),
        ];
        let line = SCALE.line(samples.iter());
        assert_eq!(line, "M0.00 100.00L10.00 50.00M30.00 50.00M90.00 0.00");
        let surface = SCALE.surface(samples.iter());
        assert_eq!(surface, "M0.00 100L0.00 100.00L10.00 50.00L10.00 100Z");
    }

    #[test]
    fn a_band_goes_there_along_its_top_and_back_along_its_foot() {
        let at = |minute: i64| TimeMs(minute * 60_000);
        let points = [
            (at(0), Some((0.0, 5.0))),
            (at(1), Some((5.0, 10.0))),
            (at(11), Some((0.0, 1.0))),
        ];
        let band = SCALE.band(points.into_iter(), GAP);
        assert_eq!(band, "M0.00 50.00L10.00 0.00L10.00 50.00L0.00 100.00Z");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 62.0, 4), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(ticks(-1.0, 1.2, 4), [-1.0, 0.0, 1.0]);
        assert!(ticks(1.0, 1.0, 4).is_empty());
        assert!(ticks(f64::NAN, 1.0, 4).is_empty());
    }

    #[test]
    fn an_extent_starts_at_zero_only_where_zero_is_near() {
        let (low, _) = extent([1.0, 9.0].into_iter());
        assert!(low.abs() < 1e-9);
        let (low, high) = extent([90.0, 95.0].into_iter());
        assert!(low > 70.0 && high > 95.0);
        assert!(high - low > 20.0, "noise of five must not fill the chart");
        assert_eq!(extent(std::iter::empty()), (0.0, 1.0));
    }
}
