//! Where the map looks, and which tiles cover that. Pure.
//!
//! The map never turns or tilts, so a place on the screen is a scale and an offset away from its
//! place in the Mercator square of 0 to 1. East of the square it begins anew: a city at the
//! antimeridian is one city.

use std::collections::BTreeSet;
use std::f64::consts::{PI, TAU};

use egret_shared::channel::Tile;
use egret_shared::position::Position;

/// Side of the world at zoom 0, as MapLibre counts. CSS pixels.
const WORLD_PX: f64 = 512.0;

/// The most tiles that are followed at once. Each is a channel of its own on the server.
pub(crate) const TILES_MAX: usize = 6;

/// A place in the Mercator square: x from west to east, y from north to south, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mercator {
    /// West to east.
    pub(crate) x: f64,
    /// North to south.
    pub(crate) y: f64,
}

impl Mercator {
    /// The square's place of a position.
    pub(crate) fn of(position: Position) -> Self {
        let lat = position.lat.to_radians();
        Self {
            x: position.lon / 360.0 + 0.5,
            y: 0.5 - lat.tan().asinh() / TAU,
        }
    }

    /// The position of a place in the square.
    pub(crate) fn position(self) -> Position {
        Position {
            lon: (self.x - 0.5) * 360.0,
            lat: (PI * (1.0 - 2.0 * self.y)).sinh().atan().to_degrees(),
        }
    }
}

/// A rectangle of positions: west, south, east, north. Degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// South-west corner.
    pub(crate) low: Position,
    /// North-east corner.
    pub(crate) high: Position,
}

impl Bounds {
    /// Nothing: grows with the first position.
    pub(crate) const NONE: Self = Self {
        low: Position {
            lon: f64::INFINITY,
            lat: f64::INFINITY,
        },
        high: Position {
            lon: f64::NEG_INFINITY,
            lat: f64::NEG_INFINITY,
        },
    };

    /// The rectangle that holds `position` too, grown the short way round the world; then `high`
    /// may lie beyond 180 degrees, or `low` beyond -180.
    #[must_use]
    pub(crate) fn with(self, position: Position) -> Self {
        let middle = f64::midpoint(self.low.lon, self.high.lon);
        let lon = if middle.is_finite() {
            position.lon - 360.0 * ((position.lon - middle) / 360.0).round()
        } else {
            position.lon
        };
        Self {
            low: Position {
                lon: self.low.lon.min(lon),
                lat: self.low.lat.min(position.lat),
            },
            high: Position {
                lon: self.high.lon.max(lon),
                lat: self.high.lat.max(position.lat),
            },
        }
    }

    /// Whether it holds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.low.lon > self.high.lon
    }
}

/// Where the map looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Camera {
    /// Middle of the view.
    pub(crate) centre: Mercator,
    /// MapLibre's zoom.
    pub(crate) zoom: f64,
    /// Width of the view. CSS pixels.
    pub(crate) width: f64,
    /// Height of the view. CSS pixels.
    pub(crate) height: f64,
}

impl Camera {
    /// Side of the world. CSS pixels.
    pub(crate) fn world_px(&self) -> f64 {
        WORLD_PX * self.zoom.exp2()
    }

    /// How far east of the middle of the view a place is, the short way round the world. In sides
    /// of the square.
    pub(crate) fn east_of_centre(&self, place: Mercator) -> f64 {
        let east = place.x - self.centre.x;
        east - east.round()
    }

    /// Where a place is on the screen. CSS pixels from the top left.
    pub(crate) fn screen_from(&self, place: Mercator) -> (f64, f64) {
        let world = self.world_px();
        (
            self.east_of_centre(place) * world + self.width / 2.0,
            (place.y - self.centre.y) * world + self.height / 2.0,
        )
    }

