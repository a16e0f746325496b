//! Topics that messages came by and no feed listens to.

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::package::addition::UnheardTopic;

use crate::api::{self, encoded};
use crate::i18n::connect::Connect as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::screen::{Screen, screen};

use super::{REFRESH_MS, part};

const COLUMNS: [Word; 5] = [
    Word::Topic,
    Word::Messages,
    Word::Newest,
    Word::Sender,
    Word::Actions,
];

/// The section.
pub(super) fn section() -> AnyView {
    let screen = screen();
    let listed = Listed::new(api::register::topics).follow(REFRESH_MS);
    let content = listed.table(&COLUMNS, Word::NoUnconnected, move |heard| {
        row(screen, heard)
    });
    part(
        "unconnected",
        Word::Unconnected,
        Word::UnconnectedAbout,
        content,
    )
}

fn row(screen: Screen, heard: &UnheardTopic) -> AnyView {
    let href = format!("/data/connect?topic={}", encoded(&heard.topic));
    let topic = heard.topic.clone();
    let label = move || format!("{} · {topic}", screen.word(Word::Begin));
    let way = view! {
        <A href=href attr:class="button row-button" attr:aria-label=label>
            {move || screen.word(Word::Begin)}
        </A>
    };
    let received_at = heard.received_at;
    let cells = vec![
        name_cell(code(&heard.topic), "", ""),
        classed_cell("number", heard.n_messages.to_string()),
        cell(move || screen.age(received_at)),
        cell(heard.sender.clone()),
        classed_cell("row-buttons", way),
    ];
    line(false, cells)
}
