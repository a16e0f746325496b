//! What the simulator knows of the city: its package, and its roads.

use chrono_tz::Tz;
use egret_shared::catalog::AssetDef;
use egret_shared::id::{AreaCode, FeedId, PropertyId};
use egret_shared::package::feed::FeedDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::words::WordsDef;

use crate::plane::{Plane, Point};

/// A city to play.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Its feeds; those without a topic are left alone.
    pub(crate) feeds: Vec<FeedDef>,
    /// What is measured.
    pub(crate) properties: Vec<PropertyDef>,
    /// Who speaks: only registered assets do.
    pub(crate) assets: Vec<AssetDef>,
    /// What reports are about.
    pub(crate) words: WordsDef,
    /// Where days begin.
    pub(crate) timezone: Tz,
    /// Its flat map.
    pub(crate) plane: Plane,
}

/// A registered asset that stands somewhere.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Where, on the flat map.
    pub(crate) point: Point,
    /// The area it counts for.
    pub(crate) area: Option<AreaCode>,
}

impl Setting {
    /// The fixed assets of `feed` in the register's order.
    pub(crate) fn sites(&self, feed: &str) -> Vec<Site> {
        self.assets
            .iter()
            .filter(|asset| asset.feed.as_str() == feed)
            .filter_map(|asset| self.site(asset))
            .collect()
    }

    /// Where an asset stands, if it does.
    pub(crate) fn site(&self, asset: &AssetDef) -> Option<Site> {
        let position = asset.position?;
        Some(Site {
            point: self.plane.point_from(position),
            area: asset.area.clone(),
        })
    }

    /// The feed with this id.
    pub(crate) fn feed(&self, id: &FeedId) -> Option<&FeedDef> {
        self.feeds.iter().find(|feed| feed.id == *id)
    }

    /// The property with this id.
    pub(crate) fn property(&self, id: &str) -> Option<&PropertyDef> {
        let wanted = PropertyId::new(id);
        self.properties
            .iter()
            .find(|property| property.id == wanted)
    }
}

/// The index of the site nearest to `point`.
pub(crate) fn nearest(sites: &[Site], point: Point) -> Option<usize> {
    let distance = |site: &Site| site.point.distance_m(point);
    sites
        .iter()
        .enumerate()
        .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))
        .map(|(index, _)| index)
}
