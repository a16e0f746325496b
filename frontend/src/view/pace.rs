//! How long the scene still stays, in the head line of a wall that turns: a line that fills, and the
//! button that holds it.

use leptos::prelude::*;

use crate::i18n::wall::Wall as Word;
use crate::kiosk::kiosk;
use crate::screen::screen;

/// The line fills in steps of this, which the style makes one motion. Milliseconds.
const STEP_MS: i64 = 1_000;

/// What is left, and how much of the dwell is gone.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Left {
    seconds: i64,
    gone: f64,
}

/// The line and the button; nothing on a page that does not turn.
#[component]
pub(super) fn Pace() -> impl IntoView {
    let (screen, kiosk) = (screen(), kiosk());
    let now = screen.store.now;
    let turns = Memo::new(move |_| kiosk.runs() && kiosk.turns() && kiosk.shows_scene());
    let stays = Memo::new(move |_| {
        kiosk.held() || kiosk.left_alone_until(now.get()).is_some() || kiosk.taken().is_some()
    });
    let left = Memo::new(move |_| {
        let due = kiosk.due(now.get()).filter(|_| !stays.get())?;
        let gone_ms = due.dwell.ms() - due.left.ms();
        let gone_ms = gone_ms.div_euclid(STEP_MS) * STEP_MS;
        Some(Left {
            seconds: (due.dwell.ms() - gone_ms).div_euclid(STEP_MS),
            gone: gone_ms as f64 / due.dwell.ms().max(1) as f64,
        })
    });
    let share = move || left.get().map_or(0.0, |left| left.gone);
    let word = move || {
        let word = if stays.get() { Word::GoOn } else { Word::Hold };
        screen.word(word)
    };
    let title = move || match left.get() {
        Some(left) => format!("{} s {}", left.seconds, screen.word(Word::NextIn)),
        None => screen.word(Word::HeldByHand).to_owned(),
    };
    let shape = move || {
        if stays.get() {
            "M5 3l11 7l-11 7z"
        } else {
            "M5 3h3.500v14h-3.500zM11.500 3h3.500v14h-3.500z"
        }
    };
    view! {
        <Show when=move || turns.get()>
            <button
                type="button"
                class="pace"
                class:held=move || stays.get()
                aria-label=word
                aria-pressed=move || stays.get().to_string()
                title=title
                on:click=move |_| kiosk.toggle_hold()
            >
                <svg viewBox="0 0 20 20" aria-hidden="true">
                    <path d=shape />
                </svg>
                <i aria-hidden="true">
                    <i style:transform=move || format!("scaleX({:.4})", share())></i>
                </i>
            </button>
        </Show>
    }
}
