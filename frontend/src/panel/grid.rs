//! The panels of a scene in its grid, as the screen's shape asks for it. The first scene of a page
//! paints its figures, and then the rest.

use std::cell::Cell;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelKind, SceneDef};

use crate::screen::fit;
use crate::select::layout::layout;

thread_local! {
    /// Whether this page has painted figures. From then on scenes change in one piece.
    static HAS_PAINTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether all panels may be put up: half of the time until a page's first figures stand would
/// otherwise go into charts and tables.
fn is_time_for_all() -> RwSignal<bool> {
    let is_time = RwSignal::new(HAS_PAINTED.get());
    if !HAS_PAINTED.get() {
        // The first frame paints what has been put up by then; the second begins when that is done.
        request_animation_frame(move || {
            request_animation_frame(move || {
                HAS_PAINTED.set(true);
                is_time.try_set(true);
            });
        });
    }
    is_time
}

/// Whether a panel is, in the first place, a number.
fn is_figure(kind: PanelKind) -> bool {
    matches!(kind, PanelKind::Stat | PanelKind::Vitals | PanelKind::Clock)
}

/// The scene; laid out anew when the screen is turned or gets another shape.
pub(crate) fn scene(scene: &SceneDef, catalog: &Arc<Catalog>) -> AnyView {
    let shape = fit::shape();
    let (scene, catalog) = (scene.clone(), Arc::clone(catalog));
    let placed = Memo::new({
        let scene = scene.clone();
        move |_| layout(&scene, shape.get())
    });
    let is_time = is_time_for_all();
    (move || {
        let placed = placed.get();
        let [columns, rows] = placed.grid;
        let cells = placed.places.iter().filter_map(|(number, at)| {
            let def = scene.panels.get(*number)?;
            let [column, row, width, height] = *at;
            let panel = if is_figure(def.kind) || is_time.get_untracked() {
                super::view(def, &catalog)
            } else {
                let (def, catalog) = (def.clone(), Arc::clone(&catalog));
                let later = move || {
                    is_time
                        .get()
                        .then(|| untrack(|| super::view(&def, &catalog)))
                };
                later.into_any()
            };
            Some(view! {
                <div
                    class="cell"
                    style:grid-column=format!("{} / span {width}", column.saturating_add(1))
                    style:grid-row=format!("{} / span {height}", row.saturating_add(1))
                >
                    {panel}
                </div>
            })
        });
        let cells: Vec<_> = cells.collect();
        view! {
            <div
                class="wall"
                aria-busy=move || (!is_time.get()).to_string()
                style:grid-template-columns=format!("repeat({columns}, minmax(0, 1fr))")
                style:grid-template-rows=format!("repeat({rows}, minmax(0, 1fr))")
            >
                {cells}
            </div>
        }
    })
    .into_any()
}
