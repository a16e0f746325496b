//! `city.toml`: which city, and how its areas are built up.

use serde::{Deserialize, Serialize};

use crate::id::AreaCode;
use crate::text::Text;

/// The whole of `city.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityDef {
    /// [`super::SCHEMA`].
    pub schema: u32,
    /// The city's id, also in file names.
    pub id: String,
    /// The city's name.
    pub name: Text,
    /// IANA time zone: where days begin.
    pub timezone: String,
    /// Where a map opens: lon, lat in degrees, WGS 84.
    pub centre: [f64; 2],
    /// At which zoom a map opens.
    pub zoom: f64,
    /// Whether the data is simulated; every screen says so.
    #[serde(default)]
    pub simulated: bool,
    /// Code of the area that is the whole city.
    pub root: AreaCode,
    /// Names of the levels of the area tree, widest first.
    pub levels: Vec<String>,
    /// How feeds are classified unless they say otherwise.
    #[serde(default)]
    pub classification: ClassificationDef,
}

/// `[classification]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassificationDef {
    /// For feeds that name none.
    #[serde(default)]
    pub default: Classification,
}

/// Who may see something, in rising strictness.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    /// Anyone.
    Public,
    /// Anyone signed in.
    #[default]
    Internal,
    /// Those granted.
    Sensitive,
}
