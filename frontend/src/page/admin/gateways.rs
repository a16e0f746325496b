//! `/admin/gateways`: what gateways sign in with at the MQTT endpoint, and what they may send.

mod forms;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::id::FeedId;
use egret_shared::people::{GatewayChange, GatewayRow};

use crate::api;
use crate::i18n::admin::Admin as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::screen::{Screen, screen};
use crate::widget::dialog::confirm;
use crate::widget::form::{Form, button, row_button};

use super::{Over, part};
use forms::{edit_gateway, new_gateway, new_secret};

const COLUMNS: [Word; 6] = [
    Word::GatewayId,
    Word::GatewayFeeds,
    Word::State,
    Word::Created,
    Word::LastUsed,
    Word::Actions,
];

/// What the rows and dialogs need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct AllGateways {
    screen: StoredValue<Screen>,
    listed: Listed<GatewayRow>,
    over: Over,
    form: Form,
}

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let gateways = AllGateways {
        screen: StoredValue::new(screen),
        listed: Listed::new(api::admin::gateways),
        over: Over::new(),
        form: Form::new(),
    };
    let new = move || gateways.over.open(move || new_gateway(gateways));
    let aside = button("main-button", Word::NewGateway, new);
    let content = view! {
        {gateways.form.failure()}
        {gateways.listed.table(&COLUMNS, Word::NoGateways, move |row| gateway_line(gateways, row))}
        {gateways.over.view()}
    };
    part(Word::Gateways, aside, content.into_any())
}

impl AllGateways {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.over.close())
    }

    /// Closes what is open, after a change.
    fn changed(self) -> Callback<()> {
        Callback::new(move |()| {
            self.over.close();
            self.listed.refresh();
        })
    }
}

fn gateway_line(gateways: AllGateways, row: &GatewayRow) -> AnyView {
    let screen = gateways.screen();
    let row = Arc::new(row.clone());
    let seen = match row.seen_at {
        Some(at) => screen.stamp(at),
        None => screen.word(Word::NeverUsed).to_owned(),
    };
    let open = |word: Word, make: fn(AllGateways, &GatewayRow) -> AnyView| {
        let of = Arc::clone(&row);
        let act = move || {
            let of = Arc::clone(&of);
            gateways.form.failed.set(None);
            gateways.over.open(move || make(gateways, &of));
        };
        row_button(word, &row.id, act)
    };
    let (able, state) = if row.disabled {
        (Word::Enable, Word::Disabled)
    } else {
        (Word::Disable, Word::Active)
    };
    let toggle = {
        let row = Arc::clone(&row);
        move || {
            let id = row.id.clone();
            let change = GatewayChange {
                disabled: Some(!row.disabled),
                ..GatewayChange::default()
            };
            gateways.form.send(
                async move { api::admin::change_gateway(&id, &change).await },
                move |_| gateways.listed.refresh(),
            );
        }
    };
    let feeds: Vec<_> = row
        .feeds
        .iter()
        .map(|feed| feed_line(screen, feed))
        .collect();
    let acts = vec![
        open(Word::Edit, edit_gateway),
        open(Word::RotateSecret, new_secret),
        row_button(able, &row.id, toggle),
        open(Word::Delete, delete),
    ];
    let cells = vec![
        name_cell(code(&row.id), &row.display, ""),
        cell(view! { <ul class="feed-topics">{feeds}</ul> }),
        cell(screen.word(state).to_owned()),
        cell(screen.stamp(row.created_at)),
        cell(seen),
        classed_cell("row-buttons", acts),
    ];
    line(row.disabled, cells)
}

/// A feed with the topic that its messages go to.
fn feed_line(screen: Screen, feed: &FeedId) -> AnyView {
    let catalog = screen.store.catalog.read();
    let mut known = catalog.iter().flat_map(|catalog| &catalog.feeds);
    let def = known.find(|def| def.id == *feed);
    let name = def.map_or_else(|| feed.to_string(), |def| screen.text(&def.name));
    let topic = def.and_then(|def| def.topic.clone());
    let topic = topic.unwrap_or_else(|| screen.word(Word::NoTopic).to_owned());
    view! {
        <li>
            {name} " "
            <code title=screen.word(Word::Topics)>{topic}</code>
        </li>
    }
    .into_any()
}

/// Asks whether a gateway's credential is to end.
fn delete(gateways: AllGateways, row: &GatewayRow) -> AnyView {
    let (screen, form) = (gateways.screen(), Form::new());
    let (name, id) = (row.id.clone(), row.id.clone());
    let title = move || format!("{} · {name}", screen.word(Word::Delete));
    let done = gateways.changed();
    let act = move || {
        let id = id.clone();
        form.send(
            async move { api::admin::delete_gateway(&id).await },
            move |()| done.run(()),
        );
    };
    let about = Word::DeleteGatewayAsk;
    confirm(title, about, Word::Delete, form, gateways.close(), act)
}
