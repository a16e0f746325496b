//! What a warning's issuer says: its shapes in WGS 84 and no finer than a screen shows, its codes as
//! areas of the city.

use std::collections::BTreeSet;

use egret_decode::reading::{RawIssued, RawShape};
use egret_package::areas::AreaTree;
use egret_shared::id::AreaCode;
use egret_shared::issued::{AREAS_MAX, CORNERS_MAX, Issued, SHAPES_MAX, Shape};
use egret_shared::package::feed::Crs;
use egret_shared::position::Position;
use egret_shared::rejection::Rejection;
use egret_shared::time::TimeMs;
use geo::{Coord, LineString, Polygon, Simplify};

use crate::place::place;

/// How far a simplified border may be off to begin with; half as much again until few enough corners are left.
///
/// # Units
/// Degrees: some 10 m, a pixel of a city on a wall.
const OFF_DEG: f64 = 1e-4;

/// What `raw` says, whose positions are in the datum `crs`.
///
/// An area that is drawn is taken as it is drawn; its codes count where nothing is. Codes that the
/// city does not know are passed over: a warning may be for a whole province.
///
/// # Errors
/// [`egret_shared::rejection::Reason::BadPosition`] if a corner is not on the earth.
pub(crate) fn issued(raw: RawIssued, crs: Crs, areas: &AreaTree) -> Result<Issued, Rejection> {
    let mut shapes = Vec::new();
    let mut named: BTreeSet<AreaCode> = BTreeSet::new();
    for area in raw.areas {
        if area.shapes.is_empty() {
            named.extend(area.codes.iter().filter_map(|code| known(code, areas)));
        }
        for shape in area.shapes {
            shapes.extend(located(shape, crs)?);
        }
    }
    let left_out = keep_largest(&mut shapes);
    simplify(&mut shapes);
    Ok(Issued {
        by: raw.by,
        headline: raw.headline,
        until: raw.until.map(|until| TimeMs(until.us.div_euclid(1_000))),
        shapes,
        areas: named.into_iter().take(AREAS_MAX).collect(),
        left_out,
    })
}

/// The area that a code names: its own, or the same filled up with noughts to the twelve digits of
/// the national register.
///
/// # Source
/// 统计用区划代码: two digits each for province, city and county, three for the township, three for the
/// community; what a code leaves open is 0.
fn known(code: &str, areas: &AreaTree) -> Option<AreaCode> {
    let is_national = code.len() == 12 && code.bytes().all(|digit| digit.is_ascii_digit());
    let shorter = ["000", "000000", "00000000"]
        .into_iter()
        .filter(|_| is_national);
    let shorter = shorter.filter_map(|noughts| code.strip_suffix(noughts));
    let mut ways = std::iter::once(code).chain(shorter).map(AreaCode::new);
    ways.find(|code| areas.index_of(code).is_some())
}

/// A shape in WGS 84; none of a circle without a surface, which is but a place.
fn located(shape: RawShape, crs: Crs) -> Result<Option<Shape>, Rejection> {
    match shape {
        RawShape::Polygon(corners) => {
            let corners = corners.into_iter().map(|corner| place(Some(corner), crs));
            let corners: Vec<Option<Position>> = corners.collect::<Result<_, _>>()?;
            Ok(Some(Shape::Polygon(
                corners.into_iter().flatten().collect(),
            )))
        }
        RawShape::Circle(_, radius_m) if radius_m <= 0.0 => Ok(None),
        RawShape::Circle(centre, radius_m) => {
            let circle = |centre| Shape::Circle { centre, radius_m };
            Ok(place(Some(centre), crs)?.map(circle))
        }
    }
}

/// Keeps the largest shapes, if there are too many; how many had to go.
fn keep_largest(shapes: &mut Vec<Shape>) -> u32 {
    let n_more = shapes.len().saturating_sub(SHAPES_MAX);
    if n_more > 0 {
        shapes.sort_by(|one, other| reach(other).total_cmp(&reach(one)));
        shapes.truncate(SHAPES_MAX);
    }
    u32::try_from(n_more).unwrap_or(u32::MAX)
}

/// About how far a shape reaches, to compare. Degrees.
fn reach(shape: &Shape) -> f64 {
    match shape {
        Shape::Polygon(corners) => {
            let spread = |of: fn(&Position) -> f64| {
                let least = corners.iter().map(of).fold(f64::INFINITY, f64::min);
                corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max) - least
            };
            spread(|corner| corner.lon).hypot(spread(|corner| corner.lat))
        }
        Shape::Circle { radius_m, .. } => 2.0 * radius_m / 111_195.0,
    }
}

