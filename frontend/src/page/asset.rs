//! `/asset/:feed/:asset`: one asset as it stands, what is wrong with it, what it can be told, and what
//! became of what it was told.

mod alerts;
mod draft;
mod giving;
mod parameter;
mod unsure;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use egret_shared::actuation::Offer;
use egret_shared::asset::AssetState;
use egret_shared::catalog::Catalog;
use egret_shared::id::{ActuationId, AssetId, FeedId};

use crate::api::order::{self, Which};
use crate::i18n::Key;
use crate::i18n::order::{Order as Word, name, state_word};
use crate::page::case::played;
use crate::page::loaded::{Loaded, ask};
use crate::page::orders::{Orders, loading};
use crate::screen::{Screen, screen};
use crate::widget::asset_values::asset_values;
use crate::widget::form::row_button;
use crate::widget::level::LevelWord;
use crate::{api, format, select};

use self::unsure::Unsure;

/// How often the asset is asked for anew. Milliseconds: its feed is seldom faster.
const VALUES_MS: i64 = 3_000;

/// How often it is asked for anew what may be ordered. Milliseconds.
const OFFERS_MS: i64 = 30_000;

/// What every part of the page needs. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Board {
    screen: StoredValue<Screen>,
    catalog: StoredValue<Arc<Catalog>>,
    actuator: StoredValue<(FeedId, AssetId)>,
    state: RwSignal<Loaded<AssetState>>,
    orders: Orders,
    /// The command that is being written.
    over: RwSignal<Option<Offer>>,
    /// Orders that may have been given without an answer having come back, and under which keys.
    unsure: StoredValue<Unsure>,
    /// The order that was given last here.
    given: RwSignal<Option<ActuationId>>,
}

/// The page.
#[component]
pub(crate) fn Asset() -> impl IntoView {
    let screen = screen();
    let params = use_params_map();
    let wanted = Memo::new(move |_| {
        let params = params.read();
        let part = |name: &str| params.get(name).unwrap_or_default();
        (FeedId::new(part("feed")), AssetId::new(part("asset")))
    });
    move || {
        let actuator = wanted.get();
        match screen.store.catalog.get() {
            Some(catalog) => untrack(|| page(&catalog, actuator)),
            None => nowhere(screen, Key::Loading.into()),
        }
    }
}

fn nowhere(screen: Screen, word: crate::i18n::Phrase) -> AnyView {
    view! {
        <div class="nowhere">
            <p role="status">{move || screen.phrase(word)}</p>
        </div>
    }
    .into_any()
}

fn page(catalog: &Arc<Catalog>, actuator: (FeedId, AssetId)) -> AnyView {
    let screen = screen();
    let question = {
        let actuator = actuator.clone();
        move || actuator.clone()
    };
    let state = ask(
        question.clone(),
        Some(VALUES_MS),
        |(feed, asset)| async move { api::asset(&feed, &asset).await },
    );
    let offers = ask(question, Some(OFFERS_MS), |(feed, asset)| async move {
        order::offers(&feed, &asset).await
    });
    let which = Which {
        feed: Some(actuator.0.clone()),
        asset: Some(actuator.1.clone()),
        state: None,
    };
    let board = Board {
        screen: StoredValue::new(screen),
        catalog: StoredValue::new(Arc::clone(catalog)),
        actuator: StoredValue::new(actuator),
        state,
        orders: Orders::follow(Signal::stored(which), false),
        over: RwSignal::new(None),
        unsure: StoredValue::default(),
        given: RwSignal::new(None),
    };
    let is_missing = Memo::new(move |_| *state.read() == Loaded::Missing);
    (move || {
        if is_missing.get() {
            nowhere(screen, Word::NoAsset.into())
        } else {
            untrack(|| whole(board, offers))
        }
    })
    .into_any()
}

fn whole(board: Board, offers: RwSignal<Loaded<Vec<Offer>>>) -> AnyView {
    let screen = board.screen();
    let feed = board.actuator.with_value(|(feed, _)| feed.to_string());
    let all = format!("/desk?tab=orders&feed={}", api::encoded(&feed));
    let over = move || {
        let offer = board.over.get()?;
        Some(untrack(|| giving::dialog(board, offer)))
    };
    view! {
        <div class="desk asset" tabindex="0" role="region" aria-label=move || board.name()>
            <div class="asset-back">
                <A href=all>{move || screen.word(Word::AllOrders)}</A>
                {played()}
            </div>
            {head(board)}
            {alerts::alerts(board)}
            {orders(board, offers)}
            {over}
        </div>
    }
    .into_any()
}

/// What it can be told, and what it was told; of an asset that takes no orders, only if it has been
/// given some all the same.
fn orders(board: Board, offers: RwSignal<Loaded<Vec<Offer>>>) -> AnyView {
    let takes_orders = board.catalog.with_value(|catalog| {
        board
            .actuator
            .with_value(|(feed, _)| select::takes_orders(catalog, feed))
    });
    let are_shown = Memo::new(move |_| takes_orders || !board.orders.is_empty());
    (move || {
        are_shown
            .get()
            .then(|| untrack(|| order_panels(board, offers)))
    })
    .into_any()
}

