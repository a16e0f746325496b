//! `/metric/:id`: one number explained. What it is and says now, how it came, how the areas
//! compare, and down to the raw messages what it is made of.
//!
//! The URL holds the reader's [`Place`]; everything below follows from it and from the store.

mod areas;
mod head;
mod history;
mod lineage;
mod place;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use crate::api::metric::{self as api, Lineage};
use crate::i18n::Key;
use crate::page::not_found::Nowhere;
use crate::screen::{Screen, screen};
use crate::select;
use crate::store::link::Link;

use crate::page::loaded::{Loaded, ask};
use place::Place;

/// What every part of the page needs. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Focus {
    screen: StoredValue<Screen>,
    catalog: StoredValue<Arc<Catalog>>,
    def: StoredValue<MetricDef>,
    place: Memo<Place>,
    /// The metric in the chosen area.
    key: Memo<MetricKey>,
    /// The live number there.
    live: Memo<Option<MetricPoint>>,
    /// What the number of the chosen window is made of.
    lineage: RwSignal<Loaded<Lineage>>,
    /// Raised to ask for the live window's lineage anew.
    refreshed: RwSignal<u32>,
    go: Callback<Place>,
}

impl Focus {
    fn new(catalog: &Arc<Catalog>, def: &MetricDef) -> Self {
        let screen = screen();
        let query = use_query_map();
        let navigate = use_navigate();
        let place = Memo::new(move |_| {
            let query = query.read();
            Place::from_query(|name| query.get_str(name))
        });
        let (metric, root) = (def.id.clone(), catalog.city.root.clone());
        let key = Memo::new(move |_| MetricKey {
            metric: metric.clone(),
            area: place.get().area.unwrap_or_else(|| root.clone()),
        });
        let live = Memo::new(move |_| screen.store.metric(&key.get()).get());
        let refreshed = RwSignal::new(0);
        let question = move || (key.get(), place.read().at, refreshed.get());
        let lineage = ask(question, None, |(key, at, _)| async move {
            api::lineage(&key, at, None).await
        });
        let id = def.id.clone();
        let go = Callback::new(move |place: Place| {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&place.href(&id), options);
        });
        Self {
            screen: StoredValue::new(screen),
            catalog: StoredValue::new(Arc::clone(catalog)),
            def: StoredValue::new(def.clone()),
            place,
            key,
            live,
            lineage,
            refreshed,
            go,
        }
    }

    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    /// The address of the same page with another choice.
    fn href(self, change: impl FnOnce(&mut Place)) -> String {
        let mut place = self.place.get();
        change(&mut place);
        self.def.with_value(|def| place.href(&def.id))
    }

    /// Goes there.
    fn goto(self, change: impl FnOnce(&mut Place)) {
        let mut place = self.place.get_untracked();
        change(&mut place);
        self.go.run(place);
    }

    /// UCUM unit of the number.
    fn unit(self) -> String {
        self.def.with_value(|def| def.unit.clone())
    }

    fn area(self, code: &AreaCode) -> Option<Area> {
        self.catalog.with_value(|catalog| {
            let mut areas = catalog.areas.iter();
            areas.find(|area| area.code == *code).cloned()
        })
    }

    /// The name of the chosen area; its code if there is no such area.
    fn area_name(self) -> String {
        let code = self.key.get().area;
        let area = self.area(&code);
        area.map_or_else(|| code.to_string(), |area| self.screen().text(&area.name))
    }

    /// The number of the chosen window: the live one, or what the lineage tells of an older one.
    fn point(self) -> Option<MetricPoint> {
        if self.place.read().at.is_none() {
            return self.live.get();
        }
        let lineage = self.lineage.read();
        let point = lineage.here()?.point.as_ref()?;
        Some(point.of(&self.key.get()))
    }

    /// The moment up to which is known what the page shows: now, unless the reader chose another.
    fn knowledge(self) -> Option<TimeMs> {
        self.place.read().as_of
    }
}

/// The page.
#[component]
pub(crate) fn Metric() -> impl IntoView {
    let store = screen().store;
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("id"));
    move || {
        let wanted = wanted.get();
        let Some(catalog) = store.catalog.get() else {
            return view! { <Opening /> }.into_any();
        };
        let mut metrics = catalog.metrics.iter();
        let def = metrics.find(|def| Some(def.id.as_str()) == wanted.as_deref());
        match def {
            Some(def) => sections(Focus::new(&catalog, def)),
            None => view! { <Nowhere key=Key::NoMetric /> }.into_any(),
        }
    }
}

/// Until the catalogue has come.
#[component]
fn Opening() -> impl IntoView {
    let screen = screen();
    let key = move || match screen.store.link.get() {
        Link::Outdated => Key::Outdated,
        Link::Lost => Key::Lost,
        Link::Connecting | Link::Live => Key::Loading,
    };
    view! {
        <div class="nowhere">
            <p>{move || screen.word(key())}</p>
        </div>
    }
}

fn sections(focus: Focus) -> AnyView {
    let known = Memo::new(move |_| focus.area(&focus.key.read().area).is_some());
    view! {
        <div
            class="metric"
            tabindex="0"
            role="region"
            aria-label=move || focus.def.with_value(|def| focus.screen().text(&def.name))
        >
            {move || {
                if !known.get() {
                    return view! { <Nowhere key=Key::NoAreaHere /> }.into_any();
                }
                view! {
                    {head::head(focus)}
                    <div class="metric-middle">
                        {history::history(focus)} {areas::areas(focus)}
                    </div>
                    {lineage::lineage(focus)}
                }
                    .into_any()
            }}
        </div>
    }
    .into_any()
}

/// The name of another metric, if the catalogue has it.
fn metric_name(focus: Focus, id: &MetricId) -> Option<Text> {
    focus
        .catalog
        .with_value(|catalog| select::metric_def(catalog, id).map(|def| def.name.clone()))
}
