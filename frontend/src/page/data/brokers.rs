//! Existing brokers that messages are taken from, and how the connections to them stand.

use leptos::prelude::*;

use egret_shared::broker::BrokerStatus;

use crate::api;
use crate::i18n::connect::Connect as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::screen::{Screen, screen};

use super::{REFRESH_MS, part};

const COLUMNS: [Word; 6] = [
    Word::Broker,
    Word::State,
    Word::Since,
    Word::Messages,
    Word::LastTrouble,
    Word::PolledNext,
];

/// The section.
pub(super) fn section() -> AnyView {
    let screen = screen();
    let listed = Listed::new(api::register::brokers).follow(REFRESH_MS);
    let content = listed.table(&COLUMNS, Word::NoBrokers, move |broker| row(screen, broker));
    part("brokers", Word::Brokers, Word::BrokersAbout, content)
}

fn row(screen: Screen, broker: &BrokerStatus) -> AnyView {
    let word = if broker.connected {
        Word::Connected
    } else {
        Word::Disconnected
    };
    let (since, next_try_at) = (broker.since, broker.next_try_at);
    let next = move || next_try_at.map_or_else(|| "–".to_owned(), |at| screen.clock(at));
    let error = broker.error.clone();
    let trouble = move || match &error {
        Some(error) => format!("{} · {}", screen.age(error.at), error.text),
        None => "–".to_owned(),
    };
    let cells = vec![
        name_cell(code(&broker.url), "", ""),
        cell(move || screen.word(word)),
        classed_cell("number", move || screen.age(since)),
        classed_cell("number", broker.messages.to_string()),
        cell(trouble),
        classed_cell("number", next),
    ];
    line(!broker.connected, cells)
}
