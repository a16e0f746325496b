//! Refused messages: why, as they came, and for whoever may, to be read again or let go.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::access::Right;
use egret_shared::id::FeedId;

use crate::api::Refused;
use crate::api::register::{self, Which};
use crate::i18n::Key;
use crate::i18n::connect::{Connect as Word, REASONS, reason_word, stage_word};
use crate::page::listed::{Listed, cell, classed_cell, line};
use crate::panel::feeds::feed_name;
use crate::screen::{Screen, screen};
use crate::session::session;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, Kind, choice, form as form_view, row_button};

use super::told::{discard_told, rerun_told};
use super::{REFRESH_MS, part};

/// Rows that are shown: two screens.
const ROWS: u32 = 50;

const COLUMNS: [Key; 6] = [
    Key::Time,
    Key::Feed,
    Key::Stage,
    Key::Reason,
    Key::Detail,
    Key::Payload,
];

/// What the rows and dialogs need. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Quarantine {
    screen: StoredValue<Screen>,
    listed: Listed<Refused>,
    /// What is shown.
    which: RwSignal<Which>,
    /// The row that is open.
    open: RwSignal<Option<i64>>,
    /// What is to be let go, while that is asked.
    leaving: RwSignal<Option<Which>>,
    form: Form,
    /// What became of some.
    told: RwSignal<Option<String>>,
    /// Whether whoever is here may settle them.
    settles: bool,
}

/// The section.
pub(super) fn section() -> AnyView {
    let (screen, session) = (screen(), session());
    // With other rights the whole page is put up anew.
    if !untrack(|| session.has(Right::Raw)) {
        let words = view! { <p class="words">{move || screen.word(Key::QuarantineNotYours)}</p> };
        return part("", Key::Quarantine, Key::QuarantineAbout, words.into_any());
    }
    let which = RwSignal::new(Which::default());
    let rows = move || {
        let which = which.try_get_untracked().unwrap_or_default();
        async move { register::refused(&which, ROWS).await }
    };
    let all = Quarantine {
        screen: StoredValue::new(screen),
        listed: Listed::new(rows).follow(REFRESH_MS),
        which,
        open: RwSignal::new(None),
        leaving: RwSignal::new(None),
        form: Form::new(),
        told: RwSignal::new(None),
        settles: untrack(|| session.has(Right::Send)),
    };
    let content = view! {
        {filters(all)}
        <div class="refused-told">
            <p class="connect-told" role="status">{move || all.told.get()}</p>
            {all.form.failure()}
        </div>
        {all.listed.table(&COLUMNS, Key::NoQuarantine, move |row| refused_line(all, row))}
        {move || all.leaving.get().map(|which| discard(all, which))}
    };
    part(
        "refused",
        Key::Quarantine,
        Key::QuarantineAbout,
        content.into_any(),
    )
}

impl Quarantine {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn narrow(self, change: impl FnOnce(&mut Which)) {
        self.told.set(None);
        self.which.update(change);
        self.listed.refresh();
    }

    fn read_again(self, which: Which) {
        self.told.set(None);
        self.form
            .send(async move { register::rerun(&which).await }, move |rerun| {
                let language = self.screen().language.get_untracked();
                self.told.set(Some(rerun_told(&rerun, language)));
                self.listed.refresh();
            });
    }
}

fn filters(all: Quarantine) -> AnyView {
    let screen = all.screen();
    let feeds = move || {
        let any = (String::new(), screen.word(Word::AnyFeed).to_owned());
        let catalog = screen.store.catalog.read();
        let feeds = catalog.iter().flat_map(|catalog| &catalog.feeds);
        let feeds = feeds.map(|def| (def.id.to_string(), screen.text(&def.name)));
        std::iter::once(any).chain(feeds).collect()
    };
    let reasons = move || {
        let any = (String::new(), screen.word(Word::AnyReason).to_owned());
        let reasons = REASONS.iter().map(|reason| {
            let name = screen.word(reason_word(*reason)).to_owned();
            (reason.as_str().to_owned(), name)
        });
        std::iter::once(any).chain(reasons).collect()
    };
    let some = |value: String| Some(value).filter(|value| !value.is_empty());
    let feed = Signal::derive(move || all.which.read().feed.clone().unwrap_or_default());
    let reason = Signal::derive(move || all.which.read().reason.clone().unwrap_or_default());
    let set_feed = move |value| all.narrow(|which| which.feed = some(value));
    let set_reason = move |value| all.narrow(|which| which.reason = some(value));
    let whole = move || {
        (all.settles && all.which.read().is_narrow()).then(|| {
            let again = move || all.read_again(all.which.get_untracked());
            let discard = move || all.leaving.set(Some(all.which.get_untracked()));
            view! {
                {all.form.button("", Word::ReadAllAgain, again)}
                {all.form.button("", Word::DiscardAll, discard)}
            }
        })
    };
    let hint = move || {
        let is_all = all.settles && !all.which.read().is_narrow();
        is_all.then(|| view! { <span class="field-hint">{screen.word(Word::FilterFirst)}</span> })
    };
    view! {
        <div class="filters">
            {choice(Word::Feed, feeds, feed, set_feed)}
            {choice(Word::Reason, reasons, reason, set_reason)}
            {whole}
            {hint}
        </div>
    }
    .into_any()
}

