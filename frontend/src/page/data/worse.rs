//! Who makes feeds worse: senders and topics with refused messages, and gateways whose clocks are off.

use leptos::prelude::*;

use egret_shared::feed::{FeedQuality, Offender};
use egret_shared::id::FeedId;
use egret_shared::rejection::Reason;

use crate::api::{self, ApiError};
use crate::i18n::Key;
use crate::i18n::connect::{Connect as Word, reason_word};
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell, table};
use crate::panel::feeds::feed_name;
use crate::screen::{Screen, screen};
use crate::select;
use crate::store::Store;

use super::feeds::offset_text;
use super::{REFRESH_MS, part};

/// Feeds that are looked into, those with most refused messages and then those with the worst clocks:
/// each is a question to the server.
const FEEDS_MAX: usize = 8;

/// Rows of one feed and kind.
const ROWS: usize = 5;

/// A clock that is less off than this is right enough. Milliseconds.
const CLOCK_OFF_MS: i64 = 5_000;

const COLUMNS: [Word; 5] = [
    Word::Feed,
    Word::Who,
    Word::RefusedLately,
    Word::Reason,
    Word::Newest,
];

/// The section.
pub(super) fn section() -> AnyView {
    let screen = screen();
    let store = screen.store;
    // Before the feeds are known nobody can say that none is bad. Once there, they stay.
    let are_known = Memo::new(move |before: Option<&bool>| {
        before == Some(&true) || (store.has_city.get() && store.catalog.read().is_some())
    });
    let content = move || {
        if are_known.get() {
            let listed = Listed::new(move || worse(store)).follow(REFRESH_MS);
            listed.table(&COLUMNS, Word::NoWorse, move |row| row_of(screen, row))
        } else {
            table(&COLUMNS, move || Err(screen.word(Key::Loading).to_owned()))
        }
    };
    part("worse", Word::Worse, Word::WorseAbout, content.into_any())
}

/// A line: somebody of a feed.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    feed: FeedId,
    who: Who,
}

#[derive(Clone, Debug, PartialEq)]
enum Who {
    Sender(Offender),
    Topic(Offender),
    Clock(egret_shared::feed::ClockOffset),
}

