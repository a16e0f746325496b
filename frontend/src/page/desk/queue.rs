//! The queue: what is to be done, the most urgent first, and beside it the file of the chosen one.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;

use super::Board;
use super::filters::{SEARCH, filters};
use crate::clock;
use crate::i18n::Key;
use crate::i18n::case::{Case, Desk as Word, state_word};
use crate::page::case::Folder;
use crate::select::queue::{place_of, queue as queue_of};
use crate::select::standing::standing;
use crate::store::rows::is_other;
use crate::widget::form::focus;
use crate::widget::keys::{is_pressing, letter_of};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::limit::limit_words;
use crate::widget::long_list::LongList;

/// By which id the list is found.
pub(super) const LIST: &str = "desk-list";

/// How long a choice must stand before its file is opened: somebody who runs through the queue with
/// a key held down opens nothing. Milliseconds.
const SETTLE_MS: i32 = 150;

/// From which width on the file lies beside the queue. CSS pixels.
const WIDE_PX: f64 = 1_200.0;

type Queue = Memo<Arc<[Arc<Incident>]>>;

/// The queue.
pub(super) fn queue(board: Board) -> AnyView {
    let store = board.screen().store;
    let filter = Memo::new(move |_| board.place.read().filter.clone());
    let ask = move || {
        let filter = filter.read();
        // Only what is overdue hangs on the time; the order does not.
        let now = if filter.overdue {
            store.now.get()
        } else {
            store.now.get_untracked()
        };
        queue_of(&store.incidents.read(), &filter, &board.own.read(), now)
    };
    let rows: Queue = Memo::new_with_compare(move |_| ask(), is_other);
    let list = list(board, rows);
    let current: StoredValue<Option<Folder>> = StoredValue::new(None);
    listen_to_keys(list, current);
    let is_empty = Memo::new(move |_| rows.read().is_empty());
    let nothing = move || {
        let word = if store.has_city.get() {
            board.word(Word::NoneFound)
        } else {
            board.word(Key::Loading)
        };
        is_empty.get().then_some(word)
    };
    let name = move || board.word(Word::Queue).to_owned();
    view! {
        <div class="duty-queue">
            <section class="panel duty-list" aria-label=move || board.word(Word::Queue)>
                {filters(board)}
                <p class="nothing" role="status">
                    {nothing}
                </p>
                {list.view(LIST, name)}
                <p class="duty-keys">{move || board.word(Word::KeysAbout)}</p>
            </section>
            {detail(board, current)}
        </div>
    }
    .into_any()
}

fn list(board: Board, rows: Queue) -> LongList {
    let navigate = use_navigate();
    let chosen = Memo::new(move |_| {
        let place = board.place.read();
        place_of(&rows.read(), place.chosen.as_deref()?)
    });
    let at = move |place: usize| {
        rows.with_untracked(|rows| rows.get(place).map(|one| one.id.to_string()))
    };
    LongList {
        len: Signal::derive(move || rows.read().len()),
        key: StoredValue::new(Arc::new(move |place| {
            let rows = rows.read();
            let row = rows.get(place);
            row.map_or_else(String::new, |row| {
                format!("{}/{:p}", row.id, Arc::as_ptr(row))
            })
        })),
        row: StoredValue::new(Arc::new(move |place| {
            let row = rows.with_untracked(|rows| rows.get(place).cloned());
            row.map_or_else(|| ().into_any(), |row| line(board, &row))
        })),
        chosen: chosen.into(),
        choose: Callback::new(move |place| {
            if let Some(id) = at(place) {
                board.change(|place| place.chosen = Some(id));
            }
        }),
        open: Callback::new(move |place| {
            if let Some(id) = at(place) {
                navigate(&format!("/incident/{id}"), NavigateOptions::default());
            }
        }),
    }
}

