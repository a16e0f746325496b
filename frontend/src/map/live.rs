//! An open map: base map, points and layer held together, the tiles it needs followed, frames
//! drawn no more often than something moves.

mod only;
mod seeing;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, WebGl2RenderingContext};

use egret_shared::catalog::Catalog;
use egret_shared::channel::Tile;
use egret_shared::id::FeedId;
use egret_shared::package::layer::LayerKind;
use egret_shared::position::Position;

use crate::clock;
use crate::map::bridge::{self, BaseMap, Moved};
use crate::map::camera::{Bounds, Camera, MARGIN, Mercator};
use crate::map::layer::{Frame, Layer};
use crate::map::pace::Pace;
use crate::map::palette::Palette;
use crate::map::points::{Counts, Points};
use crate::map::spot;
use crate::map::style::{self, Content, Ground};
use crate::screen::Spot;
use crate::screen::fit::unit_px;
use crate::store::link::Link;
use crate::store::{Store, TileNews};

pub(crate) use seeing::{Asset, Seen};

/// Time between frames, milliseconds: from afar halos breathe and vehicles move less than a
/// pixel a second; near by they glide.
const FRAME_MS: (i32, i32) = (100, 40);

/// What has come is drawn with the next frame of the browser, if the last one is at least this share
/// of the usual wait ago: not every tile for itself, and on a machine that is too slow not at all
/// before its turn.
const NEWS_SHARE: f64 = 0.3;

/// A frame whose turn it is was drawn already if one was asked for within this share of the wait.
const BREATH_SHARE: f64 = 0.7;

/// From which zoom on vehicles glide visibly.
const GLIDE_ZOOM: f64 = 12.5;

/// After this long a map that someone moved looks at the city again: a wall has no one who would
/// put it back. Milliseconds.
const HOME_MS: f64 = 120_000.0;

/// Room left around the city, as a share of the view.
const PAD: f64 = 0.05;

/// What the panel hears of the map.
#[derive(Clone, Copy)]
pub(crate) struct MapSignals {
    /// Where it looks.
    pub(crate) camera: RwSignal<Option<Camera>>,
    /// What is on it.
    pub(crate) counts: RwSignal<Counts>,
}

/// A place to look at, and at which zoom.
pub(crate) type Look = (Position, f64);

/// What the map shows, beside the tiles.
pub(crate) struct MapDef {
    /// Names, units, layers.
    pub(crate) catalog: Arc<Catalog>,
    /// How far the city reaches.
    pub(crate) bounds: Bounds,
    /// What lies above the ground.
    pub(crate) content: Content,
    /// The feeds whose assets are shown; absent, all of them.
    pub(crate) feeds: Option<BTreeSet<FeedId>>,
    /// Whether assets are shown at all: else no tile is followed.
    pub(crate) has_assets: bool,
}

/// An open map; [`LiveMap::close`] ends it.
pub(crate) struct LiveMap {
    shared: Rc<Shared>,
    store: Store,
    _moved: Closure<Moved>,
    _added: Closure<dyn FnMut(WebGl2RenderingContext)>,
    _draw: Closure<dyn FnMut()>,
    _themed: Closure<dyn FnMut()>,
}

struct Shared {
    base: OnceCell<BaseMap>,
    points: RefCell<Points>,
    layer: RefCell<Option<Layer>>,
    camera: Cell<Option<Camera>>,
    tiles: RefCell<BTreeSet<Tile>>,
    bounds: Bounds,
    def: MapDef,
    are_assets_hidden: Cell<bool>,
    /// Whether the asset layer has to take other colours with its next frame.
    is_themed: Cell<bool>,
    /// Where it looks when nobody moves it, if not at the whole city.
    look: Cell<Option<Look>>,
    /// What it lights; while it does, it looks there.
    spot: Cell<Option<Spot>>,
    moved_by_hand_ms: Cell<Option<f64>>,
    /// When it was asked for the newest frame, and when that was drawn, or the one before it.
    asked_ms: Cell<f64>,
    drawn_ms: Cell<f64>,
    /// The time between two frames that nothing new calls for.
    wait_ms: Cell<i32>,
    closed: Cell<bool>,
}

