//! A lit place: from how near it is looked at, and where on the screen its light falls. Pure.

use std::f64::consts::TAU;

use crate::map::camera::{Camera, Mercator};
use crate::map::live::Look;
use crate::screen::Spot;

/// How much of the view's shorter side the light's radius takes: the lit place fills half of it,
/// and the other half says where in the city it is.
const SHARE: f64 = 0.25;

/// The zooms within which a lit place is looked at: from the whole city down to a street.
const ZOOMS: (f64, f64) = (8.0, 15.5);

/// The least radius. Metres: what is nearer together than a crossing is wide is one place.
const RADIUS_MIN_M: f64 = 50.0;

/// The earth's circumference along the equator. Metres, WGS 84.
const EQUATOR_M: f64 = TAU * 6_378_137.0;

/// Where the light falls on the screen. CSS pixels from the map's top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Light {
    /// Its middle.
    pub(crate) middle: (f64, f64),
    /// How far it reaches.
    pub(crate) radius_px: f64,
}

/// The spot's radius in shares of the world's side.
fn reach(spot: &Spot) -> f64 {
    let radius_m = if spot.radius_m.is_finite() {
        spot.radius_m.max(RADIUS_MIN_M)
    } else {
        RADIUS_MIN_M
    };
    let along_m = EQUATOR_M * spot.position.lat.to_radians().cos();
    radius_m / along_m.max(1.0)
}

/// The place and zoom from which a spot is looked at in a view of this size.
pub(crate) fn look(spot: &Spot, width: f64, height: f64) -> Look {
    let wanted_px = width.min(height).max(1.0) * SHARE;
    let one = Camera {
        centre: Mercator::of(spot.position),
        zoom: 0.0,
        width,
        height,
    };
    let zoom = (wanted_px / (reach(spot) * one.world_px())).log2();
    (spot.position, zoom.clamp(ZOOMS.0, ZOOMS.1))
}

/// Where the light of a spot falls.
pub(crate) fn light(spot: &Spot, camera: &Camera) -> Light {
    Light {
        middle: camera.screen_from(Mercator::of(spot.position)),
        radius_px: reach(spot) * camera.world_px(),
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;

    use super::*;

    fn spot(radius_m: f64) -> Spot {
        let position = Position {
            lon: 118.09,
            lat: 24.48,
        };
        Spot { position, radius_m }
    }

    fn seen(spot: &Spot) -> Light {
        let (centre, zoom) = look(spot, 1_000.0, 600.0);
        let camera = Camera {
            centre: Mercator::of(centre),
            zoom,
            width: 1_000.0,
            height: 600.0,
        };
        light(spot, &camera)
    }

    #[test]
    fn a_lit_place_is_in_the_middle_and_fills_half_of_the_shorter_side() {
        let light = seen(&spot(800.0));
        assert_eq!(light.middle, (500.0, 300.0));
        assert!((light.radius_px - 150.0).abs() < 1e-6, "{light:?}");
    }

    #[test]
    fn the_light_is_as_wide_as_the_ground_it_names() {
        let spot = spot(1_000.0);
        let camera = Camera {
            centre: Mercator::of(spot.position),
            zoom: 12.0,
            width: 1_000.0,
            height: 600.0,
        };
        let Light { middle, radius_px } = light(&spot, &camera);
        let edge = Mercator {
            x: camera.centre.x + radius_px / camera.world_px(),
            y: camera.centre.y,
        };
        let across_m = spot.position.distance_m(edge.position());
        // The sphere that distances are taken on is a little smaller than the equator's.
        assert!((across_m - 1_000.0).abs() < 3.0, "{across_m} at {middle:?}");
    }

    #[test]
    fn no_radius_sends_the_camera_out_of_the_city_or_into_the_ground() {
        for radius_m in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e9] {
            let (_, zoom) = look(&spot(radius_m), 1_000.0, 600.0);
            assert!((ZOOMS.0..=ZOOMS.1).contains(&zoom), "{radius_m}: {zoom}");
        }
    }
}
