//! `clock`: the city's time and date, and its weather by the metrics that the scene names.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use super::areas;
use crate::format;
use crate::i18n::panel::Panel as Word;
use crate::screen::screen;
use crate::select;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::frame::{Frame, both, title_of};
use crate::widget::level::{LevelShort, level_class};

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let now = screen.store.now;
    let clock = Memo::new(move |_| format::clock_short(now.get(), screen.zone_ms.get()));
    let date =
        Memo::new(move |_| format::date(now.get(), screen.zone_ms.get(), screen.language.get()));
    let lines: Vec<_> = def
        .metrics
        .iter()
        .filter_map(|id| select::metric_def(catalog, id))
        .map(|metric| line(metric, catalog))
        .collect();
    view! {
        <Frame title=title_of(def, &both(Word::Clock)) kind="clock">
            <p class="clock-now">
                <time class="clock">{move || clock.get()}</time>
                <span class="date">{move || date.get()}</span>
            </p>
            <ul class="weather">{lines}</ul>
        </Frame>
    }
    .into_any()
}

fn line(metric: &MetricDef, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let key = select::city_key(catalog, &metric.id);
    let point = screen.store.metric(&key);
    let figure = Figured::metric(metric, &key, point, format::figure);
    let stale = figure.is_stale();
    let level = Memo::new(move |_| areas::level(point));
    let name = metric.name.clone();
    view! {
        <li class=move || level_class(level.get()) class:stale=stale>
            <Figure figure=figure form=Form::Line>
                <span class="rank-name">{move || screen.text(&name)}</span>
                <LevelShort level=level />
            </Figure>
        </li>
    }
}
