//! Panels: one file for each kind, and its line in `kinds!`. A panel gets its place in the scene and
//! the catalogue, and follows the store by itself. Which keys of `scenes.toml` a kind takes stands in
//! `backend/package/src/check/scenes/kinds.rs`.

mod areas;
pub(crate) mod grid;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelDef, PanelKind};

pub(crate) use map::around as map_around;

/// Declares the kinds: the file of each, and its word.
macro_rules! kinds {
    ($($module:ident: $kind:ident),+ $(,)?) => {
        $(pub(crate) mod $module;)+

        /// The panel that `def` asks for.
        pub(crate) fn view(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
            match def.kind {
                $(PanelKind::$kind => $module::panel(def, catalog),)+
            }
        }
    };
}

kinds! {
    map: Map,
    vitals: Vitals,
    stat: Stat,
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
    clock: Clock,
}
