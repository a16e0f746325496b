//! `/wall/:scene`: the panels of a scene in its grid.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelDef, SceneDef};

use crate::i18n::Key;
use crate::page::not_found::Nowhere;
use crate::panel;
use crate::screen::screen;
use crate::store::link::Link;

/// The page.
#[component]
pub(crate) fn Wall() -> impl IntoView {
    let store = screen().store;
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("scene"));
    move || {
        let wanted = wanted.get();
        let Some(catalog) = store.catalog.get() else {
            return view! { <Opening /> }.into_any();
        };
        let mut scenes = catalog.scenes.iter();
        match scenes.find(|scene| Some(scene.id.as_str()) == wanted.as_deref()) {
            Some(scene) => grid(scene, &catalog),
            None => view! { <Nowhere key=Key::NoScene /> }.into_any(),
        }
    }
}

/// Until the catalogue has come.
#[component]
fn Opening() -> impl IntoView {
    let screen = screen();
    let key = move || match screen.store.link.get() {
        Link::Outdated => Key::Outdated,
        _ => Key::Connecting,
    };
    view! {
        <div class="nowhere">
            <p>{move || screen.word(key())}</p>
        </div>
    }
}

fn grid(scene: &SceneDef, catalog: &Arc<Catalog>) -> AnyView {
    let [columns, rows] = scene.grid;
    let cells: Vec<_> = scene.panels.iter().map(|def| cell(def, catalog)).collect();
    view! {
        <div
            class="wall"
            style:grid-template-columns=format!("repeat({columns}, minmax(0, 1fr))")
            style:grid-template-rows=format!("repeat({rows}, minmax(0, 1fr))")
        >
            {cells}
        </div>
    }
    .into_any()
}

fn cell(def: &PanelDef, catalog: &Arc<Catalog>) -> impl IntoView + use<> {
    let [column, row, width, height] = def.at;
    view! {
        <div
            class="cell"
            style:grid-column=format!("{} / span {width}", column.saturating_add(1))
            style:grid-row=format!("{} / span {height}", row.saturating_add(1))
        >
            {panel::view(def, catalog)}
        </div>
    }
}
