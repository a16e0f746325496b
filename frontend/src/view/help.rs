//! What the keyboard does.

use leptos::prelude::*;

use crate::i18n::case::Desk;
use crate::i18n::map::MapWord;
use crate::i18n::panel::Panel;
use crate::i18n::wall::Wall;
use crate::i18n::{Key, Phrase};
use crate::screen::screen;

use super::is_wall;

/// The key of the theme.
const THEME: &str = "T";

/// Keys, and what they do.
fn keys() -> [(&'static str, Phrase); 11] {
    [
        ("L", Key::HelpLanguage.into()),
        (THEME, Panel::SwitchTheme.into()),
        ("Tab", Key::HelpPlaces.into()),
        ("← ↑ ↓ →  + −", Key::HelpMap.into()),
        ("␣", Wall::HelpHold.into()),
        ("← →", Wall::HelpStep.into()),
        ("Esc", Wall::HelpGiveBack.into()),
        ("Enter  ← ↑ ↓ →", MapWord::Walk.into()),
        ("J K Enter /", Desk::HelpMoves.into()),
        ("A … Z", Desk::HelpActs.into()),
        ("?", Key::HelpHelp.into()),
    ]
}

/// The help, over everything; Escape closes it.
#[component]
pub(crate) fn Help(open: RwSignal<bool>) -> impl IntoView {
    let screen = screen();
    // The theme's letter is an act's where cases are worked.
    let held = keys()
        .into_iter()
        .filter(|(keys, _)| *keys != THEME || is_wall());
    let rows: Vec<_> = held
        .map(|(keys, what)| {
            view! {
                <dt>
                    <kbd>{keys}</kbd>
                </dt>
                <dd>{move || screen.phrase(what)}</dd>
            }
        })
        .collect();
    view! {
        <div class="help" role="dialog" aria-modal="true" aria-label=move || screen.word(Key::Help)>
            <h2>{move || screen.word(Key::Help)}</h2>
            <dl>{rows}</dl>
            <button type="button" on:click=move |_| open.set(false)>
                {move || screen.word(Key::Close)}
            </button>
        </div>
    }
}