    /// The view that shows all of `bounds` with `pad` of the view's size left free around it.
    pub(crate) fn fit(bounds: Bounds, width: f64, height: f64, pad: f64) -> Self {
        let north_west = Mercator::of(Position {
            lon: bounds.low.lon,
            lat: bounds.high.lat,
        });
        let south_east = Mercator::of(Position {
            lon: bounds.high.lon,
            lat: bounds.low.lat,
        });
        let room = 1.0 - 2.0 * pad;
        let across = width * room / (south_east.x - north_west.x).max(1e-9);
        let down = height * room / (south_east.y - north_west.y).max(1e-9);
        Self {
            centre: Mercator {
                x: f64::midpoint(north_west.x, south_east.x),
                y: f64::midpoint(north_west.y, south_east.y),
            },
            zoom: (across.min(down) / WORLD_PX).max(1.0).log2(),
            width,
            height,
        }
    }

    /// The finest tiles, at most [`TILES_MAX`], that cover the view with `margin` views around.
    pub(crate) fn cover(&self, margin: f64) -> BTreeSet<Tile> {
        (0..=Tile::Z_MAX)
            .rev()
            .find_map(|z| self.cover_at(z, margin))
            .unwrap_or_default()
    }

    /// The tiles of zoom `z`, unless they are too many. Columns go on round the world, rows end at
    /// the poles.
    fn cover_at(&self, z: u8, margin: f64) -> Option<BTreeSet<Tile>> {
        let world = self.world_px();
        let half_x = self.width / world * (0.5 + margin);
        let half_y = self.height / world * (0.5 + margin);
        let n_tiles = f64::from(1_u32 << z);
        let (west, east) = (self.centre.x - half_x, self.centre.x + half_x);
        let (first, across) = if east - west >= 1.0 {
            (0.0, n_tiles)
        } else {
            let first = (west * n_tiles).floor();
            (first, ((east * n_tiles).floor() - first + 1.0).min(n_tiles))
        };
        let row = |y: f64| (y * n_tiles).floor().clamp(0.0, n_tiles - 1.0);
        let (north, south) = (row(self.centre.y - half_y), row(self.centre.y + half_y));
        if across * (south - north + 1.0) > TILES_MAX as f64 {
            return None;
        }
        let columns = (0..TILES_MAX).map(|n| n as f64).take_while(|n| *n < across);
        let columns = columns.map(|n| (first + n).rem_euclid(n_tiles));
        let rows = (0..TILES_MAX).map(|n| north + n as f64);
        let rows = rows.take_while(|row| *row <= south);
        let tile = |(x, y): (f64, f64)| Tile {
            z,
            x: whole(x),
            y: whole(y),
        };
        let all = columns.flat_map(|x| rows.clone().map(move |y| (x, y)));
        Some(all.map(tile).collect())
    }

    /// Whether `tiles` still serve: they hold all of the view and are not much coarser than
    /// they need be. So a small move asks the server for nothing.
    pub(crate) fn is_served_by(&self, tiles: &BTreeSet<Tile>) -> bool {
        let Some(z) = tiles.first().map(|tile| tile.z) else {
            return false;
        };
        let Some(needed) = self.cover_at(z, 0.0) else {
            return false;
        };
        let ideal = self.cover(MARGIN).first().map_or(z, |tile| tile.z);
        needed.is_subset(tiles) && ideal <= z + 1
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a tile's number: from 0 to 65,535"
)]
fn whole(number: f64) -> u32 {
    number as u32
}