/// Takes corners away, as little as it can, until there are no more than [`CORNERS_MAX`].
fn simplify(shapes: &mut [Shape]) {
    let mut off_deg = OFF_DEG;
    while n_corners(shapes) > CORNERS_MAX && off_deg < 360.0 {
        for shape in &mut *shapes {
            if let Shape::Polygon(corners) = shape {
                *corners = simpler(corners, off_deg);
            }
        }
        off_deg *= 1.5;
    }
}

fn n_corners(shapes: &[Shape]) -> usize {
    let corners = shapes.iter().map(|shape| match shape {
        Shape::Polygon(corners) => corners.len(),
        Shape::Circle { .. } => 1,
    });
    corners.sum()
}

/// The ring without corners that lie nearer than this to what is left.
fn simpler(corners: &[Position], off_deg: f64) -> Vec<Position> {
    let ring = corners.iter().map(|corner| Coord {
        x: corner.lon,
        y: corner.lat,
    });
    let ring = Polygon::new(ring.collect::<LineString>(), Vec::new());
    let left = ring.simplify(off_deg);
    let left = left.exterior().coords();
    left.filter_map(|corner| Position::checked(corner.x, corner.y))
        .collect()
}

#[cfg(test)]
mod tests {
    use egret_decode::reading::RawArea;

    use super::*;

    fn ring(n: usize, centre: (f64, f64), radius: f64) -> RawShape {
        let corner = |number: usize| {
            let (sin, cos) = (std::f64::consts::TAU * number as f64 / n as f64).sin_cos();
            // Every other corner a little further out: a border that nobody can straighten out.
            let radius = radius * (1.0 + 0.002 * (number % 2) as f64);
            (centre.0 + radius * cos, centre.1 + radius * sin)
        };
        let mut corners: Vec<(f64, f64)> = (0..n).map(corner).collect();
        corners.extend(corners.first().copied());
        RawShape::Polygon(corners)
    }

    fn of(shapes: Vec<RawShape>) -> Issued {
        let raw = RawIssued {
            areas: vec![RawArea {
                shapes,
                codes: vec!["350203".into()],
            }],
            ..RawIssued::default()
        };
        issued(raw, Crs::Wgs84, &AreaTree::default()).unwrap()
    }

    #[test]
    fn a_border_of_thousands_of_corners_is_simplified_and_stays_where_it_was() {
        let issued = of(vec![
            ring(5_000, (118.1, 24.5), 0.2),
            ring(9, (118.4, 24.6), 0.01),
        ]);
        assert!(n_corners(&issued.shapes) <= CORNERS_MAX);
        let [Shape::Polygon(large), Shape::Polygon(small)] = issued.shapes.as_slice() else {
            panic!("{issued:?}");
        };
        assert!(
            large.len() > 20 && small.len() >= 4,
            "{} {}",
            large.len(),
            small.len()
        );
        assert_eq!((large.first(), small.first()), (large.last(), small.last()));
        for corner in large {
            let away = (corner.lon - 118.1).hypot(corner.lat - 24.5);
            assert!((0.19..0.21).contains(&away), "{away}");
        }
        assert_eq!(
            issued.areas,
            [],
            "what is drawn is not painted by its code besides"
        );
    }

    #[test]
    fn of_too_many_shapes_the_largest_stay_and_the_others_are_counted() {
        let shapes = (1..=40).map(|n| ring(40, (118.1, 24.5), 0.001 * f64::from(n)));
        let issued = of(shapes.collect());
        assert_eq!((issued.shapes.len(), issued.left_out), (SHAPES_MAX, 8));
        assert!(
            n_corners(&issued.shapes) <= CORNERS_MAX,
            "{}",
            n_corners(&issued.shapes)
        );
        assert!(
            issued.shapes.iter().all(|shape| reach(shape) > 0.015),
            "the small ones went"
        );
    }

    #[test]
    fn a_circle_keeps_its_radius_and_one_without_a_surface_is_none() {
        let centre = (118.1, 24.5);
        let issued = of(vec![
            RawShape::Circle(centre, 0.0),
            RawShape::Circle(centre, 3_000.0),
        ]);
        let centre = Position::checked(118.1, 24.5).unwrap();
        assert_eq!(
            issued.shapes,
            [Shape::Circle {
                centre,
                radius_m: 3_000.0
            }]
        );
    }
}