fn listen_to_keys(list: LongList, current: StoredValue<Option<Folder>>) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let folder = current.get_value();
        if folder.is_some_and(Folder::is_writing) {
            return;
        }
        let Some(key) = letter_of(&event) else {
            return;
        };
        match key.as_str() {
            "j" => list.step(1),
            "k" => list.step(-1),
            "Enter" if !is_pressing(&event) => list.enter(),
            "/" => focus(SEARCH),
            _ => {
                let act = folder.and_then(|folder| Some((folder, folder.act_of(&key)?)));
                let Some((folder, act)) = act else {
                    return;
                };
                folder.begin(act);
            }
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// A line of the queue.
fn line(board: Board, incident: &Arc<Incident>) -> AnyView {
    let screen = board.screen();
    let level = incident.level;
    let of_limit = Arc::clone(incident);
    let limit = Memo::new(move |_| standing(&of_limit, screen.store.now.get()));
    let title = incident.title.clone();
    let id = incident.id.to_string();
    let (n_signals, opened_at) = (incident.evidence.len(), incident.opened_at);
    let lead = incident.lead.clone();
    let lead = move || {
        let lead = lead.as_ref()?;
        board.catalog.with_value(|catalog| {
            let name = crate::select::department(catalog, lead)?;
            Some(screen.text(name))
        })
    };
    let detail = move || {
        let signals = board.word(if n_signals == 1 {
            Key::Signal
        } else {
            Key::Signals
        });
        let age = screen.age(opened_at);
        let open_for = board.word(Word::AgeWord);
        let lead = lead().unwrap_or_else(|| board.word(Key::Unassigned).to_owned());
        format!("{n_signals} {signals} · {open_for} {age} · {lead}")
    };
    let words = move || limit_words(limit.get(), screen.language.get());
    let spent = move || {
        limit
            .get()
            .spent()
            .map(|spent| format!("{:.1}%", 100.0 * spent))
    };
    let state = incident.state;
    let tags = [
        (incident.supervised, Case::Supervised, "tag urged"),
        (incident.dispute.is_some(), Case::Disputed, "tag disputed"),
    ];
    let tags = tags.into_iter().filter(|(is_so, ..)| *is_so);
    let tags: Vec<_> = tags
        .map(|(_, word, class)| view! { <b class=class>{move || board.word(word)}</b> })
        .collect();
    let keeper = incident
        .acknowledged
        .as_ref()
        .map(|ack| ack.by.name.clone());
    view! {
        <div class=move || format!("queue-line {} {}", level_class(level), limit.get().class())>
            <LevelMark level=level />
            <p class="queue-title">
                <span class="unseen">{move || board.word(crate::i18n::level_key(level))}</span>
                <b>{move || screen.text(&title)}</b>
                <code>{id}</code>
            </p>
            <p class="queue-detail">{detail}</p>
            <p class="queue-state">{tags} <span>{move || board.word(state_word(state))}</span></p>
            <p class="queue-keeper">{keeper}</p>
            <p class="queue-limit">
                <b>{move || words().0}</b>
                <span>{move || words().1}</span>
            </p>
            <i class="spent" style:width=spent></i>
        </div>
    }
    .into_any()
}

/// The file of the chosen incident, where there is room for it.
fn detail(board: Board, current: StoredValue<Option<Folder>>) -> AnyView {
    let is_wide = is_wide();
    let chosen = Memo::new(move |_| board.place.read().chosen.clone());
    let settled = RwSignal::new(chosen.get_untracked());
    Effect::new(move || {
        let wanted = chosen.get();
        leptos::task::spawn_local(async move {
            clock::sleep(SETTLE_MS).await;
            // The desk may have been left meanwhile.
            let still = chosen.try_get_untracked().is_some_and(|now| now == wanted);
            if still && settled.try_get_untracked().is_some_and(|now| now != wanted) {
                settled.set(wanted);
            }
        });
    });
    let file = move || {
        current.set_value(None);
        let Some(id) = settled.get() else {
            return view! { <p class="incident-words">{board.word(Word::PickOne)}</p> }.into_any();
        };
        let catalog = board.catalog.get_value();
        let folder = Folder::open(&catalog, &IncidentId::new(id));
        current.set_value(Some(folder));
        folder.view(true)
    };
    view! {
        <Show when=move || is_wide.get()>
            <div
                class="duty-detail"
                role="region"
                tabindex="0"
                aria-label=move || board.word(Case::IncidentWord)
            >
                {file}
            </div>
        </Show>
    }
    .into_any()
}

/// Whether there is room beside the queue.
fn is_wide() -> RwSignal<bool> {
    let look = || {
        let window = web_sys::window();
        let width = window.and_then(|window| window.inner_width().ok()?.as_f64());
        width.unwrap_or(WIDE_PX) >= WIDE_PX
    };
    let is_wide = RwSignal::new(look());
    let handle = window_event_listener(ev::resize, move |_| {
        if is_wide.get_untracked() != look() {
            is_wide.set(look());
        }
    });
    on_cleanup(move || handle.remove());
    is_wide
}
