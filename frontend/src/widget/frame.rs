//! The frame of a panel: a heading in both languages, something at its right, and the content.
//! Also what a panel says when it has nothing to show.

use leptos::prelude::*;

use egret_shared::flags::Flags;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;

use crate::i18n::{self, Key, Phrase, Word};
use crate::screen::{Screen, screen};

/// A panel's name: the scene's own, else the name of what it shows.
pub(crate) fn title_of(def: &PanelDef, own: &Text) -> Text {
    def.title.clone().unwrap_or_else(|| own.clone())
}

/// A word of the screens in both languages, for headings.
pub(crate) fn both(key: impl Word) -> Text {
    use egret_shared::text::Language;
    Text::new(i18n::word(key, Language::Zh), i18n::word(key, Language::En))
}

/// A panel.
#[component]
pub(crate) fn Frame(
    /// What it is called.
    title: Text,
    /// Its kind, for the style.
    kind: &'static str,
    /// What stands at the right of the heading.
    #[prop(optional, into)]
    aside: Option<ViewFn>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let screen = screen();
    let title = StoredValue::new(title);
    let name = move || title.with_value(|title| screen.text(title));
    let other = move || title.with_value(|title| screen.other_text(title));
    view! {
        <section class=format!("panel panel-{kind}") tabindex="0" aria-label=name>
            <header class="panel-head">
                <h2>{name}</h2>
                <span class="other" lang=move || screen.other_tag()>{other}</span>
                <div class="panel-aside">{aside.map(|aside| aside.run())}</div>
            </header>
            <div class="panel-body">{children()}</div>
        </section>
    }
}

/// What a panel says instead of content.
#[component]
pub(crate) fn Words(#[prop(into)] key: Signal<Key>) -> impl IntoView {
    words(move || key.get().into())
}

/// The same in any list's words.
pub(crate) fn words(phrase: impl Fn() -> Phrase + Send + Sync + 'static) -> impl IntoView {
    let screen = screen();
    view! { <p class="words">{move || screen.phrase(phrase())}</p> }
}

/// What stands in a figure's place while there is none.
pub(crate) fn no_figure(screen: Screen) -> &'static str {
    let key = if screen.store.has_city.get() {
        Key::NoValue
    } else {
        Key::Loading
    };
    screen.word(key)
}

/// The word in a number's place: why it is withheld, or what else is said where there is none.
pub(crate) fn absent(flags: Flags, otherwise: Key) -> Key {
    if flags.has(Flags::SUPPRESSED) {
        Key::MarkWithheldAbout
    } else {
        otherwise
    }
}

/// A panel of a scene whose metric the catalogue does not have.
pub(crate) fn missing(def: &PanelDef, kind: &'static str) -> AnyView {
    let id = def.metric.as_ref().map(ToString::to_string);
    let title = title_of(
        def,
        &Text::new(id.clone().unwrap_or_default(), String::new()),
    );
    view! {
        <Frame title=title kind=kind>
            <Words key=Key::NoMetric />
        </Frame>
    }
    .into_any()
}
