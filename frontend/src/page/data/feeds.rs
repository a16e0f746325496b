//! How every feed does. The page may be open for weeks: a line is made once for each feed and each
//! alert, and what it says follows by itself.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::alert::{Alert, AlertKey, AlertState, Subject};
use egret_shared::feed::{ClockOffset, FeedHealth, Interval, Quality};
use egret_shared::id::FeedId;
use egret_shared::level::Level;

use crate::format;
use crate::i18n::case::Desk;
use crate::i18n::{Key, status_key};
use crate::page::listed::classed_cell;
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

/// What is wrong with each feed, the worst and newest first.
type Troubles = BTreeMap<FeedId, Vec<Arc<Alert>>>;

/// A feed as it stands; nothing once it is gone.
type Standing = Memo<Option<FeedHealth>>;

/// What is counted of a feed, in the order of the columns.
const COUNTS: [fn(&FeedHealth) -> u64; 8] = [
    |feed| u64::from(feed.assets),
    |feed| u64::from(feed.silent),
    |feed| u64::from(feed.per_minute),
    |feed| feed.accepted,
    select::refused,
    |feed| feed.duplicate,
    |feed| feed.late,
    |feed| feed.suspect,
];

/// The parts of its quality, likewise.
const PARTS: [fn(&Quality) -> Option<f64>; 4] = [
    |quality| Some(quality.score),
    |quality| Some(quality.timeliness),
    |quality| quality.completeness,
    |quality| Some(quality.validity),
];

/// The table.
#[component]
pub(super) fn FeedTable() -> impl IntoView {
    let screen = screen();
    let store = screen.store;
    let troubles = Memo::new(move |_| alerts_of_feeds(&store.alerts.read()));
    let order = Memo::new(move |_| {
        // Without the catalogue nobody knows what they are called.
        if store.catalog.read().is_none() {
            return Vec::new();
        }
        worst_first(&store.feeds.read(), &troubles.read())
    });
    view! {
        <table class="feeds-table">
            <thead>
                <tr>{heads(screen, &FEED_COLUMNS)}</tr>
            </thead>
            <tbody>
                <For each=move || order.get() key=Clone::clone let:feed>
                    {feed_row(screen, feed, troubles)}
                </For>
            </tbody>
        </table>
    }
}

/// The feeds with the worst alerts first, and of those alike, the feeds that do worst.
fn worst_first(feeds: &[FeedHealth], troubles: &Troubles) -> Vec<FeedId> {
    let worst = |feed: &FeedHealth| {
        let alert = troubles.get(&feed.feed)?.first()?;
        Some(alert.level)
    };
    let mut feeds: Vec<&FeedHealth> = feeds.iter().collect();
    feeds.sort_by_key(|feed| (Reverse(worst(feed)), select::feed_weight(feed)));
    feeds.into_iter().map(|feed| feed.feed.clone()).collect()
}

