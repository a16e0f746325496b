//! The newest values of an asset, each with its own age and its own doubts.

use leptos::prelude::*;

use egret_shared::asset::{AssetState, AssetValue};
use egret_shared::catalog::Catalog;
use egret_shared::package::property::PropertyDef;

use crate::format;
use crate::i18n;
use crate::i18n::map::MapWord;
use crate::screen::Screen;
use crate::select::Truth;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::truth::Basis;

/// The list of them, or that nothing was heard yet.
pub(crate) fn asset_values(screen: Screen, state: &AssetState, catalog: &Catalog) -> AnyView {
    let row = |(property, value): (&_, &AssetValue)| {
        let def = catalog.properties.iter().find(|def| def.id == *property);
        let said = |def: &PropertyDef| screen.text(&def.name);
        let label = def.map_or_else(|| property.to_string(), said);
        let flags = i18n::metric::flags(value.flags, screen.language.get());
        view! {
            <dt>{label}</dt>
            <dd>{value_view(value, state.stale)}</dd>
            {(!flags.is_empty()).then(|| view! { <dd class="card-flags">{flags}</dd> })}
        }
    };
    let values: Vec<_> = state.values.iter().map(row).collect();
    let is_silent = state.values.is_empty();
    let silent = is_silent.then(|| view! { <p class="other">{screen.word(MapWord::NotHeard)}</p> });
    view! {
        <dl>{values}</dl>
        {silent}
    }
    .into_any()
}

fn value_view(value: &AssetValue, stale: bool) -> impl IntoView + use<> {
    let unit = format::unit(&value.u);
    let text = format!("{} {unit}", format::figure(value.v, &value.u));
    let truth = Memo::new({
        let (at, flags) = (value.at, value.flags);
        move |_| Truth {
            stale,
            flags,
            ..Truth::of_count(1, 1, Some(at), at)
        }
    });
    let figure = Figured::count("asset", move || text.clone(), truth, Basis::One);
    view! { <Figure figure=figure form=Form::Slim /> }
}
