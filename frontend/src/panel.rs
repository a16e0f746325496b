//! Panels: one file for each kind, and its line in [`view`]. A panel gets its place in the scene
//! and the catalogue, and follows the store by itself.

pub(crate) mod feeds;
pub(crate) mod incidents;
mod map;
mod ranking;
mod stat;
mod ticker;
mod trend;
mod vitals;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::{PanelDef, PanelKind};

pub(crate) use map::around as map_around;

/// The panel that `def` asks for.
pub(crate) fn view(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    match def.kind {
        PanelKind::Map => map::panel(def, catalog),
        PanelKind::Vitals => vitals::panel(def, catalog),
        PanelKind::Stat => stat::panel(def, catalog),
        PanelKind::Trend => trend::panel(def, catalog),
        PanelKind::Ranking => ranking::panel(def, catalog),
        PanelKind::Incidents => incidents::panel(def, catalog),
        PanelKind::Ticker => ticker::panel(def),
        PanelKind::Feeds => feeds::panel(def, catalog),
    }
}