impl LiveMap {
    /// Opens a map in `container` and follows what it shows.
    ///
    /// # Errors
    /// The browser's words, mostly that it has no WebGL2; the panel says so instead of the map.
    pub(crate) async fn open(
        container: &HtmlElement,
        def: MapDef,
        store: Store,
        signals: MapSignals,
    ) -> Result<Self, String> {
        let palette = Palette::of_document().ok_or("no document")?;
        let style = style_of(&def, &palette);
        let shared = Rc::new(Shared::new(def));
        let moved = moved(&shared, store, signals);
        let added = added(&shared, palette.clone());
        let draw = draw(&shared);
        let themed = themed(&shared, palette);
        let (centre, zoom) = shared.home(
            container.client_width().into(),
            container.client_height().into(),
        );
        let opened = bridge::open(
            container,
            &style.layers,
            &style.hatches,
            unit_px(),
            centre.lon,
            centre.lat,
            zoom,
            &moved,
            &added,
            &draw,
            &themed,
        );
        let base = opened.await.map_err(|error| format!("{error:?}"))?;
        // The module's own object: it has the methods the bridge names.
        drop(shared.base.set(base.unchecked_into()));
        listen(&shared, store);
        leptos::task::spawn_local(animate(Rc::clone(&shared), store, signals.counts));
        Ok(Self {
            shared,
            store,
            _moved: moved,
            _added: added,
            _draw: draw,
            _themed: themed,
        })
    }

    /// A number by which a feature is painted; see [`style`] for which source has which.
    pub(crate) fn set_state(&self, source: &str, id: &str, key: &str, value: f64) {
        if let Some(base) = self.shared.base.get() {
            base.set_state(source, id, key, value);
        }
    }

    /// Which features a layer of the style draws.
    pub(crate) fn set_filter(&self, layer: &str, filter: &Value) {
        if let Some(base) = self.shared.base.get() {
            base.set_filter(layer, &filter.to_string());
        }
    }

    /// The points of a source.
    pub(crate) fn set_data(&self, source: &str, geojson: &str) {
        if let Some(base) = self.shared.base.get() {
            base.set_data(source, geojson);
        }
    }

    /// Whether a kind of layer is drawn.
    pub(crate) fn set_visible(&self, kind: LayerKind, is_visible: bool) {
        if kind == LayerKind::Assets {
            self.shared.are_assets_hidden.set(!is_visible);
        }
        if let Some(base) = self.shared.base.get() {
            for layer in style::drawn_with(kind) {
                base.set_visible(&layer, is_visible);
            }
        }
    }

    /// Looks at a place from now on, or at the whole city.
    pub(crate) fn look_at(&self, look: Option<Look>) {
        if self.shared.look.replace(look) != look {
            self.shared.fly_home();
        }
    }

    /// Looks at what is lit from now on, or back at its own place.
    pub(crate) fn spotlight(&self, spot: Option<Spot>) {
        if self.shared.spot.replace(spot) != spot {
            self.shared.fly_home();
        }
    }

    /// Names the map for screen readers.
    pub(crate) fn label(&self, text: &str) {
        if let Some(base) = self.shared.base.get() {
            base.label(text);
        }
    }

    /// Stops following and frees the context.
    pub(crate) fn close(&self) {
        self.shared.closed.set(true);
        self.store.listen_to_tiles(None);
        self.store.follow_tiles(&BTreeSet::new());
        if let Some(base) = self.shared.base.get() {
            base.close();
        }
    }
}

impl Shared {
    fn new(def: MapDef) -> Self {
        let catalog = &def.catalog;
        let [lon, lat] = catalog.city.centre;
        let centre = Position { lon, lat };
        let moving = catalog.feeds.iter().filter(|feed| feed.moving);
        let moving = moving.map(|feed| feed.id.clone()).collect();
        let points = Points::new(moving, Mercator::of(centre), clock::monotonic_ms());
        Self {
            base: OnceCell::new(),
            points: RefCell::new(points),
            layer: RefCell::new(None),
            camera: Cell::new(None),
            tiles: RefCell::default(),
            bounds: if def.bounds.is_empty() {
                Bounds::NONE.with(centre)
            } else {
                def.bounds
            },
            def,
            are_assets_hidden: Cell::new(false),
            is_themed: Cell::new(false),
            look: Cell::new(None),
            spot: Cell::new(None),
            moved_by_hand_ms: Cell::new(None),
            asked_ms: Cell::new(f64::NEG_INFINITY),
            drawn_ms: Cell::new(f64::NEG_INFINITY),
            wait_ms: Cell::new(FRAME_MS.0),
            closed: Cell::new(false),
        }
    }

