//! `map`: the living picture in the middle. The map itself is [`crate::map`]; here is what lies
//! over it — names, marks, warnings, legend, notes, the card of an asset — and when it is opened.

mod card;
mod dense;
mod flows;
mod legend;
mod marks;
mod opening;
mod overlay;
mod pointed;
mod shown;
mod spotlight;
mod twin;
mod warned;

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::metric::MetricPoint;
use egret_shared::package::layer::LayerKind;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use crate::i18n::Key;
use crate::i18n::map::MapWord;
use crate::lasting::Kept;
use crate::map::live::{LiveMap, Look, MapSignals};
use crate::map::points::Counts;
use crate::map::style::{self, source};
use crate::screen::hidden::hidden;
use crate::screen::{Spot, screen};
use crate::select::{self, Case};
use crate::store::Store;
use crate::widget::frame::Words;

use card::Card;
use legend::{Told, legend};
use opening::Loaded;
use overlay::{Over, Overlay};
use pointed::Pointed;
use shown::Shown;
use spotlight::Spotlight;
use twin::Twin;
use warned::{Picked, Warned, WarningCard, WarningTwin, warned};

/// Where an opened map is kept: outside the reactive graph's threads, like all of the browser's.
type Opened = StoredValue<Option<LiveMap>, LocalStorage>;

/// An area and what paints it.
type PaintedArea = (Area, Kept<Option<MetricPoint>>);

/// Whether the map is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Loading,
    Open,
    Failed,
}

/// A map, once it is open. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Drawn {
    map: Opened,
    progress: RwSignal<Progress>,
}

impl Drawn {
    fn new() -> Self {
        Self {
            map: StoredValue::new_local(None),
            progress: RwSignal::new(Progress::Loading),
        }
    }

    /// Whether it is open; whoever asks is told when that changes.
    fn is_open(self) -> bool {
        self.progress.get() == Progress::Open
    }

    /// Tells the map something, now or once it is open: an effect that calls this runs again then.
    fn tell(self, what: impl Fn(&LiveMap)) {
        if self.is_open() {
            self.map.with_value(|map| map.iter().for_each(what));
        }
    }

    /// Asks the map something; `None` while there is none.
    fn ask<T>(self, what: impl FnOnce(&LiveMap) -> T) -> Option<T> {
        self.map
            .try_with_value(|map| map.as_ref().map(what))
            .flatten()
    }
}

/// The most cases that are looked at for marks, worst first; a list beside the map has them all.
const CASES_MAX: usize = 1_000;

/// What a map shows, and where it looks.
struct Setup {
    /// Its layers.
    shown: Shown,
    /// Whether it is but a part of something else, with little room of its own.
    is_small: bool,
    /// What has a mark of its own, worst first.
    cases: Signal<Arc<[Case]>>,
    /// The place and zoom that it looks at; absent, the whole city.
    look: Signal<Option<Look>>,
    /// What it lights.
    spot: Signal<Option<Spot>>,
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let cases = Memo::new(move |_| -> Arc<[Case]> {
        let cases = store.cases.read();
        let placed = cases
            .iter()
            .filter(|case| case.position.is_some() && !case.cleared);
        placed.take(CASES_MAX).cloned().collect()
    });
    let setup = Setup {
        shown: Shown::of(&def.layers, catalog),
        is_small: false,
        cases: cases.into(),
        look: Signal::stored(None),
        spot: screen.spot.into(),
    };
    view_of(&setup, catalog)
}

/// The map of a place, with the marks of what is there.
pub(crate) fn around(
    catalog: &Arc<Catalog>,
    look: Signal<Option<Look>>,
    cases: Signal<Arc<[Case]>>,
) -> AnyView {
    let setup = Setup {
        shown: Shown::around(),
        is_small: true,
        cases,
        look,
        spot: Signal::stored(None),
    };
    view_of(&setup, catalog)
}

