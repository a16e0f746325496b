//! The feeds behind a number about quality, and how well each delivered in the last hour.

use leptos::prelude::*;

use egret_shared::feed::{FeedHealth, Quality};

use super::super::Focus;
use crate::api::metric::Lineage;
use crate::format;
use crate::i18n::{Key, status_key};
use crate::panel::feeds::{feed_name, status_class};

const COLUMNS: [Key; 6] = [
    Key::Feed,
    Key::Status,
    Key::Timeliness,
    Key::Completeness,
    Key::Validity,
    Key::QualityScore,
];

/// The table of feeds.
pub(super) fn feeds(focus: Focus, lineage: &Lineage) -> impl IntoView + use<> {
    let screen = focus.screen();
    let heads = COLUMNS.map(|key| view! { <th scope="col">{screen.word(key)}</th> });
    let rows: Vec<_> = lineage.feeds.iter().map(|feed| row(focus, feed)).collect();
    view! {
        <h3>{screen.word(Key::Feeds)}</h3>
        <div class="scroll" tabindex="0" role="group" aria-label=screen.word(Key::Feeds)>
            <table class="qualities">
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(focus: Focus, feed: &FeedHealth) -> impl IntoView + use<> {
    let screen = focus.screen();
    let name = focus
        .catalog
        .with_value(|catalog| feed_name(catalog, &feed.feed));
    let quality = feed.quality;
    let parts: [fn(Quality) -> Option<f64>; 4] = [
        |quality| Some(quality.timeliness),
        |quality| quality.completeness,
        |quality| Some(quality.validity),
        |quality| Some(quality.score),
    ];
    let parts = parts.map(|part| {
        let v = quality.and_then(part);
        let text = v.map_or_else(
            || "–".to_owned(),
            |v| format!("{} %", format::figure(v, "%")),
        );
        view! { <td class="number">{text}</td> }
    });
    view! {
        <tr class=status_class(feed.status)>
            <th scope="row">{screen.text(&name)}</th>
            <td>
                <i class="status-mark" aria-hidden="true"></i>
                " "
                {screen.word(status_key(feed.status))}
            </td>
            {parts}
        </tr>
    }
}