fn refused_line(all: Quarantine, row: &Refused) -> AnyView {
    let screen = all.screen();
    let id = row.id;
    let is_open = Memo::new(move |_| all.open.get() == Some(id));
    let catalog = screen.store.catalog.get();
    let name = |feed: &FeedId| match &catalog {
        Some(catalog) => screen.text(&feed_name(catalog, feed)),
        None => feed.to_string(),
    };
    let feed = row.feed.as_ref().map_or_else(|| row.topic.clone(), name);
    let head = view! {
        <th scope="row" title=row.topic.clone()>
            {feed}
        </th>
    };
    let stage = stage_word(&row.stage);
    let stage = stage.map_or_else(|| row.stage.clone(), |word| screen.word(word).into());
    let mut cells = vec![
        cell(screen.stamp(row.received_at)),
        head.into_any(),
        cell(stage),
        cell(screen.word(reason_word(row.reason)).to_owned()),
        classed_cell("detail", row.detail.clone()),
    ];
    // Without a feed nobody knows what is in it.
    let sealed = match row.feed {
        Some(_) => Key::Sealed,
        None => Key::SealedMaybe,
    };
    let raw = row.raw.clone();
    let raw: Arc<str> = raw.map_or_else(|| screen.word(sealed).into(), Into::into);
    cells.push(classed_cell("payload", payload(all, id, is_open, &raw)));
    line(false, cells)
}

/// The payload, in a line or whole, and what can be done with the message.
fn payload(all: Quarantine, id: i64, is_open: Memo<bool>, raw: &Arc<str>) -> AnyView {
    let which = move || Which {
        ids: Some(vec![id]),
        ..Which::default()
    };
    let of = format!("#{id}");
    let shown = {
        let raw = Arc::clone(raw);
        move || {
            let raw = raw.to_string();
            if is_open.get() {
                view! {
                    <pre tabindex="0">
                        <code>{raw}</code>
                    </pre>
                }
                .into_any()
            } else {
                view! { <code>{raw}</code> }.into_any()
            }
        }
    };
    let toggle = move |_| all.open.set((!is_open.get_untracked()).then_some(id));
    let label = move || {
        let word = if is_open.get() {
            Word::HideWhole
        } else {
            Word::ShowWhole
        };
        all.screen().word(word)
    };
    let acts = all.settles.then(|| {
        view! {
            {row_button(Word::ReadAgain, &of, move || all.read_again(which()))}
            {row_button(Word::Discard, &of, move || all.leaving.set(Some(which())))}
        }
    });
    view! {
        {shown}
        <div class="row-buttons">
            <button
                type="button"
                class="row-button"
                aria-expanded=move || is_open.get().to_string()
                on:click=toggle
            >
                {label}
            </button>
            {acts}
        </div>
    }
    .into_any()
}

/// Asks why messages are let go.
fn discard(all: Quarantine, which: Which) -> AnyView {
    let screen = all.screen();
    let is_one = which.ids.is_some();
    let word = if is_one {
        Word::Discard
    } else {
        Word::DiscardAll
    };
    let title = move || screen.word(word).to_owned();
    let (form, why) = (Form::new(), Field::new(Word::Why).of(Kind::Long));
    let close = Callback::new(move |()| all.leaving.set(None));
    let submit = move || {
        why.need();
        if !Form::is_good(&[why]) {
            return;
        }
        let (which, why) = (which.clone(), why.text());
        form.send(
            async move { register::discard(&which, &why).await },
            move |n| {
                let language = all.screen().language.get_untracked();
                all.told.set(Some(discard_told(n, language)));
                all.leaving.set(None);
                all.listed.refresh();
            },
        );
    };
    let about = view! { <p>{move || screen.word(Word::DiscardAsk)}</p> };
    let parts = vec![
        about.into_any(),
        why.view(),
        form.failure(),
        buttons(form, word, close),
    ];
    dialog(title, close, form_view("", submit, parts))
}
