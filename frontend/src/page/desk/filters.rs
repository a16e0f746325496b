//! What the queue shows: filters with how many each would show, and the search.

use leptos::prelude::*;

use egret_shared::level::Level;

use super::Board;
use super::place::Place;
use crate::i18n::Phrase;
use crate::i18n::case::{Desk as Word, phase_word};
use crate::i18n::level_key;
use crate::select::queue::{Counts, Phase, counts};
use crate::widget::form::choice;
use crate::widget::level::{LevelMark, level_class};

/// By which id the search is found.
pub(super) const SEARCH: &str = "desk-search";

/// The filters.
pub(super) fn filters(board: Board) -> AnyView {
    let store = board.screen().store;
    let counted = Memo::new(move |_| {
        let second = store.now.get();
        counts(&store.incidents.read(), &board.own.read(), second)
    });
    view! {
        <div class="duty-filters">
            <div class="duty-chips" role="group" aria-label=move || board.word(Word::PhaseWord)>
                {phases(board, counted)}
            </div>
            <div class="duty-chips">
                {toggle(
                    board,
                    Word::Mine,
                    move || counted.read().mine,
                    |place| place.filter.mine,
                    |place| place.filter.mine = !place.filter.mine,
                )}
                {toggle(
                    board,
                    Word::OverdueOnly,
                    move || counted.read().overdue,
                    |place| place.filter.overdue,
                    |place| place.filter.overdue = !place.filter.overdue,
                )}
                {levels(board, counted)}
            </div>
            <div class="duty-picks">
                {search(board)}
                {pick(
                    Word::AnyDepartment,
                    board,
                    Board::departments,
                    |place| place.filter.department.as_ref().map(ToString::to_string),
                    |place, id| place.filter.department = id.map(|id| id.as_str().into()),
                )}
                {pick(
                    Word::AnyArea,
                    board,
                    Board::areas,
                    |place| place.filter.area.as_ref().map(ToString::to_string),
                    |place, code| place.filter.area = code.map(|code| code.as_str().into()),
                )}
            </div>
        </div>
    }
    .into_any()
}

fn phases(board: Board, counted: Memo<Counts>) -> AnyView {
    let phases = Phase::ALL.iter().enumerate();
    phases
        .map(|(place, phase)| {
            let phase = *phase;
            toggle(
                board,
                phase_word(phase),
                move || counted.read().phases.get(place).copied().unwrap_or(0),
                move |place| place.filter.phase == phase,
                move |place| place.filter.phase = phase,
            )
        })
        .collect_view()
        .into_any()
}

fn levels(board: Board, counted: Memo<Counts>) -> AnyView {
    let levels = Level::ALL.iter().enumerate().rev();
    let levels = levels.filter(|(_, level)| **level > Level::Normal);
    levels
        .map(|(place, level)| {
            let level = *level;
            let n = move || counted.read().levels.get(place).copied().unwrap_or(0);
            let is_on = move || board.place.read().filter.level == Some(level);
            let switch = move |_| {
                board.change(|place| {
                    let is_on = place.filter.level == Some(level);
                    place.filter.level = (!is_on).then_some(level);
                });
            };
            view! {
                <button
                    type="button"
                    class=format!("filter {}", level_class(level))
                    aria-pressed=move || is_on().to_string()
                    on:click=switch
                >
                    <LevelMark level=level />
                    {move || board.word(level_key(level))}
                    <b>{n}</b>
                </button>
            }
        })
        .collect_view()
        .into_any()
}

fn toggle(
    board: Board,
    word: impl Into<Phrase>,
    n: impl Fn() -> usize + Send + Sync + 'static,
    is_on: impl Fn(&Place) -> bool + Send + Sync + 'static,
    switch: impl Fn(&mut Place) + 'static,
) -> AnyView {
    toggle_of(
        board,
        word.into(),
        Signal::derive(n),
        Signal::derive(move || is_on(&board.place.read())),
        Box::new(move || board.change(&switch)),
    )
}

fn toggle_of(
    board: Board,
    word: Phrase,
    n: Signal<usize>,
    is_on: Signal<bool>,
    switch: Box<dyn Fn()>,
) -> AnyView {
    view! {
        <button
            type="button"
            class="filter"
            aria-pressed=move || is_on.get().to_string()
            on:click=move |_| switch()
        >
            {move || board.word(word)}
            <b>{move || n.get()}</b>
        </button>
    }
    .into_any()
}

fn search(board: Board) -> AnyView {
    let write = move |event| {
        let words = event_target_value(&event).trim().to_lowercase();
        board.change(|place| place.filter.words = words);
    };
    let leave = move |event: web_sys::KeyboardEvent| {
        if matches!(event.key().as_str(), "Escape" | "Enter") {
            event.prevent_default();
            crate::widget::form::focus(super::queue::LIST);
        }
    };
    // What is typed stays as it is typed: the address has it in small letters.
    let first = board.place.get_untracked().filter.words;
    view! {
        <input
            id=SEARCH
            class="duty-search"
            type="search"
            autocomplete="off"
            aria-keyshortcuts="/"
            aria-label=move || board.word(Word::SearchWord)
            placeholder=move || board.word(Word::SearchWord)
            value=first
            on:input=write
            on:keydown=leave
        />
    }
    .into_any()
}

fn pick(
    word: Word,
    board: Board,
    options: fn(Board) -> Vec<(String, String)>,
    get: fn(&Place) -> Option<String>,
    set: fn(&mut Place, Option<String>),
) -> AnyView {
    let all = move || {
        let any = (String::new(), board.word(word).to_owned());
        std::iter::once(any).chain(options(board)).collect()
    };
    let chosen = Signal::derive(move || get(&board.place.read()).unwrap_or_default());
    let choose = move |value: String| {
        let value = Some(value).filter(|value| !value.is_empty());
        board.change(|place| set(place, value));
    };
    choice(word, all, chosen, choose)
}
