//! A level as colour, shape and word, so that no one needs to see the colour.

use leptos::prelude::*;

use egret_shared::level::Level;

use crate::i18n::level_key;
use crate::screen::screen;

/// The shape of a level in a square of 20: circle, square, triangle, diamond; a ring is normal.
fn shape(level: Level) -> &'static str {
    match level {
        Level::Normal => "M10 5a5 5 0 1 0 0 10a5 5 0 1 0 0-10zM10 7a3 3 0 1 1 0 6a3 3 0 1 1 0-6z",
        Level::Blue => "M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14z",
        Level::Yellow => "M3.500 3.500h13v13h-13z",
        Level::Orange => "M10 2l8.500 15.500h-17z",
        Level::Red => "M10 .500l9.500 9.500l-9.500 9.500l-9.500-9.500z",
    }
}

/// The level's class, by which the style gives it its colour.
pub(crate) fn level_class(level: Level) -> String {
    format!("level-{}", level.as_str())
}

/// The shape alone, for places where the word stands beside it or in the row's text.
#[component]
pub(crate) fn LevelMark(#[prop(into)] level: Signal<Level>) -> impl IntoView {
    view! {
        <svg
            class=move || format!("mark {}", level_class(level.get()))
            viewBox="0 0 20 20"
            aria-hidden="true"
        >
            <path fill-rule="evenodd" d=move || shape(level.get()) />
        </svg>
    }
}

/// Shape and word; nothing while all is normal, for calm needs no mark.
#[component]
pub(crate) fn LevelWord(#[prop(into)] level: Signal<Level>) -> impl IntoView {
    let screen = screen();
    view! {
        <span
            class=move || format!("level-word {}", level_class(level.get()))
            class:calm=move || level.get() == Level::Normal
        >
            <LevelMark level=level />
            {move || screen.word(level_key(level.get()))}
        </span>
    }
}

/// Shape and word in a row: of a level that is normal, both for screen readers alone, so that the
/// eye goes to what needs a hand.
#[component]
pub(crate) fn LevelShort(#[prop(into)] level: Signal<Level>) -> impl IntoView {
    let screen = screen();
    view! {
        <span
            class=move || format!("level-short {}", level_class(level.get()))
            class:calm=move || level.get() == Level::Normal
        >
            <LevelMark level=level />
            <span>{move || screen.word(level_key(level.get()))}</span>
        </span>
    }
}
