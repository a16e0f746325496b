//! `feeds`: how many feeds deliver as promised, and which do not.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::feed::{FeedHealth, FeedStatus};
use egret_shared::id::FeedId;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;

use crate::i18n::{Key, status_key};
use crate::screen::{Screen, screen};
use crate::select::{self, Truth};
use crate::widget::figure::{Figure, Figured, Form, Said};
use crate::widget::frame::{Frame, Words, both, title_of};
use crate::widget::truth::{Basis, Detail};

/// The most offenders that are built: twice what the tallest panel of a wall shows.
const ROWS_MAX: usize = 16;

/// The class of a status, by which the style gives it its colour.
pub(crate) fn status_class(status: FeedStatus) -> &'static str {
    match status {
        FeedStatus::Live => "feed-live",
        FeedStatus::Degraded => "feed-degraded",
        FeedStatus::Silent => "feed-silent",
        FeedStatus::Waiting => "feed-waiting",
    }
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let feeds = screen.store.feeds;
    let counts = Memo::new(move |_| select::feed_counts(&feeds.read()));
    let worst = Memo::new(move |_| select::worst_feeds(&feeds.read()));
    let rows = move || worst.get().into_iter().take(ROWS_MAX).collect::<Vec<_>>();
    let catalog = Arc::clone(catalog);
    let words = Signal::derive(move || {
        if !screen.store.has_city.get() {
            Key::Loading
        } else if feeds.read().is_empty() {
            Key::NoFeeds
        } else {
            Key::AllLive
        }
    });
    let truth = every_feed(screen);
    let total = Figured::count(
        "feeds",
        move || feeds.read().len().to_string(),
        truth,
        Basis::Feeds,
    );
    let total = StoredValue::new(total);
    // Before a city has come there is nothing to count, not even nothing.
    let has_city = move || screen.store.has_city.get();
    let total = move || {
        view! {
            <Show when=has_city>
                <Figure figure=total.get_value() form=Form::Row />
            </Show>
        }
    };
    view! {
        <Frame title=title_of(def, &both(Key::Feeds)) kind="feeds" aside=total>
            <ul class="feed-counts">
                {move || has_city().then(|| counts.get().map(|(status, n)| count(screen, status, n, truth)))}
            </ul>
            <Show when=move || worst.read().is_empty()>
                <Words key=words />
            </Show>
            <ol class="feed-worst">
                <For
                    each=rows
                    key=|feed| (feed.feed.clone(), feed.status, feed.silent, select::refused(feed))
                    let:feed
                >
                    {offender(&feed, &catalog)}
                </For>
            </ol>
        </Frame>
    }
    .into_any()
}

/// The truth about a count of everything that came in: how many feeds deliver, and when the
/// newest message arrived.
pub(crate) fn every_feed(screen: Screen) -> Memo<Truth> {
    let store = screen.store;
    Memo::new(move |_| {
        let feeds = store.feeds.read();
        let (live, all) = select::delivering(&feeds);
        let heard_at = store.heard_at.get_untracked().unwrap_or_default();
        Truth::of_count(live, all, select::newest_message(&feeds), heard_at)
    })
}

fn count(screen: Screen, status: FeedStatus, n: usize, truth: Memo<Truth>) -> impl IntoView {
    view! {
        <li class=status_class(status) class:none=n == 0>
            <Said of="feeds" truth=truth basis=Basis::Feeds>
                <b>{n}</b>
                " "
                <span>{move || screen.word(status_key(status))}</span>
            </Said>
        </li>
    }
}

/// The id under which the city counts what belongs to no feed.
const NO_FEED: &str = "unknown";

/// The name of a feed, or its id while the catalogue does not know it.
pub(crate) fn feed_name(catalog: &Catalog, feed: &FeedId) -> Text {
    let def = catalog.feeds.iter().find(|def| def.id == *feed);
    def.map_or_else(
        || match feed.as_str() {
            NO_FEED => Text::new("无数据源", "no feed"),
            id => Text::new(id, id),
        },
        |def| def.name.clone(),
    )
}

fn offender(feed: &FeedHealth, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let name = feed_name(catalog, &feed.feed);
    let (silent, refused, received_at) = (feed.silent, select::refused(feed), feed.received_at);
    let status = feed.status;
    let heard = feed.assets.saturating_sub(feed.silent);
    let heard_at = screen.store.heard_at.get_untracked().unwrap_or_default();
    let (heard, assets) = (heard as usize, feed.assets as usize);
    let truth = Signal::stored(Truth::of_count(heard, assets, received_at, heard_at));
    let lack = move || match status {
        FeedStatus::Degraded if refused > 0 => format!("{} {refused}", screen.word(Key::Refused)),
        FeedStatus::Degraded => format!("{silent} {}", screen.word(Key::SilentAssets)),
        // How long it has been silent is the age beside it.
        FeedStatus::Silent | FeedStatus::Waiting | FeedStatus::Live => String::new(),
    };
    let why = match received_at {
        None => (move || screen.word(Key::Never)).into_any(),
        Some(_) => view! {
            <Said of="feed" truth=truth basis=Basis::Assets detail=Detail::Shape>
                {lack}
            </Said>
        }
        .into_any(),
    };
    view! {
        <li class=status_class(status)>
            <i class="status-mark" aria-hidden="true"></i>
            <span class="feed-name">{move || screen.text(&name)}</span>
            <span class="feed-status">{move || screen.word(status_key(status))}</span>
            <span class="feed-why">{why}</span>
        </li>
    }
}
