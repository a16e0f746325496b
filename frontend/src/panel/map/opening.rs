//! Opening the map: once the figures have been painted, with the files that its layers need.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use serde_json::Value;
use web_sys::HtmlElement;

use egret_shared::catalog::Catalog;
use egret_shared::package::layer::LayerKind;

use super::flows::{self, Line};
use super::shown::{Shown, districts};
use super::{Drawn, Progress};
use crate::api::ApiError;
use crate::map::geometry::{self, Name};
use crate::map::live::{LiveMap, MapDef, MapSignals};
use crate::map::style::Content;
use crate::map::zones;
use crate::screen::screen;
use crate::socket::backoff::Backoff;
use crate::store::Store;
use crate::{api, clock};

/// What the browser says that can show no map at all, however often it is asked.
const NO_WEBGL: &str = "no WebGL2";

/// The longest wait between two tries to open a map whose server is away. Milliseconds.
const LONGEST_MS: f64 = 15_000.0;

/// How long the figures get to be painted before the map's library is loaded. Milliseconds.
const FIGURES_FIRST_MS: i32 = 300;

/// What files of the map tell.
#[derive(Clone, Copy)]
pub(super) struct Loaded {
    /// Names of places.
    pub(super) names: RwSignal<Arc<[Name]>>,
    /// Lines with a measured flow.
    pub(super) lines: RwSignal<Arc<[Line]>>,
}

/// Opens the map once the figures have been painted.
pub(super) fn open_when_ready(
    container: NodeRef<Div>,
    shown: &Shown,
    catalog: &Arc<Catalog>,
    loaded: Loaded,
    signals: MapSignals,
    drawn: Drawn,
) {
    let store = screen().store;
    let begun = StoredValue::new(false);
    let (shown, catalog) = (shown.clone(), Arc::clone(catalog));
    Effect::new(move || {
        let (Some(element), true) = (container.get(), store.has_city.get()) else {
            return;
        };
        if begun.get_value() {
            return;
        }
        begun.set_value(true);
        let (shown, catalog) = (shown.clone(), Arc::clone(&catalog));
        leptos::task::spawn_local(async move {
            clock::sleep(FIGURES_FIRST_MS).await;
            let mut backoff = Backoff::up_to(LONGEST_MS);
            let outcome = loop {
                match open(&element, &shown, &catalog, loaded, store, signals).await {
                    Ok(map) => break keep(map, drawn),
                    Err(error) if error.contains(NO_WEBGL) => {
                        leptos::logging::error!("the map: {error}");
                        break Progress::Failed;
                    }
                    Err(error) => leptos::logging::log!("no map yet: {error}"),
                }
                clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
                if drawn.progress.try_get_untracked().is_none() {
                    return;
                }
            };
            // The panel may be gone by now, and its signal with it.
            drawn.progress.try_set(outcome);
        });
    });
}

/// Keeps an opened map, or closes it if its panel has gone meanwhile.
fn keep(map: LiveMap, drawn: Drawn) -> Progress {
    if let Some(Some(map)) = drawn.map.try_set_value(Some(map)) {
        map.close();
    }
    Progress::Open
}

async fn open(
    element: &HtmlElement,
    shown: &Shown,
    catalog: &Arc<Catalog>,
    loaded: Loaded,
    store: Store,
    signals: MapSignals,
) -> Result<LiveMap, String> {
    let collection = match api::areas().await {
        Err(error @ ApiError::Network { .. }) => return Err(error.to_string()),
        answer => answer.unwrap_or_default(),
    };
    let city = geometry::areas_of_level(&collection, &districts(catalog));
    let painted = shown.painted.as_ref();
    let finer = painted.filter(|painted| painted.level != districts(catalog));
    let areas = finer.map(|painted| geometry::areas_of_level(&collection, &painted.level));
    for layer in catalog.layers.iter().filter(|layer| layer.kind == "label") {
        if let Some(collection) = file(&layer.file).await {
            drop(loaded.names.try_set(geometry::names(&collection).into()));
        }
    }
    let content = Content {
        borders: areas.is_some().then(|| city.geojson.clone()),
        areas: areas.map_or(city.geojson, |areas| areas.geojson),
        zones: zones_of(shown, catalog, &collection).await,
        flows: flows_of(shown, loaded).await,
        warned: shown.has(LayerKind::Warnings).then_some(collection),
        heat: shown.has(LayerKind::Heat),
    };
    let def = MapDef {
        catalog: Arc::clone(catalog),
        bounds: city.bounds,
        content,
        feeds: shown.feeds.clone(),
        has_assets: shown.has(LayerKind::Assets),
    };
    LiveMap::open(element, def, store, signals).await
}

/// A file of the base map; without it the map does with less, and says so in the console.
async fn file(name: &str) -> Option<Value> {
    let answer = api::map_file(name).await;
    answer
        .inspect_err(|error| leptos::logging::warn!("map/{name}: {error}"))
        .ok()
}

async fn zones_of(shown: &Shown, catalog: &Catalog, areas: &Value) -> Option<Value> {
    if !shown.has(LayerKind::Geofences) {
        return None;
    }
    let rules = &catalog.rules.rules;
    let mut files = BTreeMap::new();
    for name in zones::files(rules) {
        if let Some(zone) = file(&format!("zones/{name}")).await {
            files.insert(name.to_owned(), zone);
        }
    }
    Some(zones::shapes(rules, areas, &files))
}

async fn flows_of(shown: &Shown, loaded: Loaded) -> Option<Value> {
    let collection = file(shown.flows.as_ref()?).await?;
    drop(loaded.lines.try_set(flows::lines(&collection).into()));
    Some(collection)
}