    /// Where it looks when nobody moves it: at what is lit, else at its place, else at the whole
    /// city.
    fn home(&self, width: f64, height: f64) -> Look {
        let lit = self.spot.get().map(|spot| spot::look(&spot, width, height));
        lit.or(self.look.get()).unwrap_or_else(|| {
            let camera = Camera::fit(self.bounds, width, height, PAD);
            (camera.centre.position(), camera.zoom)
        })
    }

    /// Glides to where it looks from now on.
    fn fly_home(&self) {
        self.moved_by_hand_ms.set(None);
        let Some(base) = self.base.get() else {
            return;
        };
        match (self.camera.get(), self.look.get()) {
            (Some(camera), _) => {
                let (centre, zoom) = self.home(camera.width, camera.height);
                base.fly(centre.lon, centre.lat, zoom);
            }
            // A map that has not looked anywhere yet begins there.
            (None, Some((centre, zoom))) => base.jump(centre.lon, centre.lat, zoom),
            (None, None) => {}
        }
    }

    fn go_home(&self) {
        let (Some(base), Some(camera)) = (self.base.get(), self.camera.get()) else {
            return;
        };
        let (centre, zoom) = self.home(camera.width, camera.height);
        self.moved_by_hand_ms.set(None);
        base.jump(centre.lon, centre.lat, zoom);
    }

    /// Asks for a frame, unless one was asked for within this share of the usual wait.
    fn repaint(&self, share: f64, now_ms: f64) {
        if now_ms - self.asked_ms.get() < share * f64::from(self.wait_ms.get()) {
            return;
        }
        if let Some(base) = self.base.get() {
            self.asked_ms.set(now_ms);
            base.repaint();
        }
    }

    /// How long the newest frame was waited for, or is; 0 before the first. Milliseconds.
    fn lag_ms(&self, now_ms: f64) -> f64 {
        let (asked_ms, drawn_ms) = (self.asked_ms.get(), self.drawn_ms.get());
        let until_ms = if drawn_ms < asked_ms {
            now_ms
        } else {
            drawn_ms
        };
        let lag_ms = until_ms - asked_ms;
        if lag_ms.is_finite() { lag_ms } else { 0.0 }
    }

    /// Follows other tiles if those followed no longer serve.
    fn follow(&self, camera: &Camera, store: Store) {
        if !self.def.has_assets {
            return;
        }
        if camera.is_served_by(&self.tiles.borrow()) {
            return;
        }
        let tiles = camera.cover(MARGIN);
        self.tiles.replace(tiles.clone());
        store.follow_tiles(&tiles);
    }
}

fn moved(shared: &Rc<Shared>, store: Store, signals: MapSignals) -> Closure<Moved> {
    let shared = Rc::clone(shared);
    Closure::new(move |lon, lat, zoom, width, height, by_hand| {
        let camera = Camera {
            centre: Mercator::of(Position { lon, lat }),
            zoom,
            width,
            height,
        };
        let before = shared.camera.replace(Some(camera));
        signals.camera.set(Some(camera));
        shared.follow(&camera, store);
        if by_hand {
            shared.moved_by_hand_ms.set(Some(clock::monotonic_ms()));
        }
        let resized = before
            .is_some_and(|before| (before.width, before.height) != (camera.width, camera.height));
        if resized && shared.moved_by_hand_ms.get().is_none() {
            // Later, because the map is in the middle of telling us of this move.
            let shared = Rc::clone(&shared);
            leptos::task::spawn_local(async move { shared.go_home() });
        }
    })
}

fn added(shared: &Rc<Shared>, palette: Palette) -> Closure<dyn FnMut(WebGl2RenderingContext)> {
    let shared = Rc::clone(shared);
    Closure::new(move |gl| {
        shared.points.borrow_mut().forget_uploads();
        let layer = Layer::new(gl, &palette)
            .inspect_err(|error| leptos::logging::error!("the asset layer: {error}"));
        *shared.layer.borrow_mut() = layer.ok();
    })
}