/// How far beyond the view tiles are followed, in views: a short pan finds its assets there.
pub(crate) const MARGIN: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;

    const XIAMEN: Position = Position {
        lon: 118.09,
        lat: 24.48,
    };

    fn camera(zoom: f64) -> Camera {
        Camera {
            centre: Mercator::of(XIAMEN),
            zoom,
            width: 960.0,
            height: 760.0,
        }
    }

    #[test]
    fn a_place_comes_back_from_the_square() {
        let back = Mercator::of(XIAMEN).position();
        assert!((back.lon - XIAMEN.lon).abs() < 1e-9 && (back.lat - XIAMEN.lat).abs() < 1e-9);
        assert_eq!(
            camera(10.0).screen_from(Mercator::of(XIAMEN)),
            (480.0, 380.0)
        );
    }

    #[test]
    fn a_fitted_view_shows_both_corners() {
        let high = Position {
            lon: 118.4,
            lat: 24.9,
        };
        let bounds = Bounds::NONE.with(XIAMEN).with(high);
        let camera = Camera::fit(bounds, 960.0, 760.0, 0.05);
        for corner in [XIAMEN, high] {
            let (x, y) = camera.screen_from(Mercator::of(corner));
            assert!(
                (40.0..=920.0).contains(&x) && (37.0..=723.0).contains(&y),
                "{x} {y}"
            );
        }
    }

    #[test]
    fn few_tiles_cover_any_view_and_hold_its_middle() {
        for zoom in [7.0, 9.3, 10.4, 12.0, 15.9] {
            let tiles = camera(zoom).cover(MARGIN);
            assert!((1..=TILES_MAX).contains(&tiles.len()), "{zoom}: {tiles:?}");
            let z = tiles.first().map_or(0, |tile| tile.z);
            assert!(tiles.contains(&Tile::of(z, XIAMEN)));
        }
    }

    #[test]
    fn a_small_move_keeps_the_tiles_and_a_large_one_does_not() {
        let tiles = camera(10.4).cover(MARGIN);
        let mut moved = camera(10.4);
        moved.centre.x += 20.0 / moved.world_px();
        assert!(moved.is_served_by(&tiles));
        moved.centre.x += 3_000.0 / moved.world_px();
        assert!(!moved.is_served_by(&tiles));
        assert!(!camera(14.0).is_served_by(&tiles));
        assert!(!camera(10.4).is_served_by(&BTreeSet::new()));
    }

    #[test]
    fn at_the_antimeridian_tiles_on_both_sides_are_followed() {
        let place = |lon| Position { lon, lat: -17.0 };
        for lon in [179.99, -179.99] {
            let camera = Camera {
                centre: Mercator::of(place(lon)),
                ..camera(10.0)
            };
            let tiles = camera.cover(MARGIN);
            let z = tiles.first().map_or(0, |tile| tile.z);
            assert!(z >= 9, "{tiles:?}");
            for lon in [179.9, -179.9] {
                assert!(tiles.contains(&Tile::of(z, place(lon))), "{lon}: {tiles:?}");
            }
            assert!(camera.is_served_by(&tiles));
            let (west, _) = camera.screen_from(Mercator::of(place(179.9)));
            let (east, _) = camera.screen_from(Mercator::of(place(-179.9)));
            assert!(
                west > 0.0 && west < east && east < camera.width,
                "{west} {east}"
            );
        }
    }

    #[test]
    fn a_city_at_the_antimeridian_fits_the_view_as_one() {
        let place = |lon| Position { lon, lat: -17.0 };
        let bounds = Bounds::NONE.with(place(179.8)).with(place(-179.9));
        let camera = Camera::fit(bounds, 960.0, 760.0, 0.05);
        assert!(camera.zoom > 9.0, "{camera:?}");
        let (x, _) = camera.screen_from(Mercator::of(place(-179.9)));
        assert!((480.0..960.0).contains(&x), "{x}");
    }

    #[test]
    fn at_the_poles_and_over_the_whole_world_tiles_are_few_and_real() {
        for (lat, zoom) in [(85.0, 4.0), (-85.0, 4.0), (89.9, 10.0), (0.0, 0.0)] {
            let centre = Mercator::of(Position { lon: 10.0, lat });
            let camera = Camera {
                centre,
                ..camera(zoom)
            };
            let tiles = camera.cover(MARGIN);
            assert!((1..=TILES_MAX).contains(&tiles.len()), "{lat}: {tiles:?}");
            for tile in &tiles {
                assert!(Tile::checked(tile.z, tile.x, tile.y).is_some(), "{tile:?}");
            }
        }
    }
}
