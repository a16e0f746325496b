//! That the city is in its emergency mode: said on every screen, for as long as it lasts.

use leptos::prelude::*;

use egret_shared::mode::Mode;

use crate::format;
use crate::i18n::case::Desk as Word;
use crate::screen::screen;

/// The line below the head. Its place is always there, so that a screen reader hears of a change.
#[component]
pub(super) fn Announcement() -> impl IntoView {
    let screen = screen();
    let mode = screen.store.mode;
    let is_emergency = Memo::new(move |_| mode.read().mode == Mode::Emergency);
    let line = move || {
        if !is_emergency.get() {
            return None;
        }
        let mode = mode.get();
        let since = format::stamp_short(mode.since, screen.zone_ms.get());
        let by = match &mode.by {
            Some(person) => person.name.clone(),
            None => screen.word(Word::ByRule).to_owned(),
        };
        Some(view! {
            <p class="mode-line" data-not-measured="">
                <b>{screen.word(Word::Emergency)}</b>
                <span class="mode-reason">{screen.text(&mode.reason)}</span>
                <span class="mode-since">
                    {format!("{} {since} · {by}", screen.word(Word::EmergencySince))}
                </span>
            </p>
        })
    };
    view! {
        <div class="mode-place" role="status" aria-live="assertive">
            {line}
        </div>
    }
}
