//! What a screen has to know of the city package: names, units, limits, scenes.
//!
//! `GET /api/v1/catalog` in JSON, loaded once per generation. No geometry: the map's layers are
//! files of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::id::{AreaCode, AssetId, FeedId, PlanId};
use crate::package::casework::CaseworkDef;
use crate::package::city::CityDef;
use crate::package::department::DepartmentDef;
use crate::package::feed::{Crs, FeedDef};
use crate::package::metric::MetricDef;
use crate::package::property::PropertyDef;
use crate::package::rule::RulesDef;
use crate::package::scene::{SceneDef, ScreenDef};
use crate::package::wall::WallDef;
use crate::package::words::WordsDef;
use crate::position::Position;
use crate::text::Text;
use crate::wall::WatchDef;

/// The city package as screens need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// Which city.
    pub city: CityDef,
    /// Areas, each after its parent.
    pub areas: Vec<Area>,
    /// Departments.
    pub departments: Vec<DepartmentDef>,
    /// Observed properties.
    pub properties: Vec<PropertyDef>,
    /// Feeds.
    pub feeds: Vec<FeedDef>,
    /// Metrics, derived ones after what they derive from.
    pub metrics: Vec<MetricDef>,
    /// Rules and causes.
    pub rules: RulesDef,
    /// Limits, calendar, shifts and the emergency mode.
    pub casework: CaseworkDef,
    /// Response plans, by id.
    pub plans: Vec<PlanHead>,
    /// Scenes in the order of the tabs.
    pub scenes: Vec<SceneDef>,
    /// How large the walls are and from how far they are read, where the city says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<ScreenDef>,
    /// Layers of the base map, bottom first.
    pub layers: Vec<LayerDef>,
    /// Archives of tiles that layers of the base map are drawn from, by the file's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiles: BTreeMap<String, TilesDef>,
    /// What screens call words that messages use.
    #[serde(default)]
    pub words: WordsDef,
    /// What may take a wall over.
    #[serde(default)]
    pub wall: WallDef,
    /// How walls watch themselves: the server's setting, not the package's.
    #[serde(default)]
    pub watch: WatchDef,
}

/// A response plan 预案 without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHead {
    /// Its id.
    pub id: PlanId,
    /// Its name.
    pub name: Text,
}

/// An area 区域 without its polygon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Its code.
    pub code: AreaCode,
    /// The area that holds it; absent for the city.
    pub parent: Option<AreaCode>,
    /// Its level's name, from `city.toml`.
    pub level: String,
    /// Its name.
    pub name: Text,
    /// A point inside it, for labels.
    pub centre: Position,
}

/// An asset that the city knows ahead of its first message: a row of `assets.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetDef {
    /// The feed it belongs to.
    pub feed: FeedId,
    /// Its id within the feed.
    pub asset: AssetId,
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub position: Option<Position>,
    /// The area it counts for; absent, the one that holds `position`. A sensor on a bridge
    /// stands over water and counts for the nearer landing.
    pub area: Option<AreaCode>,
    /// The gateway that it speaks through, as far as the register says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<SmolStr>,
}

/// The ending of archives of tiles.
pub const TILES_ENDING: &str = ".pmtiles";

/// A layer of the base map: one `[[layer]]` of `map/layers.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerDef {
    /// Its id.
    pub id: String,
    /// GeoJSON file or PMTiles archive beside `layers.toml`; served under `/map/`.
    pub file: String,
    /// The layer of the archive's tiles that it is drawn from. An archive has many, GeoJSON none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiles_layer: Option<String>,
    /// How it is drawn: `land`, `water`, `area`, `road`, `crossing`, `label`.
    pub kind: String,
    /// The features that are drawn: for each property the values that it may have, as text. All
    /// that `file` has, if it is empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// The zoom of the map from which on it is drawn; absent, from every one.
    ///
    /// # Units
    /// 0 to 24, as MapLibre counts: the world is 512 pixels wide at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_zoom: Option<u8>,
    /// The datum it is drawn in; served in WGS 84 whatever it is.
    #[serde(default, skip_serializing_if = "Crs::is_wgs84")]
    pub crs: Crs,
    /// Who made it; shown on the map.
    #[serde(default)]
    pub attribution: String,
    /// Whether its lines are drawn by hand; the map says so.
    #[serde(default)]
    pub schematic: bool,
}

impl LayerDef {
    /// Whether it is drawn from tiles, one by one, and not from a file that is read as a whole.
    pub fn is_tiled(&self) -> bool {
        self.file.ends_with(TILES_ENDING)
    }
}

/// What a screen has to know of an archive of tiles. It is served as `/map/FILE/{z}/{x}/{y}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TilesDef {
    /// The coarsest zoom that it has tiles of.
    pub min_zoom: u8,
    /// The finest zoom that it has tiles of: a map that is closer draws these larger.
    pub max_zoom: u8,
}