fn view_of(setup: &Setup, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let drawn = Drawn::new();
    let signals = MapSignals {
        camera: RwSignal::new(None),
        counts: RwSignal::new(Counts::default()),
    };
    let loaded = Loaded {
        names: RwSignal::new(Arc::default()),
        lines: RwSignal::new(Arc::default()),
    };
    let shown = &setup.shown;
    let container = NodeRef::<Div>::new();
    opening::open_when_ready(container, shown, catalog, loaded, signals, drawn);
    let followed = follow(setup, loaded, drawn, catalog);
    let (areas, warned) = (followed.areas, followed.warned);
    on_cleanup(move || {
        drawn.ask(LiveMap::close);
    });
    let over = Over {
        camera: signals.camera,
        names: loaded.names,
        marks: marks_of(shown, setup.cases, signals),
        warned: seen_warnings(warned),
        legend: RwSignal::new((0.0, 0.0)),
    };
    let told = Told {
        shown: shown.clone(),
        counts: signals.counts,
        lines: loaded.lines,
        top: followed.top,
        densest: followed.densest,
        room: over.legend,
    };
    let message = Signal::derive(move || match drawn.progress.get() {
        Progress::Failed => Key::MapFailed,
        Progress::Loading | Progress::Open => Key::MapLoading,
    });
    let metric = shown.painted.as_ref().map(|painted| painted.metric.clone());
    let (pointed, picked) = (RwSignal::new(None), RwSignal::new(None));
    view! {
        <section class="map" aria-label=move || screen.word(Key::Map)>
            {ground(container, drawn, Touched { pointed, picked, warned })}
            <Overlay over=over />
            <Spotlight camera=signals.camera spot=setup.spot />
            {legend(&told, catalog, setup.is_small)}
            <Card
                pointed=pointed
                drawn=drawn
                container=container
                camera=signals.camera
                catalog=Arc::clone(catalog)
            />
            <WarningCard picked=picked warned=warned camera=signals.camera />
            <Show when=move || drawn.progress.get() != Progress::Open>
                <div class="map-message">
                    <Words key=message />
                </div>
            </Show>
            {notes(catalog)}
            <Twin areas=areas metric=metric lines=loaded.lines catalog=Arc::clone(catalog) />
            <WarningTwin warned=warned catalog=Arc::clone(catalog) />
        </section>
    }
    .into_any()
}

/// What a map's layers follow.
struct Followed {
    /// The painted areas.
    areas: Vec<PaintedArea>,
    /// Areas with warnings in force.
    warned: Signal<Arc<[Warned]>>,
    /// See [`flows::paint`].
    top: RwSignal<f64>,
    /// The value at which heat of a metric is strongest.
    densest: RwSignal<Option<f64>>,
}

/// Keeps what is drawn in step with what is known.
fn follow(setup: &Setup, loaded: Loaded, drawn: Drawn, catalog: &Arc<Catalog>) -> Followed {
    let (shown, store) = (&setup.shown, screen().store);
    let (top, densest) = (RwSignal::new(1.0), RwSignal::new(None));
    let areas = painted_areas(shown, store, catalog);
    let warned = if shown.has(LayerKind::Warnings) {
        warned(shown, store, catalog).into()
    } else {
        Signal::stored(Arc::default())
    };
    paint(&areas, shown, drawn);
    flows::paint(loaded.lines, top, drawn, store, catalog);
    if shown.has(LayerKind::Heat) {
        dense::follow(&shown.heat, densest, drawn, store, catalog);
    }
    warn(warned, drawn);
    draw(warned, drawn);
    hide(shown, drawn);
    turn(setup.look, setup.spot, drawn);
    name(drawn);
    Followed {
        areas,
        warned,
        top,
        densest,
    }
}

/// What somebody has touched on the map.
#[derive(Clone, Copy)]
struct Touched {
    /// Assets.
    pointed: RwSignal<Option<Pointed>>,
    /// Warnings, where there is no asset.
    picked: RwSignal<Option<Picked>>,
    /// The warnings that there are.
    warned: Signal<Arc<[Warned]>>,
}

/// What the map is drawn in. Keys come here before the map's own, which pan it.
fn ground(container: NodeRef<Div>, drawn: Drawn, touched: Touched) -> impl IntoView {
    let Touched {
        pointed,
        picked,
        warned,
    } = touched;
    let hidden = hidden();
    let click = move |event: web_sys::MouseEvent| {
        let Some(element) = container.get_untracked() else {
            return;
        };
        let area = element.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - area.left();
        let y = f64::from(event.client_y()) - area.top();
        pointed::click((x, y), drawn, pointed);
        let is_free = pointed.with_untracked(Option::is_none);
        picked.set(is_free.then(|| Picked::at((x, y), drawn)).flatten());
    };
    let key = move |event: web_sys::KeyboardEvent| {
        pointed::key(&event, drawn, pointed);
        match event.key().as_str() {
            "Escape" => picked.set(None),
            "w" | "W" if !has_modifier(&event) && hidden.shows(LayerKind::Warnings) => {
                pointed.set(None);
                picked.update(|picked| {
                    *picked = Picked::after(picked.as_ref(), &warned.read_untracked(), drawn);
                });
            }
            _ => {}
        }
    };
    view! {
        <div
            class="map-base"
            node_ref=container
            on:click=click
            on:keydown:capture=key
        ></div>
    }
}

/// Whether a key is a command of the browser's.
fn has_modifier(event: &web_sys::KeyboardEvent) -> bool {
    event.ctrl_key() || event.alt_key() || event.meta_key()
}

fn painted_areas(shown: &Shown, store: Store, catalog: &Catalog) -> Vec<PaintedArea> {
    let Some(painted) = &shown.painted else {
        return Vec::new();
    };
    let of_level = |area: &&Area| area.level == painted.level;
    let areas: Vec<Area> = catalog.areas.iter().filter(of_level).cloned().collect();
    store.areas_of(&painted.metric.id, &areas)
}