fn heads(screen: Screen, keys: &'static [Key]) -> impl IntoView {
    keys.iter()
        .map(|key| {
            let about = about(*key);
            let title = move || about.map(|about| screen.word(about));
            // A title is for those with a pointer alone.
            let unseen = about.map(|about| {
                view! { <span class="unseen">" · " {move || screen.word(about)}</span> }
            });
            view! {
                <th scope="col" title=title>
                    {move || screen.word(*key)}
                    {unseen}
                </th>
            }
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
fn alerts_of_feeds(alerts: &[Arc<Alert>]) -> Troubles {
    let mut by_feed = Troubles::new();
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

/// A feed's line, and below it what is wrong with it.
fn feed_row(screen: Screen, id: FeedId, troubles: Memo<Troubles>) -> impl IntoView {
    let store = screen.store;
    let own = id.clone();
    let feed: Standing = Memo::new(move |_| {
        let feeds = store.feeds.read();
        feeds.iter().find(|feed| feed.feed == own).cloned()
    });
    let status = move || feed.read().as_ref().map(|feed| feed.status);
    let class = move || status().map_or("", status_class);
    let mark = move || status().map(|status| screen.word(status_key(status)));
    let named = id.clone();
    let name = move || {
        let catalog = store.catalog.read();
        let catalog = catalog.as_ref()?;
        Some(screen.text(&feed_name(catalog, &named)))
    };
    let owned = id.clone();
    let department = move || {
        let catalog = store.catalog.read();
        let catalog = catalog.as_ref()?;
        let def = catalog.feeds.iter().find(|def| def.id == owned)?;
        let department = select::department(catalog, &def.department)?;
        Some(screen.text(department))
    };
    let newest = move |feed: &FeedHealth| {
        Some(match feed.received_at {
            Some(at) => screen.age(at),
            None => screen.word(Key::Never).to_owned(),
        })
    };
    let interval = move |feed: &FeedHealth| {
        let interval = feed.interval?;
        Some(interval_text(screen, interval))
    };
    let watermark = move |feed: &FeedHealth| feed.watermark.map(|at| screen.age(at));
    let clock = move || feed.read().as_ref()?.clock.clone();
    let gateway = move || clock().map(|clock| clock.gateway.to_string());
    let offset = move || clock().map(|clock| offset_text(screen, &clock));
    view! {
        <tr class=class>
            <td>
                <i class="status-mark" aria-hidden="true"></i>
                {mark}
            </td>
            <th scope="row">{name}</th>
            <td>{department}</td>
            {COUNTS.map(|of| number(feed, move |feed| Some(format::figure(of(feed) as f64, "1"))))}
            {number(feed, newest)}
            {PARTS.map(|of| quality_part(feed, of))}
            {number(feed, interval)}
            {number(feed, watermark)}
            <td class="number" title=gateway>
                {offset}
            </td>
        </tr>
        {alerts_row(screen, id, troubles)}
    }
}

/// A cell of what `of` says of a feed.
fn number(
    feed: Standing,
    of: impl Fn(&FeedHealth) -> Option<String> + Send + Sync + 'static,
) -> AnyView {
    classed_cell("number", move || feed.read().as_ref().and_then(&of))
}

/// The cell of a part of a feed's quality.
fn quality_part(feed: Standing, of: fn(&Quality) -> Option<f64>) -> impl IntoView {
    let part = Memo::new(move |_| feed.read().as_ref()?.quality.as_ref().and_then(of));
    move || quality_cell(part.get())
}

/// What is wrong with a feed; out of sight while nothing is. It is never taken away: what comes and
/// goes leaves something behind with what it has read.
fn alerts_row(screen: Screen, feed: FeedId, troubles: Memo<Troubles>) -> impl IntoView {
    let keys = Memo::new(move |_| {
        let troubles = troubles.read();
        let alerts = troubles.get(&feed).map_or(&[][..], Vec::as_slice);
        let keys = alerts.iter().map(|alert| alert.key.clone());
        keys.collect::<Vec<_>>()
    });
    let told = move || {
        let keys = keys.get().into_iter();
        keys.take(ALERTS_MAX).collect::<Vec<_>>()
    };
    let more = move || {
        let more = keys.read().len().saturating_sub(ALERTS_MAX);
        (more > 0).then(|| {
            let more = format!("+{more} {}", screen.word(Key::MoreAlerts));
            view! { <li>{more}</li> }
        })
    };
    view! {
        <tr class="feed-alerts" hidden=move || keys.read().is_empty()>
            <td></td>
            <td colspan=FEED_COLUMNS.len() - 1>
                <ul>
                    <For each=told key=Clone::clone let:alert>
                        {alert_line(screen, alert)}
                    </For>
                    {more}
                </ul>
            </td>
        </tr>
    }
}

/// What an alert says; where an incident has taken it up, the way there.
fn alert_line(screen: Screen, key: AlertKey) -> impl IntoView {
    let alerts = screen.store.alerts;
    let alert = Memo::new(move |_| {
        let alerts = alerts.read();
        select::alert(&alerts, &key).cloned()
    });
    let level = move || {
        let alert = alert.read();
        alert.as_ref().map_or(Level::Normal, |alert| alert.level)
    };
    let text = move || {
        let alert = alert.read();
        alert.as_ref().map(|alert| screen.text(&alert.message))
    };
    let incident = Memo::new(move |_| alert.read().as_ref()?.incident.clone());
    let said = move || match incident.get() {
        // A link of the router's would leave something behind with the address of the page.
        Some(id) => view! { <a href=format!("/incident/{id}")>{text}</a> }.into_any(),
        None => text.into_any(),
    };
    let hushed = move || {
        let alert = alert.read();
        let is_hushed = alert.as_ref()?.hushed.is_some();
        is_hushed.then(|| view! { <span class="small">{screen.word(Desk::Hushed)}</span> })
    };
    view! {
        <li>
            <LevelShort level=Signal::derive(level) />
            {said}
            {hushed}
        </li>
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

#[cfg(test)]
mod tests {
    use egret_shared::feed::FeedStatus;

    use super::*;
    use crate::fixture;

    fn feed(id: &str, status: FeedStatus) -> FeedHealth {
        FeedHealth {
            feed: id.into(),
            status,
            accepted: 0,
            duplicate: 0,
            late: 0,
            rejected: BTreeMap::new(),
            per_minute: 0,
            assets: 0,
            silent: 0,
            observed_at: None,
            received_at: None,
            suspect: 0,
            interval: None,
            watermark: None,
            quality: None,
            clock: None,
        }
    }

    fn alert(feed: &str, rule: &str, level: Level, state: AlertState) -> Arc<Alert> {
        let subject = Subject::Feed { feed: feed.into() };
        Arc::new(fixture::alert(rule, subject, state, level))
    }

    #[test]
    fn the_feed_with_the_worst_alert_stands_first_and_then_the_one_that_does_worst() {
        let feeds = [
            feed("a", FeedStatus::Live),
            feed("b", FeedStatus::Silent),
            feed("c", FeedStatus::Live),
            feed("d", FeedStatus::Live),
        ];
        let troubles = alerts_of_feeds(&[
            alert("a", "lag", Level::Red, AlertState::Resolved),
            alert("c", "gaps", Level::Blue, AlertState::Firing),
            alert("d", "gaps", Level::Blue, AlertState::Firing),
            alert("d", "lag", Level::Orange, AlertState::Firing),
        ]);
        let order = worst_first(&feeds, &troubles);
        let order: Vec<&str> = order.iter().map(FeedId::as_str).collect();
        assert_eq!(order, ["d", "c", "b", "a"]);
    }
}
