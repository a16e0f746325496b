//! Feeds that were connected in the browser: to be changed, let go, or moved into the package's
//! files.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::package::addition::{AddedRow, Register};

use crate::api::{self, encoded};
use crate::i18n::admin::Admin;
use crate::i18n::connect::Connect as Word;
use crate::page::listed::{Listed, cell, classed_cell, code, line, name_cell};
use crate::screen::{Screen, screen};
use crate::widget::dialog::{confirm, dialog};
use crate::widget::form::{Form, button, row_button};
use crate::widget::secret::copied;

use super::{REFRESH_MS, part};

const COLUMNS: [Word; 4] = [Word::Feed, Word::Topic, Word::State, Word::Actions];

type Make = Arc<dyn Fn() -> AnyView + Send + Sync>;

/// What the rows and dialogs need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct AllAdded {
    screen: StoredValue<Screen>,
    listed: Listed<AddedRow>,
    /// While the city is folded anew: how far.
    folding: RwSignal<Option<f64>>,
    over: RwSignal<Option<Make>>,
}

/// The section.
pub(super) fn section() -> AnyView {
    let screen = screen();
    let folding = RwSignal::new(None);
    let rows = move || async move {
        let Register {
            added,
            folding: now,
        } = api::register::register().await?;
        folding.try_set(now);
        Ok(added)
    };
    let all = AllAdded {
        screen: StoredValue::new(screen),
        listed: Listed::new(rows).follow(REFRESH_MS),
        folding,
        over: RwSignal::new(None),
    };
    let progress = move || {
        all.folding.get().map(|done| {
            let label = move || screen.word(Word::Folding);
            view! {
                <p class="words" role="status">
                    {label} " "
                    <progress max="1" value=format!("{done:.2}") aria-label=label></progress>
                </p>
            }
        })
    };
    let content = view! {
        {progress}
        {all.listed.table(&COLUMNS, Word::NoAdded, move |row| added_line(all, row))}
        {move || all.over.get().map(|make| make())}
    };
    part("added", Word::Added, Word::AddedAbout, content.into_any())
}

impl AllAdded {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.over.set(None))
    }

    fn open(self, make: impl Fn() -> AnyView + Send + Sync + 'static) {
        self.over.set(Some(Arc::new(make)));
    }
}

fn added_line(all: AllAdded, row: &AddedRow) -> AnyView {
    let screen = all.screen();
    let row = Arc::new(row.clone());
    let feed = row.feed.to_string();
    let href = format!("/data/connect?feed={}", encoded(&feed));
    let of = feed.clone();
    let label = move || format!("{} · {of}", screen.word(Word::Change));
    let change = view! {
        <A href=href attr:class="button row-button" attr:aria-label=label>
            {move || screen.word(Word::Change)}
        </A>
    };
    let toml = {
        let row = Arc::clone(&row);
        move || {
            let text = row.toml.clone();
            all.open(move || toml(all, text.clone()));
        }
    };
    let gone = {
        let feed = feed.clone();
        move || {
            let feed = feed.clone();
            all.open(move || disconnect(all, feed.clone()));
        }
    };
    let acts = view! {
        {change}
        {row_button(Word::AsToml, &feed, toml)}
        {row_button(Word::Disconnect, &feed, gone)}
    };
    let state = match &row.fault {
        None => screen.word(Word::InForce).into_any(),
        Some(fault) => {
            let words = format!("{}: {fault}", screen.word(Word::NotInForce));
            view! { <span class="warning">{words}</span> }.into_any()
        }
    };
    let topic = row.addition.feed.topic.clone().unwrap_or_default();
    let name = screen.text(&row.addition.feed.name);
    let cells = vec![
        name_cell(name.into_any(), &feed, ""),
        cell(code(&topic)),
        classed_cell("detail", state),
        classed_cell("row-buttons", acts),
    ];
    line(row.fault.is_some(), cells)
}

/// Asks whether a feed is to be let go.
fn disconnect(all: AllAdded, feed: String) -> AnyView {
    let (screen, form) = (all.screen(), Form::new());
    let name = feed.clone();
    let title = move || format!("{} · {name}", screen.word(Word::Disconnect));
    let act = move || {
        let feed = feed.clone();
        form.send(
            async move { api::register::remove(&feed).await },
            move |_| {
                all.over.set(None);
                all.listed.refresh();
            },
        );
    };
    confirm(
        title,
        Word::DisconnectAsk,
        Word::Disconnect,
        form,
        all.close(),
        act,
    )
}

/// Shows what to move into the package's files.
fn toml(all: AllAdded, text: String) -> AnyView {
    let screen = all.screen();
    let node = NodeRef::<html::Textarea>::new();
    let said = RwSignal::new(None::<Admin>);
    let whole = text.clone();
    let copy = move || {
        let text = whole.clone();
        leptos::task::spawn_local(async move {
            let select = move || {
                if let Some(node) = node.try_get_untracked().flatten() {
                    node.select();
                }
            };
            let word = if copied(&text, select).await {
                Admin::Copied
            } else {
                Admin::CopyFailed
            };
            said.try_set(Some(word));
        });
    };
    let n_lines = text.lines().count().clamp(8, 30);
    let content = view! {
        <div class="wide field">
            <p id="added-toml-about">{move || screen.word(Word::AsTomlAbout)}</p>
            <textarea
                class="code"
                readonly
                rows=n_lines.to_string()
                aria-labelledby="added-toml-about"
                node_ref=node
                prop:value=text
            ></textarea>
            <p class="field-about" role="status">
                {move || said.get().map(|word| screen.word(word))}
            </p>
        </div>
        <div class="dialog-buttons">
            {button("", Admin::Copy, copy)}
            {button("main-button", Admin::Done, move || all.over.set(None))}
        </div>
    };
    let title = move || screen.word(Word::AsToml).to_owned();
    dialog(title, all.close(), content.into_any())
}
