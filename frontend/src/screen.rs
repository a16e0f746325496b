//! What every view needs: the store, the language it speaks, the city's time, and what its maps
//! light. How the screen looks, how it is shaped and what maps hide are contexts of their own.

pub(crate) mod fit;
pub(crate) mod hidden;
pub(crate) mod theme;

use leptos::prelude::*;

use egret_shared::position::Position;
use egret_shared::text::{Language, Text};
use egret_shared::time::{Span, TimeMs};

use crate::i18n::{self, Phrase, Word};
use crate::lasting::{Kept, Known, Lasting};
use crate::store::Store;
use crate::{clock, format};

/// Under which name the browser remembers the language.
const LANGUAGE: &str = "egret.language";

/// The same name in the URL.
const LANGUAGE_QUERY: &str = "lang";

/// How often the zone's offset is looked up: zones change on quarter hours.
const ZONE_STEP: Span = Span(900_000);

/// A place that the map flies to and lights, while everything else on it dims.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spot {
    /// Its middle.
    pub(crate) position: Position,
    /// How far around it is lit. Metres.
    pub(crate) radius_m: f64,
}

/// The screen's context. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    /// What the screen knows.
    pub(crate) store: Store,
    /// The language it speaks.
    pub(crate) language: Kept<Language>,
    /// How far the city's time is ahead of UTC, or while no city is known, the browser's.
    /// Milliseconds.
    pub(crate) zone_ms: Known<i64>,
    /// What the scene's map lights; `None` sends it home. A map that opens later follows, too.
    pub(crate) spot: Kept<Option<Spot>>,
}

/// The context that [`Screen::provide`] gave.
pub(crate) fn screen() -> Screen {
    expect_context()
}

impl Screen {
    /// Makes the context for everything below.
    pub(crate) fn provide(store: Store) -> Self {
        let zone_ms = Lasting::new(Memo::new(move |_| {
            let zone = store
                .catalog
                .read()
                .as_ref()
                .map(|catalog| catalog.city.timezone.clone());
            let quarter = Memo::new(move |_| store.now.get().0.div_euclid(ZONE_STEP.ms()));
            let at = TimeMs(quarter.get().saturating_mul(ZONE_STEP.ms()));
            match zone {
                Some(zone) => clock::zone_offset_ms(&zone, at),
                None => clock::own_zone_offset_ms(at),
            }
        }));
        let language = Kept::of(first_language());
        Effect::new(move || remember(language.get()));
        let screen = Self {
            store,
            language,
            zone_ms,
            spot: Kept::of(None),
        };
        theme::provide();
        fit::provide(store);
        provide_context(screen);
        hidden::Hidden::provide();
        screen
    }

    /// A word of the screen.
    pub(crate) fn word(self, key: impl Word) -> &'static str {
        i18n::word(key, self.language.get())
    }

    /// A word of any list.
    pub(crate) fn phrase(self, phrase: Phrase) -> &'static str {
        phrase.said(self.language.get())
    }

    /// A name of the city's.
    pub(crate) fn text(self, text: &Text) -> String {
        text.get(self.language.get()).to_owned()
    }

    /// The tag of the language that is not on, for the lines in it.
    pub(crate) fn other_tag(self) -> &'static str {
        i18n::language_tag(i18n::other(self.language.get()))
    }

    /// The same name in the other language, for a second line.
    pub(crate) fn other_text(self, text: &Text) -> String {
        text.get(i18n::other(self.language.get())).to_owned()
    }

    /// How long ago a time was.
    pub(crate) fn age(self, at: TimeMs) -> String {
        format::age(self.store.now.get().since(at).ms(), self.language.get())
    }

    /// The city's wall clock at a time, to the second.
    pub(crate) fn clock(self, at: TimeMs) -> String {
        format::clock(at, self.zone_ms.get())
    }

    /// A moment to the second with its date, in the city's time.
    pub(crate) fn stamp(self, at: TimeMs) -> String {
        format::stamp(at, self.zone_ms.get())
    }

    /// The other language from now on.
    pub(crate) fn switch_language(self) {
        self.language
            .update(|language| *language = i18n::other(*language));
    }
}

/// The URL's language, else the remembered one, else the default.
fn first_language() -> Language {
    let window = web_sys::window();
    let asked = query(LANGUAGE_QUERY);
    let remembered = || {
        let storage = window.as_ref()?.local_storage().ok().flatten()?;
        storage.get_item(LANGUAGE).ok().flatten()
    };
    asked
        .or_else(remembered)
        .and_then(|code| i18n::language_from(&code))
        .unwrap_or_default()
}

/// A parameter of the address.
fn query(name: &str) -> Option<String> {
    let search = web_sys::window()?.location().search().ok()?;
    let query = web_sys::UrlSearchParams::new_with_str(&search).ok()?;
    query.get(name)
}

/// Tells storage, the URL and the document. A browser that forbids one of them only forgets.
fn remember(language: Language) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let code = i18n::language_code(language);
    if let Ok(Some(storage)) = window.local_storage() {
        drop(storage.set_item(LANGUAGE, code));
    }
    if let Some(root) = window
        .document()
        .and_then(|document| document.document_element())
    {
        drop(root.set_attribute("lang", i18n::language_tag(language)));
    }
    drop(replace_in_url(&window, LANGUAGE_QUERY, code));
}

fn replace_in_url(
    window: &web_sys::Window,
    name: &str,
    code: &str,
) -> Result<(), wasm_bindgen::JsValue> {
    let url = web_sys::Url::new(&window.location().href()?)?;
    url.search_params().set(name, code);
    let state = window.history()?.state()?;
    window
        .history()?
        .replace_state_with_url(&state, "", Some(&url.href()))
}
