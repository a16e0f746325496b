//! `stat`: one figure with its level, its small trend and the truth behind it.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::level::Level;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::Span;

use crate::format;
use crate::screen::screen;
use crate::select;
use crate::widget::frame::{missing, no_figure, title_of};
use crate::widget::level::{LevelWord, level_class};
use crate::widget::spark::Spark;
use crate::widget::truth::TruthLine;

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
    let unit = metric.unit.clone();
    let unit_shown = format::unit(&unit).to_owned();
    let level = Memo::new(move |_| {
        point
            .read()
            .as_ref()
            .map_or(Level::Normal, |point| point.level)
    });
    let stale = move || {
        point
            .read()
            .as_ref()
            .is_some_and(|point| select::truth(point).stale)
    };
    let value = Memo::new(move |_| {
        let v = point.read().as_ref().and_then(|point| point.v)?;
        Some(format::figure(v, &unit))
    });
    let name = move || title.with_value(|title| screen.text(title));
    let nothing = move || value.get().is_none().then(|| no_figure(screen));
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
                    <Show when=move || value.get().is_some()>
                        <LevelWord level=level />
                    </Show>
                </div>
            </header>
            <div class="stat-row">
                <p class="figure" class:none=move || value.get().is_none()>
                    {move || value.get()}
                    <span class="unit">{unit_shown}</span>
                </p>
                <p class="words">{nothing}</p>
                <Spark trend=trend />
            </div>
            <p class="other" lang=move || screen.other_tag()>{move || title.with_value(|title| screen.other_text(title))}</p>
            <TruthLine point=point />
        </section>
    }
    .into_any()
}
