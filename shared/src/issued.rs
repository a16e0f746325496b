//! What the issuer of a warning 预警 says of it: where it holds, until when, and in which words.
//!
//! It travels with the alert that the warning is, and is bounded, so that a storm's hundred
//! warnings fit into a snapshot: what is larger is simplified when it is taken in.

use serde::{Deserialize, Serialize};

use crate::id::AreaCode;
use crate::position::Position;
use crate::time::TimeMs;

/// Most shapes of a warning; of more, the largest are kept.
///
/// A bureau draws one or a few; what is drawn as dozens is a list of communities, which reads as
/// well from the largest of them.
pub const SHAPES_MAX: usize = 32;

/// Most corners of all polygons of a warning together.
///
/// At 9 bytes each on the wire that is 2 kB; a border that needs more is drawn finer than a wall's
/// pixels.
pub const CORNERS_MAX: usize = 224;

/// Most areas that a warning names: every district of a province's capital, and then some.
pub const AREAS_MAX: usize = 64;

/// Most bytes of [`Issued::by`].
pub const BY_BYTES_MAX: usize = 120;

/// Most bytes of [`Issued::headline`]: CAP asks for 160 characters at most, of three bytes in
/// Chinese.
pub const HEADLINE_BYTES_MAX: usize = 480;

/// Each shape keeps the corners of a triangle, however far polygons are simplified.
const _: () = assert!(SHAPES_MAX * 4 <= CORNERS_MAX);

/// What the issuer of a warning says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// Who issued it, as they call themselves; empty if they do not say.
    pub by: String,
    /// What it says in a line, in the sender's language; empty if there is none.
    pub headline: String,
    /// When it ends by itself; absent if it does not say.
    pub until: Option<TimeMs>,
    /// Where it holds, at most [`SHAPES_MAX`].
    pub shapes: Vec<Shape>,
    /// Areas of the city in which it holds, where it names areas and draws none; at most
    /// [`AREAS_MAX`].
    pub areas: Vec<AreaCode>,
    /// Shapes that there was no room for.
    pub left_out: u32,
}

/// Where a warning holds, in WGS 84.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A ring whose last corner is the first again.
    Polygon(Vec<Position>),
    /// All that is near a place.
    Circle {
        /// The middle.
        centre: Position,
        /// Metres.
        radius_m: f64,
    },
}