/// Asks after the feeds that look bad.
async fn worse(store: Store) -> Result<Vec<Row>, ApiError> {
    let Some(catalog) = store.catalog.get_untracked() else {
        return Ok(Vec::new());
    };
    // Messages that no feed listens to are counted as a feed's, which nobody can be asked about.
    let is_feed = |id: &FeedId| catalog.feeds.iter().any(|def| def.id == *id);
    let mut bad: Vec<(u64, i64, FeedId)> = store
        .feeds
        .get_untracked()
        .iter()
        .map(|feed| {
            let off = feed.clock.as_ref().map_or(0, |clock| clock.ahead_ms.abs());
            (select::refused(feed), off, feed.feed.clone())
        })
        .filter(|(refused, off, feed)| (*refused > 0 || *off >= CLOCK_OFF_MS) && is_feed(feed))
        .collect();
    bad.sort_by(|a, b| b.cmp(a));
    let mut rows = Vec::new();
    for (_, _, feed) in bad.into_iter().take(FEEDS_MAX) {
        match api::register::quality(&feed).await {
            Ok(quality) => rows.extend(rows_of(quality)),
            // Messages of some feeds are not for everybody who sees the feed.
            Err(ApiError::Problem { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

fn rows_of(quality: FeedQuality) -> Vec<Row> {
    let FeedQuality {
        feed,
        senders,
        topics,
        clocks,
        ..
    } = quality;
    let senders = senders.into_iter().take(ROWS).map(Who::Sender);
    let topics = topics.into_iter().take(ROWS).map(Who::Topic);
    let off = clocks
        .into_iter()
        .filter(|clock| clock.ahead_ms.abs() >= CLOCK_OFF_MS);
    let clocks = off.take(ROWS).map(Who::Clock);
    let all = senders.chain(topics).chain(clocks);
    all.map(|who| Row {
        feed: feed.clone(),
        who,
    })
    .collect()
}

fn row_of(screen: Screen, row: &Row) -> AnyView {
    let id = row.feed.clone();
    let name = move || {
        let catalog = screen.store.catalog.get();
        catalog.map(|catalog| screen.text(&feed_name(&catalog, &id)))
    };
    let name = name_cell(name.into_any(), row.feed.as_str(), "");
    let cells = match &row.who {
        Who::Sender(offender) => offender_cells(screen, name, Word::Sender, offender),
        Who::Topic(offender) => offender_cells(screen, name, Word::Topic, offender),
        Who::Clock(clock) => {
            let (at, clock) = (clock.at, clock.clone());
            vec![
                name,
                cell(code(&clock.gateway)),
                classed_cell("number", "–"),
                cell(move || {
                    format!(
                        "{} · {}",
                        screen.word(Key::ClockOffset),
                        offset_text(screen, &clock)
                    )
                }),
                classed_cell("number", move || screen.age(at)),
            ]
        }
    };
    line(false, cells)
}

fn offender_cells(screen: Screen, name: AnyView, kind: Word, offender: &Offender) -> Vec<AnyView> {
    let reasons = offender.reasons.clone();
    let received_at = offender.received_at;
    let who = view! { <small>{move || screen.word(kind)}</small> " " {code(&offender.name)} };
    let why = move || {
        let said = reasons.iter().map(|(reason, n)| {
            let name = reason.rsplit('/').next().unwrap_or_default();
            match reason_named(name) {
                Some(reason) => format!("{} {n}", screen.word(reason_word(reason))),
                None => format!("{name} {n}"),
            }
        });
        said.collect::<Vec<_>>().join(" · ")
    };
    vec![
        name,
        cell(who),
        classed_cell("number", offender.refused.to_string()),
        cell(why),
        classed_cell("number", move || screen.age(received_at)),
    ]
}

/// The reason that goes by `name` on the wire.
fn reason_named(name: &str) -> Option<Reason> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use egret_shared::feed::ClockOffset;
    use egret_shared::time::TimeMs;

    use super::*;

    fn offender(name: &str) -> Offender {
        Offender {
            name: name.to_owned(),
            refused: 3,
            reasons: BTreeMap::new(),
            received_at: TimeMs(0),
        }
    }

    #[test]
    fn clocks_that_are_right_enough_are_not_told_and_the_worst_of_each_kind_are() {
        let clock = |gateway: &str, ahead_ms| ClockOffset {
            gateway: gateway.into(),
            ahead_ms,
            at: TimeMs(0),
        };
        let rows = rows_of(FeedQuality {
            feed: "manhole".into(),
            quality: None,
            from: TimeMs(0),
            to: TimeMs(0),
            refused: 21,
            senders: (0..7).map(|n| offender(&format!("gw-{n}"))).collect(),
            topics: vec![offender("a/b")],
            clocks: vec![
                clock("gw-1", -CLOCK_OFF_MS),
                clock("gw-2", CLOCK_OFF_MS - 1),
            ],
        });
        assert_eq!(rows.len(), ROWS + 2);
        assert_eq!(rows[0].who, Who::Sender(offender("gw-0")));
        assert_eq!(rows[ROWS].who, Who::Topic(offender("a/b")));
        assert_eq!(rows[ROWS + 1].who, Who::Clock(clock("gw-1", -CLOCK_OFF_MS)));
    }

    #[test]
    fn every_reason_is_known_by_its_name() {
        for reason in crate::i18n::connect::REASONS {
            let name = serde_json::to_value(reason).expect("a name");
            assert_eq!(reason_named(name.as_str().expect("a text")), Some(reason));
        }
        assert_eq!(reason_named("none-of-these"), None);
    }
}
