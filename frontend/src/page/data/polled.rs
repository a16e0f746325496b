//! Feeds that are fetched, and how that goes.

use leptos::prelude::*;

use egret_shared::id::FeedId;

use crate::api;
use crate::api::register::Polled;
use crate::i18n::connect::Connect as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::panel::feeds::feed_name;
use crate::screen::{Screen, screen};

use super::{REFRESH_MS, part};

const COLUMNS: [Word; 6] = [
    Word::Feed,
    Word::PolledHost,
    Word::PollEvery,
    Word::PolledLast,
    Word::PolledNext,
    Word::State,
];

/// The section.
pub(super) fn section() -> AnyView {
    let screen = screen();
    let listed = Listed::new(api::register::polled).follow(REFRESH_MS);
    let content = listed.table(&COLUMNS, Word::NoPolled, move |(feed, polled)| {
        row(screen, feed, polled)
    });
    part("polled", Word::Polled, Word::PolledAbout, content)
}

fn row(screen: Screen, feed: &FeedId, polled: &Polled) -> AnyView {
    let id = feed.clone();
    let name = move || {
        let catalog = screen.store.catalog.get();
        catalog.map(|catalog| screen.text(&feed_name(&catalog, &id)))
    };
    let Polled {
        fetched_at,
        next_at,
        ..
    } = *polled;
    let last = move || fetched_at.map_or_else(|| "–".to_owned(), |at| screen.age(at));
    let next = move || next_at.map_or_else(|| "–".to_owned(), |at| screen.clock(at));
    let error = polled.error.clone();
    let state = move || match &error {
        Some(error) => error.clone(),
        None => screen.word(Word::PolledWell).to_owned(),
    };
    let cells = vec![
        name_cell(name.into_any(), feed.as_str(), ""),
        cell(code(&polled.host)),
        classed_cell("number", polled.every.to_string()),
        classed_cell("number", last),
        classed_cell("number", next),
        cell(state),
    ];
    line(false, cells)
}
