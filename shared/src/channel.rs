//! What a client can subscribe to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

use crate::id::{AssetId, FeedId, IncidentId, MetricId};
use crate::place::Place;
use crate::position::Position;

/// One stream of snapshot and deltas, shared by all who subscribe to it.
///
/// As text: `city`, `tile/{z}/{x}/{y}`, `asset/{feed}/{asset}`, `incident/{id}`, `metric/{id}`,
/// `wall/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Metrics, alerts, incidents, feeds and the ticker of the whole city.
    City,
    /// Assets within a tile of the map.
    Tile(Tile),
    /// One asset with all its values.
    Asset(FeedId, AssetId),
    /// One incident.
    Incident(IncidentId),
    /// One metric in all areas.
    Metric(MetricId),
    /// One wall: what it has been told, and what it shows.
    Wall(SmolStr),
}

/// A tile of the Web Mercator pyramid, counted from the north-west as map clients do.
///
/// # Source
/// OGC Two Dimensional Tile Matrix Set, `WebMercatorQuad`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Tile {
    /// Zoom, 0 to [`Tile::Z_MAX`].
    pub z: u8,
    /// Column, west to east.
    pub x: u32,
    /// Row, north to south.
    pub y: u32,
}

impl Tile {
    /// The finest zoom that can be subscribed to: tiles of about 600 m at Xiamen's latitude.
    pub const Z_MAX: u8 = 16;

    /// The tile of zoom `z` that holds `position`. Poles fall into the outermost rows.
    pub fn of(z: u8, position: Position) -> Self {
        Self::at(z, Place::of(position))
    }

    /// The tile of zoom `z` that holds `place`.
    pub fn at(z: u8, place: Place) -> Self {
        let z = z.min(Self::Z_MAX);
        Self {
            z,
            x: shifted(place.x, 32 - z),
            y: shifted(place.y, 32 - z),
        }
    }

    /// Whether `place` lies in it.
    pub fn holds(self, place: Place) -> bool {
        Self::at(self.z, place) == self
    }

    /// The tile, if there is one with these numbers.
    pub fn checked(z: u8, x: u32, y: u32) -> Option<Self> {
        let exists = z <= Self::Z_MAX && x < 1 << z && y < 1 << z;
        exists.then_some(Self { z, x, y })
    }
}

/// `steps` without its last `bits`, which are at most 32.
fn shifted(steps: u32, bits: u8) -> u32 {
    steps.checked_shr(bits.into()).unwrap_or(0)
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::City => f.write_str("city"),
            Self::Tile(tile) => write!(f, "tile/{}/{}/{}", tile.z, tile.x, tile.y),
            Self::Asset(feed, asset) => write!(f, "asset/{feed}/{asset}"),
            Self::Incident(id) => write!(f, "incident/{id}"),
            Self::Metric(id) => write!(f, "metric/{id}"),
            Self::Wall(id) => write!(f, "wall/{id}"),
        }
    }
}

/// Why a text names no channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no channel: city, tile/Z/X/Y, asset/FEED/ASSET, incident/ID, metric/ID and wall/ID are"
)]
pub struct NoChannel(pub String);

impl FromStr for Channel {
    type Err = NoChannel;

    fn from_str(text: &str) -> Result<Self, NoChannel> {
        let (kind, rest) = text.split_once('/').unwrap_or((text, ""));
        let channel = match kind {
            "city" if text == kind => Some(Self::City),
            "tile" => tile_from(rest).map(Self::Tile),
            "asset" => rest
                .split_once('/')
                .filter(|(feed, asset)| !feed.is_empty() && !asset.is_empty())
                .map(|(feed, asset)| Self::Asset(feed.into(), asset.into())),
            "incident" if !rest.is_empty() => Some(Self::Incident(rest.into())),
            "metric" if !rest.is_empty() => Some(Self::Metric(rest.into())),
            "wall" if !rest.is_empty() => Some(Self::Wall(rest.into())),
            _ => None,
        };
        channel.ok_or_else(|| NoChannel(text.to_owned()))
    }
}

fn tile_from(text: &str) -> Option<Tile> {
    let mut numbers = text.splitn(3, '/');
    let z = numbers.next()?.parse().ok()?;
    let x = numbers.next()?.parse().ok()?;
    let y = numbers.next()?.parse().ok()?;
    Tile::checked(z, x, y)
}

impl Serialize for Channel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_is_read_back_from_its_text() {
        for text in [
            "city",
            "tile/9/424/220",
            "asset/manhole/M-1/a",
            "incident/20260622-0001",
            "wall/hall",
        ] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "city/",
            "tile/9/1",
            "tile/1/9/9",
            "asset/manhole",
            "asset//x",
            "metric/",
            "wall/",
        ] {
            assert!(text.parse::<Channel>().is_err(), "{text}");
        }
    }

    #[test]
    fn xiamen_lies_in_its_tile_and_poles_in_the_last_row() {
        let xiamen = Position {
            lon: 118.09,
            lat: 24.48,
        };
        assert_eq!(
            Tile::of(9, xiamen),
            Tile {
                z: 9,
                x: 423,
                y: 220
            }
        );
        let pole = Position {
            lon: 180.0,
            lat: -90.0,
        };
        assert_eq!(Tile::of(3, pole), Tile { z: 3, x: 7, y: 7 });
    }
}
