//! The card of the asset beneath the pointer: what it is, what it says, and how old that is.

use std::sync::Arc;

use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::MouseEvent;

use egret_shared::asset::{AssetState, AssetValue};
use egret_shared::catalog::Catalog;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::package::property::PropertyDef;

use crate::map::live::LiveMap;
use crate::screen::{Screen, screen};
use crate::select::Truth;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::level::LevelWord;
use crate::widget::truth::Basis;
use crate::{api, format};

use super::Opened;

/// Where the card stands and what it is of.
#[derive(Clone, Debug, PartialEq)]
struct Pointed {
    asset: (FeedId, AssetId),
    x: f64,
    y: f64,
    /// Whether the card has more room on the pointer's left.
    to_left: bool,
    /// Whether it has more room above.
    to_top: bool,
}

/// The card, while the pointer is over an asset.
#[component]
pub(crate) fn Card(
    opened: Opened,
    container: NodeRef<Div>,
    catalog: Arc<Catalog>,
) -> impl IntoView {
    let screen = screen();
    let pointed: RwSignal<Option<Pointed>> = RwSignal::new(None);
    let state: RwSignal<Option<AssetState>> = RwSignal::new(None);
    follow_pointer(opened, container, pointed);
    let asset = Memo::new(move |_| pointed.get().map(|pointed| pointed.asset));
    Effect::new(move || {
        let asset = asset.get();
        state.set(None);
        if let Some((feed, id)) = asset {
            leptos::task::spawn_local(async move {
                // An answer that comes when the pointer has gone on is not shown: see `content`.
                drop(state.try_set(api::asset(&feed, &id).await.ok()));
            });
        }
    });
    let catalog = StoredValue::new(catalog);
    move || {
        let pointed = pointed.get()?;
        let left = format!("{:.0}px", pointed.x);
        let top = format!("{:.0}px", pointed.y);
        Some(view! {
            <div
                class="card"
                class:to-left=pointed.to_left
                class:to-top=pointed.to_top
                style:left=left style:top=top>
                {catalog.with_value(|catalog| content(screen, &pointed, state.get(), catalog))}
            </div>
        })
    }
}

/// Looks for an asset wherever the pointer goes over the map.
fn follow_pointer(opened: Opened, container: NodeRef<Div>, pointed: RwSignal<Option<Pointed>>) {
    let handle = window_event_listener(ev::mousemove, move |event: MouseEvent| {
        let Some(element) = container.get_untracked() else {
            return;
        };
        let area = element.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - area.left();
        let y = f64::from(event.client_y()) - area.top();
        let inside = (0.0..area.width()).contains(&x) && (0.0..area.height()).contains(&y);
        let nearest = |map: &LiveMap| map.nearest(x, y);
        let asset = opened.with_value(|map| map.as_ref().filter(|_| inside).and_then(nearest));
        let found = asset.map(|asset| Pointed {
            asset,
            x,
            y,
            to_left: x > area.width() / 2.0,
            to_top: y > area.height() / 2.0,
        });
        if pointed.get_untracked() != found {
            pointed.set(found);
        }
    });
    on_cleanup(move || handle.remove());
}

fn content(
    screen: Screen,
    pointed: &Pointed,
    state: Option<AssetState>,
    catalog: &Catalog,
) -> AnyView {
    let (feed, asset) = &pointed.asset;
    let of_feed = catalog.feeds.iter().find(|def| def.id == *feed);
    let kind = of_feed.map(|def| screen.text(&def.name));
    let Some(state) = state.filter(|state| state.feed == *feed && state.asset == *asset) else {
        let id = asset.to_string();
        return view! { <b class="card-name">{id}</b> <p class="other">{kind}</p> }.into_any();
    };
    let name = state
        .name
        .as_ref()
        .map_or_else(|| asset.to_string(), |name| screen.text(name));
    let level = state.level;
    let values: Vec<_> = state
        .values
        .iter()
        .map(|(property, value)| {
            let def = catalog.properties.iter().find(|def| def.id == *property);
            let said = |def: &PropertyDef| screen.text(&def.name);
            let label = def.map_or_else(|| property.to_string(), said);
            view! {
                <dt>{label}</dt>
                <dd>{value_view(value, state.stale)}</dd>
            }
        })
        .collect();
    view! {
        <b class="card-name">{name}</b>
        <LevelWord level=Signal::stored(level) />
        <p class="other">{kind}</p>
        <dl>{values}</dl>
    }
    .into_any()
}

/// A value with its own age and its own doubts.
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