/// Paints areas as their values change.
fn paint(areas: &[PaintedArea], shown: &Shown, drawn: Drawn) {
    let Some(painted) = &shown.painted else {
        return;
    };
    let metric: StoredValue<MetricDef> = StoredValue::new(painted.metric.clone());
    for (area, point) in areas.iter().cloned() {
        let share = Memo::new(move |_| {
            let v = point.read().as_ref().and_then(|point| point.v);
            v.map_or(-1.0, |v| metric.with_value(|def| select::badness(def, v)))
        });
        Effect::new(move || {
            let share = share.get();
            drawn.tell(|map| map.set_state(source::AREAS, area.code.as_str(), "share", share));
        });
    }
}

/// Hatches the areas in which a warning is in force.
fn warn(warned: Signal<Arc<[Warned]>>, drawn: Drawn) {
    for level in style::warning_levels() {
        let codes = Memo::new(move |_| {
            let warned = warned.read();
            let areas = warned.iter().filter(|warned| warned.is_area());
            let of_level = areas.filter(|warned| warned.level() == level);
            of_level.map(|warned| warned.id.clone()).collect::<Vec<_>>()
        });
        Effect::new(move || {
            let filter = style::only(codes.read().iter().map(String::as_str));
            drawn.tell(|map| {
                for layer in style::warning_layers(level) {
                    map.set_filter(&layer, &filter);
                }
            });
        });
    }
}

/// Draws what issuers of warnings have drawn.
fn draw(warned: Signal<Arc<[Warned]>>, drawn: Drawn) {
    let drawings = Memo::new(move |_| warned::drawings(&warned.read()).to_string());
    Effect::new(move || {
        let drawings = drawings.read();
        drawn.tell(|map| map.set_data(source::DRAWN, &drawings));
    });
}

/// Takes away the layers that somebody has switched off, and keeps that in the address.
fn hide(shown: &Shown, drawn: Drawn) {
    let hidden = hidden();
    for kind in shown.kinds.clone() {
        Effect::new(move || {
            let is_shown = hidden.shows(kind);
            drawn.tell(|map| map.set_visible(kind, is_shown));
        });
    }
    let query = use_location().search;
    Effect::new(move || {
        // Read, not only tracked: a memo that nobody has read yet tells of no change.
        query.with(|_| ());
        hidden.remember();
    });
}

/// The marks of what is being worked, unless they are switched off.
fn marks_of(
    shown: &Shown,
    cases: Signal<Arc<[Case]>>,
    signals: MapSignals,
) -> Signal<Arc<[marks::Mark]>> {
    if !shown.has(LayerKind::Incidents) {
        return Signal::stored(Arc::default());
    }
    let hidden = hidden();
    let marks = Memo::new(move |_| {
        let camera = signals.camera.get();
        let camera = camera.filter(|_| hidden.shows(LayerKind::Incidents));
        camera.map_or_else(Arc::default, |camera| marks::marks(&cases.read(), &camera))
    });
    marks.into()
}

/// The labels of warnings, unless they are switched off.
fn seen_warnings(warned: Signal<Arc<[Warned]>>) -> Signal<Arc<[Warned]>> {
    let hidden = hidden();
    Signal::derive(move || {
        if hidden.shows(LayerKind::Warnings) {
            warned::said(&warned.read()).into()
        } else {
            Arc::default()
        }
    })
}

/// Looks where the map is to look.
fn turn(look: Signal<Option<Look>>, spot: Signal<Option<Spot>>, drawn: Drawn) {
    Effect::new(move || {
        let (look, spot) = (look.get(), spot.get());
        drawn.tell(|map| {
            map.look_at(look);
            map.spotlight(spot);
        });
    });
}

/// Names the canvas for screen readers, with its keys.
fn name(drawn: Drawn) {
    let screen = screen();
    Effect::new(move || {
        let words = [Key::Map, Key::MapKeys].map(|key| screen.word(key));
        let own = [MapWord::Walk, MapWord::NextWarning].map(|key| screen.word(key));
        let label = format!("{} · {}", words.join(" · "), own.join(" · "));
        drawn.tell(|map| map.label(&label));
    });
}

/// Who made the map, and that it is drawn by hand where it is.
fn notes(catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let mut makers: Vec<String> = Vec::new();
    for layer in &catalog.layers {
        if !layer.attribution.is_empty() && !makers.contains(&layer.attribution) {
            makers.push(layer.attribution.clone());
        }
    }
    let makers = makers.join(" · ");
    let schematic = catalog.layers.iter().any(|layer| layer.schematic);
    view! {
        <p class="map-notes">
            <Show when=move || schematic>
                <b>{move || screen.word(Key::Schematic)}</b>
                " · "
            </Show>
            {makers}
        </p>
    }
}
