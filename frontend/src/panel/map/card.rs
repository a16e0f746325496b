//! The card of an asset: what it is, what it says, and how old that is. It follows the pointer, or
//! the arrow keys, and stays open when somebody keeps it. Assets that lie on one another are all
//! told of.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::{ev, html};
use leptos_router::components::A;
use web_sys::MouseEvent;

use egret_shared::asset::AssetState;
use egret_shared::catalog::Catalog;

use super::Drawn;
use super::pointed::{How, Pointed};
use crate::api::order::asset_href;
use crate::i18n::Key;
use crate::i18n::map::MapWord;
use crate::i18n::order::Order as OrderWord;
use crate::map::camera::Camera;
use crate::map::live::{Asset, Seen};
use crate::screen::{Screen, screen};
use crate::select::takes_orders;
use crate::session::session;
use crate::widget::asset_values::asset_values;
use crate::widget::level::{LevelMark, LevelWord};
use crate::{api, clock};

/// How often an open card asks again. Milliseconds: an asset's feed is seldom faster.
const AGAIN_MS: i32 = 5_000;

/// So many of the assets that lie on one another are named; the others are counted.
const NAMED_MAX: usize = 6;

/// The card, while something is pointed at.
#[component]
pub(crate) fn Card(
    pointed: RwSignal<Option<Pointed>>,
    drawn: Drawn,
    container: NodeRef<html::Div>,
    camera: RwSignal<Option<Camera>>,
    catalog: Arc<Catalog>,
) -> impl IntoView {
    let screen = screen();
    let state: RwSignal<Option<AssetState>> = RwSignal::new(None);
    follow_pointer(drawn, container, pointed);
    follow_camera(drawn, camera, pointed);
    let asset = Memo::new(move |_| pointed.read().as_ref().and_then(Pointed::asset));
    let turn = StoredValue::new(0_u32);
    Effect::new(move || {
        let asset = asset.get();
        state.set(None);
        let own = turn.get_value().wrapping_add(1);
        turn.set_value(own);
        if let Some(wanted) = asset {
            let is_wanted = move || turn.try_get_value() == Some(own);
            leptos::task::spawn_local(keep_asking(wanted, is_wanted, state));
        }
    });
    let catalog = StoredValue::new(catalog);
    let corner = Memo::new(move |_| {
        let (camera, pointed) = (camera.get()?, pointed.read());
        let (x, y) = pointed.as_ref()?.spot;
        Some((x, y, x > camera.width / 2.0, y > camera.height / 2.0))
    });
    let how = Memo::new(move |_| pointed.read().as_ref().map(|pointed| pointed.how));
    let seen = Memo::new(move |_| pointed.read().as_ref().map(|pointed| pointed.seen.clone()));
    let px = |v: f64| format!("{v:.1}px");
    let left = move || corner.get().map(|(x, ..)| px(x));
    let top = move || corner.get().map(|(_, y, ..)| px(y));
    let ring = move || {
        let (x, y, ..) = corner.get()?;
        let is_kept = how.get()? != How::Hover;
        is_kept.then(|| view! { <i class="card-ring" style:left=px(x) style:top=px(y)></i> })
    };
    view! {
        {ring}
        <div
            class="card"
            role="status"
            class:none=move || asset.read().is_none()
            class:kept=move || how.get() == Some(How::Kept)
            class:to-left=move || corner.get().is_some_and(|(.., to_left, _)| to_left)
            class:to-top=move || corner.get().is_some_and(|(.., to_top)| to_top)
            style:left=left
            style:top=top
        >
            {move || {
                let asset = asset.get()?;
                Some(catalog.with_value(|catalog| content(screen, &asset, state.get(), catalog)))
            }}
            {move || others(screen, &seen.get()?, &asset.get()?, how.get()?, pointed)}
            {move || orders(asset.get()?, how.get()?, catalog)}
            <Show when=move || how.get() == Some(How::Kept)>
                <button
                    type="button"
                    class="card-close"
                    aria-label=move || screen.word(Key::Close)
                    on:click=move |_| pointed.set(None)
                >
                    "×"
                </button>
            </Show>
        </div>
    }
}

/// Asks for an asset, again and again for as long as it is wanted.
async fn keep_asking(
    wanted: Asset,
    is_wanted: impl Fn() -> bool,
    state: RwSignal<Option<AssetState>>,
) {
    while is_wanted() {
        let answer = api::asset(&wanted.0, &wanted.1).await.ok();
        if !is_wanted() {
            return;
        }
        // What a lost connection could not tell stays as it was, with its age growing.
        if answer.is_some() {
            state.try_set(answer);
        }
        clock::sleep(AGAIN_MS).await;
    }
}

