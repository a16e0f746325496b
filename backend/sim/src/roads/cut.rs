//! Cutting drawn lines where they cross, and joining ends that stop beside another road.

use super::{JOIN_M, Line};
use crate::plane::Point;

/// The lines with a point wherever another line crosses or ends on them, and with each end drawn
/// on to the road it stops beside.
pub(super) fn at_crossings(lines: &[Line]) -> Vec<Line> {
    let mut cut: Vec<Line> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let others = || lines.iter().enumerate().filter(move |(i, _)| *i != index);
        let mut points: Vec<Point> = Vec::new();
        for (from, to) in segments(line) {
            points.push(from);
            let mut shares: Vec<f64> = Vec::new();
            for (_, other) in others() {
                shares.extend(crossings(from, to, other));
                shares.extend(endings(from, to, other));
            }
            shares.sort_by(f64::total_cmp);
            points.extend(shares.into_iter().map(|share| from.towards(to, share)));
        }
        points.extend(line.points.last());
        extend_ends(&mut points, &others().map(|(_, other)| other));
        cut.push(Line {
            kind: line.kind,
            points,
        });
    }
    cut
}

fn segments(line: &Line) -> impl Iterator<Item = (Point, Point)> {
    line.points
        .iter()
        .copied()
        .zip(line.points.iter().copied().skip(1))
}

/// Where on (from, to) the other line crosses it.
fn crossings(from: Point, to: Point, other: &Line) -> impl Iterator<Item = f64> {
    segments(other).filter_map(move |(a, b)| {
        let (rx, ry) = (to.x - from.x, to.y - from.y);
        let (sx, sy) = (b.x - a.x, b.y - a.y);
        let cross = rx * sy - ry * sx;
        let share = ((a.x - from.x) * sy - (a.y - from.y) * sx) / cross;
        let other_share = ((a.x - from.x) * ry - (a.y - from.y) * rx) / cross;
        let within = |share: f64| (0.0..=1.0).contains(&share);
        (cross.abs() > 1e-6 && within(share) && within(other_share)).then_some(share)
    })
}

/// Where on (from, to) the other line ends, near enough to be joined.
fn endings(from: Point, to: Point, other: &Line) -> impl Iterator<Item = f64> {
    let ends = other.points.first().into_iter().chain(other.points.last());
    ends.filter_map(move |end| {
        let share = end.nearest_share(from, to);
        (from.towards(to, share).distance_m(*end) < JOIN_M).then_some(share)
    })
}

/// Draws each end on to the nearest point of another road, if one is near.
fn extend_ends<'a>(points: &mut Vec<Point>, others: &(impl Iterator<Item = &'a Line> + Clone)) {
    let joint = |end: Option<&Point>| {
        let end = *end?;
        let nearest = others
            .clone()
            .flat_map(segments)
            .map(|(a, b)| a.towards(b, end.nearest_share(a, b)))
            .min_by(|a, b| a.distance_m(end).total_cmp(&b.distance_m(end)))?;
        (nearest.distance_m(end) < JOIN_M).then_some(nearest)
    };
    let (first, last) = (joint(points.first()), joint(points.last()));
    if let Some(first) = first {
        points.insert(0, first);
    }
    points.extend(last);
}
