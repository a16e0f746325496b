//! The panels of a scene in its grid, as the screen's shape asks for it.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::SceneDef;

use crate::screen::fit;
use crate::select::layout::layout;

/// The scene; laid out anew when the screen is turned or gets another shape.
pub(crate) fn scene(scene: &SceneDef, catalog: &Arc<Catalog>) -> AnyView {
    let shape = fit::shape();
    let (scene, catalog) = (scene.clone(), Arc::clone(catalog));
    let placed = Memo::new({
        let scene = scene.clone();
        move |_| layout(&scene, shape.get())
    });
    (move || {
        let placed = placed.get();
        let [columns, rows] = placed.grid;
        let cells = placed.places.iter().filter_map(|(number, at)| {
            let def = scene.panels.get(*number)?;
            let [column, row, width, height] = *at;
            Some(view! {
                <div
                    class="cell"
                    style:grid-column=format!("{} / span {width}", column.saturating_add(1))
                    style:grid-row=format!("{} / span {height}", row.saturating_add(1))
                >
                    {super::view(def, &catalog)}
                </div>
            })
        });
        let cells: Vec<_> = cells.collect();
        view! {
            <div
                class="wall"
                style:grid-template-columns=format!("repeat({columns}, minmax(0, 1fr))")
                style:grid-template-rows=format!("repeat({rows}, minmax(0, 1fr))")
            >
                {cells}
            </div>
        }
    })
    .into_any()
}
