//! What actuators were told and what became of it; and the way to tell one something.

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::actuation::ActuationState;
use egret_shared::id::{AssetId, FeedId};

use super::Board;
use crate::api::order::{self, Assets, Which, asset_href};
use crate::i18n::Key;
use crate::i18n::connect::Connect;
use crate::i18n::order::Order as Word;
use crate::page::loaded::ask;
use crate::page::orders::{Orders, states};
use crate::widget::figure::next_id;
use crate::widget::form::choice;

/// The list, with what narrows it.
pub(super) fn orders(board: Board) -> AnyView {
    let which = Memo::new(move |_| board.place.read().orders.clone());
    let orders = Orders::follow(which.into(), true);
    view! {
        <section class="panel duty-scores duty-orders" aria-label=move || board.word(Word::Tab)>
            <header class="panel-head">
                <h2>{move || board.word(Word::Tab)}</h2>
                {filters(board, which)}
            </header>
            {move || {
                which.track();
                untrack(|| orders.view())
            }}
        </section>
    }
    .into_any()
}

fn filters(board: Board, which: Memo<Which>) -> AnyView {
    let screen = board.screen();
    let some = |value: String| Some(value).filter(|value| !value.is_empty());
    let feeds = move || {
        let any = (String::new(), board.word(Connect::AnyFeed).to_owned());
        let feeds = board.catalog.with_value(|catalog| {
            let feeds = catalog
                .feeds
                .iter()
                .filter(|feed| !feed.commands.is_empty());
            let feeds = feeds.map(|feed| (feed.id.to_string(), screen.text(&feed.name)));
            feeds.collect::<Vec<_>>()
        });
        std::iter::once(any).chain(feeds).collect()
    };
    let chosen = move |of: fn(&Which) -> Option<String>| {
        Signal::derive(move || of(&which.read()).unwrap_or_default())
    };
    let of_feed = chosen(|which| which.feed.as_ref().map(ToString::to_string));
    let of_state = chosen(|which| which.state.map(|state| state.as_str().to_owned()));
    let set_feed = move |value| {
        board.change(|place| {
            place.orders.feed = some(value).map(|id| id.as_str().into());
            place.orders.asset = None;
        });
    };
    let set_state = move |value: String| {
        let mut all = ActuationState::ALL.into_iter();
        let state = all.find(|state| state.as_str() == value);
        board.change(|place| place.orders.state = state);
    };
    view! {
        <div class="filters">
            {choice(Key::Feed, feeds, of_feed, set_feed)}
            {asset_of(board, which)}
            {choice(Word::State, move || states(screen), of_state, set_state)}
            {move || give(board, &which.read())}
        </div>
    }
    .into_any()
}

/// The way to the page where an order is given, once one actuator is picked.
fn give(board: Board, which: &Which) -> AnyView {
    match (&which.feed, &which.asset) {
        (Some(feed), Some(asset)) => view! {
            <A href=asset_href(feed, asset) attr:class="button main-button">
                {board.word(Word::GiveTo)}
            </A>
        }
        .into_any(),
        _ => view! { <span class="field-hint">{board.word(Word::PickActuator)}</span> }.into_any(),
    }
}

/// The choice of an asset among those of the feed, or the field to write it in where there are many.
fn asset_of(board: Board, which: Memo<Which>) -> AnyView {
    let feed = Memo::new(move |_| which.read().feed.clone());
    let known = ask(
        move || feed.get(),
        None,
        |feed: Option<FeedId>| async move {
            match feed {
                Some(feed) => order::assets(&feed).await,
                None => Ok(Assets::default()),
            }
        },
    );
    let ids = move || {
        let mut ids = known.read().here().cloned().unwrap_or_default().ids;
        ids.extend(which.read().asset.clone());
        ids.sort();
        ids.dedup();
        ids
    };
    let assets = move || {
        let any = (String::new(), board.word(Word::AnyAsset).to_owned());
        let ids = ids().into_iter();
        let ids = ids.map(|id| (id.to_string(), id.to_string()));
        std::iter::once(any).chain(ids).collect()
    };
    let are_some = Memo::new(move |_| known.read().here().is_some_and(|known| known.are_some));
    let chosen = Signal::derive(move || {
        let asset = which.read().asset.as_ref().map(ToString::to_string);
        asset.unwrap_or_default()
    });
    let set_asset = move |value: String| {
        let asset = Some(value).filter(|value| !value.is_empty());
        board.change(|place| place.orders.asset = asset.map(|id| id.as_str().into()));
    };
    (move || {
        if are_some.get() {
            written(board, ids, chosen, set_asset)
        } else {
            choice(Word::AssetWord, assets, chosen, set_asset)
        }
    })
    .into_any()
}

/// An asset of more than are listed: its id is written, and some are suggested.
fn written(
    board: Board,
    ids: impl Fn() -> Vec<AssetId> + Copy + Send + Sync + 'static,
    chosen: Signal<String>,
    choose: impl Fn(String) + 'static,
) -> AnyView {
    let (input, list, hint) = (next_id(), next_id(), next_id());
    let (of_input, of_list, of_hint) = (input.clone(), list.clone(), hint.clone());
    let options = move || {
        let options = ids().into_iter();
        options
            .map(|id| view! { <option value=id.to_string()></option> })
            .collect_view()
    };
    view! {
        <div class="field choice">
            <label for=of_input>{move || board.word(Word::AssetWord)}</label>
            <input
                id=input
                type="search"
                autocomplete="off"
                placeholder=move || board.word(Word::AnyAsset)
                list=of_list
                aria-describedby=of_hint
                prop:value=move || chosen.get()
                on:change=move |event| choose(event_target_value(&event).trim().to_owned())
            />
            <span class="field-hint" id=hint>
                {move || board.word(Word::WriteAsset)}
            </span>
            <datalist id=list>{options}</datalist>
        </div>
    }
    .into_any()
}
