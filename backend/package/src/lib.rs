//! The city package: reading, checking and pointing at mistakes; areas and where a point lies.
//!
//! Modules in the order in which data flows: [`folder`] brings the files' texts, `load` reads
//! them with the help of `spans` (in the words of `wording`) and checks them by `check` (one file
//! per file of the package), every mistake becomes a [`Problem`], and what has none becomes a
//! [`Package`]. [`areas`] answers where a point lies, [`zones`] whether one lies on some ground, [`units`] what converts into what,
//! [`expression`] what CEL may say, [`tiles`] what stands for an archive of map tiles.
//!
//! Pure but for [`folder`]: no clock, no other I/O.

pub mod additions;
pub mod areas;
mod check;
pub mod crs;
mod digest;
pub mod expression;
pub mod folder;
mod load;
mod names;
pub mod plans;
pub mod problem;
mod spans;
pub mod tiles;
pub mod units;
mod wording;
pub mod zones;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use egret_shared::catalog::{AssetDef, Catalog, LayerDef, PlanHead, TilesDef};
use egret_shared::id::{DepartmentId, FeedId, MetricId, PlanId, PropertyId};
use egret_shared::package::casework::CaseworkDef;
use egret_shared::package::city::{CityDef, Classification};
use egret_shared::package::department::DepartmentDef;
use egret_shared::package::feed::{Crs, FeedDef};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::rule::RulesDef;
use egret_shared::package::scene::{SceneDef, ScreenDef};
use egret_shared::package::wall::WallDef;
use egret_shared::package::words::WordsDef;
use egret_shared::wall::WatchDef;

use areas::{AreaIndex, AreaTree};
use plans::Plan;
pub use problem::Problem;
use zones::Zone;

/// A city package that passed every check.
#[derive(Clone, Debug)]
pub struct Package {
    /// `city.toml`.
    pub city: CityDef,
    /// The city's time zone: where days begin.
    pub timezone: Tz,
    /// `areas.geojson`.
    pub areas: AreaTree,
    /// `departments.toml`.
    pub departments: Vec<DepartmentDef>,
    /// `properties.toml`.
    pub properties: Vec<PropertyDef>,
    /// `feeds.toml`.
    pub feeds: Vec<FeedDef>,
    /// `metrics.toml`, derived metrics and indices after what they are made of.
    pub metrics: Vec<MetricDef>,
    /// `rules.toml`.
    pub rules: RulesDef,
    /// `casework.toml`, if there is one.
    pub casework: CaseworkDef,
    /// `scenes.toml`.
    pub scenes: Vec<SceneDef>,
    /// `[wall]` of `scenes.toml`, if there is one.
    pub wall: WallDef,
    /// `[screen]` of `scenes.toml`, if it is there.
    pub screen: Option<ScreenDef>,
    /// `assets.csv`, if there is one.
    pub assets: Vec<AssetDef>,
    /// `map/layers.toml`, if there is one.
    pub layers: Vec<LayerDef>,
    /// `map/*.pmtiles` by the file's name, those that are known to be readable.
    pub tiles: BTreeMap<String, TilesDef>,
    /// `words.toml`, if there is one.
    pub words: WordsDef,
    /// `zones/*.geojson` by the file's name.
    pub zones: BTreeMap<String, Zone>,
    /// `plans/*.md` by id.
    pub plans: BTreeMap<PlanId, Plan>,
    /// Fingerprint of everything that the fold depends on: definitions, areas, zones and assets, but
    /// not their files' formatting, nor scenes and map layers.
    pub digest: u64,
}

impl Package {
    /// Reads and checks a package.
    ///
    /// `files` are texts by path relative to the package's folder, as [`folder::read`] gives them.
    /// In place of an archive of map tiles stands what [`tiles::Archive::text`] says of it, or
    /// nothing: then its contents are taken on trust.
    ///
    /// # Errors
    /// Every mistake that was found, by file and place; the caller shows them all.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        load::load(files)
    }

    /// The datum that a GeoJSON file of the package is written in.
    pub fn datum_of(&self, path: &str) -> Crs {
        match path.strip_prefix("map/") {
            Some(file) => {
                let layer = self.layers.iter().find(|layer| layer.file == file);
                layer.map_or_else(Crs::default, |layer| layer.crs)
            }
            None => self.city.crs,
        }
    }

    /// What screens have to know of it.
    pub fn catalog(&self) -> Catalog {
        Catalog {
            city: self.city.clone(),
            areas: self.areas.catalog(),
            departments: self.departments.clone(),
            properties: self.properties.clone(),
            feeds: self.feeds.clone(),
            metrics: self.metrics.clone(),
            rules: self.rules.clone(),
            casework: self.casework.clone(),
            plans: self.plan_heads(),
            scenes: self.scenes.clone(),
            screen: self.screen,
            layers: self.layers.clone(),
            tiles: self.tiles.clone(),
            words: self.words.clone(),
            wall: self.wall,
            watch: WatchDef::default(),
        }
    }

    fn plan_heads(&self) -> Vec<PlanHead> {
        let head = |(id, plan): (&PlanId, &Plan)| PlanHead {
            id: id.clone(),
            name: plan.name.clone(),
        };
        self.plans.iter().map(head).collect()
    }

    /// The areas.
    pub fn area_tree(&self) -> &AreaTree {
        &self.areas
    }

    /// An index that answers where points lie. Building takes milliseconds: keep it.
    pub fn area_index(&self) -> AreaIndex {
        AreaIndex::new(&self.areas)
    }

    /// The feed with this id. A search through some dozens: look up once, not per message.
    pub fn feed(&self, id: &FeedId) -> Option<&FeedDef> {
        self.feeds.iter().find(|feed| feed.id == *id)
    }

    /// The property with this id. A search through some dozens: look up once, not per message.
    pub fn property(&self, id: &PropertyId) -> Option<&PropertyDef> {
        self.properties.iter().find(|property| property.id == *id)
    }

    /// The department with this id.
    pub fn department(&self, id: &DepartmentId) -> Option<&DepartmentDef> {
        self.departments
            .iter()
            .find(|department| department.id == *id)
    }

    /// The metric with this id.
    pub fn metric(&self, id: &MetricId) -> Option<&MetricDef> {
        self.metrics.iter().find(|metric| metric.id == *id)
    }

    /// Who may see a feed: what it says, or else the city's default.
    pub fn classification(&self, feed: &FeedDef) -> Classification {
        feed.classification
            .unwrap_or(self.city.classification.default)
    }
}
