//! Panels: one file for each kind, and its line in `kinds!`. A panel gets its place in the scene and
//! the catalogue, and follows the store by itself. Which keys of `scenes.toml` a kind takes stands in
//! `backend/package/src/check/scenes/kinds.rs`.

mod areas;
pub(crate) mod grid;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelDef, PanelKind};

use crate::later::later;

pub(crate) mod map;

/// Declares the kinds: the file of each, and its word. Those `at_once` are in the first part of the
/// program, those `later` in the one of panels, see [`crate::later`].
macro_rules! kinds {
    (
        at_once { $($module:ident: $kind:ident),+ $(,)? }
        later { $($later:ident: $later_kind:ident),+ $(,)? }
    ) => {
        $(pub(crate) mod $module;)+
        $(pub(crate) mod $later;)+

        /// The panel that `def` asks for.
        pub(crate) fn view(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
            let (def, catalog) = (def.clone(), Arc::clone(catalog));
            match def.kind {
                $(PanelKind::$kind => $module::panel(&def, &catalog),)+
                PanelKind::Map => later().maps.view(move |maps| (maps.panel)(&def, &catalog)),
                $(PanelKind::$later_kind)|+ => {
                    later().panels.view(move |panels| (panels.panel)(&def, &catalog))
                }
            }
        }

        /// The same for panels that come later; nothing for others.
        pub(crate) fn beyond_figures(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
            match def.kind {
                $(PanelKind::$later_kind => $later::panel(def, catalog),)+
                PanelKind::Map $(| PanelKind::$kind)+ => ().into_any(),
            }
        }
    };
}

kinds! {
at_once {
    vitals: Vitals,
    stat: Stat,
    clock: Clock,
}
later {
    trend: Trend,
    ranking: Ranking,
    distribution: Distribution,
    multiples: Multiples,
    table: Table,
    incidents: Incidents,
    warnings: Warnings,
    scorecard: Scorecard,
    plan: Plan,
    ticker: Ticker,
    feeds: Feeds,
}
}
