//! `/wall/:scene`: the panels of a scene in its grid. While the city is in its emergency mode, walls
//! turn to the emergency scene.

mod turn;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelDef, SceneDef};
use egret_shared::time::TimeMs;

use crate::i18n::Key;
use crate::page::not_found::Nowhere;
use crate::panel;
use crate::screen::screen;
use crate::store::link::Link;

use turn::{Here, turn};

/// How often a wall looks whether it is time to turn.
const MINUTE_MS: i64 = 60_000;

/// The page.
#[component]
pub(crate) fn Wall() -> impl IntoView {
    let store = screen().store;
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("scene"));
    turn_with_the_mode(wanted);
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

/// Turns to the emergency scene and back, but not away from what somebody has just chosen by hand.
fn turn_with_the_mode(wanted: Memo<Option<String>>) {
    let store = screen().store;
    let query = use_query_map();
    let navigate = use_navigate();
    let from = Memo::new(move |_| query.read().get("from"));
    let minute = Memo::new(move |_| store.now.get().0.div_euclid(MINUTE_MS));
    let emergency = Memo::new(move |_| {
        let catalog = store.catalog.read();
        let catalog = catalog.as_ref()?;
        let scene = catalog.casework.emergency.scene.as_ref()?;
        // A wall may have been given other scenes alone.
        let mut shown = catalog.scenes.iter();
        shown.any(|one| one.id == *scene).then(|| scene.to_string())
    });
    Effect::new(move |before: Option<(Option<String>, Option<TimeMs>)>| {
        let scene = wanted.get();
        let from = from.get();
        minute.track();
        let now = store.now.get_untracked();
        let chosen_at = match before {
            // What a wall opens with, and what it turned to by itself, nobody chose.
            None => None,
            Some((known, at)) if known == scene => at,
            Some(_) if from.is_some() => None,
            Some(_) => Some(now),
        };
        let mode = store.mode.read().mode;
        let to = scene
            .clone()
            .filter(|_| store.has_city.get())
            .and_then(|scene| {
                let here = Here {
                    scene,
                    from,
                    chosen_at,
                };
                turn(&here, mode, emergency.get().as_deref(), now)
            });
        if let Some(to) = to {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&to, options);
        }
        (scene, chosen_at)
    });
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
