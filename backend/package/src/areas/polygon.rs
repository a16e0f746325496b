//! An area's outline: as GeoJSON writes it, checked, and turned into `geo`'s type.

use egret_shared::package::feed::Crs;
use egret_shared::position::Position;
use geo::{Area as _, BoundingRect as _, Centroid as _, Contains as _, InteriorPoint as _};
use geo::{Coord, LineString, MultiPolygon, Point, Polygon};
use serde::Deserialize;

use crate::crs::wgs84_from;

type Ring = Vec<Vec<f64>>;

/// The geometries an area can have.
///
/// # Source
/// RFC 7946, sections 3.1.6 and 3.1.7.
#[derive(Deserialize)]
#[serde(tag = "type")]
pub(crate) enum Geometry {
    /// An outer ring and its holes.
    Polygon { coordinates: Vec<Ring> },
    /// Several of them.
    MultiPolygon { coordinates: Vec<Vec<Ring>> },
}

impl Geometry {
    fn polygons(&self) -> &[Vec<Ring>] {
        match self {
            Self::Polygon { coordinates } => std::slice::from_ref(coordinates),
            Self::MultiPolygon { coordinates } => coordinates,
        }
    }

    /// Whether every ring is one.
    ///
    /// # Errors
    /// A sentence about the first ring that is none.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.polygons().iter().all(Vec::is_empty) {
            return Err("its geometry has no ring".to_owned());
        }
        for (number, polygon) in self.polygons().iter().enumerate() {
            for (ring_number, ring) in polygon.iter().enumerate() {
                check_ring(ring).map_err(|what| {
                    format!("polygon {number}, ring {ring_number} (counted from 0): {what}")
                })?;
            }
        }
        Ok(())
    }

    /// The outline as `geo` has it, from the datum `crs` to WGS 84. Points that are no pairs are left
    /// out: see [`Self::check`].
    pub(crate) fn into_multi_polygon(self, crs: Crs) -> MultiPolygon<f64> {
        let line = |ring: &Ring| {
            let converted = line(ring).into_points().into_iter().map(|point| {
                let (x, y) = wgs84_from(crs, point.x_y());
                Coord { x, y }
            });
            converted.collect::<LineString<f64>>()
        };
        let polygons = self.polygons().iter().filter_map(|rings| {
            let (outer, holes) = rings.split_first()?;
            let holes = holes.iter().map(line).collect();
            Some(Polygon::new(line(outer), holes))
        });
        polygons.collect()
    }
}

fn check_ring(ring: &Ring) -> Result<(), String> {
    for point in ring {
        let on_earth = match point.as_slice() {
            [lon, lat, ..] => Position::checked(*lon, *lat).is_some(),
            _ => false,
        };
        if !on_earth {
            return Err(format!("{point:?} is no position: lon, lat in degrees"));
        }
    }
    if ring.first() != ring.last() {
        return Err("it is not closed: its last point must be its first".to_owned());
    }
    if ring.len() < 4 {
        return Err(format!(
            "{} points make no ring: 4 are the least",
            ring.len()
        ));
    }
    if Polygon::new(line(ring), Vec::new()).unsigned_area() <= 0.0 {
        return Err("it encloses nothing".to_owned());
    }
    Ok(())
}

fn line(ring: &Ring) -> LineString<f64> {
    let points = ring.iter().filter_map(|point| match point.as_slice() {
        [x, y, ..] => Some(Coord { x: *x, y: *y }),
        _ => None,
    });
    points.collect()
}

/// A point inside: the centroid of the largest part if it lies there, else one that does.
pub(super) fn centre(outline: &MultiPolygon<f64>) -> Position {
    let size = |polygon: &&Polygon<f64>| polygon.unsigned_area();
    let largest = outline.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
    let inside = largest.and_then(|polygon| {
        let centroid = polygon
            .centroid()
            .filter(|centroid| polygon.contains(centroid));
        centroid.or_else(|| polygon.interior_point())
    });
    let anywhere = || {
        outline
            .bounding_rect()
            .map(|rect| Point::from(rect.center()))
    };
    let point = inside
        .or_else(anywhere)
        .unwrap_or_else(|| Point::new(0.0, 0.0));
    Position {
        lon: point.x(),
        lat: point.y(),
    }
}