fn follow_pointer(drawn: Drawn, container: NodeRef<html::Div>, pointed: RwSignal<Option<Pointed>>) {
    // Not `pointermove`, which a map that is dragged swallows.
    let handle = window_event_listener(ev::mousemove, move |event: MouseEvent| {
        let is_free = pointed.with_untracked(|pointed| {
            pointed
                .as_ref()
                .is_none_or(|pointed| pointed.how == How::Hover)
        });
        let Some(element) = container.get_untracked().filter(|_| is_free) else {
            return;
        };
        let area = element.get_bounding_client_rect();
        let x = f64::from(event.client_x()) - area.left();
        let y = f64::from(event.client_y()) - area.top();
        let inside = (0.0..area.width()).contains(&x) && (0.0..area.height()).contains(&y);
        let seen = inside.then(|| drawn.ask(|map| map.at((x, y)))).flatten();
        let found = Pointed::over(seen.unwrap_or_default(), (x, y));
        if pointed.with_untracked(|known| *known != found) {
            pointed.set(found);
        }
    });
    on_cleanup(move || handle.remove());
}

/// What is kept moves with the map, and with itself; what leaves the view is let go.
fn follow_camera(
    drawn: Drawn,
    camera: RwSignal<Option<Camera>>,
    pointed: RwSignal<Option<Pointed>>,
) {
    let now = screen().store.now;
    Effect::new(move || {
        camera.track();
        now.track();
        let kept = pointed.with_untracked(|pointed| {
            let kept = pointed.as_ref().filter(|pointed| pointed.how != How::Hover);
            kept.and_then(|kept| Some((kept.asset()?, kept.spot)))
        });
        let Some((asset, before)) = kept else {
            return;
        };
        match drawn.ask(|map| map.spot_of(&asset)).flatten() {
            Some(spot) if spot == before => {}
            Some(spot) => pointed.update(|pointed| {
                if let Some(pointed) = pointed {
                    pointed.spot = spot;
                }
            }),
            None => pointed.set(None),
        }
    });
}

/// The way to what an asset can be told, on a card that is kept open; nobody sits at a wall.
fn orders((feed, asset): Asset, how: How, catalog: StoredValue<Arc<Catalog>>) -> Option<AnyView> {
    let (screen, session) = (screen(), session());
    let is_told = catalog.with_value(|catalog| takes_orders(catalog, &feed));
    let is_desk = session.person().is_some() || session.is_open();
    (is_told && is_desk && how != How::Hover).then(|| {
        view! {
            <A href=asset_href(&feed, &asset) attr:class="card-orders">
                {move || screen.word(OrderWord::OpenAsset)}
            </A>
        }
        .into_any()
    })
}

/// The other assets at the same place.
fn others(
    screen: Screen,
    seen: &[Seen],
    chosen: &Asset,
    how: How,
    pointed: RwSignal<Option<Pointed>>,
) -> Option<AnyView> {
    if seen.len() < 2 {
        return None;
    }
    let row = |seen: &Seen| {
        let id = seen.asset.1.to_string();
        let text = format!("{id} · {}", seen.asset.0);
        let is_chosen = seen.asset == *chosen;
        let asset = seen.asset.clone();
        let choose = move |_| {
            pointed.update(|pointed| {
                if let Some(pointed) = pointed {
                    pointed.choose(&asset);
                }
            });
        };
        let level = seen.level;
        view! {
            <li class:chosen=is_chosen>
                <LevelMark level=Signal::stored(level) />
                {if how == How::Hover {
                    view! { <span>{text}</span> }.into_any()
                } else {
                    view! {
                        <button type="button" aria-pressed=is_chosen.to_string() on:click=choose>
                            {text}
                        </button>
                    }
                        .into_any()
                }}
            </li>
        }
    };
    let rows: Vec<_> = seen.iter().take(NAMED_MAX).map(row).collect();
    let more = seen.len().saturating_sub(NAMED_MAX);
    let more = (more > 0).then(|| {
        let more = format!("+{more} {}", screen.word(MapWord::MoreAssets));
        view! { <li>{more}</li> }
    });
    let count = match screen.language.get() {
        egret_shared::text::Language::Zh => {
            format!("{}：{}", screen.word(MapWord::Here), seen.len())
        }
        egret_shared::text::Language::En => {
            format!("{} {}", seen.len(), screen.word(MapWord::Here))
        }
    };
    Some(
        view! {
            <div class="card-others card-name">
                <p>{count}</p>
                <ul>{rows} {more}</ul>
            </div>
        }
        .into_any(),
    )
}

fn content(
    screen: Screen,
    (feed, asset): &Asset,
    state: Option<AssetState>,
    catalog: &Catalog,
) -> AnyView {
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
    view! {
        <b class="card-name">{name}</b>
        <LevelWord level=Signal::stored(level) />
        <p class="other">{kind}</p>
        {asset_values(screen, &state, catalog)}
    }
    .into_any()
}