fn order_panels(board: Board, offers: RwSignal<Loaded<Vec<Offer>>>) -> AnyView {
    let screen = board.screen();
    view! {
        <section class="panel" aria-label=move || screen.word(Word::CanBeTold)>
            <header class="panel-head">
                <h2>{move || screen.word(Word::CanBeTold)}</h2>
            </header>
            {told(board, offers)}
        </section>
        <section class="panel" aria-label=move || screen.word(Word::OrdersOf)>
            <header class="panel-head">
                <h2>{move || screen.word(Word::OrdersOf)}</h2>
                <p class="order-given" role="status">
                    {move || board.given_words()}
                </p>
            </header>
            {board.orders.view()}
        </section>
    }
    .into_any()
}

impl Board {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn word(self, word: Word) -> &'static str {
        self.screen().word(word)
    }

    /// What people call the asset; its id until that is known.
    fn name(self) -> String {
        let state = self.state.read();
        let named = state.here().and_then(|state| state.name.clone());
        named.map_or_else(
            || self.actuator.with_value(|(_, asset)| asset.to_string()),
            |name| self.screen().text(&name),
        )
    }

    /// How the order stands that was given last.
    fn given_words(self) -> Option<String> {
        let id = self.given.get()?;
        let row = self.orders.get(&id)?;
        let command = self.catalog.with_value(|catalog| {
            let feed = catalog.feeds.iter().find(|def| def.id == row.feed)?;
            feed.command(&row.command).cloned()
        });
        let name = self
            .screen()
            .text(&name(command.as_ref(), row.command.as_str()));
        Some(format!("{name}: {}", self.word(state_word(row.state))))
    }
}

fn head(board: Board) -> AnyView {
    let screen = board.screen();
    // Of what is not known nobody can say that it is normal.
    let known = Memo::new(move |_| board.state.read().here().map(|state| state.level));
    let level = move || {
        let level = known.get();
        level.map(|level| view! { <LevelWord level=Signal::stored(level) /> })
    };
    let feed = board.catalog.with_value(|catalog| {
        let feed = board.actuator.with_value(|(feed, _)| feed.clone());
        let def = catalog.feeds.iter().find(|def| def.id == feed)?;
        let department = select::department(catalog, &def.department).cloned();
        Some((def.name.clone(), department.unwrap_or_default()))
    });
    let of = move || {
        let (feed, department) = feed.as_ref()?;
        Some(format!(
            "{} · {}",
            screen.text(feed),
            screen.text(department)
        ))
    };
    let stale = move || {
        let state = board.state.read();
        let is_stale = state.here().is_some_and(|state| state.stale);
        is_stale.then(|| view! { <b class="tag">{board.word(Word::StaleAsset)}</b> })
    };
    let values = move || match &*board.state.read() {
        Loaded::Here(state) => board
            .catalog
            .with_value(|catalog| asset_values(screen, state, catalog)),
        Loaded::Failed(_) => words(screen.word(Key::LoadFailed)),
        Loaded::Waiting | Loaded::Missing => words(screen.word(Key::Loading)),
    };
    let id = board.actuator.with_value(|(_, asset)| asset.to_string());
    view! {
        <header class="panel asset-head">
            <div>
                <p class="asset-id">
                    {level}
                    <code>{id}</code>
                    {stale}
                </p>
                <h1>{move || board.name()}</h1>
                <p class="other">{of}</p>
            </div>
            <section class="asset-values" aria-label=move || screen.word(Word::ValuesNow)>
                {values}
            </section>
        </header>
    }
    .into_any()
}

fn words(words: &'static str) -> AnyView {
    view! {
        <p class="words" role="status">
            {words}
        </p>
    }
    .into_any()
}

/// What the asset can be told.
fn told(board: Board, offers: RwSignal<Loaded<Vec<Offer>>>) -> AnyView {
    let screen = board.screen();
    (move || match &*offers.read() {
        Loaded::Waiting => loading(screen),
        Loaded::Failed(_) => words(screen.word(Key::LoadFailed)),
        Loaded::Missing => words(screen.word(Word::NoAsset)),
        Loaded::Here(offers) if offers.is_empty() => words(screen.word(Word::TakesNone)),
        Loaded::Here(offers) => {
            let rows: Vec<_> = offers.iter().map(|offer| row(board, offer)).collect();
            view! { <ul class="offers">{rows}</ul> }.into_any()
        }
    })
    .into_any()
}

fn row(board: Board, offer: &Offer) -> AnyView {
    let screen = board.screen();
    let command = &offer.command;
    let expires = format!(
        "{} {}",
        screen.word(Word::ExpiresAfter),
        format::span(command.expires, screen.language.get())
    );
    let asked = command.confirm.then(|| screen.word(Word::AskedTwice));
    let title = screen.text(&command.name);
    let act = if offer.may {
        let wanted = offer.clone();
        row_button(Word::Give, &title, move || {
            board.over.set(Some(wanted.clone()));
        })
    } else {
        view! { <span class="not-yours">{screen.word(Word::NotYours)}</span> }.into_any()
    };
    view! {
        <li>
            <p>
                <b>{title}</b>
                <span class="other" lang=screen.other_tag()>
                    {screen.other_text(&command.name)}
                </span>
            </p>
            <p class="offer-about">
                <span>{expires}</span>
                <span>{asked}</span>
            </p>
            {act}
        </li>
    }
    .into_any()
}
