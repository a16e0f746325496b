//! Where an alert holds: polygons and circles, whose points are latitude first.

use egret_shared::rejection::{Reason, Rejection};
use smol_str::SmolStr;

use crate::reading::{RawArea, RawShape};
use crate::refuse::{refusal, shown};
use crate::xml::Node;

/// Corners that make a polygon, the last of which is the first again.
const CORNERS_MIN: usize = 4;

/// The centre of an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Centre {
    /// Degrees.
    pub(super) lon: f64,
    /// Degrees.
    pub(super) lat: f64,
    /// In square degrees: to compare, not to tell. A circle is less than any polygon, for senders
    /// draw one around what they have the polygon of.
    size: f64,
}

/// The larger of two; the first of equals.
pub(super) fn larger(one: Option<Centre>, other: Option<Centre>) -> Option<Centre> {
    match (one, other) {
        (Some(one), Some(other)) if other.size > one.size => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}

/// What an area is drawn and named by.
///
/// # Errors
/// [`Reason::BadPosition`] with the place of what is no shape.
pub(super) fn read(area: &Node, place: &str) -> Result<RawArea, Rejection> {
    let mut shapes = Vec::new();
    for drawn in area.all("polygon") {
        let place = format!("{place}/polygon");
        shapes.push(RawShape::Polygon(polygon(drawn.text.trim(), &place)?));
    }
    for drawn in area.all("circle") {
        let place = format!("{place}/circle");
        let (middle, radius_m) = circle(drawn.text.trim(), &place)?;
        shapes.push(RawShape::Circle(middle, radius_m));
    }
    Ok(RawArea {
        shapes,
        codes: codes(area).map(SmolStr::new).collect(),
    })
}

/// The centre of a shape.
pub(super) fn centre(shape: &RawShape) -> Centre {
    match shape {
        RawShape::Polygon(corners) => gravity(corners),
        RawShape::Circle((lon, lat), _) => Centre {
            lon: *lon,
            lat: *lat,
            size: -1.0,
        },
    }
}

/// The codes that an area is named by.
fn codes(area: &Node) -> impl Iterator<Item = &str> {
    let value = |code: &'_ Node| code.children.iter().position(|child| child.name == "value");
    area.children
        .iter()
        .filter(|child| child.name == "geocode")
        .filter_map(move |code| code.children.get(value(code)?))
        .map(|value| value.text.trim())
        .filter(|code| !code.is_empty())
}

/// The area in words, with its codes.
pub(super) fn told(area: &Node) -> String {
    let text = |node: &Node, name: &str| {
        let found = node.all(name).next();
        found.map(|found| found.text.trim().to_owned())
    };
    let codes: Vec<&str> = codes(area).collect();
    let words = text(area, "areaDesc").unwrap_or_default();
    match (words.as_str(), codes.join(", ").as_str()) {
        (words, "") => words.to_owned(),
        ("", codes) => codes.to_owned(),
        (words, codes) => format!("{words} ({codes})"),
    }
}

/// The corners of a polygon, the first of which is the last again, whether or not it was written so.
fn polygon(text: &str, place: &str) -> Result<Vec<(f64, f64)>, Rejection> {
    let corners = text.split_whitespace().map(|corner| point(corner, place));
    let mut corners = corners.collect::<Result<Vec<_>, _>>()?;
    let n_corners = corners.len();
    let Some(first) = corners
        .first()
        .filter(|_| n_corners >= CORNERS_MIN)
        .copied()
    else {
        let detail = format!("{place}: {n_corners} corners, a polygon has {CORNERS_MIN} at least");
        return Err(refusal(Reason::BadPosition, detail));
    };
    if corners.last() != Some(&first) {
        corners.push(first);
    }
    Ok(corners)
}

/// The centre of gravity of a ring, by the triangles that each side makes with the first corner.
fn gravity(ring: &[(f64, f64)]) -> Centre {
    let origin = ring.first().copied().unwrap_or_default();
    let (mut twice, mut lon, mut lat) = (0.0, 0.0, 0.0);
    let (mut mean_lon, mut mean_lat) = (0.0, 0.0);
    let mut last = (0.0, 0.0);
    let n_sides = ring.len().saturating_sub(1).max(1) as f64;
    for corner in ring.iter().skip(1) {
        let corner = (corner.0 - origin.0, corner.1 - origin.1);
        let doubled = last.0 * corner.1 - corner.0 * last.1;
        twice += doubled;
        lon += doubled * (last.0 + corner.0);
        lat += doubled * (last.1 + corner.1);
        mean_lon += corner.0 / n_sides;
        mean_lat += corner.1 / n_sides;
        last = corner;
    }
    // Corners in one line have no centre of gravity: their mean has to do.
    let (lon, lat) = if twice.abs() > f64::EPSILON {
        (lon / (3.0 * twice), lat / (3.0 * twice))
    } else {
        (mean_lon, mean_lat)
    };
    Centre {
        lon: origin.0 + lon,
        lat: origin.1 + lat,
        size: twice.abs() / 2.0,
    }
}

/// Middle and radius in metres, which CAP writes in kilometres.
fn circle(text: &str, place: &str) -> Result<((f64, f64), f64), Rejection> {
    let mut words = text.split_whitespace();
    let (Some(middle), Some(radius), None) = (words.next(), words.next(), words.next()) else {
        return Err(unfit(text, place, "latitude,longitude and the radius"));
    };
    let radius: Option<f64> = radius.parse().ok();
    let Some(radius_km) = radius.filter(|radius| radius.is_finite() && *radius >= 0.0) else {
        return Err(unfit(text, place, "a radius in kilometres"));
    };
    Ok((point(middle, place)?, radius_km * 1_000.0))
}

/// Longitude and latitude of a point, which is written the other way round.
fn point(text: &str, place: &str) -> Result<(f64, f64), Rejection> {
    let degrees = text.split_once(',').and_then(|(lat, lon)| {
        let lat: f64 = lat.parse().ok()?;
        let lon: f64 = lon.parse().ok()?;
        Some((lon, lat))
    });
    match degrees {
        Some((lon, lat)) if lat.abs() <= 90.0 && lon.abs() <= 180.0 => Ok((lon, lat)),
        Some(_) => Err(unfit(text, place, "a latitude up to 90, then a longitude")),
        None => Err(unfit(text, place, "latitude,longitude")),
    }
}

fn unfit(found: &str, place: &str, expected: &str) -> Rejection {
    let detail = format!("{place}: {}, expected {expected}", shown(found));
    refusal(Reason::BadPosition, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_has_its_centre_of_gravity_whichever_way_it_runs() {
        for text in [
            "0,0 0,4 2,4 2,0 0,0",
            "2,0 2,4 0,4 0,0 2,0",
            "0,0 0,4 2,4 2,0",
        ] {
            let found = gravity(&polygon(text, "/p").unwrap());
            assert!(
                (found.lon - 2.0).abs() < 1e-9 && (found.lat - 1.0).abs() < 1e-9,
                "{found:?}"
            );
            assert!((found.size - 8.0).abs() < 1e-9, "{found:?}");
        }
        let line = gravity(&polygon("1,1 1,2 1,3 1,1", "/p").unwrap());
        assert!(
            (line.lat - 1.0).abs() < 1e-9 && (1.0..=3.0).contains(&line.lon),
            "{line:?}"
        );
    }

    #[test]
    fn what_is_no_shape_is_refused_with_its_place() {
        for text in [
            "",
            "1,2 3,4 1,2",
            "a b c d",
            "1,2 3,4 5,6 NaN,2",
            "118,24 118,25 119,25 118,24",
        ] {
            let refused = polygon(text, "/polygon").unwrap_err();
            assert_eq!(refused.reason, Reason::BadPosition, "{text}");
            assert!(
                refused.detail.starts_with("/polygon: "),
                "{}",
                refused.detail
            );
        }
        for text in [
            "", "1,2", "1,2 -1", "1,2 x", "1,2 NaN", "1,2 inf", "91,0 1", "1,2 3 4",
        ] {
            assert_eq!(
                circle(text, "").unwrap_err().reason,
                Reason::BadPosition,
                "{text}"
            );
        }
    }
}
