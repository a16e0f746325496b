//! What of an open map lies where on the screen: for the pointer, and for walking by keyboard.

use egret_shared::id::{AssetId, FeedId};
use egret_shared::level::Level;
use egret_shared::package::layer::LayerKind;
use egret_shared::position::Position;

use super::LiveMap;
use crate::clock;
use crate::map::camera::Mercator;
use crate::map::style;
use crate::map::walk::{self, Way};
use crate::screen::fit::unit_px;

/// An asset, by its feed and its id.
pub(crate) type Asset = (FeedId, AssetId);

/// An asset within the view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// Which.
    pub(crate) asset: Asset,
    /// Its level.
    pub(crate) level: Level,
    /// Where it is on the screen. CSS pixels.
    pub(crate) spot: (f64, f64),
}

/// How near marks are one place to a pointer, in the style's units.
const NEAR_U: f64 = 10.0;

/// The same, not yet copied.
type Sight<'a> = ((&'a FeedId, &'a AssetId), Level, (f64, f64));

fn kept(((feed, asset), level, spot): Sight<'_>) -> Seen {
    Seen {
        asset: (feed.clone(), asset.clone()),
        level,
        spot,
    }
}

impl LiveMap {
    /// The assets at a place of the screen, the one that lies on top first; none while they are
    /// not shown. CSS pixels from the map's top left.
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> Vec<Seen> {
        let near_px = NEAR_U * unit_px();
        let far = |spot: (f64, f64)| (spot.0 - x).hypot(spot.1 - y);
        let mut near = self.look_through(|sights| {
            let near = sights.filter(|(.., spot)| far(*spot) <= near_px);
            near.map(kept).collect::<Vec<Seen>>()
        });
        near.sort_by(|a, b| {
            // Alerting ones lie on top of others here as they do on the map.
            let calm = |seen: &Seen| seen.level == Level::Normal;
            let by_place = calm(a)
                .cmp(&calm(b))
                .then(far(a.spot).total_cmp(&far(b.spot)));
            by_place.then_with(|| a.asset.cmp(&b.asset))
        });
        near
    }

    /// The warnings at a place of the screen, by the `code` of [`style::source::WARNED`] and
    /// [`style::source::DRAWN`]. CSS pixels from the map's top left.
    pub(crate) fn warnings_at(&self, (x, y): (f64, f64)) -> Vec<String> {
        let layers = style::drawn_with(LayerKind::Warnings);
        let base = self.shared.base.get();
        base.map_or_else(Vec::new, |base| {
            base.under(&serde_json::json!(layers).to_string(), "code", x, y)
        })
    }

    /// Whether a place is in view.
    pub(crate) fn shows(&self, position: Position) -> bool {
        let camera = self.shared.camera.get();
        camera.is_some_and(|camera| {
            let (x, y) = camera.screen_from(Mercator::of(position));
            (0.0..=camera.width).contains(&x) && (0.0..=camera.height).contains(&y)
        })
    }

    /// The middle of the view. CSS pixels from the map's top left.
    pub(crate) fn middle(&self) -> (f64, f64) {
        let camera = self.shared.camera.get();
        camera.map_or((0.0, 0.0), |camera| {
            (camera.width / 2.0, camera.height / 2.0)
        })
    }

    /// The place of the map at a place of the screen.
    pub(crate) fn place_of(&self, (x, y): (f64, f64)) -> Option<Mercator> {
        let camera = self.shared.camera.get()?;
        let world = camera.world_px();
        Some(Mercator {
            x: camera.centre.x + (x - camera.width / 2.0) / world,
            y: camera.centre.y + (y - camera.height / 2.0) / world,
        })
    }

    /// The next asset in a direction from a place of the screen.
    pub(crate) fn next(&self, from: (f64, f64), way: Way) -> Option<Seen> {
        let same_px = NEAR_U * unit_px();
        self.look_through(|sights| {
            let spots = sights.map(|sight| (sight, sight.2));
            walk::next(spots, from, way, same_px).map(kept)
        })
    }

    /// The asset nearest to the middle of the view.
    pub(crate) fn in_the_middle(&self) -> Option<Seen> {
        let camera = self.shared.camera.get()?;
        let (x, y) = (camera.width / 2.0, camera.height / 2.0);
        self.look_through(|sights| {
            let far = |(.., spot): &Sight<'_>| (spot.0 - x).hypot(spot.1 - y);
            let nearest = sights.min_by(|a, b| far(a).total_cmp(&far(b)));
            nearest.map(kept)
        })
    }

    /// Where an asset is on the screen; nothing if it is not in the view.
    pub(crate) fn spot_of(&self, (feed, asset): &Asset) -> Option<(f64, f64)> {
        self.look_through(|sights| {
            let mut sights = sights;
            let found = Iterator::find(&mut sights, |((of, id), ..)| *of == feed && *id == asset);
            found.map(|(.., spot)| spot)
        })
    }

    /// Looks through the assets in the view.
    fn look_through<T: Default>(
        &self,
        look: impl FnOnce(&mut dyn Iterator<Item = Sight<'_>>) -> T,
    ) -> T {
        let shared = &self.shared;
        let Some(camera) = shared
            .camera
            .get()
            .filter(|_| !shared.are_assets_hidden.get())
        else {
            return T::default();
        };
        let points = shared.points.borrow();
        let places = points.places(clock::monotonic_ms());
        let mut sights = places
            .map(|(asset, level, place)| (asset, level, camera.screen_from(place)))
            .filter(|(.., (x, y))| {
                (0.0..=camera.width).contains(x) && (0.0..=camera.height).contains(y)
            });
        look(&mut sights)
    }
}
