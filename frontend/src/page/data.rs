//! `/data`: how every feed does, and what was refused.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::Right;
use egret_shared::catalog::Catalog;
use egret_shared::feed::{ClockOffset, FeedHealth, Interval};
use egret_shared::id::FeedId;

use crate::api::{self, Refused};
use crate::i18n::{Key, status_key};
use crate::panel::feeds::{feed_name, status_class};
use crate::screen::{Screen, screen};
use crate::select;
use crate::session::session;
use crate::{clock, format};

/// How often the list of refused messages is asked for anew. Milliseconds.
const QUARANTINE_MS: i32 = 10_000;

/// The page.
#[component]
pub(crate) fn Data() -> impl IntoView {
    let screen = screen();
    view! {
        <div class="data">
            <section class="panel" aria-label=move || screen.word(Key::Feeds)>
                <header class="panel-head">
                    <h2>{move || screen.word(Key::DataPage)}</h2>
                </header>
                <div class="scroll" tabindex="0">
                    <FeedTable />
                </div>
            </section>
            <section class="panel" aria-label=move || screen.word(Key::Quarantine)>
                <header class="panel-head">
                    <h2>{move || screen.word(Key::Quarantine)}</h2>
                    <span class="other">{move || screen.word(Key::QuarantineAbout)}</span>
                </header>
                <div class="scroll" tabindex="0">
                    <Quarantine />
                </div>
            </section>
        </div>
    }
}

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

#[component]
fn FeedTable() -> impl IntoView {
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
fn offset_text(screen: Screen, offset: &ClockOffset) -> String {
    let way = if offset.ahead_ms > 0 {
        Key::ClockAhead
    } else {
        Key::ClockBehind
    };
    let size = format::delay(offset.ahead_ms.abs(), screen.language.get());
    format!("{} {size} {}", offset.gateway, screen.word(way))
}

/// What the quarantine says: nothing yet, why not, or its rows.
type Answer = Option<Result<Vec<Refused>, String>>;

#[component]
fn Quarantine() -> impl IntoView {
    let screen = screen();
    // With other rights the whole page is put up anew.
    if !untrack(|| session().has(Right::Raw)) {
        return view! { <p class="words">{move || screen.word(Key::QuarantineNotYours)}</p> }
            .into_any();
    }
    let answer: RwSignal<Answer> = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        // The signal ends with the page, and the task with it.
        loop {
            let rows = api::quarantine().await.map_err(|error| error.to_string());
            if answer.try_set(Some(rows)).is_some() {
                return;
            }
            clock::sleep(QUARANTINE_MS).await;
        }
    });
    let shown = move || match answer.get() {
        None => words(screen, Key::Loading, None),
        Some(Err(error)) => words(screen, Key::LoadFailed, Some(error)),
        Some(Ok(rows)) if rows.is_empty() => words(screen, Key::NoQuarantine, None),
        Some(Ok(rows)) => refused_table(screen, &rows),
    };
    shown.into_any()
}

fn words(screen: Screen, key: Key, error: Option<String>) -> AnyView {
    view! {
        <p class="words">{screen.word(key)} <small>{error}</small></p>
    }
    .into_any()
}

const REFUSED_COLUMNS: [Key; 6] = [
    Key::Time,
    Key::Feed,
    Key::Stage,
    Key::Reason,
    Key::Detail,
    Key::Payload,
];

fn refused_table(screen: Screen, rows: &[Refused]) -> AnyView {
    let rows: Vec<_> = rows
        .iter()
        .cloned()
        .map(|row| {
            let at = screen.clock(row.received_at);
            let catalog = screen.store.catalog.get();
            let name = |feed: &FeedId| match &catalog {
                Some(catalog) => screen.text(&feed_name(catalog, feed)),
                None => feed.to_string(),
            };
            let feed = row.feed.as_ref().map_or(row.topic, name);
            let raw = row
                .raw
                .unwrap_or_else(|| screen.word(Key::Sealed).to_owned());
            view! {
                <tr>
                    <td>{at}</td>
                    <th scope="row">{feed}</th>
                    <td>{row.stage}</td>
                    <td>{row.reason}</td>
                    <td>{row.detail}</td>
                    <td>
                        <code>{raw}</code>
                    </td>
                </tr>
            }
        })
        .collect();
    view! {
        <table>
            <thead>
                <tr>{heads(screen, &REFUSED_COLUMNS)}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
