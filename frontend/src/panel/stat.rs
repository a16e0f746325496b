//! `stat`: one figure with its level, its small trend and the truth behind it.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::level::Level;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::Span;

use crate::format;
use crate::screen::screen;
use crate::select;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::frame::{missing, title_of};
use crate::widget::level::{LevelWord, level_class};
use crate::widget::spark::Spark;

/// How far back the small trend goes unless the scene says otherwise: two hours, in which a
/// storm comes and goes.
const RANGE: Span = Span(7_200_000);

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Catalog) -> AnyView {
    let metric = def.metric.as_ref();
    let Some(metric) = metric.and_then(|id| select::metric_def(catalog, id)) else {
        return missing(def, "stat");
    };
    let screen = screen();
    let key = select::city_key(catalog, &metric.id);
    let point = screen.store.metric(&key);
    let trend = screen.store.trend(&key, def.range.unwrap_or(RANGE));
    let title = StoredValue::new(title_of(def, &metric.name));
    let figure = Figured::metric(metric, &key, point, format::figure);
    let (known, stale) = (figure.is_known(), figure.is_stale());
    let level = Memo::new(move |_| {
        let point = point.read();
        point.as_ref().map_or(Level::Normal, |point| point.level)
    });
    let name = move || title.with_value(|title| screen.text(title));
    let other = move || {
        let other = move || title.with_value(|title| screen.other_text(title));
        view! { <span class="other" lang=move || screen.other_tag()>{other}</span> }
    };
    view! {
        <section
            class=move || format!("panel panel-stat {}", level_class(level.get()))
            class:stale=stale
            tabindex="0"
            aria-label=name
        >
            <header class="panel-head">
                <h2>{name}</h2>
                <div class="panel-aside">
                    // Of what nobody knows, nobody can say that it is normal.
                    <Show when=known>
                        <LevelWord level=level />
                    </Show>
                </div>
            </header>
            <Figure figure=figure form=Form::Tile note=other>
                <Spark trend=trend />
            </Figure>
        </section>
    }
    .into_any()
}
