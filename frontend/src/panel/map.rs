//! `map`: the living picture in the middle. The map itself is [`crate::map`]; here is what lies
//! over it — names, cases, legend, notes, the card of an asset — and when it is opened.

mod card;
mod legend;
mod overlay;
mod spotlight;

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use web_sys::HtmlElement;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use crate::api::ApiError;
use crate::i18n::{Key, level_key};
use crate::map::geometry::{self, Name};
use crate::map::live::{LiveMap, Look, MapDef, MapSignals};
use crate::map::points::Counts;
use crate::screen::{Spot, screen};
use crate::select::Case;
use crate::socket::backoff::Backoff;
use crate::store::Store;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::frame::Words;
use crate::{api, clock, format, select};

use card::Card;
use legend::Legend;
use overlay::Overlay;
use spotlight::Spotlight;

/// How a scene names the metric that paints the areas.
const AREAS_LAYER: &str = "areas:";

/// What the browser says that can show no map at all, however often it is asked.
const NO_WEBGL: &str = "no WebGL2";

/// The longest wait between two tries to open a map whose server is away. Milliseconds.
const LONGEST_MS: f64 = 15_000.0;

/// How long the figures get to be painted before the map's library is loaded. Milliseconds.
const FIGURES_FIRST_MS: i32 = 300;

/// Where an opened map is kept: outside the reactive graph's threads, like all of the browser's.
type Opened = StoredValue<Option<LiveMap>, LocalStorage>;

/// An area and what paints it.
type PaintedArea = (Area, RwSignal<Option<MetricPoint>>);

/// Whether the map is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Loading,
    Open,
    Failed,
}

/// The most cases that get a mark of their own; the list beside the map has them all.
const CASES_MAX: usize = 12;

/// What a map shows, and where it looks.
struct Setup {
    /// What paints the areas.
    metric: Option<MetricDef>,
    /// Whether it explains its signs.
    has_legend: bool,
    /// What has a mark of its own.
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
        metric: painted_metric(def, catalog),
        has_legend: true,
        cases: cases.into(),
        look: Signal::stored(None),
        spot: screen.spot.into(),
    };
    view_of(setup, catalog)
}

/// The map of a place, with the marks of what is there.
pub(crate) fn around(
    catalog: &Arc<Catalog>,
    look: Signal<Option<Look>>,
    cases: Signal<Arc<[Case]>>,
) -> AnyView {
    let setup = Setup {
        metric: None,
        has_legend: false,
        cases,
        look,
        spot: Signal::stored(None),
    };
    view_of(setup, catalog)
}

