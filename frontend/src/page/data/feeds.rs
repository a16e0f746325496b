//! How every feed does.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::alert::{Alert, AlertState, Subject};
use egret_shared::catalog::Catalog;
use egret_shared::feed::{ClockOffset, FeedHealth, Interval};
use egret_shared::id::FeedId;

use crate::format;
use crate::i18n::case::Desk;
use crate::i18n::{Key, status_key};
use crate::panel::feeds::{feed_name, status_class};
use crate::screen::{Screen, screen};
use crate::select;
use crate::widget::level::LevelShort;

/// So many alerts about a feed are told; the others are counted.
const ALERTS_MAX: usize = 3;

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
    Key::TooLate,
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
    let about_feeds = Memo::new(move |_| alerts_of_feeds(&store.alerts.read()));
    let rows = move || {
        let catalog = store.catalog.get()?;
        let alerts = about_feeds.read();
        let of = |feed: &FeedHealth| alerts.get(&feed.feed).map_or(&[][..], Vec::as_slice);
        let mut feeds = store.feeds.get().to_vec();
        feeds.sort_by_key(|feed| {
            let worst = of(feed).first().map(|alert| alert.level);
            (Reverse(worst), select::feed_weight(feed))
        });
        let rows = feeds.iter();
        let rows = rows.map(|feed| feed_row(screen, feed, of(feed), &catalog));
        Some(rows.collect_view())
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
        .map(|key| {
            let about = about(*key);
            let title = move || about.map(|about| screen.word(about));
            view! { <th scope="col" title=title>{move || screen.word(*key)}</th> }
        })
        .collect_view()
}

/// What a column counts, where two might be taken for the same: a message that is late may still count,
/// and one that came too late does not.
fn about(column: Key) -> Option<Key> {
    match column {
        Key::TooLate => Some(Key::TooLateAbout),
        Key::Timeliness => Some(Key::TimelinessAbout),
        _ => None,
    }
}

/// What is wrong with how feeds and their gateways deliver, the worst and newest first.
fn alerts_of_feeds(alerts: &[Arc<Alert>]) -> BTreeMap<FeedId, Vec<Arc<Alert>>> {
    let mut by_feed: BTreeMap<FeedId, Vec<Arc<Alert>>> = BTreeMap::new();
    for alert in alerts {
        let (Subject::Feed { feed } | Subject::Gateway { feed, .. }) = &alert.key.subject else {
            continue;
        };
        if alert.state == AlertState::Firing {
            let alerts = by_feed.entry(feed.clone()).or_default();
            alerts.push(Arc::clone(alert));
        }
    }
    for alerts in by_feed.values_mut() {
        alerts.sort_by_key(|alert| Reverse((alert.level, alert.since)));
    }
    by_feed
}

fn alerts_view(screen: Screen, alerts: &[Arc<Alert>]) -> impl IntoView + use<> {
    let told = alerts.iter().take(ALERTS_MAX).map(|alert| {
        let text = screen.text(&alert.message);
        let text = match &alert.incident {
            Some(id) => view! { <A href=format!("/incident/{id}")>{text}</A> }.into_any(),
            None => text.into_any(),
        };
        let hushed = alert.hushed.as_ref();
        let hushed =
            hushed.map(|_| view! { <span class="small">{screen.word(Desk::Hushed)}</span> });
        view! {
            <li>
                <LevelShort level=alert.level />
                {text}
                {hushed}
            </li>
        }
    });
    let told: Vec<_> = told.collect();
    let more = alerts.len().saturating_sub(ALERTS_MAX);
    let more = (more > 0).then(|| view! { <li>{format!("+{more}")}</li> });
    (!told.is_empty()).then(|| {
        view! {
            <tr class="feed-alerts">
                <td></td>
                <td colspan=FEED_COLUMNS.len() - 1>
                    <ul>{told} {more}</ul>
                </td>
            </tr>
        }
    })
}

fn feed_row(
    screen: Screen,
    feed: &FeedHealth,
    alerts: &[Arc<Alert>],
    catalog: &Arc<Catalog>,
) -> impl IntoView + use<> {
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
        {alerts_view(screen, alerts)}
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
