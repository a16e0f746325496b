//! How every feed does.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::feed::{ClockOffset, FeedHealth, Interval};

use crate::format;
use crate::i18n::{Key, status_key};
use crate::panel::feeds::{feed_name, status_class};
use crate::screen::{Screen, screen};
use crate::select;

const FEED_COLUMNS: [Key; 19] = [
    Key::Status,
    Key::Feed,
    Key::Department,
    Key::Assets,
    Key::SilentAssets,
    Key::PerMinute,
    Key::Accepted,
    Key::Refused,
    Key::Duplicates,
    Key::Late,
    Key::SuspectCount,
    Key::Newest,
    Key::QualityScore,
    Key::Timeliness,
    Key::Completeness,
    Key::Validity,
    Key::Interval,
    Key::Watermark,
    Key::ClockOffset,
];

/// Below this a part of the quality is shown as falling short: one message in twenty lost, late or
/// refused is more than a radio network loses by itself.
const QUALITY_GOOD: f64 = 95.0;

/// The table.
#[component]
pub(super) fn FeedTable() -> impl IntoView {
    let screen = screen();
    let store = screen.store;
    let rows = move || {
        let catalog = store.catalog.get()?;
        let mut feeds = store.feeds.get().to_vec();
        feeds.sort_by_key(select::feed_weight);
        Some(
            feeds
                .iter()
                .map(|feed| feed_row(screen, feed, &catalog))
                .collect_view(),
        )
    };
    view! {
        <table class="feeds-table">
            <thead>
                <tr>{heads(screen, &FEED_COLUMNS)}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn heads(screen: Screen, keys: &'static [Key]) -> impl IntoView {
    keys.iter()
        .map(|key| view! { <th scope="col">{move || screen.word(*key)}</th> })
        .collect_view()
}

fn feed_row(screen: Screen, feed: &FeedHealth, catalog: &Arc<Catalog>) -> impl IntoView + use<> {
    let def = catalog.feeds.iter().find(|def| def.id == feed.feed);
    let department = def.and_then(|def| select::department(catalog, &def.department));
    let department = department.map(|name| screen.text(name));
    let newest = match feed.received_at {
        Some(at) => screen.age(at),
        None => screen.word(Key::Never).to_owned(),
    };
    let counts = [
        u64::from(feed.assets),
        u64::from(feed.silent),
        u64::from(feed.per_minute),
        feed.accepted,
        select::refused(feed),
        feed.duplicate,
        feed.late,
        feed.suspect,
    ];
    let quality = feed.quality.as_ref();
    let parts = [
        quality.map(|quality| quality.score),
        quality.map(|quality| quality.timeliness),
        quality.and_then(|quality| quality.completeness),
        quality.map(|quality| quality.validity),
    ];
    let watermark = feed.watermark.map(|at| screen.age(at));
    let offset = feed.clock.as_ref();
    let gateway = offset.map(|offset| offset.gateway.to_string());
    view! {
        <tr class=status_class(feed.status)>
            <td>
                <i class="status-mark" aria-hidden="true"></i>
                {screen.word(status_key(feed.status))}
            </td>
            <th scope="row">{screen.text(&feed_name(catalog, &feed.feed))}</th>
            <td>{department}</td>
            {counts.map(|n| view! { <td class="number">{format::figure(n as f64, "1")}</td> })}
            <td class="number">{newest}</td>
            {parts.map(quality_cell)}
            <td class="number">{feed.interval.map(|interval| interval_text(screen, interval))}</td>
            <td class="number">{watermark}</td>
            <td class="number" title=gateway>
                {offset.map(|offset| offset_text(screen, offset))}
            </td>
        </tr>
    }
}

/// A part of the quality in per cent, with a bar as long; a dash while nobody knows it.
fn quality_cell(part: Option<f64>) -> impl IntoView {
    let Some(part) = part else {
        return view! { <td class="number">"–"</td> }.into_any();
    };
    let width = format!("calc((100% - 18 * var(--u)) * {:.2})", part / 100.0);
    view! {
        <td class="number quality" class:short=part < QUALITY_GOOD>
            {format::figure(part.round(), "1")}
            <i style:width=width aria-hidden="true"></i>
        </td>
    }
    .into_any()
}

/// `10 s promised`, `32 s learned`.
fn interval_text(screen: Screen, interval: Interval) -> String {
    let how = if interval.learned {
        Key::Learned
    } else {
        Key::Declared
    };
    let every = format::age(interval.ms, screen.language.get());
    format!("{every} {}", screen.word(how))
}

/// `3.2 s ahead`, and whose clock it is.
pub(super) fn offset_text(screen: Screen, offset: &ClockOffset) -> String {
    let way = if offset.ahead_ms > 0 {
        Key::ClockAhead
    } else {
        Key::ClockBehind
    };
    let size = format::delay(offset.ahead_ms.abs(), screen.language.get());
    format!("{} {size} {}", offset.gateway, screen.word(way))
}