fn view_of(setup: Setup, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let Setup {
        metric,
        has_legend,
        cases,
        look,
        spot,
    } = setup;
    let level = catalog.city.levels.get(1).cloned().unwrap_or_default();
    let areas = areas_of(store, catalog, metric.as_ref(), &level);
    let progress = RwSignal::new(Progress::Loading);
    let names: RwSignal<Arc<[Name]>> = RwSignal::new(Arc::default());
    let signals = MapSignals {
        camera: RwSignal::new(None),
        counts: RwSignal::new(Counts::default()),
    };
    let opened: Opened = StoredValue::new_local(None);
    let container = NodeRef::<Div>::new();
    open_when_ready(
        container,
        Arc::clone(catalog),
        level,
        names,
        signals,
        opened,
        progress,
    );
    paint(areas.clone(), metric.clone(), opened, progress);
    turn(look, spot, opened, progress);
    on_cleanup(move || {
        opened.with_value(|map| map.iter().for_each(LiveMap::close));
    });
    let message = Signal::derive(move || match progress.get() {
        Progress::Failed => Key::MapFailed,
        Progress::Loading | Progress::Open => Key::MapLoading,
    });
    let name = move || screen.word(Key::Map);
    let twin = StoredValue::new((areas, metric.clone()));
    let legend = has_legend.then(|| view! { <Legend metric=metric counts=signals.counts /> });
    view! {
        <section class="map" aria-label=name>
            <div class="map-base" node_ref=container></div>
            <Overlay camera=signals.camera names=names cases=cases has_legend=has_legend />
            <Spotlight camera=signals.camera spot=spot />
            {legend}
            <Card opened=opened container=container catalog=Arc::clone(catalog) />
            <Show when=move || progress.get() != Progress::Open>
                <div class="map-message">
                    <Words key=message />
                </div>
            </Show>
            {notes(catalog)}
            <table class="unseen">
                <caption>{name}</caption>
                <thead>
                    <tr>{[Key::Area, Key::Value, Key::Level].map(heading)}</tr>
                </thead>
                <tbody>{move || twin.with_value(|(areas, metric)| rows(areas, metric.as_ref()))}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// The metric of the layer `areas:METRIC`.
fn painted_metric(def: &PanelDef, catalog: &Catalog) -> Option<MetricDef> {
    let mut layers = def.layers.iter();
    let id = layers.find_map(|layer| layer.strip_prefix(AREAS_LAYER))?;
    select::metric_def(catalog, &id.into()).cloned()
}

fn areas_of(
    store: Store,
    catalog: &Catalog,
    metric: Option<&MetricDef>,
    level: &str,
) -> Vec<PaintedArea> {
    let of_level = |area: &&Area| area.level == level;
    let areas: Vec<Area> = catalog.areas.iter().filter(of_level).cloned().collect();
    metric.map_or_else(Vec::new, |metric| store.areas_of(&metric.id, &areas))
}

/// Opens the map once the figures have been painted.
fn open_when_ready(
    container: NodeRef<Div>,
    catalog: Arc<Catalog>,
    level: String,
    names: RwSignal<Arc<[Name]>>,
    signals: MapSignals,
    opened: Opened,
    progress: RwSignal<Progress>,
) {
    let store = screen().store;
    let begun = StoredValue::new(false);
    Effect::new(move || {
        let (Some(element), true) = (container.get(), store.has_city.get()) else {
            return;
        };
        if begun.get_value() {
            return;
        }
        begun.set_value(true);
        let (catalog, level) = (Arc::clone(&catalog), level.clone());
        leptos::task::spawn_local(async move {
            clock::sleep(FIGURES_FIRST_MS).await;
            let mut backoff = Backoff::up_to(LONGEST_MS);
            let outcome = loop {
                match open(&element, &catalog, &level, names, store, signals).await {
                    Ok(map) => break keep(map, opened),
                    Err(error) if error.contains(NO_WEBGL) => {
                        leptos::logging::error!("the map: {error}");
                        break Progress::Failed;
                    }
                    Err(error) => leptos::logging::log!("no map yet: {error}"),
                }
                clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
                if progress.try_get_untracked().is_none() {
                    return;
                }
            };
            // The panel may be gone by now, and its signal with it.
            progress.try_set(outcome);
        });
    });
}

/// Keeps an opened map, or closes it if its panel has gone meanwhile.
fn keep(map: LiveMap, opened: Opened) -> Progress {
    if let Some(Some(map)) = opened.try_set_value(Some(map)) {
        map.close();
    }
    Progress::Open
}

async fn open(
    element: &HtmlElement,
    catalog: &Catalog,
    level: &str,
    names: RwSignal<Arc<[Name]>>,
    store: Store,
    signals: MapSignals,
) -> Result<LiveMap, String> {
    let collection = match api::areas().await {
        Err(error @ ApiError::Network { .. }) => return Err(error.to_string()),
        answer => answer.unwrap_or_default(),
    };
    let areas = geometry::areas_of_level(&collection, level);
    for layer in catalog.layers.iter().filter(|layer| layer.kind == "label") {
        match api::map_file(&layer.file).await {
            Ok(collection) => drop(names.try_set(geometry::names(&collection).into())),
            Err(error) => leptos::logging::warn!("names on the map: {error}"),
        }
    }
    let def = MapDef {
        catalog,
        areas: &areas,
    };
    LiveMap::open(element, def, store, signals).await
}

/// Looks where the map is to look.
fn turn(
    look: Signal<Option<Look>>,
    spot: Signal<Option<Spot>>,
    opened: Opened,
    progress: RwSignal<Progress>,
) {
    Effect::new(move || {
        let (look, spot) = (look.get(), spot.get());
        if progress.get() == Progress::Open {
            let turn = |map: &LiveMap| {
                map.look_at(look);
                map.spotlight(spot);
            };
            opened.with_value(|map| map.iter().for_each(turn));
        }
    });
}

/// Paints areas as their values change, and names the canvas.
fn paint(
    areas: Vec<PaintedArea>,
    metric: Option<MetricDef>,
    opened: Opened,
    progress: RwSignal<Progress>,
) {
    let screen = screen();
    Effect::new(move || {
        let label = format!("{} · {}", screen.word(Key::Map), screen.word(Key::MapKeys));
        if progress.get() == Progress::Open {
            opened.with_value(|map| map.iter().for_each(|map| map.label(&label)));
        }
    });
    let Some(metric) = metric.map(StoredValue::new) else {
        return;
    };
    for (area, point) in areas {
        let share = Memo::new(move |_| {
            let v = point.read().as_ref().and_then(|point| point.v);
            v.map_or(-1.0, |v| metric.with_value(|def| select::badness(def, v)))
        });
        Effect::new(move || {
            let share = share.get();
            if progress.get() == Progress::Open {
                let set = |map: &LiveMap| map.set_share(area.code.as_str(), share);
                opened.with_value(|map| map.iter().for_each(set));
            }
        });
    }
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

fn heading(key: Key) -> impl IntoView {
    let screen = screen();
    view! { <th scope="col">{move || screen.word(key)}</th> }
}

/// The table twin of the painted areas.
fn rows(areas: &[PaintedArea], metric: Option<&MetricDef>) -> Option<impl IntoView + use<>> {
    let screen = screen();
    let metric = metric?;
    let row = |(area, point): &PaintedArea| {
        let point = *point;
        let key = MetricKey {
            metric: metric.id.clone(),
            area: area.code.clone(),
        };
        let figure = Figured::metric(metric, &key, point, with_unit).unlinked();
        let level = move || {
            let point = point.read();
            let level = point.as_ref().map(|point| point.level);
            level.map(|level| screen.word(level_key(level)))
        };
        view! {
            <tr>
                <th scope="row">{screen.text(&area.name)}</th>
                <td>
                    <Figure figure=figure form=Form::Row />
                </td>
                <td>{level}</td>
            </tr>
        }
    };
    Some(areas.iter().map(row).collect_view())
}

fn with_unit(v: f64, unit: &str) -> String {
    format!("{} {}", format::figure(v, unit), format::unit(unit))
}