fn draw(shared: &Rc<Shared>) -> Closure<dyn FnMut()> {
    let shared = Rc::clone(shared);
    Closure::new(move || {
        let mut layer = shared.layer.borrow_mut();
        if let (Some(layer), Some(camera)) = (layer.as_mut(), shared.camera.get()) {
            if shared.is_themed.take()
                && let Some(palette) = Palette::of_document()
            {
                layer.recolour(&palette);
            }
            let now_ms = clock::monotonic_ms();
            let frame = Frame {
                camera,
                now_ms,
                cell_px: unit_px(),
            };
            layer.draw(&mut shared.points.borrow_mut(), &frame);
            shared.drawn_ms.set(now_ms);
        }
    })
}

/// Takes the document's colours when they are others.
fn themed(shared: &Rc<Shared>, palette: Palette) -> Closure<dyn FnMut()> {
    let shared = Rc::clone(shared);
    Closure::new(move || {
        let style = style_of(&shared.def, &palette);
        if let Some(base) = shared.base.get() {
            shared.is_themed.set(true);
            base.repaint_with(&style.layers, &style.hatches);
        }
    })
}

fn listen(shared: &Rc<Shared>, store: Store) {
    let shared = Rc::clone(shared);
    store.listen_to_tiles(Some(Rc::new(move |news| {
        let mut points = shared.points.borrow_mut();
        let now_ms = clock::monotonic_ms();
        match (news, &shared.def.feeds) {
            (TileNews::Reset(tile, snapshot), None) => points.reset(tile, snapshot, now_ms),
            (TileNews::Moved(tile, delta), None) => points.advance(tile, delta, now_ms),
            (TileNews::Reset(tile, snapshot), Some(feeds)) => {
                points.reset(tile, &only::of_snapshot(feeds, snapshot), now_ms);
            }
            (TileNews::Moved(tile, delta), Some(feeds)) => {
                points.advance(tile, &only::of_delta(feeds, delta), now_ms);
            }
            (TileNews::Gone(tile), _) => points.forget(tile),
        }
        drop(points);
        shared.repaint(NEWS_SHARE, now_ms);
    })));
}

/// Draws frame after frame until the map is closed, and counts once a second.
async fn animate(shared: Rc<Shared>, store: Store, counts: RwSignal<Counts>) {
    let mut counted_ms = f64::NEG_INFINITY;
    let mut pace = Pace::default();
    while !shared.closed.get() {
        let now_ms = clock::monotonic_ms();
        // Of a lost city nothing moves: the picture stands still, and says so.
        let is_live = store.link.get_untracked() == Link::Live;
        if is_live {
            shared.repaint(BREATH_SHARE, now_ms);
        }
        if now_ms - counted_ms > 1_000.0 {
            counted_ms = now_ms;
            let new = shared.points.borrow().counts();
            if counts.try_get_untracked().is_some_and(|old| old != new) {
                counts.set(new);
            }
        }
        let left_alone = |moved_ms: f64| now_ms - moved_ms > HOME_MS;
        if shared.moved_by_hand_ms.get().is_some_and(left_alone) {
            shared.go_home();
        }
        let camera = shared.camera.get();
        let is_near = camera.is_some_and(|camera| camera.zoom - unit_px().log2() > GLIDE_ZOOM);
        let wait_ms = pace.wait_ms(if is_near { FRAME_MS.1 } else { FRAME_MS.0 });
        shared.wait_ms.set(wait_ms);
        let slept_ms = clock::monotonic_ms();
        clock::sleep(wait_ms).await;
        let now_ms = clock::monotonic_ms();
        pace.slept(wait_ms, now_ms - slept_ms, shared.lag_ms(now_ms));
    }
}

/// A style as the library takes it.
struct Written {
    layers: String,
    hatches: String,
}

fn style_of(def: &MapDef, palette: &Palette) -> Written {
    let colours = palette.colours();
    let window = web_sys::window();
    let origin = window.and_then(|window| window.location().origin().ok());
    let origin = origin.unwrap_or_default();
    let ground = Ground {
        layers: &def.catalog.layers,
        tiles: &def.catalog.tiles,
        origin: &origin,
    };
    let layers = style::style(&ground, &def.content, &colours, unit_px());
    Written {
        layers: layers.to_string(),
        hatches: style::hatches(&colours).to_string(),
    }
}
