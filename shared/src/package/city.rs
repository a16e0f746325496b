//! `city.toml`: which city, and how its areas are built up.

use serde::{Deserialize, Serialize};

use crate::id::AreaCode;
use crate::package::feed::Crs;
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
    /// The datum of the outlines in `areas.geojson` and `zones/`.
    #[serde(default, skip_serializing_if = "Crs::is_wgs84")]
    pub crs: Crs,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassificationDef {
    /// For feeds that name none.
    #[serde(default)]
    pub default: Classification,
    /// A number about people that fewer contributions stand behind is withheld from everybody who
    /// may not see those people's reports; 1 withholds nothing.
    #[serde(default = "k_default")]
    pub k: u32,
}

impl Default for ClassificationDef {
    fn default() -> Self {
        Self {
            default: Classification::default(),
            k: k_default(),
        }
    }
}

/// The least count that statistics offices commonly publish lies between 3 and 10.
fn k_default() -> u32 {
    5
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
