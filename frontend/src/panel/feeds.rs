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
use crate::select;
use crate::widget::frame::{Frame, Words, both, title_of};

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
    let total = move || view! { <span>{move || feeds.read().len()}</span> };
    view! {
        <Frame title=title_of(def, &both(Key::Feeds)) kind="feeds" aside=total>
            <ul class="feed-counts">
                {move || counts.get().map(|(status, n)| count(screen, status, n))}
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

fn count(screen: Screen, status: FeedStatus, n: usize) -> impl IntoView {
    view! {
        <li class=status_class(status) class:none=n == 0>
            <b>{n}</b>
            <span>{screen.word(status_key(status))}</span>
        </li>
    }
}

/// The name of a feed, or its id while the catalogue does not know it.
pub(crate) fn feed_name(catalog: &Catalog, feed: &FeedId) -> Text {
    let def = catalog.feeds.iter().find(|def| def.id == *feed);
    def.map_or_else(
        || Text::new(feed.as_str(), feed.as_str()),
        |def| def.name.clone(),
    )
}

fn offender(feed: &FeedHealth, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let name = feed_name(catalog, &feed.feed);
    let (silent, refused, received_at) = (feed.silent, select::refused(feed), feed.received_at);
    let status = feed.status;
    let why = move || match (status, received_at) {
        (FeedStatus::Degraded, _) if refused > 0 => {
            format!("{} {refused}", screen.word(Key::Refused))
        }
        (FeedStatus::Degraded, _) => format!("{silent} {}", screen.word(Key::SilentAssets)),
        (_, Some(received_at)) => screen.age(received_at),
        (_, None) => screen.word(Key::Never).to_owned(),
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
